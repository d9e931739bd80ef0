import Imaging
import Testing

@testable import Locating

@Suite struct CorrelationTests {
  private func level(_ image: Image<Gray8>) -> TemplateLevel {
    TemplateLevel(
      level: 0, image: image.map { Float($0) }, mask: image.map { _ in 1 },
      size: ImageSize(width: image.width, height: image.height), variesScale: false)
  }

  // import numpy as np, cv2  # OpenCV 5.0.0
  // x, y = np.meshgrid(np.arange(61), np.arange(47))
  // g = ((x * 7 + y * 13 + (x * y) % 31 * 3) % 256).astype(np.uint8)
  // r = cv2.matchTemplate(g, g[12:30, 20:44], cv2.TM_CCOEFF_NORMED)
  // r[0, 0], r[3, 17], r[29, 37], r[13, 20], r[12, 20]
  @Test func coarseScoresAreThoseOfMatchTemplate() {
    let image = sampleGray(61, 47)
    let source = level(image.cropped(PixelRect(x: 20, y: 12, width: 24, height: 18)))
    let template = TurnedTemplate(source, degrees: 0, scale: 1, reach: 16)
    #expect(template.values.count == 24 * 18)
    // Centres instead of corners: 12 to the right and 9 down.
    var sheet = Sheet(image.map { Float($0) }, x: 12, y: 9, columns: 38, rows: 30, reach: 16)
    sheet.correlate(template)
    for (x, y, score) in [
      (0, 0, 0.1530609279870987), (17, 3, -0.32944050431251526), (37, 29, -0.17506761848926544),
      (20, 13, 0.45303449034690857), (20, 12, 1.0),
    ] {
      #expect(abs(Double(sheet.scores[y * sheet.outStride + x]) - score) < 2e-5)
    }
    // The same numbers whatever the number of places, which decides between the kernel's ways of going through them.
    for (columns, rows) in [(1, 1), (5, 7), (8, 5), (9, 2), (33, 6)] {
      var other = Sheet(image.map { Float($0) }, x: 12, y: 9, columns: columns, rows: rows, reach: 16)
      other.correlate(template)
      for y in 0..<rows {
        for x in 0..<columns {
          #expect(abs(other.scores[y * other.outStride + x] - sheet.scores[y * sheet.outStride + x]) < 1e-5)
        }
      }
    }
  }

  /// The sampled correlation against plain loops, at levels 0 and 1, with some of the template outside the picture.
  @Test func sampledScoresAreThoseOfPlainLoops() throws {
    let image = sampleGray(61, 47).blurred(sigma: 1)
    let source = level(image.cropped(PixelRect(x: 20, y: 12, width: 25, height: 19)))
    for place in [
      Placement(x: 32.5, y: 21.5, degrees: 0, scale: 1, score: 0),
      Placement(x: 30, y: 20, degrees: 9, scale: 1.1, score: 0),
      Placement(x: 5, y: 40, degrees: -130, scale: 0.9, score: 0),
    ] {
      let (score, _) = try #require(source.compare(Pyramid(image, levels: 0), place))
      let map = AffineMap.rotation(degrees: place.degrees).then(.scaling(x: place.scale, y: place.scale))
        .then(.translation(x: place.x, y: place.y))
      var sampled: [Double] = [], own: [Double] = []
      for y in 0..<19 {
        for x in 0..<25 {
          let spot = map(x: Double(x) + 0.5 - 12.5, y: Double(y) + 0.5 - 9.5)
          let px = min(max(spot.x - 0.5, 0), 60), py = min(max(spot.y - 0.5, 0), 46)
          let left = Int(px), top = Int(py), s = px - Double(left), t = py - Double(top)
          func level(_ x: Int, _ y: Int) -> Double { Double(image[min(60, x), min(46, y)]) }
          let upper = level(left, top) * (1 - s) + level(left + 1, top) * s
          let lower = level(left, top + 1) * (1 - s) + level(left + 1, top + 1) * s
          sampled.append(upper * (1 - t) + lower * t)
          own.append(Double(source.image[x, y]))
        }
      }
      let count = Double(own.count), a = sampled.reduce(0, +) / count, b = own.reduce(0, +) / count
      var both = 0.0, first = 0.0, second = 0.0
      for (p, q) in zip(sampled, own) {
        both += (p - a) * (q - b)
        first += (p - a) * (p - a)
        second += (q - b) * (q - b)
      }
      #expect(abs(score - both / (first * second).squareRoot()) < 1e-4)
    }
    let (exact, step) = try #require(
      source.compare(Pyramid(image, levels: 0), Placement(x: 32.5, y: 21.5, degrees: 0, scale: 1, score: 0)))
    #expect(abs(exact - 1) < 1e-5 && step.allSatisfy { abs($0) < 1e-4 })
  }
}
