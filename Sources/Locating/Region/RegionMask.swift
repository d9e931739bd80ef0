public import Imaging

/// The pixels of a region in frames of one size, kept as runs of each row, so that kernels can go through them quickly.
public struct RegionMask: Sendable, Hashable {
  /// Size of the frames.
  public let size: ImageSize
  /// Pixels within the region, row by row and from left to right.
  public let runs: [Run]
  /// The smallest rectangle around the region.
  public let box: PixelRect
  /// Pixels of the region.
  public let area: Int
  /// Row `y` has the runs `starts[y] ..< starts[y + 1]`.
  private let starts: [Int]

  /// Neighbouring pixels of one row.
  public struct Run: Sendable, Hashable {
    public let y: Int
    /// Columns.
    public let columns: Range<Int>
  }

  /// The pixels of `marks` that are not 0.
  public init(_ marks: Image<UInt8>) {
    size = ImageSize(width: marks.width, height: marks.height)
    var runs: [Run] = []
    var starts = [0]
    starts.reserveCapacity(marks.height + 1)
    var left = marks.width, right = 0, area = 0
    for y in 0..<marks.height {
      let row = marks.row(y)
      var x = 0
      while x < row.count {
        guard row[x] != 0 else {
          x += 1
          continue
        }
        let first = x
        while x < row.count && row[x] != 0 { x += 1 }
        runs.append(Run(y: y, columns: first..<x))
        left = min(left, first)
        right = max(right, x)
        area += x - first
      }
      starts.append(runs.count)
    }
    self.runs = runs
    self.starts = starts
    self.area = area
    if let first = runs.first, let last = runs.last {
      box = PixelRect(x: left, y: first.y, width: right - left, height: last.y + 1 - first.y)
    } else {
      box = PixelRect(x: 0, y: 0, width: 0, height: 0)
    }
  }

  /// All pixels of frames of one size.
  public init(whole size: ImageSize) {
    self.init(Image(width: size.width, height: size.height, repeating: 1))
  }

  /// Whether nothing is left out.
  public var isWhole: Bool { area == size.width * size.height }

  /// The runs of row `y`.
  public func runs(inRow y: Int) -> ArraySlice<Run> { runs[starts[y]..<starts[y + 1]] }

  /// Whether the pixel belongs to the region.
  public func contains(x: Int, y: Int) -> Bool {
    y >= 0 && y < size.height && runs(inRow: y).contains { $0.columns.contains(x) }
  }

  /// 255 within the region and 0 outside.
  public func image() -> Image<Gray8> {
    var image = Image<Gray8>(width: size.width, height: size.height, repeating: 0)
    for run in runs {
      var row = image.mutableRow(run.y)
      for x in run.columns { row[x] = 255 }
    }
    return image
  }

  func requireSize(_ width: Int, _ height: Int) {
    precondition(
      size.width == width && size.height == height, "a region for \(size) cannot be laid over \(width) x \(height)")
  }
}
