/// The sizes of a tensor, up to four of them, outermost first; for images batch, channels, height, width (NCHW).
///
/// Held inline: making or copying a shape allocates nothing.
public struct Shape: Hashable, Sendable, CustomStringConvertible {
  /// Number of dimensions, 0 (a scalar) to 4.
  public let rank: Int
  private var d0 = 1
  private var d1 = 1
  private var d2 = 1
  private var d3 = 1

  /// A scalar's shape.
  public init() { rank = 0 }

  // No list of any length, which would be an array each time.

  /// - Precondition: no size is negative.
  public init(_ d0: Int) { self.init(rank: 1, d0, 1, 1, 1) }

  /// - Precondition: no size is negative.
  public init(_ d0: Int, _ d1: Int) { self.init(rank: 2, d0, d1, 1, 1) }

  /// - Precondition: no size is negative.
  public init(_ d0: Int, _ d1: Int, _ d2: Int) { self.init(rank: 3, d0, d1, d2, 1) }

  /// - Precondition: no size is negative.
  public init(_ d0: Int, _ d1: Int, _ d2: Int, _ d3: Int) { self.init(rank: 4, d0, d1, d2, d3) }

  private init(rank: Int, _ d0: Int, _ d1: Int, _ d2: Int, _ d3: Int) {
    precondition(d0 >= 0 && d1 >= 0 && d2 >= 0 && d3 >= 0, "\(d0)x\(d1)x\(d2)x\(d3) is not the shape of a tensor")
    self.rank = rank
    self.d0 = d0
    self.d1 = d1
    self.d2 = d2
    self.d3 = d3
  }

  /// - Precondition: at most four sizes, none negative.
  public init(_ sizes: [Int]) {
    precondition(sizes.count <= 4 && sizes.allSatisfy { $0 >= 0 }, "\(sizes) is not the shape of a tensor")
    rank = sizes.count
    for (axis, size) in sizes.enumerated() { self[axis] = size }
  }

  /// The size along `axis`, counted from the outermost; 1 beyond the rank.
  public subscript(axis: Int) -> Int {
    get {
      switch axis {
      case 0: d0
      case 1: d1
      case 2: d2
      case 3: d3
      default: preconditionFailure("axis \(axis) of \(self)")
      }
    }
    set {
      switch axis {
      case 0: d0 = newValue
      case 1: d1 = newValue
      case 2: d2 = newValue
      case 3: d3 = newValue
      default: preconditionFailure("axis \(axis) of \(self)")
      }
    }
  }

  /// Number of elements.
  public var count: Int { d0 * d1 * d2 * d3 }

  /// The sizes as an array, for messages and files.
  public var sizes: [Int] { (0..<rank).map { self[$0] } }

  public var description: String { rank == 0 ? "scalar" : sizes.map(String.init).joined(separator: "x") }

  /// Batch size of an image tensor.
  public var batch: Int { d0 }
  /// Channels of an image tensor.
  public var channels: Int { d1 }
  /// Rows of an image tensor.
  public var height: Int { d2 }
  /// Columns of an image tensor.
  public var width: Int { d3 }
  /// `height * width`.
  public var pixels: Int { d2 * d3 }

  /// Size of the last axis: numbers in a row, such as a token's.
  public var features: Int { rank == 0 ? 1 : self[rank - 1] }
  /// Rows along the last axis; 0 where they hold nothing.
  public var rows: Int { features == 0 ? 0 : count / features }

  /// The same but for the last axis.
  public func with(features: Int) -> Shape {
    var shape = self
    if rank > 0 { shape[rank - 1] = features }
    return shape
  }
}
