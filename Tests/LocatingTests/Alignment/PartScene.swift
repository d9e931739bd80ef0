import Glibc
import Imaging

/// A rendered part without symmetry on a textured ground, at any pose.
struct PartScene {
  var noise = 4.0
  var gain = 1.0
  var offset = 0.0
  /// Light that falls off from left to right, per pixel.
  var slope = 0.0
  var ground: Ground

  /// A belt's texture.
  struct Ground {
    private let tile: [Double]

    init(seed: UInt64) {
      var random = Random(seed)
      let fine = (0..<256 * 256).map { _ in random.normal() }
      tile = fine.indices.map { at in
        let x = at & 255, y = at >> 8
        return 80 + 5 * fine[at] + 4 * fine[((y + 1) & 255) << 8 | x] + 4 * fine[y << 8 | (x + 1) & 255]
      }
    }

    func level(_ x: Int, _ y: Int) -> Double { tile[(y & 255) << 8 | x & 255] }
  }

  /// A plate of 150 x 110 with holes, a slot and a mark: how much of it is there, and its level; from its centre.
  static func part(_ u: Double, _ v: Double) -> (cover: Double, level: Double) {
    func length(_ x: Double, _ y: Double) -> Double { (x * x + y * y).squareRoot() }
    func edge(_ distance: Double) -> Double { min(1, max(0, 0.5 - distance)) }
    func disc(_ x: Double, _ y: Double, _ r: Double) -> Double { edge(length(u - x, v - y) - r) }
    let dx = max(abs(u) - 63, 0), dy = max(abs(v) - 43, 0)
    var cover = edge(length(dx, dy) - 12)
    cover *= 1 - disc(-45, -25, 14)
    cover *= 1 - disc(40, 22, 9)
    cover *= 1 - edge(max(abs(u - 20) - 22, abs(v + 28) - 5))
    var level = 165 + 0.1 * u
    level -= 60 * edge(max(abs(u + 40) - 16, abs(v - 25) - 9))
    level += 40 * disc(5, 12, 12)
    return (cover, level)
  }

  func frame(width: Int, height: Int, x: Double, y: Double, degrees: Double, scale: Double = 1, seed: UInt64)
    -> Image<Gray8>
  {
    var random = Random(seed)
    let a = cos(degrees * .pi / 180) / scale, b = sin(degrees * .pi / 180) / scale
    return makeImage(width, height) { px, py in
      var value = ground.level(px &+ Int(seed) * 31, py)
      let dx = Double(px) + 0.5 - x, dy = Double(py) + 0.5 - y
      if dx * dx + dy * dy < 10500 * scale * scale {
        var cover = 0.0, light = 0.0
        for sub in 0..<4 {
          let sx = dx + Double(sub % 2) / 2 - 0.25, sy = dy + Double(sub / 2) / 2 - 0.25
          let (c, l) = Self.part(a * sx + b * sy, -b * sx + a * sy)
          cover += c / 4
          light += c * l / 4
        }
        value = value * (1 - cover) + light
      }
      return byte((value * gain + offset) * (1 - slope * Double(px)) + noise * random.normal())
    }
  }

  func empty(width: Int, height: Int, seed: UInt64) -> Image<Gray8> {
    frame(width: width, height: height, x: -1e6, y: -1e6, degrees: 0, seed: seed)
  }
}
