import Capture
import FileTestSupport
import Glibc
import Imaging
import Inspection
import Locating
import Metrics
import Synchronization
import Testing

/// A source that says what it is told, in order, and ends.
private struct ScriptedSource: FrameSource {
  let name = "cam"
  let events: @Sendable (FrameQueue) -> Void

  func run(into queue: FrameQueue, shouldStop: @escaping @Sendable () -> Bool) {
    events(queue)
    queue.put(.ended(nil))
  }
}

/// Counts across threads.
private final class Counter: Sendable {
  private let count = Mutex(0)
  var value: Int { count.withLock { $0 } }
  func add(_ more: Int) { count.withLock { $0 += more } }
}

@Suite struct LiveRunTests {
  static let layout = FrameLayout(
    format: .grey, width: 64, height: 32, bytesPerLine: 64, byteCount: 64 * 32,
    encoding: ColorEncoding(matrix: .bt601, range: .full))

  private static func frame(
    _ number: Int, bright: Bool = false, level: UInt8 = 40, fault: FrameFault? = nil, at milliseconds: Int? = nil
  ) -> FrameEvent {
    var image = picture(64, 32, bright: bright ? (8..<24, 8..<24) : nil, level: level)
    // Not of one level.
    var row = image.mutableRow(31)
    if level == 40 { for x in 0..<32 { row[x] = 60 } }
    return .frame(
      Frame(
        number: number, sequence: UInt32(number),
        nanoseconds: Clock.nanoseconds() + Int64(milliseconds ?? 0) * 1_000_000, wallMilliseconds: 1_700_000_000_000,
        layout: layout, bytes: FrameBytes(image.pixels), fault: fault))
  }

  private struct Result {
    var summary: RunSummary
    var decisions: [Decision]
    var lines: [String]
    var notes: Int
  }

  private func run(
    trigger: LiveTrigger = .every, region: RegionOfInterest = RegionOfInterest(), alignment: LiveAlignment? = nil,
    folder: TestFolder = TestFolder(), exchange: LiveExchange = LiveExchange(),
    onDecision: @escaping (Decision) -> Void = { _ in }, _ events: @escaping @Sendable (FrameQueue) -> Void
  ) throws -> Result {
    let station = LiveStation(
      name: "cam", source: ScriptedSource(events: events), classifier: try TestModel.classifier(), policy: Policy(),
      model: model, trigger: trigger, region: region, alignment: alignment,
      queue: FrameQueue(capacity: 4, policy: .blocks))
    let log = folder.path + "/d.jsonl"
    var decisions: [Decision] = []
    var lines: [String] = []
    var notes = 0
    let summary = try LiveRun(
      [station], settings: .init(log: log, start: .new, run: "r", statusInterval: 0.01), exchange: exchange
    ).run(
      shouldStop: { false },
      onDecision: { decision, line in
        decisions.append(decision)
        onDecision(decision)
        lines.append(String(decoding: line, as: UTF8.self))
      }, onGap: { _, line in lines.append(String(decoding: line, as: UTF8.self)) },
      onNote: { _, _ in notes += 1 })
    // What was told is what was written.
    #expect(String(decoding: folder.contents("d.jsonl"), as: UTF8.self) == lines.joined())
    return Result(summary: summary, decisions: decisions, lines: lines, notes: notes)
  }

  @Test func everyFrameIsJudgedInOrder() throws {
    let result = try run { queue in
      for number in 0..<20 {
        queue.count { $0.captured += 1 }
        queue.put(Self.frame(number, bright: number % 3 == 0))
      }
    }
    #expect(result.decisions.map(\.frame.sequence) == Array(0..<20))
    #expect(result.decisions.map { $0.verdict == .reject } == (0..<20).map { $0 % 3 == 0 })
    #expect(result.decisions[4].id == "cam/r/000004" && result.decisions[4].camera == "cam")
    #expect(result.summary.captured == 20 && result.summary.judged == 20 && result.summary.dropped.isEmpty)
    #expect(result.summary.timings.map(\.stage).contains("latency"))
  }

  @Test func damagedFramesAreRejectsWithTheirReason() throws {
    let result = try run { queue in
      queue.count {
        $0.captured += 5
        $0.drop(.gap, 1)
      }
      queue.put(Self.frame(0, fault: .errorFlag))
      queue.put(Self.frame(1, level: 0))
      queue.put(Self.frame(2, level: 255))
      let short = Frame(
        number: 4, sequence: 4, nanoseconds: 0, wallMilliseconds: 0, layout: Self.layout, bytes: FrameBytes([1, 2]))
      queue.put(.frame(short))
    }
    #expect(result.decisions.allSatisfy { $0.verdict == .reject && $0.isUnreadable })
    let reasons = result.decisions.map { $0.reasons.first ?? "" }
    #expect(reasons[0].contains("the driver marked the frame as damaged"))
    #expect(reasons[1].contains("the picture is black"))
    #expect(reasons[2].contains("the picture is overexposed"))
    #expect(reasons[3].contains("the frame is short: 2 of 2048 bytes"))
    #expect(result.summary.captured == 5 && result.summary.judged == 4)
    #expect(result.summary.dropped == ["sequence_gap": 1])
    #expect(result.summary.faults["black_picture"] == 1 && result.summary.faults["short_frame"] == 1)
  }

  @Test func gapsStandBetweenTheDecisions() throws {
    let result = try run { queue in
      queue.count { $0.captured += 2 }
      queue.put(Self.frame(0))
      var outage = Outage(number: 1, cause: .unplugged, reason: "It is gone.", began: 1_700_000_000_000)
      queue.put(.outage(outage))
      outage.ended = 1_700_000_004_000
      queue.put(.recovered(outage))
      queue.put(Self.frame(1))
    }
    #expect(result.lines.count == 4)
    #expect(
      result.lines[1]
        == #"{"gap":{"camera":"cam","number":1,"cause":"unplugged","reason":"It is gone.","#
        + #""start":"2023-11-14T22:13:20.000Z","end":null}}"# + "\n")
    #expect(result.lines[2].hasSuffix(#""end":"2023-11-14T22:13:24.000Z"}}"# + "\n"))
    #expect(result.summary.outages == 1 && result.summary.judged == 2)
    // The file is read back: the gaps are no decisions, and nothing is torn.
    let folder = TestFolder()
    folder.write(Array(result.lines.joined().utf8), "d.jsonl")
    var ids: [String] = []
    let extent = try DecisionReader.read(path: folder.path + "/d.jsonl") { ids.append($0.id) }
    #expect(ids == ["cam/r/000000", "cam/r/000001"] && extent.tornBytes == 0)
  }

  @Test func aBeatTakesTheFirstFrameOfEach() throws {
    let result = try run(trigger: .interval(0.1)) { queue in
      for number in 0..<10 {
        queue.count { $0.captured += 1 }
        queue.put(Self.frame(number, at: number * 30))
      }
    }
    // At 0, and then when 100 and 200 ms are over.
    #expect(result.decisions.map(\.frame.sequence) == [0, 4, 7])
    #expect(result.summary.dropped == ["not_triggered": 7])
  }

  @Test func callsAreAnsweredByTheNextFrame() throws {
    let trigger = SoftwareTrigger(patience: 0.2)
    let result = try run(trigger: .software(trigger)) { queue in
      queue.count { $0.captured += 3 }
      queue.put(Self.frame(0))
      Clock.sleep(seconds: 0.05)
      trigger.call(part: "SN1")
      trigger.call(part: "SN2")
      queue.put(Self.frame(1, bright: true))
      queue.put(Self.frame(2))
      Clock.sleep(seconds: 0.05)
      // No frame answers this one: the part is rejected, not forgotten.
      trigger.call(part: "SN3")
    }
    #expect(result.decisions.map(\.part) == ["SN1", "SN2", "SN3"])
    #expect(result.decisions.map(\.verdict) == [.reject, .reject, .reject])
    #expect(result.decisions[0].id == "cam/r/000001" && result.decisions[1].id != result.decisions[0].id)
    #expect(result.decisions[2].reasons[0].contains("the trigger was not answered"))
    #expect(result.summary.dropped == ["not_triggered": 2])
    #expect(result.summary.captured == 5)
  }

  @Test func tooManyCallsAreRefused() {
    let trigger = SoftwareTrigger()
    for _ in 0..<64 { #expect(trigger.call()) }
    let isTaken = trigger.call()
    #expect(!isTaken && trigger.refusedCalls == 1)
  }

  @Test func whatLiesOutsideTheRegionIsNotSeen() throws {
    let events: @Sendable (FrameQueue) -> Void = { queue in
      queue.count { $0.captured += 1 }
      queue.put(Self.frame(0, bright: true))
    }
    let outside = RegionOfInterest(areas: [.rectangle(PixelRect(x: 32, y: 0, width: 32, height: 32))])
    #expect(try run(region: outside, events).decisions[0].verdict == .accept)
    let inside = RegionOfInterest(areas: [.rectangle(PixelRect(x: 4, y: 4, width: 40, height: 24))])
    let decision = try run(region: inside, events).decisions[0]
    #expect(decision.verdict == .reject && decision.frame.width == 64)
    // Regions are told in pixels of the frame.
    let box = try #require(decision.regions.first?.box)
    #expect(box.x >= 4 && box.y >= 4 && box.x < 24 && box.y < 24, "\(box)")
    let ignored = RegionOfInterest(ignored: [.rectangle(PixelRect(x: 6, y: 6, width: 20, height: 20))])
    #expect(try run(region: ignored, events).decisions[0].verdict == .accept)
  }

  @Test func aPartThatIsNotFoundIsRejectedForThat() throws {
    var template = picture(24, 24, level: 40)
    for y in 4..<20 {
      var row = template.mutableRow(y)
      for x in 4..<20 { row[x] = 90 }
    }
    let aligner = try PartAligner(template: template, options: AlignmentOptions(maximumAngle: 0))
    let result = try run(alignment: LiveAlignment(aligner: aligner)) { queue in
      queue.count { $0.captured += 2 }
      queue.put(Self.frame(0))
      var image = picture(64, 32, level: 40)
      for y in 8..<24 {
        var row = image.mutableRow(y)
        for x in 30..<46 { row[x] = 90 }
      }
      queue.put(
        .frame(
          Frame(
            number: 1, sequence: 1, nanoseconds: Clock.nanoseconds(), wallMilliseconds: 0, layout: Self.layout,
            bytes: FrameBytes(image.pixels))))
    }
    #expect(result.decisions[0].verdict == .reject && result.decisions[0].label == "not-found")
    #expect(result.decisions[0].reasons[0].hasPrefix("no part was found: the best place fits by "))
    #expect(!result.decisions[0].isUnreadable && result.summary.unreadable == 0)
    let pose = try #require(result.decisions[1].pose)
    #expect(result.decisions[1].verdict == .accept)
    #expect(abs(pose.x - 38) < 0.5 && abs(pose.y - 16) < 0.5 && pose.score > 0.9, "\(pose)")
  }

  @Test func eachPartOnTheBeltIsJudgedOnce() throws {
    var options = PresenceOptions(mode: .passes)
    options.learningFrames = 10
    let result = try run(trigger: .presence(options, region: nil)) { queue in
      var seed: UInt64 = 7
      for number in 0..<120 {
        queue.count { $0.captured += 1 }
        // A bright part of 12 pixels comes by every 40 frames, two pixels a frame.
        let x = (number - 20) % 40 * 2 - 12
        var image = picture(64, 32, level: 60)
        for y in 0..<32 {
          var row = image.mutableRow(y)
          for place in 0..<64 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1
            let isPart = number >= 20 && (10..<22).contains(y) && (x..<x + 12).contains(place)
            row[place] = (isPart ? 200 : 60) &+ UInt8(seed >> 62)
          }
        }
        queue.put(
          .frame(
            Frame(
              number: number, sequence: UInt32(number), nanoseconds: Int64(number) * 33_000_000, wallMilliseconds: 0,
              layout: Self.layout, bytes: FrameBytes(image.pixels))))
      }
    }
    #expect(result.decisions.count == 3, "\(result.decisions.map(\.frame.sequence))")
    #expect(result.summary.dropped["no_part"] == 120 - 3)
  }

  private static func station(_ trigger: LiveTrigger, reject: Float) throws -> LiveStation {
    var policy = Policy()
    policy.thresholds = try Policy.Thresholds(reject: reject, review: reject)
    return LiveStation(
      name: "cam", source: ScriptedSource { _ in }, classifier: try TestModel.classifier(), policy: policy,
      model: model,
      trigger: trigger)
  }

  /// New thresholds come while the camera goes on: no frame is lost, and those after the change are judged by them.
  @Test func settingsChangeWhileItRuns() throws {
    let exchange = LiveExchange()
    let seen = Counter()
    let result = try run(exchange: exchange, onDecision: { _ in seen.add(1) }) { queue in
      for number in 0..<10 {
        if number == 5 {
          while seen.value < 5 { Clock.sleep(seconds: 0.005) }
          try? exchange.offer([Self.station(.every, reject: 0)])
        }
        queue.count { $0.captured += 1 }
        queue.put(Self.frame(number))
      }
    }
    #expect(
      result.decisions.map(\.verdict) == Array(repeating: .accept, count: 5) + Array(repeating: .reject, count: 5))
    #expect(result.decisions.map(\.frame.sequence) == Array(0..<10) && result.summary.dropped.isEmpty)
  }

  /// A call that waits when its trigger goes is a part that nobody has seen.
  @Test func callsOfATriggerThatGoesAreRejected() throws {
    let (exchange, trigger) = (LiveExchange(), SoftwareTrigger(patience: 60))
    let result = try run(trigger: .software(trigger), exchange: exchange) { queue in
      trigger.call(part: "SN1", at: Clock.nanoseconds() + 3_600_000_000_000)
      try? exchange.offer([Self.station(.every, reject: 0.5)])
      queue.count { $0.captured += 1 }
      queue.put(Self.frame(0))
    }
    #expect(result.decisions.map(\.part) == ["SN1", nil])
    #expect(result.decisions[0].reasons[0].contains("the recipe was changed"))
  }

  @Test func aSourceThatCannotBeginEndsTheRun() {
    struct Absent: FrameSource {
      let name = "cam"
      func run(into queue: FrameQueue, shouldStop: @escaping @Sendable () -> Bool) {
        queue.put(.ended(CameraError("cam", .absent, "names no camera")))
      }
    }
    #expect {
      let folder = TestFolder()
      let station = LiveStation(
        name: "cam", source: Absent(), classifier: try TestModel.classifier(), policy: Policy(), model: model)
      _ = try LiveRun([station], settings: .init(log: folder.path + "/d.jsonl", start: .new, run: "r")).run(
        shouldStop: { false })
    } throws: { "\($0)" == "cam names no camera." }
  }
}
