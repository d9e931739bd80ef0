import FileTestSupport
import Imaging
import Samples

@testable import Synthesis

/// Grey parts with stripes, and dark spots and lines on some of them, as files.
enum Rendered {
  static let width = 72
  static let height = 56

  static func good(_ seed: UInt64) -> Image<Gray8> {
    var random = SplitMix64(seed: 11, seed)
    let phase = random.uniform(0, 6)
    let bright = random.uniform(120, 190)
    return Image(
      width: width, height: height,
      pixels: (0..<width * height).map { index in
        let stripe = (Float(index % width) * 0.9 + phase).truncatingRemainder(dividingBy: 6)
        return UInt8(min(max(bright + 3 * stripe + 4 * random.normal(), 0), 255))
      })
  }

  /// A spot (label 1) or a line (label 2), and its mask.
  static func defect(_ label: Int, _ seed: UInt64) -> (image: Image<Gray8>, mask: Image<Gray8>) {
    var random = SplitMix64(seed: 12, seed, UInt64(label))
    let (x, y) = (20 + random.index(30), 18 + random.index(20))
    let radius = 3 + random.index(4)
    let factor = random.uniform(0.35, 0.6)
    var image = good(1000 + seed).pixels
    var mask = [UInt8](repeating: 0, count: image.count)
    for v in 0..<height {
      for u in 0..<width {
        let (dx, dy) = (u - x, v - y)
        let isInside = label == 1 ? dx * dx + dy * dy <= radius * radius : abs(dx) <= 1 && abs(dy) <= 3 * radius
        guard isInside else { continue }
        image[v * width + u] = UInt8(Float(image[v * width + u]) * factor)
        mask[v * width + u] = 255
      }
    }
    return (Image(width: width, height: height, pixels: image), Image(width: width, height: height, pixels: mask))
  }

  static func real(_ label: Int, _ seed: UInt64) -> RealDefect {
    let (image, mask) = defect(label, seed)
    return RealDefect(
      source: "\(label)-\(seed)", label: label, picture: Planes(.gray8(image)), mask: mask.map { $0 > 0 ? 1 : 0 })!
  }

  /// A manifest with good parts, spots and lines in train and some more in test.
  static func set(good: Int = 12, defects: Int = 6) throws -> TestFolder {
    let folder = TestFolder()
    var lines = ["image,mask,label,split"]
    for split in ["train", "val", "test"] {
      let first: UInt64 = split == "train" ? 0 : split == "val" ? 300 : 600
      let (goods, each) = split == "train" ? (good, defects) : (3, 2)
      for number in 0..<goods {
        let name = "\(split)/good-\(number).png"
        folder.write(try Self.good(first + UInt64(number)).png(), name)
        lines.append("\(name),,good,\(split)")
      }
      for (label, kind) in [(1, "line"), (2, "spot")] {
        for number in 0..<each {
          let (image, mask) = defect(3 - label, first + UInt64(number))
          folder.write(try image.png(), "\(split)/\(kind)-\(number).png")
          folder.write(try mask.png(), "\(split)/\(kind)-\(number)-mask.png")
          lines.append("\(split)/\(kind)-\(number).png,\(split)/\(kind)-\(number)-mask.png,\(kind),\(split)")
        }
      }
    }
    folder.write(Array((lines.joined(separator: "\n") + "\n").utf8), "manifest.csv")
    return folder
  }
}
