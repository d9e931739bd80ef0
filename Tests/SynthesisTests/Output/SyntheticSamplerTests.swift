import FileTestSupport
import Imaging
import Samples
import Testing

@testable import Synthesis

@Suite("Drawing synthetic parts")
struct SyntheticSamplerTests {
  private func library() throws -> (DefectLibrary, TestFolder) {
    let folder = try Rendered.set()
    return (try DefectLibrary(try PartSet.load(path: folder.path)), folder)
  }

  private func sampler(
    _ library: DefectLibrary, _ source: any DefectSource, _ options: SyntheticSampler.Options = .init()
  ) -> SyntheticSampler {
    SyntheticSampler(classes: library.classes, good: library.good, source: source, options: options)
  }

  @Test("every source paints masks that are inside the part and nothing beside them", arguments: 0..<3)
  func sources(kind: Int) throws {
    let (library, folder) = try library()
    let source: any DefectSource =
      switch kind {
      case 0: PasteSource(library.defects, isNaive: true)
      case 1: PasteSource(library.defects, isNaive: false)
      default: ProceduralSource(library.defects)
      }
    let sampler = sampler(library, source)
    for label in [1, 2] {
      for number in 0..<15 {
        let draw = try sampler.draw(label, number: number)
        let parent = try ImageFile.load(path: draw.parent!.path).image.gray8()
        guard case .gray8(let image) = draw.part.image else {
          Issue.record("no longer grey")
          continue
        }
        #expect(image.width == parent.width && image.height == parent.height)
        for (at, mask) in draw.part.mask!.pixels.enumerated() where mask == 0 && image.pixels[at] != parent.pixels[at] {
          Issue.record("changed outside the mask")
        }
        #expect(draw.part.mask!.pixels.contains(255))
        #expect(draw.part.change >= sampler.options.leastChange)
        #expect(draw.parent!.id.hasPrefix("train/good"))
      }
    }
    withExtendedLifetime(folder) {}
  }

  @Test("a draw depends on seed, class and number alone")
  func reproducible() throws {
    let (library, folder) = try library()
    let source = PasteSource(library.defects, isNaive: false)
    var options = SyntheticSampler.Options()
    options.seed = 4
    let later = try sampler(library, source, options).draw(1, number: 7)
    let all = sampler(library, source, options)
    for number in 0..<7 { _ = try all.draw(1, number: number) }
    let same = try all.draw(1, number: 7)
    #expect(same.part.mask!.pixels == later.part.mask!.pixels && same.parent == later.parent)
    options.seed = 5
    #expect(try sampler(library, source, options).draw(1, number: 7).part.mask!.pixels != later.part.mask!.pixels)
    withExtendedLifetime(folder) {}
  }

  /// Relights real defects, and throws away four of five draws of the first one.
  private struct PickySource: DefectSource {
    let source: PasteSource
    var name: String { source.name }
    var light: Composer.Light { source.light }
    var choosesParents: Bool { source.choosesParents }
    func prior(of label: Int) -> PlacementPrior? { source.prior(of: label) }

    func draw(
      _ label: Int, like model: Int, on part: PartView, at center: Point?, variety: Double, random: inout SplitMix64
    ) throws -> InventedDefect {
      let isBad = model == 0 && random.chance(0.8)
      var drawn = source.draw(label, like: model, on: part, at: center, variety: variety, random: &random)
      if isBad { drawn.rejection = .copy }
      return drawn
    }
  }

  @Test("a real defect that few draws come through of is still seen nearly as often as others")
  func modelsInTurn() throws {
    let (library, folder) = try library()
    let source = PickySource(source: PasteSource(library.defects, isNaive: false))
    let sites = source.prior(of: 1)!.sites
    let sampler = sampler(library, source)
    var seen = 0
    var rejected = 0
    for number in 0..<120 {
      let draw = try sampler.draw(1, number: number)
      if draw.model == sites[0].source { seen += 1 }
      rejected += draw.rejected[.copy] ?? 0
    }
    // With another model at each try it would be 5.
    let expected = 120 / Double(sites.count)
    #expect(Double(seen) > 0.6 * expected, "\(seen) of \(expected)")
    #expect(rejected > 2 * seen)
    withExtendedLifetime(folder) {}
  }

  /// Gives near-copies alone, and keeps how far from its models it was to go.
  private final class CopyingSource: DefectSource {
    let source: PasteSource
    private(set) var varieties: [Double] = []
    var name: String { source.name }
    var light: Composer.Light { source.light }
    var choosesParents: Bool { source.choosesParents }

    init(_ source: PasteSource) { self.source = source }

    func prior(of label: Int) -> PlacementPrior? { source.prior(of: label) }

    func draw(
      _ label: Int, like model: Int, on part: PartView, at center: Point?, variety: Double, random: inout SplitMix64
    ) throws -> InventedDefect {
      varieties.append(variety)
      var drawn = source.draw(label, like: model, on: part, at: center, variety: variety, random: &random)
      drawn.rejection = .copy
      return drawn
    }
  }

  @Test("after near-copies a draw goes farther from its model, until another one is taken")
  func variety() throws {
    let (library, folder) = try library()
    let source = CopyingSource(PasteSource(library.defects, isNaive: false))
    var options = SyntheticSampler.Options()
    options.tries = 14
    let none = #expect(throws: SyntheticSampler.NoDraw.self) {
      try sampler(library, source, options).draw(1, number: 0)
    }
    #expect(none?.why == .copy && none?.rejected == [.copy: 14])
    let rising: [Double] = (0..<12).map { 1 + Double($0) / 4 }
    #expect(source.varieties == rising + [1, 1.25])
    withExtendedLifetime(folder) {}
  }

  @Test("a place that is asked for is kept to, and one off the part is refused")
  func place() throws {
    let (library, folder) = try library()
    var options = SyntheticSampler.Options()
    options.at = Point(30, 20)
    for number in 0..<10 {
      let box = try sampler(library, PasteSource(library.defects, isNaive: false), options).draw(1, number: number).part
        .box
      #expect(abs(box.x + box.width / 2 - 30) <= 3 && abs(box.y + box.height / 2 - 20) <= 3)
    }
    options.at = Point(-500, 20)
    options.tries = 3
    let outside = sampler(library, PasteSource(library.defects, isNaive: false), options)
    let text = #expect(throws: SyntheticSampler.NoDraw.self) { try outside.draw(1, number: 0) }?.description ?? ""
    #expect(text.contains("spot") || text.contains("line"))
    #expect(text.contains("cannot be painted: 3 tries"))
    withExtendedLifetime(folder) {}
  }

  @Test("a folder of synthetic parts is a part set that says what it is")
  func folder() throws {
    let (library, real) = try library()
    let sampler = sampler(library, PasteSource(library.defects, isNaive: false))
    let out = TestFolder()
    for name in ["images/x", "masks/x"] { out.write([], name) }
    var set = SyntheticSet(folder: out.path, maker: .init(name: "relit", sha256: "", version: "1"))
    for number in 0..<3 { try set.add(try sampler.draw(1, number: number), label: library.classes[1], seed: 0) }
    out.write(set.manifest, "manifest.csv")
    let read = try PartSet.load(path: out.path)
    #expect(read.parts.count == 3 && read.parts.allSatisfy { $0.isSynthetic && $0.split == .train })
    let mark = try #require(SyntheticMark(file: TestFolder.contents(read.parts[1].imagePath)))
    #expect(mark.number == 1 && mark.generator == "relit" && mark.label == library.classes[1])
    #expect(library.good.items.contains { $0.id == mark.parent && $0.contentHash.description == mark.parentHash })
    // Where the manifest is lost, the files still say it.
    let moved = TestFolder()
    moved.write(TestFolder.contents(read.parts[0].imagePath), "good/1.png")
    #expect(try PartSet.load(path: moved.path).parts.allSatisfy(\.isSynthetic))
    SyntheticSet.clear(out.path)
    #expect(!out.exists("manifest.csv") && !out.exists("images/\(library.classes[1])-00000.png"))
    withExtendedLifetime(real) {}
  }
}
