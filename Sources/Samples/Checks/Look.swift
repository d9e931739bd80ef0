internal import Imaging

/// What checks need to know of one image, computed while it is in memory.
struct Look: Sendable {
  var size: ImageSize
  var isColor: Bool
  /// Largest difference between two of its grey levels.
  var contrast: Int
  /// Fine detail on a grid of `side` x `side`: mean 0; what the lens saw of this very part and no other.
  var detail: [Float]
  /// How the surface looks as a whole: histograms of local patterns, of levels and of gradients.
  var texture: [Float]
  /// Why its mask cannot be right; nil when there is none or nothing is wrong with it.
  var maskProblem: MaskProblem?

  enum MaskProblem: Sendable, Hashable {
    case undecodable(String)
    case size(ImageSize)
    case empty
    case notEmpty
  }

  /// Grid of ``detail``.
  static let side = 64
  private static let thumb = 128

  static func at(_ part: Part, isGood: Bool) throws(PartSetError) -> Look {
    // At least twice the thumbnail, so that a reduced JPEG is still resampled with antialiasing.
    let target = ImageSize(width: 2 * thumb, height: 2 * thumb)
    let decoded: DecodedImage
    do throws(ImageError) {
      decoded = try ImageFile.load(path: part.imagePath, options: DecodeOptions(target: target))
    } catch {
      throw .undecodable(error)
    }
    let gray = decoded.image.gray8().resized(width: thumb, height: thumb)
    var look = Look(
      size: decoded.source, isColor: decoded.image.showsColor, contrast: 0, detail: detail(gray), texture: texture(gray)
    )
    let levels = gray.pixels
    look.contrast = Int(levels.max()!) - Int(levels.min()!)
    if let path = part.maskPath { look.maskProblem = maskProblem(path, decoded.source, isGood) }
    return look
  }

  private static func maskProblem(_ path: String, _ size: ImageSize, _ isGood: Bool) -> MaskProblem? {
    do throws(ImageError) {
      let mask = try ImageFile.load(path: path)
      guard mask.source == size else { return .size(mask.source) }
      let isEmpty: Bool
      if case .gray16(let deep) = mask.image {
        isEmpty = deep.pixels.allSatisfy { $0 == 0 }
      } else {
        isEmpty = mask.image.gray8().pixels.allSatisfy { $0 == 0 }
      }
      if isEmpty { return isGood ? nil : .empty }
      return isGood ? .notEmpty : nil
    } catch {
      return .undecodable(error.description)
    }
  }

  /// Halved, less its own 5 x 5 means, over its own 5 x 5 deviations: gains, offsets and soft light cancel out, and
  /// the outlines that all parts share weigh no more than the grain that each has to itself.
  private static func detail(_ gray: Image<Gray8>) -> [Float] {
    let pixels = gray.pixels
    var half = [Float](repeating: 0, count: side * side)
    for y in 0..<side {
      for x in 0..<side {
        let at = 2 * y * thumb + 2 * x
        let sum = Int(pixels[at]) + Int(pixels[at + 1]) + Int(pixels[at + thumb]) + Int(pixels[at + thumb + 1])
        half[y * side + x] = Float(sum) * 0.25
      }
    }
    let means = boxMeans(half)
    let squares = boxMeans(half.map { $0 * $0 })
    var result = half
    for index in half.indices {
      let deviation = max(0, squares[index] - means[index] * means[index]).squareRoot()
      // One and a half levels: below that there is more compression than surface.
      result[index] = (half[index] - means[index]) / (deviation + 1.5)
    }
    return result
  }

  /// Means over 5 x 5, mirrored at the borders.
  private static func boxMeans(_ values: [Float]) -> [Float] {
    var rows = values
    for y in 0..<side {
      for x in 0..<side {
        var sum: Float = 0
        for dx in -2...2 { sum += values[y * side + Warp.reflect(x + dx, side)] }
        rows[y * side + x] = sum * 0.2
      }
    }
    var result = rows
    for y in 0..<side {
      for x in 0..<side {
        var sum: Float = 0
        for dy in -2...2 { sum += rows[Warp.reflect(y + dy, side) * side + x] }
        result[y * side + x] = sum * 0.2
      }
    }
    return result
  }

  /// Three histograms, each summing to 1: 3 x 3 local binary patterns that look the same when turned (Ojala et al.
  /// 2002, doi 10.1109/TPAMI.2002.1017623) at two distances, 16 levels, and 8 directions of gradients times 4
  /// strengths.
  private static func texture(_ gray: Image<Gray8>) -> [Float] {
    let pixels = gray.pixels
    var patterns = [[Float]](repeating: [Float](repeating: 0, count: 10), count: 2)
    var levels = [Float](repeating: 0, count: 16)
    var gradients = [Float](repeating: 0, count: 32)
    for value in pixels { levels[Int(value >> 4)] += 1 }
    for (scale, distance) in [1, 3].enumerated() {
      let around = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)]
      let steps = around.map { ($0.1 * thumb + $0.0) * distance }
      for y in distance..<thumb - distance {
        for x in distance..<thumb - distance {
          let at = y * thumb + x
          var ones = 0
          var changes = 0
          var last = pixels[at + steps[7]] > pixels[at]
          for step in steps {
            let bit = pixels[at + step] > pixels[at]
            if bit { ones += 1 }
            if bit != last { changes += 1 }
            last = bit
          }
          patterns[scale][changes <= 2 ? ones : 9] += 1
        }
      }
    }
    for y in 1..<thumb - 1 {
      for x in 1..<thumb - 1 {
        let at = y * thumb + x
        let dx = Int(pixels[at + 1]) - Int(pixels[at - 1])
        let dy = Int(pixels[at + thumb]) - Int(pixels[at - thumb])
        // Half-plane directions by comparisons: no arc tangent needed for eight sectors.
        let (a, b) = dy < 0 || (dy == 0 && dx < 0) ? (-dx, -dy) : (dx, dy)
        let sector =
          a > 0
          ? (b < a ? (2 * b < a ? 0 : 1) : (b < 2 * a ? 2 : 3)) : (b > -2 * a ? 4 : (b > -a ? 5 : (2 * b > -a ? 6 : 7)))
        let strength = a * a + b * b
        gradients[sector * 4 + (strength < 64 ? 0 : strength < 400 ? 1 : strength < 2500 ? 2 : 3)] += 1
      }
    }
    func shares(_ counts: [Float]) -> [Float] {
      let total = counts.reduce(0, +)
      // Square roots: distances between histograms then weigh small bins fairly (Hellinger).
      return counts.map { ($0 / total).squareRoot() }
    }
    return shares(patterns[0]) + shares(patterns[1]) + shares(levels) + shares(gradients)
  }
}
