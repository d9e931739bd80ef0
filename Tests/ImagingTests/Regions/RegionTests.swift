import Imaging
import Testing

@Suite struct RegionTests {
  /// The plain twin: floods from each pixel that has no label yet.
  static func flood(_ mask: Image<UInt8>) -> [Int32] {
    var labels = [Int32](repeating: 0, count: mask.width * mask.height)
    var count: Int32 = 0
    for start in labels.indices where mask.pixels[start] != 0 && labels[start] == 0 {
      count += 1
      var open = [start]
      labels[start] = count
      while let at = open.popLast() {
        let x = at % mask.width, y = at / mask.width
        for v in max(0, y - 1)...min(mask.height - 1, y + 1) {
          for u in max(0, x - 1)...min(mask.width - 1, x + 1) {
            let other = v * mask.width + u
            if mask.pixels[other] != 0 && labels[other] == 0 {
              labels[other] = count
              open.append(other)
            }
          }
        }
      }
    }
    return labels
  }

  @Test("labels are those of flooding", arguments: [0.1, 0.3, 0.45, 0.6, 0.9])
  func labels(_ density: Double) {
    var random = SplitMix64(seed: UInt64(density * 100))
    for (width, height) in [(1, 1), (1, 9), (9, 1), (13, 11), (40, 31)] {
      let mask = makeImage(width, height) { _, _ in
        Double.random(in: 0..<1, using: &random) < density ? UInt8(255) : 0
      }
      let found = ConnectedComponents.label(mask)
      #expect(found.labels.pixels == Self.flood(mask))
      #expect(ConnectedComponents.label(mask.map { $0 != 0 }).labels == found.labels)
      for region in found.regions {
        let places = found.labels.pixels.indices.filter { found.labels.pixels[$0] == region.label }
        let columns = places.map { $0 % width }, rows = places.map { $0 / width }
        #expect(region.area == places.count)
        #expect(region.box.x == columns.min() && region.box.x + region.box.width - 1 == columns.max())
        #expect(region.box.y == rows.min() && region.box.y + region.box.height - 1 == rows.max())
        #expect(abs(region.centroidX - Double(columns.reduce(0, +)) / Double(places.count) - 0.5) < 1e-9)
        #expect(abs(region.centroidY - Double(rows.reduce(0, +)) / Double(places.count) - 0.5) < 1e-9)
      }
    }
  }

  @Test func scores() {
    let values: [Float] = [0.9, 0.1, 0.6, .nan, 0.2, 0.8, 0.5, 0.7]
    let plane = Image<Float>(width: 8, height: 1, pixels: values)
    let found = ConnectedComponents.label(plane, atLeast: 0.5)
    #expect(found.labels.pixels == [1, 0, 2, 0, 0, 3, 3, 3])
    let scores = found.scores(in: plane)
    #expect(scores.map(\.max) == [0.9, 0.6, 0.8])
    #expect(abs(scores[2].mean - 2.0 / 3) < 1e-6)
  }

  @Test("dilation and erosion against their definition", arguments: [0, 1, 2, 5, 40])
  func morphology(_ radius: Int) {
    for (width, height) in [(1, 1), (7, 3), (20, 18)] {
      let image = sampleGray(width, height)
      func extreme(_ x: Int, _ y: Int, _ pick: (UInt8, UInt8) -> UInt8) -> UInt8 {
        var value = image[x, y]
        for v in max(0, y - radius)...min(height - 1, y + radius) {
          for u in max(0, x - radius)...min(width - 1, x + radius) { value = pick(value, image[u, v]) }
        }
        return value
      }
      #expect(image.dilated(radius: radius) == makeImage(width, height) { extreme($0, $1, max) })
      #expect(image.eroded(radius: radius) == makeImage(width, height) { extreme($0, $1, min) })
    }
  }

  /// Area by the shoelace formula; positive for rings that have their ground on the left, as holes have it inside.
  private func area(_ ring: [Point]) -> Double {
    zip(ring, ring.dropFirst() + ring.prefix(1)).reduce(0) { $0 + $1.0.x * $1.1.y - $1.1.x * $1.0.y } / 2
  }

  @Test func contoursEncloseTheirPixels() {
    // A block of 6 x 4 with a hole of 2 x 2, in a corner of the image. Corners are cut by 1/8 each.
    let mask = makeImage(10, 8) { x, y -> Float in
      x < 6 && y < 4 && !((2..<4).contains(x) && (1..<3).contains(y)) ? 1 : 0
    }
    let rings = contours(of: mask, level: 0.5)
    let areas = rings.map(area).sorted()
    #expect(areas.count == 2)
    #expect(areas == [-(4 - 0.5), 24 - 0.5])
    #expect(contours(of: Image(width: 3, height: 3, repeating: Float.nan), level: 0.5).isEmpty)
    #expect(contours(of: Image(width: 3, height: 3, repeating: 1), level: 0.5).count == 1)
  }

  @Test func contoursInterpolate() {
    let ramp = makeImage(9, 3) { x, _ in Float(x) }
    let right = contours(of: ramp, level: 2.25)[0].filter { abs($0.y - 1.5) < 1e-9 }.map(\.x).min()!
    #expect(abs(right - (2.25 + 0.5)) < 1e-6)
  }

  @Test func diagonalNeighboursShareAContour() {
    let mask = makeImage(4, 4) { x, y -> Float in x == y ? 1 : 0 }
    #expect(contours(of: mask, level: 0.5).count == 1)
  }
}
