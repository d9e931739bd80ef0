/// One thing that is wrong with a recipe, and where.
public struct RecipeProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// A place in the recipe's file; lines and columns count from 1, columns in characters.
  public struct Position: Sendable, Hashable, Comparable {
    public let line: Int
    public let column: Int

    public init(line: Int, column: Int) {
      self.line = line
      self.column = column
    }

    public static func < (a: Position, b: Position) -> Bool { (a.line, a.column) < (b.line, b.column) }
  }

  /// The recipe's file, as it was named.
  public let path: String
  /// `nil` where the file itself is the matter.
  public let position: Position?
  /// One sentence without a full stop: what is wrong, and what would be right.
  public let message: String

  public init(path: String, position: Position?, message: String) {
    self.path = path
    self.position = position
    self.message = message
  }

  /// `line.yaml:7:5: unknown key "exposur"; did you mean "exposure"?`
  public var description: String {
    position.map { "\(path):\($0.line):\($0.column): \(message)" } ?? "\(path): \(message)"
  }
}

/// A recipe that cannot be used: all that is wrong with it, in the order of the file, one line each.
public struct RecipeError: Error, Sendable, Hashable, CustomStringConvertible {
  /// At least one.
  public let problems: [RecipeProblem]

  /// - Precondition: there is a problem.
  public init(_ problems: [RecipeProblem]) {
    precondition(!problems.isEmpty, "an error without a problem")
    self.problems = problems
  }

  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
