import Imaging
import Locating
import Testing

@Suite struct RegionMaskTests {
  let size = ImageSize(width: 37, height: 23)

  /// By the definition: a ray to the left of the pixel's centre crosses the outline an odd number of times.
  private func isInside(_ points: [Point], _ x: Double, _ y: Double) -> Bool {
    var isInside = false
    for (index, to) in points.enumerated() {
      let from = points[(index + points.count - 1) % points.count]
      if (from.y > y) != (to.y > y), x > (to.x - from.x) * (y - from.y) / (to.y - from.y) + from.x { isInside.toggle() }
    }
    return isInside
  }

  private func sentence(_ region: RegionOfInterest, _ size: ImageSize = ImageSize(width: 37, height: 23)) -> String {
    do {
      _ = try region.mask(for: size)
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func polygonsAreFilledByEvenOddAtPixelCentres() throws {
    var random = Random(1)
    for corners in [3, 4, 5, 9, 20] {
      for _ in 0..<10 {
        let points = (0..<corners).map { _ in Point(random.uniform(-9...46), random.uniform(-9...32)) }
        let region = RegionOfInterest(areas: [.polygon(points), .rectangle(PixelRect(x: 0, y: 0, width: 1, height: 1))])
        let mask = try region.mask(for: size)
        for y in 0..<size.height {
          for x in 0..<size.width where (x, y) != (0, 0) {
            let isIn = isInside(points, Double(x) + 0.5, Double(y) + 0.5)
            #expect(mask.contains(x: x, y: y) == isIn)
          }
        }
      }
    }
  }

  @Test func areasJoinAndIgnoredOnesAreTakenOut() throws {
    let region = RegionOfInterest(
      areas: [
        .rectangle(PixelRect(x: -5, y: 2, width: 15, height: 6)),
        .rectangle(PixelRect(x: 8, y: 4, width: 9, height: 9)),
      ],
      ignored: [.rectangle(PixelRect(x: 3, y: 0, width: 4, height: 5))])
    let mask = try region.mask(for: size)
    #expect(mask.box == PixelRect(x: 0, y: 2, width: 17, height: 11))
    // 10 * 6 + 9 * 9, 2 * 4 in both, 4 * 3 ignored.
    #expect(mask.area == 121)
    #expect(mask.runs(inRow: 2).map(\.columns) == [0..<3, 7..<10])
    #expect(mask.runs(inRow: 12).map(\.columns) == [8..<17])
    #expect(mask.runs(inRow: 20).isEmpty)
    #expect(RegionMask(mask.image()) == mask)
    #expect(!mask.contains(x: 0, y: 30) && !mask.isWhole)
    #expect(try RegionOfInterest().mask(for: size) == RegionMask(whole: size))
    #expect(RegionMask(whole: size).isWhole)
  }

  @Test func huge() throws {
    let region = RegionOfInterest(areas: [.rectangle(PixelRect(x: 5, y: 0, width: .max, height: .max))])
    #expect(try region.mask(for: size).box == PixelRect(x: 5, y: 0, width: 32, height: 23))
  }

  @Test func picturesMustFit() throws {
    let picture = makeImage(37, 23) { x, y in UInt8(x > y ? 255 : 100) }
    let mask = try RegionOfInterest(areas: [.picture(picture, name: "mask.png")]).mask(for: size)
    for y in 0..<23 { for x in 0..<37 { #expect(mask.contains(x: x, y: y) == (x > y)) } }
    let other = RegionOfInterest(ignored: [.picture(picture, name: "mask.png")])
    #expect(
      sentence(other, ImageSize(width: 640, height: 480))
        == """
        mask.png: the mask is 37 x 23 pixels and the frame is 640 x 480; \
        draw the mask on a still of this camera at this resolution
        """)
  }

  @Test func mistakesAreNamed() {
    #expect(
      sentence(RegionOfInterest(areas: [.polygon([Point(0, 0), Point(1, 1)])]))
        == "a region's polygon has 2 corners; it needs at least 3")
    #expect(
      sentence(RegionOfInterest(areas: [.polygon([Point(0, 0), Point(.nan, 1), Point(3, 3)])]))
        == "corner 2 of a region's polygon is not a position; give x and y in pixels")
    #expect(
      sentence(RegionOfInterest(areas: [.rectangle(PixelRect(x: 40, y: 0, width: 5, height: 5))]))
        == "the region of interest has no pixels in frames of 37 x 23; check its coordinates and the ignored areas")
    #expect(
      sentence(RegionOfInterest(ignored: [.rectangle(PixelRect(x: 4, y: 3, width: 0, height: 5))]))
        == "a region's rectangle is 0 x 5 at (4, 3); its width and height must be at least 1")
    #expect(throws: RegionError.self) { try RegionShape.picture(path: "/no/such/mask.png") }
  }

  @Test func everyFormatIsPaintedOver() throws {
    let mask = try RegionOfInterest(areas: [.polygon([Point(2, 2), Point(30, 5), Point(12, 20)])]).mask(for: size)
    let gray = sampleGray(37, 23)
    let rgb = gray.map { RGB8($0, $0 / 2, 255 - $0) }
    let deep = gray.map { UInt16($0) * 257 }
    let images: [AnyImage] = [
      .gray8(gray), .gray16(deep), .rgb8(rgb), .rgb16(deep.map { RGB16($0, $0 / 2, $0 / 3) }),
      .rgba8(rgb.map { RGBA8($0.red, $0.green, $0.blue, 7) }), .rgba16(deep.map { RGBA16($0, $0 / 2, $0 / 3, 9) }),
    ]
    for image in images {
      for fill in [RegionFill.mean, .neutral] {
        let painted = mask.fill(image, with: fill)
        let before = image.rgb8(), after = painted.rgb8()
        var sums = SIMD3<Double>(), count = 0.0
        if case .rgba8 = image { continue }
        if case .rgba16 = image { continue }
        for y in 0..<23 {
          for x in 0..<37 where mask.contains(x: x, y: y) {
            #expect(after[x, y] == before[x, y])
            let p = before[x, y]
            sums += SIMD3(Double(p.red), Double(p.green), Double(p.blue))
            count += 1
          }
        }
        let outside = after[36, 22]
        for y in 0..<23 { for x in 0..<37 where !mask.contains(x: x, y: y) { #expect(after[x, y] == outside) } }
        let mean = fill == .mean ? sums / count : SIMD3(repeating: 128)
        #expect(abs(Double(outside.red) - mean.x) <= 1)
        #expect(abs(Double(outside.green) - mean.y) <= 1)
        #expect(abs(Double(outside.blue) - mean.z) <= 1)
      }
    }
    guard case .rgba8(let clear) = mask.fill(images[4], with: .mean) else { return #expect(Bool(false)) }
    #expect(clear[0, 0].alpha == 255 && clear[12, 8].alpha == 7)
    guard case .rgba16(let deepClear) = mask.fill(images[5], with: .neutral) else { return #expect(Bool(false)) }
    #expect(deepClear[0, 0] == RGBA16(32768, 32768, 32768, 65535) && deepClear[12, 8].alpha == 9)
    #expect(mask.fill(gray, with: .neutral)[0, 0] == 128)
  }
}
