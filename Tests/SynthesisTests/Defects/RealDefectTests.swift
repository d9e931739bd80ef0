import FileTestSupport
import Imaging
import Samples
import Testing

@testable import Synthesis

@Suite("Real defects")
struct RealDefectTests {
  @Test("the factor is what the defect does to the part, and 1 beside it")
  func factor() throws {
    let flat = Image<Float>(width: 64, height: 64, repeating: 0.6)
    var pixels = flat.pixels
    var mask = [Float](repeating: 0, count: 64 * 64)
    for y in 28..<36 {
      for x in 20..<32 {
        pixels[y * 64 + x] = 0.3
        mask[y * 64 + x] = 1
      }
    }
    let defect = try #require(
      RealDefect(
        source: "a", label: 1, picture: Planes([Image(width: 64, height: 64, pixels: pixels)]),
        mask: Image(width: 64, height: 64, pixels: mask)))
    let offset = DefectPatch.offset
    let expected = (0.3 + offset) / (0.6 + offset)
    for (at, cover) in defect.patch.cover.pixels.enumerated() {
      #expect(abs(defect.patch.factor.planes[0].pixels[at] - (cover >= 0.5 ? expected : 1)) < 0.01)
    }
    #expect(defect.extent == ImageSize(width: 12, height: 8))
    #expect(defect.site.x == 26.0 / 64 && defect.site.y == 32.0 / 64)
    #expect(abs(defect.site.areaShare - 96.0 / 4096) < 1e-9)
  }

  @Test("a piece that is missing at an edge is told from a stain as dark as the ground")
  func missing() throws {
    func cuts(_ x: Int, _ y: Int, _ level: Float) throws -> Bool {
      let ring = Ring()
      func isInside(_ at: Int) -> Bool { abs(at % 128 - x) < 6 && abs(at / 128 - y) < 6 }
      let picture = ring.picture
      let stained = Image(
        width: 128, height: 120, pixels: picture.pixels.indices.map { isInside($0) ? level : picture.pixels[$0] })
      let defect = try #require(
        RealDefect(
          source: "a", label: 1, picture: Planes([stained]),
          mask: Image(width: 128, height: 120, pixels: picture.pixels.indices.map { isInside($0) ? 1 : 0 })))
      #expect(defect.site.pose != nil)
      return defect.site.cutsPart
    }
    // The ring reaches from 16 to 45 around (64, 60), its holes are where it is crossed by the axes.
    #expect(try cuts(64 + 30, 60 + 30, 0.15))
    #expect(try !cuts(64 + 30, 60 + 30, 0.4))
    #expect(try !cuts(64 + 22, 60 + 22, 0.15))
    #expect(try !cuts(10, 10, 0.3))
  }

  @Test("at the picture's edge the mask's middle is the patch's")
  func atEdge() throws {
    let mask = Image<Float>(width: 40, height: 30, pixels: (0..<1200).map { $0 % 40 < 6 && $0 / 40 > 20 ? 1 : 0 })
    let defect = try #require(
      RealDefect(
        source: "a", label: 1, picture: Planes([Image(width: 40, height: 30, repeating: 0.5)]), mask: mask))
    let cover = defect.patch.cover
    #expect(cover.width == 14 && cover.height == 17)
    for y in 0..<17 {
      for x in 0..<14 { #expect(cover[x, y] == ((4..<10).contains(x) && (4..<13).contains(y) ? 1 : 0)) }
    }
  }

  @Test("pieces far apart are defects of their own, crumbs and an empty mask are none")
  func pieces() {
    func mask(_ boxes: [(x: Int, y: Int, side: Int)]) -> Image<Float> {
      var pixels = [Float](repeating: 0, count: 96 * 80)
      for box in boxes {
        for y in box.y..<box.y + box.side { for x in box.x..<box.x + box.side { pixels[y * 96 + x] = 1 } }
      }
      return Image(width: 96, height: 80, pixels: pixels)
    }
    let picture = Planes([Image(width: 96, height: 80, repeating: 0.5)])
    func count(_ boxes: [(x: Int, y: Int, side: Int)]) -> Int {
      RealDefect.pieces(source: "a", label: 1, picture: picture, mask: mask(boxes)).count
    }
    #expect(count([(10, 10, 8)]) == 1)
    #expect(count([(10, 10, 8), (70, 60, 8)]) == 2)
    #expect(count([(10, 10, 8), (20, 10, 8)]) == 1)
    #expect(count([(10, 10, 20), (70, 60, 2)]) == 1)
    #expect(count([]) == 0)
  }

  @Test("a window shows the whole defect at its own scale, or smaller where it would not fit")
  func window() {
    let small = DefectWindow(Rendered.real(1, 1), side: 64)
    #expect(small.scale == 1)
    let defect = Rendered.real(2, 3)
    let shrunk = DefectWindow(defect, side: 16)
    #expect(abs(shrunk.scale - Double(defect.extent.height) / (0.68 * 16)) < 1e-9)
    for window in [small, shrunk] {
      let inside = window.cover.pixels.enumerated().filter { $0.element >= 0.5 }.map {
        window.appearance.planes[0].pixels[$0.offset]
      }
      #expect(!inside.isEmpty)
      // A factor of .35 to .6.
      let mean = inside.reduce(0, +) / Float(inside.count)
      #expect(mean < -0.3 && mean > -1.3)
      let side = window.cover.width
      #expect((0..<side).allSatisfy { window.cover.pixels[$0] == 0 && window.cover.pixels[$0 * side] == 0 })
    }
  }

  @Test("a library takes training parts alone, and says what is missing")
  func library() throws {
    let folder = try Rendered.set()
    let set = try PartSet.load(path: folder.path)
    let library = try DefectLibrary(set, fewest: DefectLibrary.fewest)
    #expect(library.defects.mapValues(\.count) == [1: 6, 2: 6])
    #expect(library.good.items.count == 12)
    #expect(library.defects.values.allSatisfy { $0.allSatisfy { $0.site.source.hasPrefix("train/") } })
    #expect(library.notes.count == 2 && library.notes[0].contains("below 20"))
    let measured = Set(set.parts.filter { $0.split != .train }.map(\.contentHash))
    #expect(measured.isDisjoint(with: library.sources) && library.sources.count == 12)
    func refusal(_ body: () throws -> Void) -> String {
      #expect(throws: SynthesisError.self) { try body() }?.description ?? ""
    }
    #expect(refusal { _ = try DefectLibrary(set, classes: ["crack"]) }.contains("crack is no class of this set"))
    #expect(
      refusal { _ = try DefectLibrary(set, fewest: 7) }
        .contains("line has 6 training images with a mask, and a generator needs 7"))
    var none = set
    none.parts.removeAll { $0.label == 1 && $0.split == .train }
    #expect(refusal { _ = try DefectLibrary(none) }.contains("line has no training image"))
    var unmarked = set
    for index in unmarked.parts.indices where unmarked.parts[index].label == 2 { unmarked.parts[index].maskPath = nil }
    #expect(
      refusal { _ = try DefectLibrary(unmarked) }.contains("spot has no training image whose mask marks anything"))
    var one = set
    let first = try #require(one.parts.firstIndex { $0.label == 1 && $0.split == .train })
    one.parts = one.parts.enumerated().filter { $0.element.label != 1 || $0.offset == first }.map(\.element)
    #expect(
      refusal { _ = try DefectLibrary(one, fewest: 5) }.contains(
        "line has 1 training image with a mask, and a generator needs 5"))
  }

  @Test("masks of another size and a mix of grey and colour are refused by name")
  func unfit() throws {
    let folder = try Rendered.set()
    folder.write(try Image<Gray8>(width: 10, height: 10, repeating: 255).png(), "train/spot-1-mask.png")
    let set = try PartSet.load(path: folder.path)
    let size = #expect(throws: SynthesisError.self) { try DefectLibrary(set) }?.description ?? ""
    #expect(size.contains("train/spot-1-mask.png is 10 x 10, but its image") && size.contains("72 x 56"))
    let mixed = try Rendered.set()
    let (image, mask) = Rendered.defect(1, 2)
    mixed.write(try image.map { RGB8($0, $0 / 2, $0 / 4) }.png(), "train/spot-2.png")
    mixed.write(try mask.png(), "train/spot-2-mask.png")
    let text =
      #expect(throws: SynthesisError.self) { try DefectLibrary(try PartSet.load(path: mixed.path)) }?.description ?? ""
    #expect(text.contains("is grey, and train/spot-2.png is in colour"))
    // Grey stored as colour is grey.
    mixed.write(try image.map { RGB8($0, $0, $0) }.png(), "train/spot-2.png")
    let library = try DefectLibrary(try PartSet.load(path: mixed.path))
    #expect(library.defects.values.allSatisfy { $0.allSatisfy { !$0.levels.isColor } })
  }
}
