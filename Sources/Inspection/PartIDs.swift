/// Takes parts' ids out of the names of their pictures.
public struct PartIDs {
  private let pattern: Regex<AnyRegexOutput>
  private let text: String

  /// - Parameter pattern: a regular expression as Swift reads it; its first group is the id, or else all that it matches.
  /// - Throws: ``InspectionError`` where it is no regular expression.
  public init(pattern: String) throws(InspectionError) {
    text = pattern
    do {
      self.pattern = try Regex(pattern)
    } catch {
      throw .source(pattern, "is no regular expression (\(error)); give one such as '_(SN[0-9]+)'")
    }
  }

  /// The id in a name; nil where the expression does not match.
  public func id(in name: String) -> String? {
    guard let match = try? pattern.firstMatch(in: name) else { return nil }
    let groups = match.output.dropFirst().compactMap(\.substring)
    let found = String(groups.first ?? match.output[0].substring ?? "")
    return found.isEmpty ? nil : found
  }

  /// The pictures with the ids that their names hold.
  ///
  /// - Throws: ``InspectionError`` that names the first picture without one: a part that nobody can trace is told of
  ///   before the run, not after it.
  public func named(_ items: [InspectionInput.Item]) throws(InspectionError) -> [InspectionInput.Item] {
    var all = items
    var without: [String] = []
    for index in all.indices {
      let path = all[index].path
      let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
      all[index].part = id(in: name)
      if all[index].part == nil { without.append(path) }
    }
    guard let first = without.first else { return all }
    throw .source(
      first,
      "has a name in which \(text) finds no part id"
        + (without.count > 1 ? ", and \(without.count - 1) more have none" : "")
        + "; mend the expression or leave these pictures out")
  }
}
