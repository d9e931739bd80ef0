import Imaging
import Locating
import Testing

@Suite struct HealthTests {
  @Test func levelsOfASmallPictureAreExact() {
    let image = makeImage(20, 10) { x, y in UInt8(y < 5 ? 255 : x < 10 ? 0 : 100) }
    let health = FrameHealth(image)
    #expect(health.samples == 200)
    #expect(health.mean == 152.5)
    #expect(health.clippedWhite == 0.5 && health.clippedBlack == 0.25)
    #expect(health.low == 0 && health.high == 255 && health.contrast == 255)
    #expect(health.fault() == nil)
    let region = RegionMask(makeImage(20, 10) { x, y in UInt8(y >= 5 && x >= 10 ? 1 : 0) })
    let inner = FrameHealth(image, region: region)
    #expect(inner.samples == 50 && inner.mean == 100 && inner.contrast == 0)
  }

  @Test func everyFormatIsMeteredAlike() {
    let gray = sampleGray(64, 48)
    let reference = FrameHealth(gray)
    let rgb = gray.rgb8()
    for image: AnyImage in [
      .gray8(gray), .gray16(gray.map { UInt16($0) * 257 }), .rgb8(rgb),
      .rgb16(rgb.map { RGB16(UInt16($0.red) * 257, UInt16($0.green) * 257, UInt16($0.blue) * 257) }),
      .rgba8(rgb.map { RGBA8($0.red, $0.green, $0.blue, 255) }),
    ] {
      #expect(FrameHealth(image) == reference)
    }
    // One saturated channel is clipped white, though its grey is not.
    let red = FrameHealth(.rgb8(Image(width: 8, height: 8, repeating: RGB8(255, 0, 0))))
    #expect(red.clippedWhite == 1 && red.mean == 76)
  }

  @Test func largeFramesAreSampled() {
    let large = sampleGray(1280, 720)
    let health = FrameHealth(large)
    #expect((25_000...33_000).contains(health.samples))
    let mean = Double(large.pixels.reduce(0) { $0 + Int($1) }) / Double(1280 * 720)
    #expect(abs(health.mean - mean) < 1)
  }

  @Test func blackAndOverexposedPictures() {
    var random = Random(5)
    // A covered lens: noise and a few hot pixels.
    let black = makeImage(640, 480) { _, _ in random.integer(0...2000) == 0 ? 255 : byte(4 + 2 * random.normal()) }
    #expect(FrameHealth(black).fault() == .black)
    let white = makeImage(640, 480) { x, _ in byte(x < 60 ? 200 : 270 + 4 * random.normal()) }
    #expect(FrameHealth(white).fault() == .overexposed)
    // A dark part on a lit ground, and back light: fine.
    let dark = makeImage(640, 480) { x, y in
      let dx = x - 320, dy = y - 240
      return byte(dx * dx + dy * dy < 10000 ? 90 : 3)
    }
    #expect(FrameHealth(dark).fault() == nil)
    let backlit = makeImage(640, 480) { x, y in byte(abs(x - 320) < 120 && abs(y - 240) < 160 ? 20 : 255) }
    #expect(FrameHealth(backlit).fault() == nil)
    var limits = FrameHealth.Limits()
    limits.overexposed = 0.1
    #expect(FrameHealth(backlit, limits: limits).fault(limits) == .overexposed)
    // No pixels, no light.
    #expect(FrameHealth(Image<Gray8>(width: 0, height: 0, repeating: 0)).fault() == .black)
    limits.overexposed = .nan
    #expect(FrameHealth(dark).fault(limits) == .overexposed)
  }

  // import numpy as np, cv2  # OpenCV 5.0.0
  // x, y = np.meshgrid(np.arange(61), np.arange(47))
  // g = ((x * 7 + y * 13 + (x * y) % 31 * 3) % 256).astype(np.uint8)
  // gx = cv2.Sobel(g, cv2.CV_64F, 1, 0) / 8; gy = cv2.Sobel(g, cv2.CV_64F, 0, 1) / 8
  // (gx * gx + gy * gy)[1:-1, 1:-1].mean() / g[1:-1, 1:-1].astype(float).mean() ** 2
  @Test func tenengradAgreesWithSobel() {
    let image = sampleGray(61, 47)
    #expect(abs(Tenengrad.focus(image) - 0.09473071740155849) < 1e-12)
    let whole = RegionMask(whole: ImageSize(width: 61, height: 47))
    #expect(Tenengrad.focus(image, region: whole) == Tenengrad.focus(image))
    let box = PixelRect(x: 13, y: 9, width: 30, height: 20)
    let part = RegionMask(makeImage(61, 47) { x, y in (13..<43).contains(x) && (9..<29).contains(y) ? 1 : 0 })
    #expect(Tenengrad.focus(image, in: box) == Tenengrad.focus(image, region: part))
    #expect(Tenengrad.focus(image, in: PixelRect(x: -9, y: -9, width: 99, height: 99)) == Tenengrad.focus(image))
    #expect(Tenengrad.focus(image, in: PixelRect(x: 99, y: 9, width: 9, height: 9)) == 0)
    #expect(Tenengrad.focus(Image(width: 30, height: 30, repeating: 90)) == 0)
    #expect(Tenengrad.focus(Image(width: 30, height: 30, repeating: 0)) == 0)
  }

  @Test func tenengradFollowsFocusAndNotExposure() {
    let sharp = sampleGray(320, 240).blurred(sigma: 1)
    var last = Double.infinity
    for sigma in [0, 0.5, 1, 2, 4, 8] {
      let figure = Tenengrad.focus(sharp.blurred(sigma: sigma))
      #expect(figure < last * 0.95)
      last = figure
    }
    let figure = Tenengrad.focus(sharp.map { UInt8(Double($0) * 0.8 + 0.5) })
    for gain in [0.25, 0.5, 0.9] {
      let other = Tenengrad.focus(sharp.map { UInt8(Double($0) * gain + 0.5) })
      #expect(abs(other / figure - 1) < 0.05)
    }
  }
}
