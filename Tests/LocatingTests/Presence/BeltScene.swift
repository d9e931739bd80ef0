import Glibc
import Imaging

/// A rendered conveyor: a textured belt that moves, parts on it, light and noise.
struct BeltScene {
  var width = 320
  var height = 240
  /// Pixels per frame that the belt moves by.
  var speed = 6.0
  /// Amplitude of the belt's texture and of the sensor's noise, in levels.
  var texture = 6.0
  var noise = 3.0
  /// Gain of the light in each frame.
  var light: (Int) -> Double = { _ in 1 }
  var parts: [Part] = []
  private let tile: [Float]
  private let noiseTable: [Float]
  private let tileWidth = 512

  /// An ellipse, a rectangle or a ring.
  struct Part {
    enum Shape: CaseIterable { case disc, plate, ring }
    var shape = Shape.disc
    var width = 60.0
    var height = 60.0
    /// Levels above (or below) the belt.
    var contrast = 50.0
    var y = 120.0
    /// Centre in each frame; nil while it is not there.
    var x: (Int) -> Double?
    /// Pixels that its picture is smeared over, for a wrong focus.
    var blur: (Int) -> Double = { _ in 0 }

    func box(_ frame: Int) -> (left: Double, top: Double, right: Double, bottom: Double)? {
      x(frame).map { ($0 - width / 2, y - height / 2, $0 + width / 2, y + height / 2) }
    }
  }

  init(seed: UInt64) {
    var random = Random(seed)
    // Coarse and fine texture: noise, and noise over 4 pixels.
    var fine = (0..<tileWidth * 256).map { _ in Float(random.normal()) }
    var coarse = fine
    for y in 0..<256 {
      for x in 0..<tileWidth {
        var sum: Float = 0
        for v in 0..<4 { for u in 0..<4 { sum += fine[(y + v) % 256 * tileWidth + (x + u) % tileWidth] } }
        coarse[y * tileWidth + x] = sum / 4
      }
    }
    for index in fine.indices { fine[index] = fine[index] * 0.6 + coarse[index] * 0.8 }
    tile = fine
    noiseTable = (0..<65536 + 4096).map { _ in Float(random.normal()) }
  }

  func frame(_ number: Int) -> Image<Gray8> {
    var random = Random(UInt64(number) &* 7919 &+ 17)
    let gain = Float(light(number))
    let shift = Int((Double(number) * speed).rounded())
    var image = Image<Gray8>(width: width, height: height, repeating: 0)
    let visible = parts.compactMap { part in part.x(number).map { (part, $0) } }
      .filter { $0.1 + $0.0.width > -20 && $0.1 - $0.0.width < Double(width) + 20 }
    var line = [Float](repeating: 0, count: width)
    let texture = Float(texture), noise = Float(noise)
    for y in 0..<height {
      let row = y % 256 * tileWidth
      for x in 0..<width { line[x] = 90 + texture * tile[row + (x - shift) & (tileWidth - 1)] }
      for (part, centre) in visible {
        let dy = (Double(y) + 0.5 - part.y) / (part.height / 2)
        guard abs(dy) < 1.2 else { continue }
        let soft = max(0.5, part.blur(number)) * 2 / min(part.width, part.height)
        let first = max(0, Int(centre - part.width * 0.6)), last = min(width, Int(centre + part.width * 0.6) + 1)
        for x in first..<max(first, last) {
          let dx = (Double(x) + 0.5 - centre) / (part.width / 2)
          let radius = part.shape == .plate ? max(abs(dx), abs(dy)) : (dx * dx + dy * dy).squareRoot()
          var cover = min(1, max(0, (1 - radius) / soft + 0.5))
          if part.shape == .ring { cover = min(cover, min(1, max(0, (radius - 0.35) / soft + 0.5))) }
          // Parts have a little texture of their own that moves along.
          let detail = Double((Int(dx * 12 + 100) ^ Int(dy * 12 + 100)) & 3) * 3
          line[x] += Float(cover) * (90 + Float(part.contrast) + Float(detail) - line[x])
        }
      }
      let offset = Int(random.next() & 65535)
      var target = image.mutableRow(y)
      for x in 0..<width {
        let value = line[x] * gain + noise * noiseTable[offset + x] + 0.5
        target[x] = value <= 0 ? 0 : value >= 255 ? 255 : UInt8(value)
      }
    }
    return image
  }
}
