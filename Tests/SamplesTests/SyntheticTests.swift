import Imaging
import Testing

@testable import Samples

@Suite("Synthetic parts")
struct SyntheticTests {
  private func mark(parentHash: String = "") -> SyntheticMark {
    SyntheticMark(
      label: "crack", generator: "g.onnx", generatorSHA256: "ab", seed: 7, number: 3, parent: "train/good/ü.png",
      parentHash: parentHash, model: "train/crack/1.png", severity: 0.5)
  }

  private func picture(_ level: UInt8, _ mark: SyntheticMark? = nil) throws -> [UInt8] {
    try Image<Gray8>(width: 8, height: 8, repeating: level).png(
      text: mark.map { [PNGText(keyword: SyntheticMark.keyword, text: $0.text)] } ?? [])
  }

  @Test("a mark is found in the file that carries it, and in no other")
  func markRoundTrip() throws {
    #expect(SyntheticMark(file: try picture(10, mark())) == mark())
    #expect(SyntheticMark(file: try picture(10)) == nil)
    #expect(!SyntheticMark.isIn(try picture(10)))
    #expect(!SyntheticMark.isIn([]))
    let file = try picture(10, mark())
    // Cut anywhere, it is a mark or none, and no crash.
    for count in file.indices { _ = SyntheticMark(file: Array(file[..<count])) }
  }

  @Test("synthetic parts are known by their files or the manifest, and never dealt to what is measured")
  func dealing() throws {
    let folder = try TemporaryFolder()
    for index in 0..<40 {
      try folder.write(try picture(UInt8(index), index % 2 == 0 ? mark() : nil), "crack/\(index).png")
      try folder.write(try picture(UInt8(100 + index)), "good/\(index).png")
    }
    let set = try PartSet.load(path: folder.path)
    #expect(set.parts.count { $0.isSynthetic } == 20)
    #expect(set.parts.allSatisfy { !$0.isSynthetic || $0.split == .train })
    #expect(set.parts(in: .test).count { set.classes[$0.label] == "crack" } == 3)
    #expect(throws: Never.self) { try set.checkHeldOut() }
    let folds = try PartSet.load(path: folder.path, options: PartSetOptions(folds: 4, fold: 1))
    #expect(folds.parts.allSatisfy { !$0.isSynthetic || $0.split == .train })
    #expect(throws: PartSetError.self) { try set.folds(3, seed: 0) }
  }

  @Test("a synthetic part in the test split is refused, and told by the check")
  func heldOut() throws {
    let folder = try TemporaryFolder()
    var lines = ["image,label,split,synthetic"]
    for (index, split) in ["train", "train", "val", "test"].enumerated() {
      try folder.write(try picture(UInt8(index)), "\(index).png")
      try folder.write(try picture(UInt8(50 + index)), "g\(index).png")
      lines += ["\(index).png,crack,\(split),\(index == 3)", "g\(index).png,good,\(split),false"]
    }
    try folder.write(lines.joined(separator: "\n"), "manifest.csv")
    let set = try PartSet.load(path: folder.path)
    let error = #expect(throws: PartSetError.self) { try set.checkHeldOut() }
    #expect(error?.description.contains("3.png") == true && error?.description.contains("test split") == true)
    let check = DatasetCheck.run(set)
    let finding = try #require(check.findings.first { $0.kind == .syntheticHeldOut })
    #expect(finding.severity == .error && finding.files == ["3.png (test)"])
    #expect(check.classes.map(\.synthetic) == [0, 1])
  }

  @Test("what was added learns only, under its own ids")
  func adding() throws {
    let set = try TemporaryFolder()
    let folder = try TemporaryFolder()
    for index in 0..<10 {
      for (name, level) in [("crack", 0), ("good", 100)] {
        try set.write(try picture(UInt8(level + index)), "train/\(name)/\(index).png")
        try set.write(try picture(UInt8(level + 20 + index)), "test/\(name)/\(index).png")
      }
    }
    try folder.write(try picture(200, mark()), "images/a.png")
    try folder.write("image,label,split,synthetic\nimages/a.png,crack,train,true\n", "manifest.csv")
    let real = try PartSet.load(path: set.path)
    let both = try real.adding(syntheticAt: folder.path)
    #expect(both.parts.count == real.parts.count + 1 && both.classes == real.classes)
    let added = try #require(both.parts.last)
    #expect(added.isSynthetic && added.split == .train && both.classes[added.label] == "crack")
    #expect(Array(both.parts.dropLast()) == real.parts)
    #expect(Set(both.parts.map(\.id)).count == both.parts.count)
  }

  @Test("what cannot be added says why: no mark, no such class, painted on or learned from what is measured")
  func refusals() throws {
    let set = try TemporaryFolder()
    for index in 0..<10 {
      for (name, level) in [("crack", 0), ("good", 100)] {
        try set.write(try picture(UInt8(level + index)), "train/\(name)/\(index).png")
        try set.write(try picture(UInt8(level + 20 + index)), "test/\(name)/\(index).png")
      }
    }
    let real = try PartSet.load(path: set.path)
    let measured = try #require(real.parts(in: .test).first)
    func refusal(_ name: String, _ bytes: [UInt8], _ flag: Bool, provenance: [UInt8]? = nil) throws -> String {
      let folder = try TemporaryFolder()
      try folder.write(bytes, "a.png")
      try folder.write("image,label,synthetic\na.png,\(name),\(flag)\n", "manifest.csv")
      if let provenance { try folder.write(provenance, SyntheticProvenance.fileName) }
      return #expect(throws: PartSetError.self) { try real.adding(syntheticAt: folder.path) }?.description ?? ""
    }
    #expect(try refusal("crack", picture(1), false).contains("nothing marks it as synthetic"))
    #expect(try refusal("stain", picture(1, mark()), true).contains("stain, which is no class"))
    let painted = try picture(1, mark(parentHash: measured.contentHash.description))
    let text = try refusal("crack", painted, true)
    #expect(text.contains("painted on \(measured.id)") && text.contains("test split"))
    let provenance = SyntheticProvenance(
      assayVersion: "1", generator: "g", generatorSHA256: "", seed: 0,
      learnedFrom: [measured.contentHash.description])
    #expect(
      try refusal("crack", picture(1, mark()), true, provenance: provenance.encoded)
        .contains("learned from \(measured.id)"))
  }

  @Test("synthetic samples get their share of a class's places, whatever their number", arguments: [0.25, 0.5, 0.8])
  func share(_ share: Double) {
    // Class 1 has 3 real samples and 60 synthetic ones, class 2 has 5 real ones.
    let labels = Array(repeating: 0, count: 20) + [1, 1, 1, 2, 2, 2, 2, 2] + Array(repeating: 1, count: 60)
    let synthetic = Set(28..<88)
    let sampler = BatchSampler(
      labels: labels, goodIndex: 0, mode: .halfGood, batchSize: 16, seed: 3, synthetic: synthetic,
      syntheticShare: share)
    var counts = [Int](repeating: 0, count: labels.count)
    for step in 0..<300 { for draw in sampler.draws(step: step) { counts[draw.index] += 1 } }
    let own = synthetic.reduce(0) { $0 + counts[$1] }
    let real = (20..<23).reduce(0) { $0 + counts[$1] }
    #expect(abs(Double(own) / Double(own + real) - share) < 0.005)
    #expect((23..<28).reduce(0) { $0 + counts[$1] } == own + real)
    // All of them come before one comes again.
    let shown = synthetic.map { counts[$0] }
    #expect(shown.max()! - shown.min()! <= 1)
    #expect((20..<23).allSatisfy { abs(counts[$0] - real / 3) <= 1 })
  }

  @Test("without synthetic samples nothing is dealt in another way")
  func unchanged() {
    let labels = [0, 0, 0, 1, 1, 2, 2, 2]
    let plain = BatchSampler(labels: labels, goodIndex: 0, mode: .halfGood, batchSize: 6, seed: 1)
    let same = BatchSampler(
      labels: labels, goodIndex: 0, mode: .halfGood, batchSize: 6, seed: 1, synthetic: [], syntheticShare: 0.8)
    for step in 0..<20 { #expect(plain.draws(step: step) == same.draws(step: step)) }
  }
}
