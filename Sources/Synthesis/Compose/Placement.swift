internal import Glibc
public import Imaging
public import Samples

/// Where a new defect goes and how it lies, in the parent's pixels.
public struct Placement: Sendable, Hashable {
  /// Its middle.
  public var center: Point
  /// Size over that of the patch it is made from.
  public var scale: Double
  /// Clockwise.
  public var degrees: Double
  /// Mirrored left to right before it is turned.
  public var isMirrored: Bool
  /// Width and height over what the scale makes of them.
  public var stretch = Point(1, 1)
  /// What of the scale is the part's and not the defect's.
  public var growth = 1.0
  /// Whether the part was laid on the defect's own: then it is where it was on that, holes and edges included.
  public var isRegistered = false
  /// Whether the defect is a piece of the part that is missing.
  public var cutsPart = false
  /// Whether all of the defect lies on the part, and nothing of it beside that or in a hole.
  public var staysOnPart = false

  public init(center: Point, scale: Double = 1, degrees: Double = 0, isMirrored: Bool = false) {
    self.center = center
    self.scale = scale
    self.degrees = degrees
    self.isMirrored = isMirrored
  }

  /// The same for a window that is already turned and sized.
  ///
  /// - Parameter scale: pixels of the part for each of the window.
  func ofWindow(scale: Double) -> Placement {
    var result = self
    (result.scale, result.degrees, result.isMirrored, result.stretch) = (scale, 0, false, Point(1, 1))
    return result
  }

  /// How far outlines are bent, of what is usual: what was laid on its own part fits that part's edges.
  ///
  /// - Parameter variety: of what is wanted there. Neither place nor turn tells such a draw from its model: where only a
  ///   near-copy came of it, outlines are bent farther.
  func bending(_ variety: Double = 1) -> Float { isRegistered ? min(1, Float(variety) * (cutsPart ? 0.3 : 0.6)) : 1 }

  /// From a patch's pixels to the parent's.
  public func map(of patch: DefectPatch) -> AffineMap {
    AffineMap.translation(x: -Double(patch.width) / 2, y: -Double(patch.height) / 2)
      .then(.scaling(x: (isMirrored ? -scale : scale) * stretch.x, y: scale * stretch.y))
      .then(.rotation(degrees: degrees)).then(.translation(x: center.x, y: center.y))
  }
}

/// Where defects of a class lie on parts, and how they vary: what the real ones show, with some freedom around it.
///
/// The prior is empirical. A new defect takes one of the real ones for its model and stays near it: of a class with ten
/// images nothing more is known. What lies along the grain stays along it, and what lies at an edge of the part stays at
/// that edge: a chip may lie anywhere along it, but not away from it.
public struct PlacementPrior: Sendable {
  /// How far a new defect may be from its model.
  public struct Freedom: Sendable, Hashable {
    /// Standard deviation of the place, over the part's width and height.
    public var place = 0.03
    /// Largest change of the size, as a factor.
    public var scale = 1.25
    /// Largest change of width over height, as a factor; of what goes from edge to edge, as much as ``scale``.
    public var stretch = 1.0
    /// Largest turn in degrees, for small defects; those that cover more than a twentieth of the part are part of its
    /// shape, and those at an edge follow it: they turn by a quarter of this.
    public var degrees = 12.0
    /// Whether left and right may change places.
    public var mirrors = true
    /// How many of the small defects at one edge move along all of it.
    public var slides = 0.5

    public init() {}
  }

  /// Share of the part's area from which a defect is part of its shape.
  static let small = 0.05

  public var freedom: Freedom
  public let sites: [DefectSite]

  /// - Precondition: there is a defect.
  public init(_ sites: [DefectSite], freedom: Freedom = Freedom()) {
    precondition(!sites.isEmpty, "a class without defects has no prior")
    self.sites = sites
    self.freedom = freedom
  }

  /// A place near that of a real defect.
  ///
  /// - Parameters:
  ///   - number: of the site.
  ///   - part: the parent.
  ///   - center: where the defect is to be; nil draws that.
  ///   - isAnywhere: whether every place of the part is to be as likely as any other, for the naive peer.
  /// - Returns: a placement whose scale is that of a patch in its own picture's pixels.
  public func draw(
    _ number: Int, on part: PartView, at center: Point? = nil, isAnywhere: Bool = false, random: inout SplitMix64
  ) -> Placement {
    let site = sites[number]
    let size = part.size
    if center == nil, !isAnywhere, let placement = registered(site, on: part, &random) { return placement }
    let isMirrored = freedom.mirrors && random.unit() < 0.5
    let turn = Double(random.uniform(-1, 1)) * freedom.degrees
    let change = exp(Double(random.uniform(-1, 1)) * log(freedom.scale))
    var scale = site.growth(to: size) * change
    let (columns, rows) = (site.columns(isMirrored: isMirrored), site.rows)
    let isAtEdge = columns.isAtEdge || rows.isAtEdge
    let ratios = [
      columns.spans ? Double(size.width) / Double(site.pictureWidth) : 0,
      rows.spans ? Double(size.height) / Double(site.pictureHeight) : 0,
    ]
    if let ratio = ratios.max(), ratio > 0 { scale = ratio }
    let stretch = freedom.stretch > 1 ? self.stretch(columns, rows, &random) : Point(1, 1)
    let place: Point
    if isAnywhere {
      place = Point(
        columns.any(of: size.width, scale: scale, &random), rows.any(of: size.height, scale: scale, &random))
    } else {
      // Along one edge, not out of a corner.
      let slides =
        columns.isAtEdge != rows.isAtEdge && site.areaShare <= Self.small && Double(random.unit()) < freedom.slides
      func along(_ line: DefectSite.Line, _ limit: Int, _ scale: Double) -> Double {
        if line.isAtEdge { return line.anchored(in: limit, scale: scale) }
        return slides
          ? line.any(of: limit, scale: scale, &random)
          : (line.middle + freedom.place * Double(random.normal())) * Double(limit)
      }
      place = Point(
        along(columns, size.width, scale * stretch.x), along(rows, size.height, scale * stretch.y))
    }
    var placement = Placement(
      center: center ?? place, scale: scale,
      degrees: site.areaShare > Self.small || isAtEdge && center == nil && !isAnywhere ? turn / 4 : turn,
      isMirrored: isMirrored)
    placement.growth = site.growth(to: size)
    placement.stretch = stretch
    return placement
  }

  /// What goes from edge to edge keeps its length, and is wider or narrower instead of larger or smaller.
  private func stretch(_ columns: DefectSite.Line, _ rows: DefectSite.Line, _ random: inout SplitMix64) -> Point {
    let step = Double(random.uniform(-1, 1))
    if columns.spans || rows.spans {
      let change = exp(step * log(freedom.scale))
      return Point(columns.spans ? 1 : change, rows.spans ? 1 : change)
    }
    let change = exp(step * log(freedom.stretch) / 2)
    return Point(change, 1 / change)
  }

  /// Where a defect lies once its own part lies on another; nil where that cannot be told.
  private func registered(_ site: DefectSite, on part: PartView, _ random: inout SplitMix64) -> Placement? {
    guard let own = site.pose, let other = part.pose else { return nil }
    let ways = own.matches(on: other).filter { freedom.mirrors || !$0.isMirrored }
    guard !ways.isEmpty else { return nil }
    let way = ways[random.index(ways.count)]
    let growth = other.radius / own.radius
    guard (0.25...4).contains(growth) else { return nil }
    let map = AffineMap.translation(x: -own.x, y: -own.y)
      .then(.scaling(x: way.isMirrored ? -growth : growth, y: growth)).then(.rotation(degrees: way.degrees))
      .then(.translation(x: other.x, y: other.y))
    let center = map(x: site.x * Double(site.pictureWidth), y: site.y * Double(site.pictureHeight))
    // A piece that is missing fits its edge in one size only.
    let change = site.cutsPart ? 1 : exp(Double(random.uniform(-1, 1)) * log(freedom.scale) / 2)
    var placement = Placement(
      center: Point(center.x, center.y), scale: growth * change, degrees: way.degrees, isMirrored: way.isMirrored)
    placement.growth = growth
    placement.isRegistered = true
    placement.cutsPart = site.cutsPart
    placement.staysOnPart = site.shareOnPart >= 0.9
    return placement
  }
}

extension DefectSite {
  /// How a defect lies between two opposite edges of its picture.
  struct Line {
    /// Of the mask's bounding box, over the picture, 0...1.
    var middle: Double
    var extent: Double
    /// Pixels of the picture.
    var length: Int

    /// What is nearer to an edge than this share of the picture lies at it.
    private static let near = 0.02

    private var before: Double { middle - extent / 2 }
    private var after: Double { 1 - middle - extent / 2 }
    private var isAtStart: Bool { before < Self.near }
    private var isAtEnd: Bool { after < Self.near }
    var isAtEdge: Bool { isAtStart || isAtEnd }
    /// Whether it goes from edge to edge.
    var spans: Bool { isAtStart && isAtEnd }

    /// Its middle on a line of another length, as far from the edge as it was.
    func anchored(in limit: Int, scale: Double) -> Double {
      if spans { return middle * Double(limit) }
      let size = Double(length) * scale
      return isAtStart ? middle * size : Double(limit) - (1 - middle) * size
    }

    /// Anywhere on a line, but all of it within.
    func any(of limit: Int, scale: Double, _ random: inout SplitMix64) -> Double {
      let half = min(0.5, extent * Double(length) * scale / 2 / Double(limit))
      return Double(random.uniform(Float(half), Float(1 - half))) * Double(limit)
    }
  }

  func columns(isMirrored: Bool) -> Line {
    Line(middle: isMirrored ? 1 - x : x, extent: width, length: pictureWidth)
  }

  var rows: Line { Line(middle: y, extent: height, length: pictureHeight) }

  /// The whole defect grows with the part: by how much.
  func growth(to size: ImageSize) -> Double {
    (Double(size.width * size.height) / Double(pictureWidth * pictureHeight)).squareRoot()
  }
}
