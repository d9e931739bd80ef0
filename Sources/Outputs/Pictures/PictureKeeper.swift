internal import Glibc
internal import Synchronization
internal import Threads

/// Keeps pictures of judged parts: by default all that were rejected or sent to review, and a sample of the accepted.
///
/// ```text
/// FOLDER/2026-11-21/reject/000000000123-17-scratch-part_0017.jpg    day in UTC; serial, sequence, label, id
/// FOLDER/2026-11-21/reject/000000000123-17-scratch-part_0017.frame  the camera's own bytes, where they are wanted
/// FOLDER/2026-11-21/kept.jsonl     one line for each picture: path, id, sequence, verdict, label, time
/// FOLDER/reviewed.txt              written by whoever reviews: one path in FOLDER on a line
/// FOLDER/removed.jsonl             each rejected or reviewable picture that was removed, and why
/// ```
///
/// Encoding and writing happen on a thread of its own, from a bounded queue. When more comes than it holds, accepted
/// pictures go first; whatever is not kept is counted by cause.
///
/// **Budget.** Pictures are removed when they exceed ``Options/budget``, when the disk has less than
/// ``Options/reserve`` left, or after ``Options/days``: accepted ones first, then rejected and reviewable ones that are
/// in `reviewed.txt`, each by age. Those that nobody reviewed stay, over budget if need be, and no accepted ones are
/// kept then; with ``Options/removesUnreviewed`` the oldest goes, after its line is in `removed.jsonl`. Age goes by the
/// serial, which grows whatever the clock does.
///
/// **A full disk.** ``Options/reserve`` bytes stay free for decisions: pictures stop before, are counted, and go on when
/// there is room again.
///
/// Sendable because `monitor` guards the jobs and the status; the rest belongs to the keeper's thread.
public final class PictureKeeper: @unchecked Sendable {
  public struct Options: Sendable {
    /// The shares of pictures that are kept, 0 to 1. Which ones depends on their sequence numbers only.
    public var acceptedRate = 0.01
    public var reviewedRate = 1.0
    public var rejectedRate = 1.0
    /// Bytes that the pictures may take.
    public var budget = 10 << 30
    /// Days after which accepted and reviewed pictures are removed; nil: never.
    public var days: Int?
    /// Bytes that stay free on the disk.
    public var reserve = 256 << 20
    /// Pictures that may wait to be written. Each holds what its closure holds, such as an uncompressed frame.
    public var queue = 32
    /// Whether rejected and reviewable pictures that nobody reviewed may be removed for new ones.
    public var removesUnreviewed = false

    public init() {}

    func rate(_ verdict: KeptPicture.Verdict) -> Double {
      switch verdict {
      case .accept: acceptedRate
      case .review: reviewedRate
      case .reject: rejectedRate
      }
    }

    fileprivate func check() {
      precondition(queue > 0, "a keeper without a queue keeps nothing")
      precondition(KeptPicture.Verdict.allCases.allSatisfy { (0...1).contains(rate($0)) }, "a rate is 0 to 1")
    }
  }

  /// What became of a picture that was handed in.
  public enum Outcome: Sendable, Hashable {
    /// It waits to be written.
    case queued
    /// It is not of the sample.
    case notSampled
    /// The queue was full.
    case dropped
  }

  struct Job: Sendable {
    var picture: KeptPicture
    var bytes: @Sendable () throws -> [UInt8]
    /// The frame as the camera sent it, for the file beside the picture.
    var frame: (@Sendable () throws -> [UInt8])?
  }

  public let folder: String
  private let optionsNow: Mutex<Options>
  var options: Options { optionsNow.withLock { $0 } }
  let monitor = Monitor()
  let wallClock: @Sendable () -> Int64
  let freeBytes: @Sendable (String) -> Int?

  // Guarded by the monitor.
  private var jobs: [Job] = []
  private var isWriting = false
  private var isClosing = false
  private var isStopping = false
  var status = PictureKeeperStatus()

  // The keeper's thread's.
  var index: PictureIndex
  var reviews: ReviewList
  /// Reviewed pictures that are there, the oldest last.
  var reviewed: [(entry: PictureIndex.Entry, verdict: KeptPicture.Verdict)] = []
  /// The last picture found no room among unreviewed ones.
  var wasOverBudget = false
  private var thread: OwnThread?

  /// Makes the folder if it is not there, and begins to count what is in it.
  ///
  /// - Parameter clock: milliseconds since 1970; decides the age of pictures only.
  /// - Throws: ``OutputError``
  public convenience init(
    folder: String, options: Options = Options(), clock: (@Sendable () -> Int64)? = nil
  ) throws(OutputError) {
    try self.init(
      folder: folder, options: options, wallClock: clock ?? { System.wallMilliseconds() },
      freeBytes: { System.freeBytes($0) })
  }

  init(
    folder: String, options: Options, wallClock: @escaping @Sendable () -> Int64,
    freeBytes: @escaping @Sendable (String) -> Int?
  ) throws(OutputError) {
    options.check()
    self.folder = folder
    optionsNow = Mutex(options)
    self.wallClock = wallClock
    self.freeBytes = freeBytes
    index = PictureIndex(folder: folder)
    reviews = ReviewList(folder: folder)
    let code = System.makeFolder(folder)
    guard code == 0 else { throw .system(operation: "make the folder", path: folder, code: code) }
    thread = OwnThread {
      // Drawing and encoding pictures must not hold up judging.
      OwnThread.standBack()
      self.run()
    }
    guard thread != nil else { throw .system(operation: "start a thread for", path: folder, code: EAGAIN) }
  }

  /// Other rates, another budget: from the next picture on.
  public func change(_ options: Options) {
    options.check()
    optionsNow.withLock { $0 = options }
  }

  /// Whether a picture with this sequence number is of the sample. Numbers are mixed first: machines with ten
  /// nests would else always give the same one's parts.
  public static func isSampled(_ sequence: UInt64, rate: Double) -> Bool {
    // The finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
    var z = sequence &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return Double(z >> 11) * 0x1p-53 < rate
  }

  /// Hands in a picture. Never waits.
  ///
  /// - Parameters:
  ///   - bytes: gives the file's contents; is called later, on the keeper's thread, or not at all.
  ///   - frame: gives the contents of a second file beside it, the frame as the camera sent it; nil for none.
  @discardableResult
  public func keep(
    _ picture: KeptPicture, bytes: @escaping @Sendable () throws -> [UInt8],
    frame: (@Sendable () throws -> [UInt8])? = nil
  ) -> Outcome {
    let options = options
    monitor.lock()
    defer { monitor.unlock() }
    if !Self.isSampled(picture.sequence, rate: options.rate(picture.verdict)) {
      status.notSampled += 1
      return .notSampled
    }
    if jobs.count >= options.queue || isClosing {
      guard !isClosing, picture.verdict != .accept,
        let place = jobs.firstIndex(where: { $0.picture.verdict == .accept })
      else {
        status.queueFull[picture.verdict] += 1
        return .dropped
      }
      jobs.remove(at: place)
      status.queueFull[.accept] += 1
    }
    jobs.append(Job(picture: picture, bytes: bytes, frame: frame))
    monitor.wakeAll()
    return .queued
  }

  /// How the keeper is doing now.
  public var currentStatus: PictureKeeperStatus {
    monitor.lock()
    defer { monitor.unlock() }
    var status = status
    status.waiting = jobs.count + (isWriting ? 1 : 0)
    return status
  }

  /// Writes what waits, within so many seconds, and ends. What is left then counts as not kept.
  @discardableResult
  public func close(within seconds: Double) -> PictureKeeperStatus {
    monitor.lock()
    isClosing = true
    monitor.wakeAll()
    let end = System.seconds() + seconds
    while !jobs.isEmpty || isWriting {
      let left = end - System.seconds()
      if left <= 0 { break }
      monitor.wait(seconds: min(left, 1))
    }
    isStopping = true
    for job in jobs { status.queueFull[job.picture.verdict] += 1 }
    jobs = []
    monitor.wakeAll()
    monitor.unlock()
    thread?.join()
    thread = nil
    return currentStatus
  }

  /// Whether none waits; one may be being written.
  var hasEmptyQueue: Bool {
    monitor.lock()
    defer { monitor.unlock() }
    return jobs.isEmpty
  }

  private func run() {
    System.blockSignals()
    index.scan()
    findReviewed()
    // A picture that was reviewed and removed must not lend its name to a new one.
    if let last = reviews.paths.keys.max() { index.reserve(through: last) }
    monitor.lock()
    status.isScanning = false
    report()
    while !isStopping {
      guard !jobs.isEmpty else {
        monitor.wakeAll()
        monitor.wait(seconds: 60)
        if jobs.isEmpty && !isStopping {
          monitor.unlock()
          removeOld()
          monitor.lock()
          report()
        }
        continue
      }
      let job = jobs.removeFirst()
      isWriting = true
      monitor.unlock()
      let result = write(job)
      monitor.lock()
      isWriting = false
      count(job.picture.verdict, result)
      report()
      monitor.wakeAll()
    }
    monitor.unlock()
  }

  private func report() {
    status.files = index.counts
    status.bytes = index.bytes
    status.isOverBudget = index.bytes > options.budget || wasOverBudget
  }
}
