import FileTestSupport
import Glibc
import Imaging
import Metrics
import Samples
import Testing

@testable import Classification
@testable import Inspection

@Suite struct PartInspectorTests {
  private func inspector(fit: Preprocessing.Fit = .stretch) throws -> PartInspector {
    let policy = try Policy(thresholds: Policy.Thresholds(reject: 0.5, review: 0.25))
    return try PartInspector(TestModel.classifier(fit: fit), policy: policy, model: model, threads: 1)
  }

  @Test func judgesAndLocates() throws {
    let folder = TestFolder()
    try folder.write(picture(128, 64), "good.png")
    try folder.write(picture(128, 64, bright: (32..<64, 16..<32)), "bad.png")
    let inspector = try inspector()
    let good = inspector.inspect(.init(id: "good", path: folder.path + "/good.png"), sequence: 3)
    #expect(good.decision.verdict == .accept && good.decision.label == "good" && good.decision.regions.isEmpty)
    #expect(good.decision.frame.sequence == 3 && good.decision.frame.width == 128 && good.heat == nil)
    let bad = inspector.inspect(.init(id: "bad", path: folder.path + "/bad.png"), sequence: 4)
    #expect(bad.decision.verdict == .reject && bad.decision.label == "dent" && !bad.decision.reasons.isEmpty)
    let region = try #require(bad.decision.regions.first)
    #expect(bad.decision.regions.count == 1 && region.label == "dent" && region.score > 0.5)
    // Where it was planted, to half a cell (8 pixels of the picture).
    #expect(abs(region.box.x - 32) <= 8 && abs(region.box.y - 16) <= 8)
    #expect(abs(region.box.width - 32) <= 16 && abs(region.box.height - 16) <= 16)
    #expect(bad.heat != nil && bad.decision.timings.map(\.stage) == ["read", "prepare", "infer", "decide"])
    #expect(good.decision.source == folder.path + "/good.png")
  }

  @Test func whatCannotBeReadIsARejectWithAReason() throws {
    let folder = TestFolder()
    let png = try picture(40, 30).png()
    folder.write([], "empty.png")
    folder.write(Array(png[..<(png.count / 2)]), "half.png")
    folder.write(Array("hello".utf8), "text.jpg")
    folder.write(png, "really-png.jpg")
    unsafe mkdir(folder.path + "/folder.png", 0o755)
    unsafe mkfifo(folder.path + "/fifo.png", 0o600)
    unsafe symlink("/nowhere", folder.path + "/broken.png")
    unsafe symlink("/dev/zero", folder.path + "/zero.png")
    folder.write(png, Array("bytes-".utf8) + [0xFF] + Array(".png".utf8))
    let inspector = try inspector()
    let items = try InspectionInput(source: folder.path).items
    #expect(items.count == 9)
    for (sequence, item) in items.enumerated() {
      let outcome = inspector.inspect(item, sequence: sequence)
      let decision = outcome.decision
      #expect(decision.id == item.id && decision.source == item.path && decision.frame.sequence == sequence)
      if item.id == "really-png" || item.id.hasPrefix("bytes-") {
        #expect(decision.verdict == .accept, "\(decision.reasons)")
      } else {
        #expect(decision.verdict == .reject && decision.isUnreadable && decision.label == "unreadable")
        #expect(decision.reasons.count == 1 && decision.reasons[0].contains(item.path))
        #expect(decision.scores.isEmpty && decision.score.isNaN && outcome.image == nil)
      }
    }
    // After all that it judges as before.
    try folder.write(picture(64, 32, bright: (0..<64, 0..<32)), "bad.png")
    #expect(
      inspector.inspect(.init(id: "bad", path: folder.path + "/bad.png"), sequence: 0).decision.verdict == .reject)
  }

  @Test func aNetworkThatFailsNeverAccepts() throws {
    let policy = Policy()
    for bad in [Float.nan, .infinity, -.infinity] {
      for place in 0..<3 {
        var scores: [Float] = [0.98, 0.01, 0.01]
        scores[place] = bad
        for good in [0, nil] {
          let judgement = policy.decide(scores: scores, labels: ["good", "dent", "rust"], goodIndex: good)
          #expect(judgement.verdict == .reject && judgement.label == "undetermined" && !judgement.reasons.isEmpty)
        }
      }
    }
    #expect(throws: PolicyError.self) { _ = try Policy.Thresholds(reject: .nan, review: 0.1) }
    #expect(throws: PolicyError.self) { _ = try Policy.Thresholds(reject: 0.5, review: .nan) }
    #expect(throws: PolicyError.self) { _ = try Policy.Thresholds(reject: 0.2, review: 0.5) }
  }
}

@Suite struct PartRegionsTests {
  /// One cell of 8x8 pixels of the network's input marked for a class.
  private func judged(_ info: ModelInfo, cells: [(x: Int, y: Int, label: Int)]) -> Judged {
    let (width, height) = (info.preprocessing.width / 8, info.preprocessing.height / 8)
    var values = [Float](repeating: 0, count: 3 * width * height)
    if info.hasPixelHead { for at in 0..<(width * height) { values[at] = 1 } }
    for cell in cells {
      values[(cell.label * height + cell.y) * width + cell.x] = info.hasPixelHead ? 0.95 : 3
      if info.hasPixelHead { values[cell.y * width + cell.x] = 0.05 }
    }
    return Judged(
      probabilities: [0.1, 0.8, 0.1], heat: HeatMap(channels: 3, height: height, width: width, values: values))
  }

  private func contains(_ box: Box, _ x: Double, _ y: Double) -> Bool {
    x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height
  }

  @Test func boxesAreInPixelsOfTheSource() throws {
    let info = TestModel.info(width: 64, height: 64)
    let regions = PartRegions(
      judged(info, cells: [(2, 5, 2)]), info: info, label: "dent", source: ImageSize(width: 640, height: 320))
    let region = try #require(regions.regions.first)
    // Cell (2, 5) covers 16..24 x 40..48 of the input; the source is 10 and 5 times as large.
    #expect(regions.regions.count == 1 && region.label == "rust")
    #expect(contains(region.box, 200, 220) && region.box.width <= 160 && region.box.height <= 80)
    #expect(
      !region.outline.isEmpty && region.outline.joined().allSatisfy { abs($0.x - 200) < 80 && abs($0.y - 220) < 40 })
    #expect(regions.heat != nil)
  }

  @Test(arguments: [(320, 80), (80, 320), (64, 64), (1, 1), (3000, 1)]) func letterboxed(width: Int, height: Int) throws
  {
    let info = TestModel.info(width: 64, height: 64, fit: .letterbox)
    let source = ImageSize(width: width, height: height)
    let place = info.preprocessing.placement(of: source)
    // The cell in the middle.
    let regions = PartRegions(judged(info, cells: [(4, 4, 1)]), info: info, label: "dent", source: source)
    let region = try #require(regions.regions.first)
    let scale = Double(max(width, height)) / 64
    let (x, y) = ((36 - Double(place.x)) * scale, (36 - Double(place.y)) * scale)
    if y >= 0 && y <= Double(height) && x >= 0 && x <= Double(width) {
      #expect(contains(region.box, x, y), "\(region.box) \(x) \(y)")
    }
    // Never outside the picture.
    #expect(region.box.x >= 0 && region.box.y >= 0 && region.box.width >= 1 && region.box.height >= 1)
    #expect(region.box.x + region.box.width <= Double(width) && region.box.y + region.box.height <= Double(height))
    let heat = try #require(regions.heat)
    #expect(heat.width >= 1 && heat.height >= 1)
  }

  @Test func defectsApartAreRegionsApart() {
    let info = TestModel.info(width: 64, height: 64)
    let regions = PartRegions(
      judged(info, cells: [(0, 0, 1), (7, 7, 2), (6, 7, 2)]), info: info, label: "dent",
      source: ImageSize(width: 64, height: 64)
    ).regions
    #expect(Set(regions.map(\.label)) == ["dent", "rust"] && regions.count == 2)
  }

  @Test func activationMapsShowTheLabelThatWasJudged() throws {
    let info = TestModel.info(width: 64, height: 64, hasPixelHead: false)
    let judged = judged(info, cells: [(1, 1, 1), (6, 6, 2)])
    let source = ImageSize(width: 64, height: 64)
    let dent = PartRegions(judged, info: info, label: "dent", source: source)
    #expect(dent.regions.map(\.label) == ["dent"] && contains(dent.regions[0].box, 12, 12))
    let rust = PartRegions(judged, info: info, label: "rust", source: source)
    #expect(rust.regions.map(\.label) == ["rust"] && contains(rust.regions[0].box, 52, 52))
    // Nothing explains a good part, or one that could not be judged.
    for label in ["good", "undetermined"] {
      #expect(PartRegions(judged, info: info, label: label, source: source).regions.isEmpty)
    }
  }

  @Test(arguments: [true, false]) func brokenHeat(hasPixelHead: Bool) throws {
    let info = TestModel.info(width: 64, height: 64, hasPixelHead: hasPixelHead)
    let source = ImageSize(width: 64, height: 64)
    for bad in [Float.nan, .infinity, -.infinity] {
      for all in [true, false] {
        var judged = judged(info, cells: [(1, 1, 1)])
        for index in judged.heat!.values.indices where all || index % 7 == 3 { judged.heat!.values[index] = bad }
        let regions = PartRegions(judged, info: info, label: "dent", source: source)
        for region in regions.regions {
          #expect(region.score.isFinite && region.box.x >= 0 && region.box.x + region.box.width <= 64)
        }
        if let heat = regions.heat { #expect(heat.pixels.allSatisfy { $0.isFinite && $0 >= 0 && $0 <= 1.001 }) }
      }
    }
    #expect(
      PartRegions(Judged(probabilities: [], heat: nil), info: info, label: "dent", source: source).regions.isEmpty)
  }
}
