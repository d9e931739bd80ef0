import Foundation
import Imaging
import Testing

@testable import Samples

@Suite struct DatasetCheckTests {
  private func finding(_ check: DatasetCheck, _ kind: DatasetCheck.Finding.Kind) -> DatasetCheck.Finding? {
    check.findings.first { $0.kind == kind }
  }

  /// A picture with grain all over, as surfaces have.
  private func surface(_ seed: UInt64, _ width: Int = 140, _ height: Int = 140) -> Image<UInt8> {
    var random = SplitMix64(seed: seed)
    let noise = LatticeNoise(&random)
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width { pixels.append(UInt8(60 + noise(Float(x) * 0.3, Float(y) * 0.3) * 120 + random.unit() * 12)) }
    }
    return Image(width: width, height: height, pixels: pixels)
  }

  private func brighter(_ image: Image<UInt8>) -> Image<UInt8> {
    Image(width: image.width, height: image.height, pixels: image.pixels.map { UInt8(min(255, Int($0) * 5 / 4 + 10)) })
  }

  @Test func plantedProblemsAreFound() throws {
    let folder = try TemporaryFolder()
    for index in 0..<4 {
      try folder.write(try surface(UInt64(index)).png(), "train/good/\(index).png")
      try folder.write(try surface(UInt64(index + 10)).png(), "test/good/\(index).png")
      try folder.write(try surface(UInt64(index + 20)).png(), "train/dent/\(index).png")
    }
    // The same bytes; the same picture as a brighter JPEG of another size; mirrored.
    try folder.write(try surface(0).png(), "test/good/same.png")
    try folder.write(try brighter(surface(21)).jpeg(quality: 70), "test/dent/near.jpg")
    let mirrored = surface(22).flippedHorizontally().resized(width: 150, height: 150)
    try folder.write(try mirrored.png(), "test/dent/mirrored.png")
    // The same bytes under another label, in one split.
    try folder.write(try surface(23).png(), "train/good/conflict.png")
    let whole = try surface(50).png()
    try folder.write(Array(whole[..<(whole.count / 2)]), "train/good/cut.png")
    try folder.write(try Image<UInt8>(width: 140, height: 140, repeating: 90).png(), "train/good/blank.png")
    let red = Image<RGB8>(width: 140, height: 140, pixels: surface(60).pixels.map { RGB8($0, $0 / 2, 20) })
    try folder.write(try red.png(), "train/good/red.png")
    try Files.makeFolders(folder.path + "/train/rust")

    let set = try PartSet.load(path: folder.path)
    let check = DatasetCheck.run(set)
    #expect(check.images == 19 && check.color == 1 && check.gray == 17)
    let unreadable = try #require(finding(check, .unreadable))
    #expect(unreadable.files.count == 1 && unreadable.files[0].hasPrefix("train/good/cut.png: "))
    #expect(finding(check, .leakage)?.files == ["test/good/same.png (test) = train/good/0.png (train)"])
    let conflict = finding(check, .conflictingLabels)?.files
    #expect(conflict == ["train/dent/3.png (train) = train/good/conflict.png (train)"])
    let near = try #require(finding(check, .nearLeakage)).files
    #expect(near.count == 2)
    #expect(near.contains { $0.hasPrefix("test/dent/near.jpg (test) ~ train/dent/1.png (train): ") })
    #expect(near.contains { $0.hasPrefix("test/dent/mirrored.png (test) ~ train/dent/2.png (train): mirrored") })
    #expect(finding(check, .blank)?.files == ["train/good/blank.png"])
    #expect(finding(check, .oddSize)?.files == ["test/dent/mirrored.png: 150 x 150"])
    #expect(finding(check, .mixedColor)?.files == ["train/good/red.png"])
    #expect(finding(check, .emptyClass)?.message == "Class rust has no images.")
    #expect(finding(check, .fewImages)?.severity == .warning)
    #expect(finding(check, .noGoodClass) == nil)
    #expect(check.hasErrors)
    let order = check.findings.map { DatasetCheck.Severity.allCases.firstIndex(of: $0.severity)! }
    #expect(order == order.sorted())

    let text = check.text()
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.contains(folder.path) })
    #expect(text.contains("good (good)       7       1       5       0"))
    let json = try JSONEncoder().encode(check)
    #expect(try JSONDecoder().decode(DatasetCheck.self, from: json) == check)
  }

  @Test func masksAreHeldAgainstTheirImages() throws {
    let folder = try TemporaryFolder()
    var text = "image,mask,label,split\n"
    let masks = [
      rectangle(40, 30, x: 3..<9, y: 3..<9), rectangle(40, 30, x: 0..<0, y: 0..<0),
      rectangle(30, 40, x: 3..<9, y: 3..<9),
      rectangle(40, 30, x: 3..<9, y: 3..<9),
    ]
    for (index, mask) in masks.enumerated() {
      try folder.write(bmp(surface(UInt64(index), 40, 30)), "\(index).bmp")
      try folder.write(try mask.png(), "m\(index).png")
      text += "\(index).bmp,m\(index).png,\(index == 3 ? "good" : "dent"),train\n"
    }
    try folder.write(text, "manifest.csv")
    let check = DatasetCheck.run(try PartSet.load(path: folder.path))
    let found = check.findings.filter { $0.kind == .mask }
    #expect(found.map(\.severity) == [.error, .warning, .warning])
    #expect(found.map(\.files) == [["2.bmp: the image is 40 x 30, its mask 30 x 40"], ["1.bmp"], ["3.bmp"]])
    #expect(check.classes.map(\.masks) == [1, 3])
  }

  /// Parts that look alike are not copies: the same washer design under the same light.
  @Test func likePartsAreNoCopies() throws {
    let renderer = WashersRenderer(size: 96, seed: 2)
    let details = try (0..<8).map { number -> [Float] in
      let folder = try TemporaryFolder()
      try folder.write(try renderer.part(.good, number: number).image.png(), "a.png")
      let part = Part(
        id: "a", imagePath: folder.path + "/a.png", label: 0, split: .train,
        contentHash: ContentHash(digest: 0, length: 0))
      return try Look.at(part, isGood: true).detail
    }
    #expect(NearCopies.pairs(details, threads: 2) { _, _ in true } == [])
    #expect(NearCopies.pairs(details + [details[3]], threads: 2) { _, _ in true }.map(\.first) == [3])
  }

  @Test func wrongLabelsAmongNeighbours() {
    var random = SplitMix64(seed: 1)
    var features: [[Float]] = []
    var labels: [Int] = []
    for index in 0..<90 {
      let label = index % 3
      features.append([Float(label) * 4 + random.normal() * 0.5, random.normal(), Float(label % 2) * 3])
      labels.append(label)
    }
    labels[30] = 1
    let suspects = LabelSuspects.byNeighbours(features, labels: labels, classes: 3, threads: 2)
    #expect(suspects.map(\.index) == [30])
    #expect(suspects.first?.suggested == 0)
    // Where looks do not tell the classes apart nobody is accused.
    let shuffled = labels.map { _ in random.index(3) }
    #expect(LabelSuspects.byNeighbours(features, labels: shuffled, classes: 3, threads: 2).isEmpty)
  }

  @Test func wrongLabelsByPredictions() {
    let probabilities: [[Float]?] = [
      [0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.1, 0.9], [0.05, 0.95], nil, [0.55, 0.45], [.nan, .nan],
    ]
    let suspects = LabelSuspects.byPredictions(probabilities, labels: [0, 0, 1, 1, 0, 0, 1, 1], classes: 2)
    // Part 6 is likelier to be of class 0, but less so than that class's parts usually are.
    #expect(suspects.map(\.index) == [4])
    #expect(suspects.first == .init(index: 4, suggested: 1, confidence: 0.95))
  }

  @Test(.enabled(if: RealData.hasNEU, "there is no neu-surface data here"))
  func aTurnedCopyInSteelSurfaces() throws {
    let set = try PartSet.load(path: RealData.neu)
    let names = [
      "test/scratches/scratches_247.jpg", "train/scratches/scratches_232.jpg", "test/crazing/crazing_250.jpg",
    ]
    let parts = set.parts.filter { names.contains($0.id) }
    let details = try parts.map { try Look.at($0, isGood: false).detail }
    let pairs = NearCopies.pairs(details, threads: 1) { _, _ in true }
    #expect(pairs.map { [parts[$0.first].id, parts[$0.second].id] } == [[names[0], names[1]]])
    #expect(pairs.first?.isTurned == true)
  }
}
