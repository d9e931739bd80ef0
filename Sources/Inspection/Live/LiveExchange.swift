internal import Synchronization

/// Hands new settings to the judges of a run that goes on: another model, policy, trigger, region. Cameras stay on, and
/// no frame is lost by it.
public final class LiveExchange: Sendable {
  /// A station with the inspector that was made for it, off its judging thread: compiling a large model takes seconds.
  ///
  /// Sendable because it is used by the thread that makes it, and then by the one that takes it out.
  final class Offer: @unchecked Sendable {
    let station: LiveStation
    let inspector: PartInspector

    init(_ station: LiveStation) throws {
      self.station = station
      inspector = try PartInspector(
        station.classifier, policy: station.policy, model: station.model, threads: 1, wantsOutlines: true)
    }
  }

  private let offers = Mutex<[String: Offer]>([:])
  private let version = Atomic<Int>(0)
  private let head = Mutex<LogHead?>(nil)

  public init() {}

  /// From their next frames on, these stations judge in place of those with the same names. Each keeps its camera and its
  /// queue.
  ///
  /// - Throws: what compiling a model throws; then nothing is changed.
  public func offer(_ stations: [LiveStation]) throws {
    let made = try stations.map { try Offer($0) }
    offers.withLock { offers in for offer in made { offers[offer.station.name] = offer } }
    version.add(1, ordering: .releasing)
  }

  /// Writes down in the log that other settings are in force.
  public func record(_ head: LogHead) { self.head.withLock { $0 = head } }

  /// What is to be written down; it is taken out.
  func takeHead() -> LogHead? {
    head.withLock { head in
      defer { head = nil }
      return head
    }
  }

  /// What was offered to a station; it is taken out.
  ///
  /// - Parameter seen: remembers between calls what there was: asking costs next to nothing.
  func take(_ name: String, _ seen: inout Int) -> Offer? {
    let now = version.load(ordering: .acquiring)
    guard now != seen else { return nil }
    seen = now
    return offers.withLock { $0.removeValue(forKey: name) }
  }
}
