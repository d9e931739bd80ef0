import Imaging
import Samples
import Testing

@testable import Synthesis

@Suite("Composer")
struct ComposerTests {
  @Test("outside the mask the part is untouched to the bit, in grey and in colour, of 8 and 16 bits", arguments: 0..<4)
  func untouched(kind: Int) throws {
    let parent = part(kind, seed: 1)
    for number in 0..<20 {
      var random = SplitMix64(seed: 3, UInt64(number))
      let placement = Placement(
        center: Point(Double(random.uniform(0, 80)), Double(random.uniform(0, 60))), scale: 1 + Double(random.unit()),
        degrees: Double(random.uniform(-180, 180)), isMirrored: random.chance(0.5))
      guard let painted = Composer.paint(spot(), placement, on: parent) else { continue }
      #expect(painted.mask!.width == parent.width && painted.mask!.height == parent.height)
      #expect(painted.mask!.pixels.contains(255))
      let (before, after) = (bytes(parent), bytes(painted.image))
      #expect(before.count == after.count)
      let each = before.count / painted.mask!.pixels.count
      for (pixel, value) in painted.mask!.pixels.enumerated() where value == 0 {
        let range = pixel * each..<(pixel + 1) * each
        if before[range] != after[range] { Issue.record("pixel \(pixel) changed outside the mask") }
      }
    }
  }

  @Test("grey defects on coloured parts and the other way round", arguments: [Composer.Light.part, .defect])
  func otherColors(_ light: Composer.Light) throws {
    for kind in 0..<4 {
      let place = Placement(center: Point(30, 30))
      #expect(Composer.paint(spot(), place, on: part(kind, seed: 4), light: light) != nil)
      var colored = spot()
      colored.factor = Planes([
        colored.factor.planes[0], colored.factor.planes[0].map { $0 / 2 }, colored.factor.planes[0],
      ])
      #expect(Composer.paint(colored, place, on: part(kind, seed: 4), light: light) != nil)
    }
  }

  @Test("a defect off the part is nothing, and one that reaches over its edge is cut there")
  func edges() throws {
    let parent = part(0, seed: 2)
    #expect(Composer.paint(spot(), Placement(center: Point(-60, 10)), on: parent) == nil)
    let painted = try #require(Composer.paint(spot(), Placement(center: Point(0, 0)), on: parent))
    #expect(painted.box.x == 0 && painted.box.y == 0)
    #expect(painted.box.width < 16)
  }

  @Test("a defect is as dark on a dark part as on a bright one, by its factor")
  func light() throws {
    func change(_ level: Float) throws -> Double {
      let flat = AnyImage.gray8(Image(width: 64, height: 64, repeating: UInt8(level)))
      let painted = try #require(Composer.paint(spot(), Placement(center: Point(32, 32)), on: flat))
      guard case .gray8(let image) = painted.image else { return .nan }
      return Double(image[32, 32]) / Double(level)
    }
    #expect(abs(try change(200) - 0.4) < 0.03)
    #expect(abs(try change(100) - 0.4) < 0.05)
  }

  @Test("less severity changes less")
  func severity() throws {
    let parent = AnyImage.gray8(Image(width: 64, height: 64, repeating: 150))
    let changes = try [0.2, 0.5, 1].map {
      try #require(Composer.paint(spot(), Placement(center: Point(32, 32)), on: parent, severity: $0)).change
    }
    #expect(changes == changes.sorted() && changes[0] < 0.5 * changes[2])
  }

  private func spot() -> DefectPatch {
    let side = 20
    let cover = Image<Float>(
      width: side, height: side,
      pixels: (0..<side * side).map { index in
        let (x, y) = (Float(index % side) - 9.5, Float(index / side) - 9.5)
        return x * x + y * y < 49 ? 1 : 0
      })
    return DefectPatch(
      source: "spot", label: 0, factor: Planes([Image(width: side, height: side, repeating: 0.4)]), cover: cover)
  }

  private func part(_ kind: Int, seed: UInt64) -> AnyImage {
    var random = SplitMix64(seed: seed)
    let count = 80 * 60
    func level() -> UInt16 { UInt16(20_000 + random.index(30_000)) }
    func byte() -> UInt8 { UInt8(level() >> 8) }
    return switch kind {
    case 0: .gray8(Image(width: 80, height: 60, pixels: (0..<count).map { _ in byte() }))
    case 1: .gray16(Image(width: 80, height: 60, pixels: (0..<count).map { _ in level() }))
    case 2: .rgb8(Image(width: 80, height: 60, pixels: (0..<count).map { _ in RGB(byte(), byte(), byte()) }))
    default: .rgb16(Image(width: 80, height: 60, pixels: (0..<count).map { _ in RGB(level(), level(), level()) }))
    }
  }

  private func bytes(_ image: AnyImage) -> [UInt16] {
    switch image {
    case .gray8(let image): image.pixels.map { UInt16($0) }
    case .gray16(let image): image.pixels
    case .rgb8(let image): image.pixels.flatMap { [UInt16($0.red), UInt16($0.green), UInt16($0.blue)] }
    case .rgb16(let image): image.pixels.flatMap { [$0.red, $0.green, $0.blue] }
    default: []
    }
  }
}
