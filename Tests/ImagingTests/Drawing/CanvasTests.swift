import Imaging
import Testing

@Suite struct CanvasTests {
  @Test func keepsThePicture() {
    #expect(Canvas(sampleRGB(23, 11)).image() == sampleRGB(23, 11))
    #expect(Canvas(sampleGray(23, 11)).image() == sampleGray(23, 11).rgb8())
    #expect(Canvas(width: 3, height: 2, color: .white).image().pixels.allSatisfy { $0 == RGB8(255, 255, 255) })
  }

  @Test func rectangles() {
    let canvas = Canvas(width: 20, height: 20)
    canvas.fillRect(x: 5, y: 6, width: 4, height: 3, color: Color(hex: 0x102030))
    let image = canvas.image()
    for y in 0..<20 {
      for x in 0..<20 {
        let isInside = (5..<9).contains(x) && (6..<9).contains(y)
        #expect(image[x, y] == (isInside ? RGB8(16, 32, 48) : RGB8(0, 0, 0)))
      }
    }
    canvas.fillRect(x: 0, y: 0, width: 20, height: 20, color: Color.white.opacity(0.5))
    #expect(abs(Int(canvas.image()[0, 0].red) - 128) <= 1)
  }

  @Test func outlinesLeaveTheirInsideAlone() {
    let canvas = Canvas(sampleRGB(40, 40))
    let rect = PixelRect(x: 10, y: 12, width: 15, height: 9)
    canvas.strokeRect(rect, color: .vermilion, lineWidth: 2)
    let image = canvas.image()
    #expect(image.cropped(rect) == sampleRGB(40, 40).cropped(rect))
    #expect(image[9, 15] == RGB8(0xD5, 0x5E, 0))
    #expect(image[8, 15] == RGB8(0xD5, 0x5E, 0))
    #expect(image[7, 15] == sampleRGB(40, 40)[7, 15])
    #expect(image[25, 15] == RGB8(0xD5, 0x5E, 0))
  }

  @Test func polygonsCirclesAndHoles() {
    let canvas = Canvas(width: 40, height: 40)
    func square(_ low: Double, _ high: Double) -> [Point] {
      [Point(low, low), Point(high, low), Point(high, high), Point(low, high)]
    }
    canvas.fillPolygons([square(5, 35), square(15, 25)], color: .white)
    #expect(canvas.image()[20, 20] == RGB8(0, 0, 0))
    #expect(canvas.image()[10, 20] == RGB8(255, 255, 255))
    canvas.fillCircle(x: 20, y: 20, radius: 3, color: .orange)
    #expect(canvas.image()[20, 20] == RGB8(0xE6, 0x9F, 0))
    canvas.strokePolyline([Point(0, 2), Point(40, 2)], color: .skyBlue, lineWidth: 2)
    #expect(canvas.image()[20, 1] == RGB8(0x56, 0xB4, 0xE9))
    canvas.strokeCircle(x: 20, y: 20, radius: 8, color: .yellow, halo: .black)
    #expect(canvas.image()[27, 20] == RGB8(0xF0, 0xE4, 0x42))
  }

  @Test func maskOutlineIsScaledOverTheCanvas() {
    let canvas = Canvas(width: 80, height: 80)
    let mask = makeImage(8, 8) { x, y -> UInt8 in (2..<6).contains(x) && (2..<6).contains(y) ? 255 : 0 }
    canvas.outline(mask, color: .white, lineWidth: 2)
    let image = canvas.image()
    #expect(image[20, 40] == RGB8(255, 255, 255))
    #expect(image[59, 40] == RGB8(255, 255, 255))
    #expect(image[40, 40] == RGB8(0, 0, 0))
    #expect(image[10, 40] == RGB8(0, 0, 0))
  }

  @Test func textHasASizeAndMarksPixels() {
    let canvas = Canvas(width: 120, height: 40)
    let small = canvas.textMetrics("scratch", size: 12), large = canvas.textMetrics("scratch", size: 24)
    #expect(small.width > 30 && small.width < 80)
    #expect(abs(large.width - 2 * small.width) < 1)
    #expect(large.height > 24 && large.height < 32)
    #expect(canvas.textMetrics("scratch", size: 12, bold: true).width > small.width)
    #expect(canvas.textMetrics("", size: 12).width == 0)
    canvas.text("scratch", x: 4, y: 4, size: 20, color: .white)
    let lit = canvas.image().pixels.filter { $0.red > 128 }.count
    #expect(lit > 100 && lit < 1500)
  }

  @Test func labelsStayOnTheCanvas() {
    let canvas = Canvas(width: 200, height: 100)
    for (x, y) in [(-20.0, -20.0), (500, 500), (50, 50)] {
      let box = canvas.label("crack 0.93", x: x, y: y, size: 14, background: .vermilion)
      #expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= 200 && box.y + box.height <= 100)
      #expect(canvas.image()[box.x, box.y] == RGB8(0xD5, 0x5E, 0))
    }
    let above = canvas.label("a", at: PixelRect(x: 50, y: 60, width: 20, height: 20), size: 14, background: .blue)
    #expect(above.y + above.height <= 60)
    let below = canvas.label("a", at: PixelRect(x: 50, y: 2, width: 20, height: 20), size: 14, background: .blue)
    #expect(below.y >= 22)
  }

  @Test func heatCoversByItsValue() {
    let canvas = Canvas(Image(width: 40, height: 40, repeating: RGB8(100, 100, 100)))
    let heat = makeImage(2, 1) { x, _ -> Float in x == 0 ? .nan : 3 }
    canvas.overlayHeat(heat, map: .inferno, opacity: 1)
    let image = canvas.image()
    #expect(image[2, 20] == RGB8(100, 100, 100))
    #expect(image[38, 20] == ColorMap.inferno.color(1))
    let part = Canvas(Image(width: 40, height: 40, repeating: RGB8(100, 100, 100)))
    part.overlayHeat(
      Image(width: 2, height: 2, repeating: 1), in: PixelRect(x: 30, y: -5, width: 20, height: 20), opacity: 0.5)
    #expect(part.image()[29, 5] == RGB8(100, 100, 100))
    #expect(part.image()[35, 5] == RGB8(176, 177, 132))
    #expect(part.image()[35, 15] == RGB8(100, 100, 100))
  }

  @Test("color maps rise in lightness", arguments: ColorMap.allCases)
  func colorMaps(_ map: ColorMap) {
    let table = map.table
    let luma = Image(width: 256, height: 1, pixels: table).gray8().pixels
    for (dark, light) in zip(luma, luma.dropFirst()) { #expect(light >= dark) }
    #expect(Int(luma[255]) - Int(luma[0]) > 150)
    #expect(map.color(-1) == table[0])
    #expect(map.color(.nan) == table[0])
    #expect(map.color(2) == table[255])
  }

  /// OpenCV's tables, e.g. `cv2.applyColorMap(np.array([[100]], np.uint8), cv2.COLORMAP_VIRIDIS)[0, 0, ::-1]`.
  @Test func colorMapsAreTheUsualOnes() {
    let expected: [(ColorMap, RGB8)] = [
      (.viridis, RGB8(42, 118, 142)), (.inferno, RGB8(144, 37, 104)), (.cividis, RGB8(101, 104, 112)),
    ]
    for (map, color) in expected {
      let mine = map.color(100.0 / 255)
      #expect(abs(Int(mine.red) - Int(color.red)) <= 3)
      #expect(abs(Int(mine.green) - Int(color.green)) <= 3)
      #expect(abs(Int(mine.blue) - Int(color.blue)) <= 3)
    }
  }

  @Test func verdictsDifferWithoutColor() {
    let bands = VerdictSign.allCases.map { sign -> Image<Gray8> in
      let canvas = Canvas(width: 300, height: 40)
      canvas.verdictBand(sign, in: PixelRect(x: 0, y: 0, width: 300, height: 40), detail: "scratch 0.987")
      return canvas.image().gray8()
    }
    for first in 0..<3 {
      for second in 0..<first {
        // The sign alone, thresholded half way between its ink and its ground.
        func shape(_ band: Image<Gray8>) -> [Bool] {
          band.cropped(PixelRect(x: 0, y: 0, width: 40, height: 40)).pixels.map { Int($0) * 2 > Int(band[0, 0]) }
        }
        let different = zip(shape(bands[first]), shape(bands[second])).filter { $0 != $1 }.count
        #expect(different > 150)
      }
    }
    let canvas = Canvas(width: 300, height: 40)
    #expect(canvas.fitted("short", size: 14, width: 200) == "short")
    let cut = canvas.fitted("a very long text that does not fit", size: 14, width: 100)
    #expect(cut.hasSuffix("…"))
    #expect(canvas.textMetrics(cut, size: 14).width <= 100)
    #expect(canvas.fitted("wide", size: 14, width: 2) == "")
  }

  @Test func legendsDrawTheirColors() {
    let canvas = Canvas(width: 300, height: 120)
    canvas.legend(.viridis, in: PixelRect(x: 10, y: 10, width: 200, height: 50), title: "score")
    let box = canvas.legend([("scratch", .vermilion), ("stain", .skyBlue)], x: 10, y: 65, size: 14)
    #expect(box.width > 60 && box.height > 40)
    let pixels = Set(canvas.image().pixels)
    func isDrawn(_ color: RGB8) -> Bool { pixels.contains(color) }
    for color in [ColorMap.viridis.color(0), ColorMap.viridis.color(1), RGB8(0xD5, 0x5E, 0), RGB8(0x56, 0xB4, 0xE9)] {
      #expect(isDrawn(color))
    }
  }

  @Test func inkReadsOnItsGround() {
    #expect(Color.white.readableInk == .black)
    #expect(Color.black.readableInk == .white)
    #expect(Color.blue.readableInk == .white)
    #expect(Color.yellow.readableInk == .black)
    #expect(Color.forClass(7) == Color.forClass(0))
    #expect(Color.forClass(-1) == Color.forClass(6))
  }
}
