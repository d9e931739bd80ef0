/// A set of part ids, told apart byte by byte.
///
/// `Set<String>` would take "é" as one letter and as "e" with an accent for the same, as Swift's `==` does; to a file
/// system they are two files, and one of them would be skipped as done already.
public struct PartNames: Sendable {
  private var names: Set<[UInt8]> = []

  public init() {}

  public var count: Int { names.count }

  /// Adds `id`; `false` if it was there.
  @discardableResult
  public mutating func insert(_ id: String) -> Bool { names.insert(Array(id.utf8)).inserted }

  /// Adds `id`, or where that is taken the first of `id#2`, `id#3`...
  public mutating func unused(_ id: String) -> String {
    if insert(id) { return id }
    var number = 2
    while !insert("\(id)#\(number)") { number += 1 }
    return "\(id)#\(number)"
  }

  public func contains(_ id: String) -> Bool { names.contains(Array(id.utf8)) }
}
