/// What keeps defects from being learned or painted.
public struct SynthesisError: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String

  /// - Parameter description: one sentence that names the file or class, the reason and the way out.
  public init(_ description: String) { self.description = description }

  /// - Parameters:
  ///   - subject: the file, folder or class.
  ///   - reason: why, and what helps.
  public init(_ subject: String, _ reason: String) { description = "\(subject) \(reason)" }
}
