import Imaging
import Testing

@testable import Capture

struct BayerTests {
  private static let cells: [(String, [String])] = [
    ("RGGB", ["RG", "GB"]), ("GRBG", ["GR", "BG"]), ("GBRG", ["GB", "RG"]), ("BA81", ["BG", "GR"]),
  ]
  private static let deep: [(String, [String], Int)] = [
    ("RG10", ["RG", "GB"], 10), ("BA10", ["GR", "BG"], 10), ("GB10", ["GB", "RG"], 10), ("BG10", ["BG", "GR"], 10),
    ("RG12", ["RG", "GB"], 12), ("BA12", ["GR", "BG"], 12), ("GB12", ["GB", "RG"], 12), ("BG12", ["BG", "GR"], 12),
    ("RG14", ["RG", "GB"], 14), ("GR14", ["GR", "BG"], 14), ("GB14", ["GB", "RG"], 14), ("BG14", ["BG", "GR"], 14),
    ("RG16", ["RG", "GB"], 16), ("GR16", ["GR", "BG"], 16), ("GB16", ["GB", "RG"], 16), ("BYR2", ["BG", "GR"], 16),
  ]
  private static let packed: [(String, [String], Int)] = [
    ("pRAA", ["RG", "GB"], 10), ("pgAA", ["GR", "BG"], 10), ("pGAA", ["GB", "RG"], 10), ("pBAA", ["BG", "GR"], 10),
    ("pRCC", ["RG", "GB"], 12), ("pgCC", ["GR", "BG"], 12), ("pGCC", ["GB", "RG"], 12), ("pBCC", ["BG", "GR"], 12),
  ]

  private func color(_ cell: [String], _ x: Int, _ y: Int) -> Character {
    Array(cell[y % 2])[x % 2]
  }

  // The paper's filters, times 8 (figure 2), as 5 x 5 tables.
  private static let greenAtColor: [[Double]] = [
    [0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1], [0, 0, 2, 0, 0], [0, 0, -1, 0, 0],
  ]
  /// Red at green in a red row, or blue at green in a blue row; turned for the other rows.
  private static let colorAcrossGreen: [[Double]] = [
    [0, 0, 0.5, 0, 0], [0, -1, 0, -1, 0], [-1, 4, 5, 4, -1], [0, -1, 0, -1, 0], [0, 0, 0.5, 0, 0],
  ]
  private static let oppositeColor: [[Double]] = [
    [0, 0, -1.5, 0, 0], [0, 2, 0, 2, 0], [-1.5, 0, 6, 0, -1.5], [0, 2, 0, 2, 0], [0, 0, -1.5, 0, 0],
  ]

  /// The definition, clamped and not rounded.
  private func twin(
    _ samples: [[Double]], _ cell: [String], _ x: Int, _ y: Int, white: Double
  ) -> [Double] {
    let height = samples.count, width = samples[0].count
    func mirrored(_ index: Int, _ count: Int) -> Int {
      let index = abs(index)
      return index < count ? index : 2 * (count - 1) - index
    }
    func filtered(_ table: [[Double]], isTurned: Bool = false) -> Double {
      var sum = 0.0
      for row in 0..<5 {
        for column in 0..<5 {
          let weight = isTurned ? table[column][row] : table[row][column]
          if weight != 0 { sum += weight * samples[mirrored(y + row - 2, height)][mirrored(x + column - 2, width)] }
        }
      }
      return min(max(sum / 8, 0), white)
    }
    let here = color(cell, x, y)
    return "RGB".map { wanted in
      if wanted == here { return samples[y][x] }
      if wanted == "G" { return filtered(Self.greenAtColor) }
      if here != "G" { return filtered(Self.oppositeColor) }
      return filtered(Self.colorAcrossGreen, isTurned: color(cell, x + 1, y) != wanted)
    }
  }

  private static let sizes = awkwardSizes.filter { $0.0 >= 3 && $0.1 >= 3 }

  @Test func eightBits() throws {
    var generator = Seeded(state: 4)
    for (name, cell) in Self.cells {
      let format = try #require(PixelFormat(name))
      for (width, height) in Self.sizes {
        for padding in [0, 7] {
          let stride = width + padding
          let bytes = generator.bytes(stride * height)
          let layout = FrameLayout(
            format: format, width: width, height: height, bytesPerLine: padding == 0 ? 0 : stride, encoding: full601)
          let image = try #require(try converted(layout, bytes).rgb)
          let samples = (0..<height).map { y in (0..<width).map { x in Double(bytes[y * stride + x]) } }
          let error = largestDifference(image) { x, y in twin(samples, cell, x, y, white: 255) }
          #expect(error <= 0.5, "\(layout)")
        }
      }
    }
  }

  @Test func moreBits() throws {
    var generator = Seeded(state: 5)
    for (name, cell, bits) in Self.deep + Self.packed {
      let format = try #require(PixelFormat(name))
      for (width, height) in Self.sizes {
        let values = (0..<height).map { _ in
          (0..<width).map { _ in Int.random(in: 0..<1 << bits, using: &generator) }
        }
        let bytes = values.flatMap { row -> [UInt8] in
          Self.deep.contains { $0.0 == name }
            ? row.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
            : mipi(row, bits)
        }
        let layout = FrameLayout(format: format, width: width, height: height, encoding: full601)
        let image = try #require(try converted(layout, bytes).deepRGB)
        let samples = values.map { $0.map { Double($0 << (16 - bits) | $0 >> (2 * bits - 16)) } }
        for y in 0..<height {
          for x in 0..<width {
            let pixel = image[x, y]
            for (value, want) in zip(
              [pixel.red, pixel.green, pixel.blue], twin(samples, cell, x, y, white: 65535))
            {
              #expect(abs(Double(value) - want) <= 0.5, "\(layout) (\(x), \(y))")
            }
          }
        }
      }
    }
  }

  private func mipi(_ row: [Int], _ bits: Int) -> [UInt8] {
    let samples = bits == 10 ? 4 : 2
    return stride(from: 0, to: row.count, by: samples).flatMap { start -> [UInt8] in
      let group = (0..<samples).map { start + $0 < row.count ? row[start + $0] : 0 }
      let low = group.enumerated().reduce(0) { $0 | ($1.element & (1 << (bits - 8) - 1)) << ($1.offset * (bits - 8)) }
      return group.map { UInt8($0 >> (bits - 8)) } + [UInt8(low)]
    }
  }

  /// Waves in each color: what demosaicing is for. Bilinear interpolation is off by 1.53 on this picture.
  @Test func smoothPictureComesBack() throws {
    let width = 96, height = 64
    func wanted(_ x: Int, _ y: Int) -> [Double] {
      let wave = 60 * sine(Double(x) * 0.35 + Double(y) * 0.2)
      return [128 + wave + 20 * sine(Double(y) * 0.1), 120 + wave, 110 + wave - 20 * sine(Double(x) * 0.07)]
    }
    for (name, cell) in Self.cells {
      var bytes: [UInt8] = []
      for y in 0..<height {
        for x in 0..<width {
          let place = "RGB".firstIndex(of: color(cell, x, y))!.utf16Offset(in: "RGB")
          bytes.append(UInt8(wanted(x, y)[place].rounded()))
        }
      }
      let layout = FrameLayout(
        format: try #require(PixelFormat(name)), width: width, height: height, encoding: full601)
      let image = try #require(try converted(layout, bytes).rgb)
      var sum = 0.0
      for y in 0..<height {
        for x in 0..<width {
          let pixel = image[x, y]
          for (value, want) in zip([pixel.red, pixel.green, pixel.blue], wanted(x, y)) {
            sum += abs(Double(value) - want)
          }
        }
      }
      #expect(sum / Double(3 * width * height) < 1, "\(name)")
    }
  }

  /// Sine without a library: Taylor's series after folding.
  private func sine(_ x: Double) -> Double {
    let turn = 2 * Double.pi
    let folded = x - (x / turn).rounded() * turn
    var term = folded, sum = folded
    for k in 1..<12 {
      term *= -folded * folded / Double((2 * k) * (2 * k + 1))
      sum += term
    }
    return sum
  }

  /// Fewer pixels than the filter has: no crash, and what a pixel has itself is kept.
  @Test(arguments: [(1, 1), (2, 1), (1, 2), (2, 2), (1, 5), (5, 1)]) func tiny(_ width: Int, _ height: Int) throws {
    var generator = Seeded(state: 6)
    for (name, cell) in Self.cells {
      let bytes = generator.bytes(width * height)
      let layout = FrameLayout(
        format: try #require(PixelFormat(name)), width: width, height: height, encoding: full601)
      let image = try #require(try converted(layout, bytes).rgb)
      for y in 0..<height {
        for x in 0..<width {
          let pixel = image[x, y]
          let own = ["R": pixel.red, "G": pixel.green, "B": pixel.blue][color(cell, x, y)]
          #expect(own == bytes[y * width + x])
        }
      }
    }
  }
}
