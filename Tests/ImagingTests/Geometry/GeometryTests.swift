import Imaging
import Testing

@Suite struct GeometryTests {
  let picture = sampleRGB(37, 70)

  @Test func quarterTurns() {
    let turned = picture.rotated(quarterTurns: 1)
    #expect(turned == makeImage(70, 37) { picture[$1, 69 - $0] })
    #expect(picture.rotated(quarterTurns: -1) == makeImage(70, 37) { picture[36 - $1, $0] })
    #expect(turned.rotated(quarterTurns: 1) == picture.rotated(quarterTurns: 2))
    #expect(picture.rotated(quarterTurns: 4) == picture)
    #expect(picture.flippedHorizontally() == makeImage(37, 70) { picture[36 - $0, $1] })
    #expect(picture.flippedVertically() == makeImage(37, 70) { picture[$0, 69 - $1] })
    #expect(picture.transposed() == makeImage(70, 37) { picture[$1, $0] })
  }

  @Test func cropAndPad() {
    let rect = PixelRect(x: 3, y: 50, width: 30, height: 20)
    #expect(picture.cropped(rect) == makeImage(30, 20) { picture[$0 + 3, $1 + 50] })
    let padded = picture.padded(left: 2, top: 3, right: 5, bottom: 7, with: RGB8(1, 2, 3))
    #expect(padded.width == 44)
    #expect(padded.height == 80)
    #expect(padded.cropped(PixelRect(x: 2, y: 3, width: 37, height: 70)) == picture)
    #expect(padded.pixels.filter { $0 == RGB8(1, 2, 3) }.count >= 44 * 80 - 37 * 70)
    #expect(padded[1, 40] == RGB8(1, 2, 3))
    #expect(padded[43, 79] == RGB8(1, 2, 3))
  }

  @Test func letterbox() {
    let (image, geometry) = picture.letterboxed(to: ImageSize(width: 50, height: 35), fill: RGB8(9, 9, 9))
    #expect(geometry.content == PixelRect(x: 15, y: 0, width: 19, height: 35))
    #expect(image.width == 50)
    #expect(image.height == 35)
    #expect(image[0, 0] == RGB8(9, 9, 9))
    #expect(image.cropped(geometry.content) == picture.resized(width: 19, height: 35))
    #expect(geometry.sourceRect(geometry.content) == PixelRect(x: 0, y: 0, width: 37, height: 70))
    #expect(geometry.sourceRect(PixelRect(x: 0, y: 0, width: 50, height: 35)).width == 37)
    let point = geometry.sourcePoint(x: 15 + 9.5, y: 17.5)
    #expect(abs(point.x - 18.5) < 1e-9)
    #expect(abs(point.y - 35) < 1e-9)
    let small = Letterbox(
      source: ImageSize(width: 10, height: 4), target: ImageSize(width: 100, height: 100), enlarges: false)
    #expect(small.content == PixelRect(x: 45, y: 48, width: 10, height: 4))
    let thin = Letterbox(source: ImageSize(width: 1000, height: 1), target: ImageSize(width: 10, height: 10))
    #expect(thin.content.height == 1)
  }

  @Test func warpsThatAreExact() {
    for filter in [WarpFilter.nearest, .bilinear] {
      #expect(picture.warped(by: .identity, border: .clamp, filter: filter) == picture)
      #expect(picture.rotated(degrees: 180, border: .clamp, filter: filter) == picture.rotated(quarterTurns: 2))
      let moved = picture.warped(
        by: .translation(x: 5, y: -3), border: .constant(RGB8(7, 8, 9)), filter: filter)
      let expected = makeImage(37, 70) { x, y in
        x >= 5 && y + 3 < 70 ? picture[x - 5, y + 3] : RGB8(7, 8, 9)
      }
      #expect(moved == expected)
    }
    let square = sampleGray(20, 20)
    #expect(square.rotated(degrees: 90, border: .clamp, filter: .nearest) == square.rotated(quarterTurns: 1))
  }

  @Test func borders() {
    let row = Image<UInt8>(width: 4, height: 1, pixels: [10, 20, 30, 40])
    let size = ImageSize(width: 12, height: 1)
    func warped(_ border: WarpBorder<UInt8>) -> [UInt8] {
      row.warped(by: .translation(x: 4, y: 0), size: size, border: border).pixels
    }
    #expect(warped(.clamp) == [10, 10, 10, 10, 10, 20, 30, 40, 40, 40, 40, 40])
    #expect(warped(.reflect) == [40, 30, 20, 10, 10, 20, 30, 40, 40, 30, 20, 10])
    #expect(warped(.constant(3)) == [3, 3, 3, 3, 10, 20, 30, 40, 3, 3, 3, 3])
  }

  /// The plain twin: at each pixel, the formula.
  @Test func bilinearWarpIsItsFormula() {
    let gray = sampleGray(23, 17)
    let map = AffineMap.rotation(degrees: 17).then(.scaling(x: 1.3, y: 0.8)).about(x: 11, y: 8)
    let inverse = map.inverse!
    let warped = gray.warped(by: map, border: .clamp)
    for y in 0..<17 {
      for x in 0..<23 {
        let (u, v) = inverse(x: Double(x) + 0.5, y: Double(y) + 0.5)
        let left = (u - 0.5).rounded(.down), top = (v - 0.5).rounded(.down)
        func at(_ x: Double, _ y: Double) -> Double { Double(gray[min(max(Int(x), 0), 22), min(max(Int(y), 0), 16)]) }
        let p = u - 0.5 - left, q = v - 0.5 - top
        let upper = at(left, top) * (1 - p) + at(left + 1, top) * p
        let lower = at(left, top + 1) * (1 - p) + at(left + 1, top + 1) * p
        #expect(abs(upper * (1 - q) + lower * q - Double(warped[x, y])) <= 0.51)
      }
    }
  }

  @Test func mapsComposeAndInvert() {
    let map = AffineMap.rotation(degrees: 30).then(.shear(x: 0.2, y: 0)).then(.translation(x: 3, y: 4))
    let there = map(x: 5, y: 6)
    let back = map.inverse!(x: there.x, y: there.y)
    #expect(abs(back.x - 5) < 1e-9)
    #expect(abs(back.y - 6) < 1e-9)
    #expect(AffineMap.scaling(x: 0, y: 1).inverse == nil)
    let quarter = AffineMap.rotation(degrees: 90)(x: 1, y: 0)
    #expect(abs(quarter.x) < 1e-9)
    #expect(abs(quarter.y - 1) < 1e-9)
  }
}
