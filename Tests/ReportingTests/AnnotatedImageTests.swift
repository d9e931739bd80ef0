import Imaging
import Inspection
import Metrics
import Testing

@testable import Reporting

@Suite struct AnnotatedImageTests {
  private func decision(
    _ verdict: Verdict, width: Int, height: Int, regions: [DefectRegion] = [],
    reasons: [String] = ["scratch 0.987 >= 0.50"]
  ) -> Decision {
    Decision(
      id: "scratch-014.jpg", source: "x",
      frame: .init(sequence: 0, timestamp: Timestamp(milliseconds: 0), width: width, height: height),
      judgement: Judgement(verdict, verdict == .accept ? "good" : "scratch", 0.987, reasons), regions: regions,
      model: ModelIdentity(name: "m", sha256: "s"))
  }

  private func near(_ a: RGB8, _ b: Color, _ tolerance: Double = 3) -> Bool {
    abs(Double(a.red) - b.red * 255) <= tolerance && abs(Double(a.green) - b.green * 255) <= tolerance
      && abs(Double(a.blue) - b.blue * 255) <= tolerance
  }

  private func grey(_ width: Int, _ height: Int, _ value: UInt8 = 120) -> AnyImage {
    .gray8(Image(width: width, height: height, repeating: value))
  }

  @Test(arguments: [
    (256, 256, 480, 480), (480, 360, 480, 360), (1000, 800, 1000, 800), (2400, 1800, 1600, 1200),
    (80, 3200, 40, 1600), (1, 1, 480, 480), (3000, 10, 1600, 5), (60, 600, 160, 1600),
  ]) func sizes(width: Int, height: Int, pictureWidth: Int, pictureHeight: Int) {
    let layout = AnnotatedImage.Layout(width: width, height: height)
    #expect(layout.picture.width == pictureWidth && layout.picture.height == pictureHeight)
    #expect(layout.width == max(pictureWidth, 480) && layout.height == pictureHeight + layout.band + layout.footer)
    let image = AnnotatedImage.render(
      source: grey(width, height), decision: decision(.reject, width: width, height: height))
    #expect(image.width == layout.width && image.height == layout.height)
    // The middle of the picture is the part itself.
    let middle = image[layout.picture.x + pictureWidth / 2, layout.band + pictureHeight / 2]
    #expect(middle == RGB8(120, 120, 120))
  }

  @Test(arguments: Verdict.allCases) func theBandTellsTheVerdict(verdict: Verdict) {
    let layout = AnnotatedImage.Layout(width: 256, height: 256)
    let image = AnnotatedImage.render(source: grey(256, 256), decision: decision(verdict, width: 256, height: 256))
    #expect(near(image[2, 2], AnnotatedImage.color(verdict)))
    #expect(near(image[layout.width - 2, layout.band - 2], AnnotatedImage.color(verdict)))
    // Below the band the picture starts, below the picture the footer.
    #expect(image[2, layout.band + 1] == RGB8(120, 120, 120))
    #expect(near(image[2, layout.height - 1], AnnotatedImage.ground))
    // A black sign at the left and dark letters behind it.
    let dark = (0..<layout.band).reduce(0) { sum, y in
      sum + (0..<layout.width).count { image[$0, y].red < 40 && image[$0, y].green < 40 }
    }
    #expect(dark > layout.band * layout.band / 4)
  }

  @Test func signsDifferInShape() {
    // Without colour: the signs' black pixels alone tell the verdicts apart.
    let layout = AnnotatedImage.Layout(width: 256, height: 256)
    var shapes: [[Bool]] = []
    for verdict in Verdict.allCases {
      let image = AnnotatedImage.render(source: grey(256, 256), decision: decision(verdict, width: 256, height: 256))
      shapes.append((0..<layout.band * layout.band).map { image[$0 % layout.band, $0 / layout.band].red < 60 })
    }
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
      #expect(intersectionOverUnion(shapes[a], shapes[b]) < 0.85)
      #expect(shapes[a].contains(true))
    }
  }

  @Test func regionsAreOutlinedWhereTheyAre() {
    let region = DefectRegion(label: "scratch", box: Box(x: 100, y: 120, width: 60, height: 40), score: 0.98)
    let image = AnnotatedImage.render(
      source: grey(500, 400), decision: decision(.reject, width: 500, height: 400, regions: [region]))
    let layout = AnnotatedImage.Layout(width: 500, height: 400)
    // On the four edges, just outside; untouched in the middle.
    for (x, y) in [(130, 119), (130, 160), (99, 140), (160, 140)] {
      #expect(near(image[x, layout.band + y], .vermilion, 60), "(\(x), \(y)) is \(image[x, layout.band + y])")
    }
    #expect(image[130, layout.band + 140] == RGB8(120, 120, 120))
    // Its name stands above it.
    let above = (0..<20).flatMap { y in (100..<160).map { image[$0, layout.band + 95 + y] } }
    #expect(above.count { near($0, .vermilion) } > 300)
  }

  /// A picture decoded at half size, and one that was enlarged, have their regions in the same places.
  @Test func regionsFollowTheFrameNotTheDecodedSize() {
    let region = DefectRegion(label: "a", box: Box(x: 400, y: 480, width: 240, height: 160), score: 0.9)
    let decision = decision(.review, width: 2000, height: 1600, regions: [region])
    let full = AnnotatedImage.render(source: grey(2000, 1600), decision: decision)
    let half = AnnotatedImage.render(source: grey(1600, 1280), decision: decision)
    #expect(full == half)
  }

  @Test func outlinesReplaceTheBox() {
    let ring = [Point(100, 100), Point(200, 100), Point(150, 200)]
    let region = DefectRegion(
      label: "a", box: Box(x: 100, y: 100, width: 100, height: 100), score: 0.9, outline: [ring])
    let image = AnnotatedImage.render(
      source: grey(600, 400), decision: decision(.reject, width: 600, height: 400, regions: [region]))
    let band = AnnotatedImage.Layout(width: 600, height: 400).band
    #expect(near(image[150, band + 100], .vermilion, 40))
    #expect(near(image[125, band + 150], .vermilion, 40))
    #expect(image[199, band + 198] == RGB8(120, 120, 120), "the box's corner")
  }

  @Test func heatShowsOverThePictureOnly() {
    var heat = Image<Float>(width: 8, height: 8, repeating: 0)
    var row = heat.mutableRow(4)
    row[4] = 1
    let image = AnnotatedImage.render(
      source: grey(480, 480), decision: decision(.accept, width: 480, height: 480), heat: heat)
    let layout = AnnotatedImage.Layout(width: 480, height: 480)
    let hot = image[270, layout.band + 270]
    #expect(Int(hot.red) > Int(hot.blue) + 30)
    #expect(image[40, layout.band + 40] == RGB8(120, 120, 120))
    #expect(near(image[2, 2], .bluishGreen))
  }

  @Test func oddRegionsDoNoHarm() {
    let boxes = [
      Box(x: .nan, y: 0, width: 1, height: 1), Box(x: -1e12, y: 5, width: 1e12, height: 1e300),
      Box(x: 90, y: 90, width: 0, height: 0), Box(x: 1e9, y: 1e9, width: 5, height: 5),
      Box(x: .infinity, y: 1, width: 1, height: 1),
    ]
    let regions = boxes.map { DefectRegion(label: "x\u{0}\n", box: $0, score: .nan) }
    let many = (0..<300).map {
      DefectRegion(label: "stain", box: Box(x: Double($0 % 90), y: Double($0 / 4), width: 9, height: 7), score: 0.5)
    }
    let image = AnnotatedImage.render(
      source: grey(100, 100), decision: decision(.reject, width: 100, height: 100, regions: regions + many))
    #expect(image.width == 480)
  }

  @Test func unreadableInputsGetACard() throws {
    let reason =
      "part-7.png ends in the middle of the picture: 2,113 of 9,420 bytes are there. "
      + String(repeating: "x", count: 400)
    let judged = decision(.reject, width: 0, height: 0, reasons: [reason])
    let image = AnnotatedImage.render(source: nil, decision: judged)
    #expect(image.width == 480 && near(image[2, 2], .vermilion))
    let letters = image.pixels.count { $0.red > 200 && $0.green > 200 }
    #expect(letters > 200)
    #expect(try AnnotatedImage.jpeg(source: nil, decision: judged).starts(with: [0xFF, 0xD8]))
  }

  @Test func samplesToLookAt() throws {
    var random = Sample.Generator(state: 3)
    for (index, name) in [(3, "reject"), (5, "accept"), (36, "review")] {
      var decision = Sample.decision(index, &random).decision
      decision.verdict = Verdict(rawValue: name) ?? .reject
      if name == "review" {
        decision.reasons = ["stain 0.31 >= 0.20"]
        decision.label = "stain"
        decision.score = 0.31
      }
      let image = AnnotatedImage.render(source: .gray8(Sample.part(index, side: 256)), decision: decision)
      #expect(image.width == 480)
      try Sample.keep(image.png(), "annotated-\(name).png")
    }
  }
}

@Suite struct ThumbnailTests {
  @Test func shrinksButNeverEnlarges() throws {
    for (width, height, expectedWidth, expectedHeight) in [
      (640, 480, 176, 132), (10, 20, 10, 20), (4000, 1, 176, 1), (176, 176, 176, 176),
    ] {
      let jpeg = try Thumbnail.jpeg(of: .rgb8(Image(width: width, height: height, repeating: RGB8(9, 99, 199))))
      let back = try ImageFile.decode(bytes: jpeg, name: "thumbnail").image
      #expect(back.width == expectedWidth && back.height == expectedHeight)
    }
  }

  @Test func filesAndFilesThatAreNot() throws {
    #expect(Thumbnail.jpeg(ofFile: "/nowhere.jpg") == nil)
    #expect(Thumbnail.jpeg(ofFile: "/proc/self/status") == nil)
  }
}
