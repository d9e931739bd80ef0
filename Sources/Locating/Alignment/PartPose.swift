public import Imaging

/// Where a part lies in a frame, by its template.
public struct PartPose: Sendable, Hashable {
  /// Where the template's centre is, in source pixels; the centre of the first pixel is (0.5, 0.5).
  public let x: Double
  public let y: Double
  /// By how much the part is turned against the template, in degrees; clockwise on the screen. 0 where the template looks
  /// the same at all angles.
  public let degrees: Double
  /// Size of the part over that of the template.
  public let scale: Double
  /// Correlation of the frame with the template there, 0...1.
  public let score: Double
  public let templateSize: ImageSize

  public init(x: Double, y: Double, degrees: Double, scale: Double, score: Double, templateSize: ImageSize) {
    self.x = x
    self.y = y
    self.degrees = degrees
    self.scale = scale
    self.score = score
    self.templateSize = templateSize
  }

  /// From positions in the aligned picture to positions in the frame.
  public var toSource: AffineMap {
    AffineMap.translation(x: -Double(templateSize.width) / 2, y: -Double(templateSize.height) / 2)
      .then(.rotation(degrees: degrees)).then(.scaling(x: scale, y: scale)).then(.translation(x: x, y: y))
  }

  /// From positions in the frame to positions in the aligned picture.
  public var fromSource: AffineMap {
    AffineMap.translation(x: -x, y: -y).then(.scaling(x: 1 / scale, y: 1 / scale)).then(.rotation(degrees: -degrees))
      .then(.translation(x: Double(templateSize.width) / 2, y: Double(templateSize.height) / 2))
  }

  /// The corners in the frame of a rectangle of the aligned picture, clockwise from its top left one.
  public func sourceCorners(_ rect: PixelRect) -> [Point] {
    let map = toSource
    let left = Double(rect.x), top = Double(rect.y)
    let right = left + Double(rect.width), bottom = top + Double(rect.height)
    return [(left, top), (right, top), (right, bottom), (left, bottom)].map { corner in
      let place = map(x: corner.0, y: corner.1)
      return Point(place.x, place.y)
    }
  }

  /// The outline of the template in the frame.
  public var outline: [Point] {
    sourceCorners(PixelRect(x: 0, y: 0, width: templateSize.width, height: templateSize.height))
  }

  /// The pixels of the frame around a rectangle of the aligned picture, such as a defect's box; cut at the frame's edges.
  public func sourceBox(_ rect: PixelRect, in frame: ImageSize) -> PixelRect {
    let corners = sourceCorners(rect)
    // Turning makes sums that should be whole a little more or less than that.
    func low(_ values: [Double], _ limit: Int) -> Int {
      Int(min(max(((values.min() ?? 0) + 1e-6).rounded(.down), 0), Double(limit)))
    }
    func high(_ values: [Double], _ limit: Int) -> Int {
      Int(min(max(((values.max() ?? 0) - 1e-6).rounded(.up), 0), Double(limit)))
    }
    let left = low(corners.map(\.x), frame.width), right = high(corners.map(\.x), frame.width)
    let top = low(corners.map(\.y), frame.height), bottom = high(corners.map(\.y), frame.height)
    return PixelRect(x: left, y: top, width: max(0, right - left), height: max(0, bottom - top))
  }
}

/// What looking for a part gave.
public enum Alignment: Sendable, Hashable {
  case found(PartPose)
  /// Nothing reaches the least score; the best place has this one.
  case notFound(bestScore: Double)

  /// The pose, if there is one.
  public var pose: PartPose? {
    if case .found(let pose) = self { return pose }
    return nil
  }
}

/// How a part is looked for.
public struct AlignmentOptions: Sendable, Hashable {
  /// The part may be turned by up to this many degrees either way, 0...180.
  public var maximumAngle = 20.0
  /// Sizes over the template's that the part may have, from 0.5 to 2.
  public var scales: ClosedRange<Double> = 1...1
  /// Correlation from which a part counts as found, above 0 and below 1. Good parts reach 0.98, a part without its holes
  /// 0.9, a disc in place of a plate 0.7, empty belt 0.2.
  public var leastScore = 0.75

  public init(maximumAngle: Double = 20, scales: ClosedRange<Double> = 1...1, leastScore: Double = 0.75) {
    self.maximumAngle = maximumAngle
    self.scales = scales
    self.leastScore = leastScore
  }
}

/// Why a template cannot be used.
public enum AlignmentError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Too small to be told from other things.
  case tooSmall(ImageSize)
  /// The mask has another size than the template.
  case maskSize(mask: ImageSize, template: ImageSize)
  /// The mask leaves too little of the template.
  case maskTooSmall(pixels: Int)
  /// The template is of one level.
  case flat

  public var description: String {
    switch self {
    case .tooSmall(let size):
      "the template is \(size) pixels; its sides must be at least \(PartAligner.leastSide), cut it out larger"
    case .maskSize(let mask, let template):
      "the template's mask is \(mask) pixels and the template is \(template); draw the mask on the template"
    case .maskTooSmall(let pixels):
      "the template's mask leaves \(pixels) pixels; it must leave a connected area of at least a quarter of the template"
    case .flat: "the template shows nothing but one grey level; cut it out where the part has edges"
    }
  }
}
