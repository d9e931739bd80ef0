import Imaging
import Testing

@testable import Samples

@Suite struct WashersRendererTests {
  /// Golden: hashes of the pixels of image and mask. They change only when the renderer is meant to change; then the
  /// committed part set and its model are to be made anew.
  @Test(
    arguments: [
      (.good, "323bbb89c76670b3", "93b80f014f8721ba"),
      (.scratch, "c179f471471ce708", "d52de14307307627"),
      (.crack, "1183c507493606a0", "313733fcaece296d"),
      (.stain, "717f3cac8b0227f3", "a9c2306a11d4ddef"),
      (.chip, "dcceb165bc91ed43", "724008e28c1a62c1"),
      (.missingHole, "9defcbcc44000a11", "cf8c3ac69512109d"),
    ] as [(WashersRenderer.Kind, String, String)])
  func theSameSeedGivesTheSameBytes(kind: WashersRenderer.Kind, image: String, mask: String) {
    let picture = WashersRenderer(size: 96, seed: 7).part(kind, number: 3)
    #expect(ContentHash(of: picture.image.pixels).description == image)
    #expect(ContentHash(of: picture.mask.pixels).description == mask)
  }

  @Test func partsDiffer() {
    let renderer = WashersRenderer(size: 64, seed: 1)
    let pictures = (0..<6).map { renderer.part(.good, number: $0).image } + [renderer.part(.scratch, number: 0).image]
    #expect(Set(pictures.map(\.pixels)).count == 7)
    #expect(WashersRenderer(size: 64, seed: 2).part(.good, number: 0).image != pictures[0])
  }

  /// What a mask marks must differ from the same washer without its defect; what it leaves out must not.
  @Test(arguments: [WashersRenderer.Kind.scratch, .crack, .stain, .chip])
  func masksMarkTheDefectAndNothingElse(kind: WashersRenderer.Kind) {
    var marked = 0
    var inside = 0
    var outside = 0
    for number in 0..<4 {
      var random = SplitMix64(seed: 11, 1, UInt64(number))
      let washer = Washer(kind, size: 96, random: &random)
      var flawless = washer
      flawless.strokes.removeAll(where: \.isDefect)
      flawless.chip = nil
      flawless.stain = nil
      let (image, mask) = washer.picture()
      let plain = flawless.picture().image
      // Flanks of grooves and the lens's blur reach up to three pixels beyond.
      let near = mask.dilated(radius: 3)
      for (index, isMarked) in mask.pixels.map({ $0 != 0 }).enumerated() {
        let difference = abs(Int(image.pixels[index]) - Int(plain.pixels[index]))
        if isMarked { marked += 1 }
        if isMarked && difference > 3 { inside += 1 }
        if near.pixels[index] == 0 && difference > 3 { outside += 1 }
      }
    }
    #expect(inside * 2 > marked && marked > 30)
    #expect(outside * 20 < inside)
  }

  @Test func everyDefectHasAMask() {
    let renderer = WashersRenderer(size: 64, seed: 5)
    for kind in WashersRenderer.Kind.allCases {
      for number in 0..<4 {
        let marked = renderer.part(kind, number: number).mask.pixels.count { $0 != 0 }
        #expect(kind == .good ? marked == 0 : marked >= 2 && marked < 64 * 64 / 8)
      }
    }
  }

  @Test func shares() {
    let entries = WashersRenderer.entries(360)
    func count(_ split: Split, _ kind: WashersRenderer.Kind) -> Int {
      entries.count { $0.split == split && $0.kind == kind }
    }
    #expect(count(.train, .good) == 90 && count(.val, .good) == 18 && count(.test, .good) == 27)
    for kind in WashersRenderer.Kind.allCases.dropFirst() {
      #expect(count(.train, kind) == 30 && count(.val, kind) == 6 && count(.test, kind) == 9)
    }
    for total in [1, 7, 16, 100] { #expect(WashersRenderer.entries(total).count == total) }
    #expect(Set(entries.map(\.image)).count == 360)
  }

  @Test func writesASetThatLoads() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/washers"
    let renderer = WashersRenderer(size: 64, seed: 3)
    try renderer.render(to: path, count: 20, threads: 2)
    let set = try PartSet.load(path: path)
    #expect(set.layout == .manifest && set.parts.count == 20 && set.dealtSplits.isEmpty)
    #expect(set.classes[0] == "good" && set.goodIndex == 0)
    #expect(set.parts.allSatisfy { ($0.maskPath == nil) == ($0.label == 0) })
    let scratch = try #require(set.parts.first { $0.id == "train/scratch/scratch-000.png" })
    let picture = renderer.part(.scratch, number: 0)
    #expect(try ImageFile.read(path: scratch.imagePath) == .gray8(picture.image))
    #expect(try ImageFile.read(path: scratch.maskPath!) == .gray8(picture.mask))
    // The test folder by itself is a set as well: that is what a first run judges.
    let test = try PartSet.load(path: path + "/test")
    #expect(test.layout == .classFolders && test.parts.count == 4)

    try folder.write("mine", "washers/train/good/mine.txt")
    let error = #expect(throws: PartSetError.self) { try renderer.render(to: path, count: 3) }
    #expect(error?.description.contains("it already holds files") == true)
    try renderer.render(to: path, count: 3, isReplacing: true)
    #expect(try PartSet.load(path: path).parts.count == 3)
    #expect(try Files.list(path + "/train/good").contains("mine.txt"))
    #expect(Files.kind(path + "/train/scratch/scratch-001.png") == nil)
  }
}
