import Imaging
import Testing

@Suite struct ToneTests {
  @Test func histogramAndPercentile() {
    let image = sampleGray(33, 21)
    let histogram = image.histogram()
    for value in 0..<256 { #expect(histogram[value] == image.pixels.filter { $0 == value }.count) }
    let ramp = makeImage(100, 1) { x, _ in UInt8(x) }
    #expect(ramp.percentile(0) == 0)
    #expect(ramp.percentile(0.5) == 49)
    #expect(ramp.percentile(1) == 99)
    let deep = ramp.map { UInt16($0) * 600 }
    #expect(deep.histogram(bins: 4).reduce(0, +) == 100)
    #expect(deep.histogram(bins: 4)[0] == 28)
    #expect(deep.percentile(0.5) == 49 * 600)
    #expect(ramp.mapped(through: (0..<256).map { UInt8(255 - $0) })[10, 0] == 245)
  }

  @Test func flatFieldUndoesShading() {
    let truth = sampleGray(24, 16).map { Float($0) * 100 + 2000 }
    let shade = makeImage(24, 16) { x, y in 1 - Float(x + y) / 80 }
    let dark = makeImage(24, 16) { x, y in Float((x * 3 + y) % 7) }
    func seen(_ light: Image<Float>) -> Image<Float> {
      makeImage(24, 16) { light[$0, $1] * shade[$0, $1] + dark[$0, $1] }
    }
    let field = FlatField(flat: seen(Image(width: 24, height: 16, repeating: 10000)), dark: dark)
    let corrected = field.corrected(seen(truth))
    let ratio = corrected[0, 0] / truth[0, 0]
    for (a, b) in zip(corrected.pixels, truth.pixels) { #expect(abs(a - b * ratio) < 0.5) }
  }

  @Test func flatFieldDoesNotAmplifyDeadPixels() {
    let flat = Image<Gray8>(width: 4, height: 1, pixels: [100, 100, 0, 100])
    let field = FlatField(flat: flat, largestGain: 4)
    #expect(field.corrected(Image<Gray8>(width: 4, height: 1, repeating: 20)).pixels == [15, 15, 80, 15])
    let deep = FlatField(flat: flat.map { UInt16($0) * 100 }, largestGain: 4)
    #expect(deep.corrected(Image<Gray16>(width: 4, height: 1, repeating: 2000)).pixels == [1500, 1500, 8000, 1500])
  }

  /// `zlib.crc32(cv2.createCLAHE(limit, (tiles, tiles)).apply(sample(40, 30, 1)[:, :, 0]).tobytes())`, OpenCV 5.0.
  @Test(
    "CLAHE gives the bytes of OpenCV",
    arguments: [(2.0, 8, 0x3605_A892), (4.0, 3, 0xFDE4_E8D0), (40.0, 5, 0x1AF2_149B)] as [(Double, Int, UInt32)])
  func adaptive(_ limit: Double, _ tiles: Int, _ crc: UInt32) {
    #expect(crc32(sampleGray(40, 30).equalizedAdaptively(clipLimit: limit, columns: tiles, rows: tiles)) == crc)
  }

  /// `scipy.ndimage.gaussian_filter(sample(40, 30, 1)[:, :, 0].astype(float), 1.3, mode="reflect")` at five places.
  @Test func blurIsSciPys() {
    let expected = [(0, 0, 13.9773), (39, 0, 64.9902), (20, 15, 123.933), (3, 29, 135.0939), (39, 29, 144.7131)]
    let plane = sampleGray(40, 30).map { Float($0) }.blurred(sigma: 1.3)
    let bytes = sampleGray(40, 30).blurred(sigma: 1.3)
    let colors = sampleRGB(40, 30).blurred(sigma: 1.3)
    for (x, y, value) in expected {
      #expect(abs(Double(plane[x, y]) - value) < 0.001)
      #expect(Double(bytes[x, y]) == value.rounded())
      #expect(Double(colors[x, y].red) == value.rounded())
    }
    #expect(sampleGray(9, 9).blurred(sigma: 0) == sampleGray(9, 9))
    // Wider than the image.
    #expect(Image<Gray8>(width: 2, height: 3, repeating: 77).blurred(sigma: 5).pixels.allSatisfy { $0 == 77 })
  }
}
