/// Where an ``OutputQueue`` delivers its lines. All calls but ``interrupt()`` and ``trouble`` come from the queue's own
/// thread, one at a time.
public protocol OutputSink: AnyObject, Sendable {
  /// The most lines that ``deliver(_:)`` wants at once, at least 1.
  var batch: Int { get }

  /// Is called once, before all others.
  ///
  /// - Parameters:
  ///   - delivered: the number of the last line that was delivered, also by an earlier process; 0 for none.
  ///   - replay: reads delivered lines again, for receivers that come late.
  func start(after delivered: UInt64, replay: OutputReplay?)

  /// Delivers lines in order and waits for their confirmation. The first line is the first unconfirmed one; those that
  /// were not confirmed are offered again.
  ///
  /// - Returns: how many from the front are confirmed. A sink that has lines under way may return 0 after some time: then
  ///   they are offered again, with those that came meanwhile.
  /// - Throws: when not even the first one is, and something is wrong.
  func deliver(_ lines: [OutputLine]) throws(OutputError) -> Int

  /// Is called about once a second while there is nothing to deliver.
  func tend()

  /// What keeps lines from being delivered now, though nothing failed, such as that nobody listens.
  var trouble: String? { get }

  /// Makes a waiting ``deliver(_:)`` throw ``OutputError/interrupted`` soon. Comes from any thread, and is for good.
  func interrupt()

  /// Ends everything; nothing is called afterwards.
  func close()
}

extension OutputSink {
  public func start(after delivered: UInt64, replay: OutputReplay?) {}
  public func tend() {}
  public var trouble: String? { nil }
}
