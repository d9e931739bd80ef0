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

  public init(center: Point, scale: Double = 1, degrees: Double = 0, isMirrored: Bool = false) {
    self.center = center
    self.scale = scale
    self.degrees = degrees
    self.isMirrored = isMirrored
  }

  /// From a patch's pixels to the parent's.
  public func map(of patch: DefectPatch) -> AffineMap {
    AffineMap.translation(x: -Double(patch.width) / 2, y: -Double(patch.height) / 2)
      .then(.scaling(x: isMirrored ? -scale : scale, y: scale)).then(.rotation(degrees: degrees))
      .then(.translation(x: center.x, y: center.y))
  }
}

/// Where defects of a class lie on parts, and how they vary: what the real ones show, with some freedom around it.
///
/// The prior is empirical. A new defect takes one of the real ones for its model and stays near it: of a class with ten
/// images nothing more is known. What lies at the part's edge stays there, what lies along the grain stays along it.
public struct PlacementPrior: Sendable {
  /// How far a new defect may be from its model.
  public struct Freedom: Sendable, Hashable {
    /// Standard deviation of the place, over the part's width and height.
    public var place = 0.03
    /// Largest change of the size, as a factor.
    public var scale = 1.25
    /// Largest turn in degrees, for small defects; those that cover more than a twentieth of the part are part of its
    /// shape, and turn by a quarter of this.
    public var degrees = 12.0
    /// Whether left and right may change places.
    public var mirrors = true

    public init() {}
  }

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
  ///   - size: the parent's.
  ///   - center: where the defect is to be; nil draws that.
  ///   - extent: of the site's patch in its own picture's pixels; given where every place of the part is to be as likely
  ///     as any other, for the naive peer.
  /// - Returns: a placement whose scale is that of a patch in its own picture's pixels.
  public func draw(
    _ number: Int, on size: ImageSize, at center: Point? = nil, anywhere extent: ImageSize? = nil,
    random: inout SplitMix64
  ) -> Placement {
    let site = sites[number]
    let (width, height) = (Double(size.width), Double(size.height))
    let isMirrored = freedom.mirrors && random.unit() < 0.5
    // The whole defect grows with the part.
    let growth = (width * height / Double(site.pictureWidth * site.pictureHeight)).squareRoot()
    let scale = growth * exp(Double(random.uniform(-1, 1)) * log(freedom.scale))
    let degrees = Double(random.uniform(-1, 1)) * (site.areaShare > 0.05 ? freedom.degrees / 4 : freedom.degrees)
    var place: Point
    if let extent {
      let half = (
        x: min(0.5, Double(extent.width) * scale / 2 / width),
        y: min(0.5, Double(extent.height) * scale / 2 / height)
      )
      place = Point(
        Double(random.uniform(Float(half.x), Float(1 - half.x))),
        Double(random.uniform(Float(half.y), Float(1 - half.y))))
    } else {
      place = Point(
        (isMirrored ? 1 - site.x : site.x) + freedom.place * Double(random.normal()),
        site.y + freedom.place * Double(random.normal()))
    }
    place = center ?? Point(place.x * width, place.y * height)
    return Placement(center: place, scale: scale, degrees: degrees, isMirrored: isMirrored)
  }
}
