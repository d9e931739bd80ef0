/// How an output is doing.
public struct OutputStatus: Sendable, Hashable, CustomStringConvertible {
  /// Lines that this process delivered.
  public var delivered = 0
  /// Lines that wait in memory, on the disk, or in the decisions file only.
  public var inMemory = 0
  public var spilled = 0
  public var deferred = 0
  /// Lines that were dropped and will not be delivered. They are in the decisions file.
  public var lost = 0
  /// Lines that the receiver refused, or that failed too often. They are in `undeliverable.jsonl`.
  public var givenUp = 0
  /// Tries that failed since the last delivery.
  public var failures = 0
  /// The last failure since the last delivery, or what keeps lines from being delivered.
  public var problem: String?
  /// Why lines cannot be spilled now; they wait in memory.
  public var spillProblem: String?
  /// Since the last delivery; nil before the first.
  public var secondsSinceDelivery: Double?
  /// Lines wait, and for some time none was delivered.
  public var isStalled = false

  public var waiting: Int { inMemory + spilled + deferred }

  /// One line that tells what matters.
  public var description: String {
    var parts = ["\(delivered) delivered"]
    if waiting > 0 { parts.append("\(waiting) waiting" + (spilled > 0 ? " (\(spilled) on disk)" : "")) }
    if lost > 0 { parts.append("\(lost) lost") }
    if givenUp > 0 { parts.append("\(givenUp) given up") }
    if isStalled { parts.append("stalled") }
    if let problem, waiting > 0 || failures > 0 { parts.append(problem) }
    if let spillProblem { parts.append(spillProblem) }
    return parts.joined(separator: ", ")
  }
}
