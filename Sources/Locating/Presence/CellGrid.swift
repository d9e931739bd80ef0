internal import CLocating
internal import Imaging

/// A region cut into square spots, and the mean levels of a frame in each.
struct CellGrid: Sendable {
  let region: RegionMask
  /// Side of a spot in pixels.
  let side: Int
  let columns: Int
  let rows: Int
  /// Whether the spot lies in the region, with at least half of its pixels.
  let isInside: [Bool]
  /// Whether the spot lies at the region's outer edge: what covers it may go on outside.
  let isEdge: [Bool]
  /// Spots inside.
  let count: Int
  /// Every which row of pixels is summed.
  private let rowStep: Int
  private let weights: [Float]

  init(_ region: RegionMask, side: Int?) {
    let box = region.box
    let automatic = max(4, Int((Double(box.width * box.height) / 5000).squareRoot().rounded(.up)))
    let side = min(255, side ?? automatic)
    self.side = side
    self.region = region
    rowStep = side >= 12 ? 2 : 1
    let columns = max(1, (box.width + side - 1) / side), rows = max(1, (box.height + side - 1) / side)
    self.columns = columns
    self.rows = rows
    var pixels = [Int](repeating: 0, count: columns * rows), sampled = pixels
    for run in region.runs {
      let row = (run.y - box.y) / side * columns
      for x in run.columns {
        pixels[row + (x - box.x) / side] += 1
        if (run.y - box.y) % rowStep == 0 { sampled[row + (x - box.x) / side] += 1 }
      }
    }
    var isInside = [Bool](repeating: false, count: columns * rows)
    for row in 0..<rows {
      for column in 0..<columns {
        let full = min(side, box.width - column * side) * min(side, box.height - row * side)
        let at = row * columns + column
        isInside[at] = 2 * pixels[at] >= full && sampled[at] > 0
      }
    }
    self.isInside = isInside
    count = isInside.count(where: { $0 })
    weights = sampled.map { $0 > 0 ? 1 / Float($0) : 0 }
    isEdge = CellGrid.edge(isInside, columns, rows)
  }

  /// Spots inside that touch the outside. Ignored areas enclosed by the region do not count as outside.
  private static func edge(_ isInside: [Bool], _ columns: Int, _ rows: Int) -> [Bool] {
    // The outside is what can be reached from beyond the grid without crossing the region.
    let width = columns + 2, height = rows + 2
    var isOutside = [Bool](repeating: false, count: width * height)
    var open = [0]
    isOutside[0] = true
    while let at = open.popLast() {
      let x = at % width, y = at / width
      for (u, v) in [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
      where u >= 0 && u < width && v >= 0 && v < height && !isOutside[v * width + u] {
        let isFree = u == 0 || v == 0 || u > columns || v > rows || !isInside[(v - 1) * columns + u - 1]
        guard isFree else { continue }
        isOutside[v * width + u] = true
        open.append(v * width + u)
      }
    }
    var edge = isInside
    for row in 0..<rows {
      for column in 0..<columns where isInside[row * columns + column] {
        var touches = false
        for v in row...row + 2 { for u in column...column + 2 where isOutside[v * width + u] { touches = true } }
        edge[row * columns + column] = touches
      }
    }
    return edge
  }

  /// The pixels of a rectangle of spots, cut at the region's box.
  func pixels(_ box: CellBox) -> PixelRect {
    let x = box.left * side, y = box.top * side
    return PixelRect(
      x: region.box.x + x, y: region.box.y + y, width: min((box.right + 1) * side, region.box.width) - x,
      height: min((box.bottom + 1) * side, region.box.height) - y)
  }

  /// Mean levels of all spots, one plane after the other: one for grey, three for colors. 16 bits become 8.
  func levels(_ image: AnyImage) -> [Float] {
    switch image {
    case .gray8(let image): levels(image)
    case .gray16(let image): levels(image.gray8())
    case .rgb8(let image): levels(image)
    case .rgb16(let image): levels(image.rgb8())
    case .rgba8(let image): levels(image)
    case .rgba16(let image): levels(image.rgba8())
    }
  }

  private func levels<Pixel: InterleavedPixel>(_ image: Image<Pixel>) -> [Float] where Pixel.Component == UInt8 {
    region.requireSize(image.width, image.height)
    let channels = Pixel.componentCount, planes = min(channels, 3)
    let box = region.box, cells = columns * rows
    var result = [Float](repeating: 0, count: planes * cells)
    var sums = [UInt16](repeating: 0, count: box.width * channels)
    unsafe image.pixels.withUnsafeBytes { bytes in
      let pixels = unsafe bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        for row in 0..<rows {
          unsafe sums.update(repeating: 0)
          for y in stride(from: row * side, to: min((row + 1) * side, box.height), by: rowStep) {
            for run in region.runs(inRow: box.y + y) {
              let from = unsafe pixels + ((box.y + y) * image.width + run.columns.lowerBound) * channels
              let to = unsafe sums.baseAddress! + (run.columns.lowerBound - box.x) * channels
              unsafe clocating_add_bytes(from, to, run.columns.count * channels)
            }
          }
          for column in 0..<columns {
            let last = min((column + 1) * side, box.width)
            let weight = weights[row * columns + column]
            for plane in 0..<planes {
              var sum: UInt32 = 0
              for x in column * side..<last { unsafe sum &+= UInt32(sums[x &* channels &+ plane]) }
              result[plane * cells + row * columns + column] = Float(sum) * weight
            }
          }
        }
      }
    }
    return result
  }
}

/// A rectangle of spots, edges included.
struct CellBox: Sendable, Hashable {
  var left: Int
  var top: Int
  var right: Int
  var bottom: Int

  var width: Int { right - left + 1 }
  var height: Int { bottom - top + 1 }
  var area: Int { width * height }
  var centerX: Double { Double(left + right) / 2 }
  var centerY: Double { Double(top + bottom) / 2 }

  mutating func add(_ x: Int, _ y: Int) {
    left = min(left, x)
    right = max(right, x)
    top = min(top, y)
    bottom = max(bottom, y)
  }

  func union(_ other: CellBox) -> CellBox {
    CellBox(
      left: min(left, other.left), top: min(top, other.top), right: max(right, other.right),
      bottom: max(bottom, other.bottom))
  }

  /// Spots in both when `other` is moved by (`dx`, `dy`).
  func overlap(_ other: CellBox, dx: Double, dy: Double) -> Double {
    let width = min(Double(right + 1), Double(other.right + 1) + dx) - max(Double(left), Double(other.left) + dx)
    let height = min(Double(bottom + 1), Double(other.bottom + 1) + dy) - max(Double(top), Double(other.top) + dy)
    return width > 0 && height > 0 ? width * height : 0
  }
}
