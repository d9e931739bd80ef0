internal import Capture
internal import Classification
internal import Imaging
internal import Locating
internal import Metrics
internal import Samples

/// From a frame to the picture that is judged: converted, its region cut out, the part found and turned upright.
struct LiveLook {
  private let region: RegionOfInterest
  private let alignment: LiveAlignment?
  private let health: FrameHealth.Limits?
  private let wantsGray: Bool
  /// The size that JPEG frames may be decoded at, as files are; nil where places in the frame are to be found.
  private let target: ImageSize?
  private var converter: FrameConverter?
  private var layout: FrameLayout?
  private var mask: RegionMask?
  private var maskSize: ImageSize?

  /// What a frame's picture gives.
  enum Sight {
    case part(AnyImage, Place)
    case fault(FrameFault)
    /// The region does not fit the frames.
    case misfit(String)
    case notFound(String)
  }

  /// Where the picture that is judged lies in the frame.
  enum Place {
    case whole
    case box(PixelRect)
    case pose(PartPose)
  }

  init(_ station: LiveStation) {
    region = station.region
    alignment = station.alignment
    health = station.health
    let options = station.classifier.info.preprocessing.decodeOptions
    wantsGray = options.wantsGray
    let followsParts = if case .presence = station.trigger { true } else { false }
    target = region.isWholeFrame && alignment == nil && !followsParts ? options.target : nil
  }

  /// The frame's picture; a JPEG's may be smaller than the frame.
  mutating func picture(of frame: Frame) throws(FrameError) -> AnyImage {
    if layout != frame.layout {
      converter = try FrameConverter(frame.layout, wantsGray: wantsGray, target: target)
      layout = frame.layout
    }
    return try converter!.convert(frame.bytes.span)
  }

  mutating func part(in image: AnyImage) -> Sight {
    let size = ImageSize(width: image.width, height: image.height)
    if !region.isWholeFrame && maskSize != size {
      do throws(RegionError) {
        mask = try region.mask(for: size)
        maskSize = size
      } catch {
        return .misfit("\(error)")
      }
    }
    if let health, let fault = FrameHealth(image, region: mask, limits: health).fault(health) {
      return .fault(fault == .black ? .black : .overexposed)
    }
    let filled = mask.map { $0.fill(image, with: .mean) } ?? image
    guard let alignment else {
      guard let box = mask?.box else { return .part(filled, .whole) }
      return .part(filled.cropped(box), .box(box))
    }
    switch alignment.aligner.find(filled, in: alignment.search ?? mask?.box) {
    case .found(let pose): return .part(alignment.aligner.aligned(filled, pose), .pose(pose))
    case .notFound(let best):
      return .notFound(
        "no part was found: the best place fits by \(Self.hundredths(best)), of "
          + "\(Self.hundredths(alignment.aligner.options.leastScore)) needed")
    }
  }

  private static func hundredths(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
}

extension LiveLook.Place {
  /// Puts regions back into the frame's pixels, and the frame itself back as the picture to draw on.
  func restore(_ outcome: inout PartInspector.Outcome, frame: AnyImage) {
    let toFrame: AffineMap
    switch self {
    // What is judged whole is told in the frame's pixels already.
    case .whole: return
    case .box(let cut): toFrame = .translation(x: Double(cut.x), y: Double(cut.y))
    case .pose(let pose):
      outcome.decision.pose = Decision.Pose(x: pose.x, y: pose.y, angle: pose.degrees, score: pose.score)
      toFrame = pose.toSource
    }
    outcome.decision.frame.width = frame.width
    outcome.decision.frame.height = frame.height
    let size = ImageSize(width: frame.width, height: frame.height)
    for index in outcome.decision.regions.indices {
      outcome.decision.regions[index].move { point in
        let place = toFrame(x: point.x, y: point.y)
        return Point(place.x, place.y)
      }
    }
    if let heat = outcome.heat, let cut = outcome.sourceSize {
      outcome.heat = Self.spread(heat, over: size, from: cut, toFrame)
    }
    outcome.image = frame
    outcome.sourceSize = size
  }
}

extension LiveLook.Place {
  /// Cells of evidence along the frame's longer side: it is smooth, and is drawn enlarged.
  private static let heatCells = 320.0

  /// Evidence over the cut-out as evidence over the frame, 0 outside.
  private static func spread(
    _ heat: Image<Float>, over frame: ImageSize, from cut: ImageSize, _ toFrame: AffineMap
  ) -> Image<Float> {
    let scale = min(1, heatCells / Double(max(frame.width, frame.height)))
    let cells = ImageSize(
      width: max(1, Int((Double(frame.width) * scale).rounded())),
      height: max(1, Int((Double(frame.height) * scale).rounded())))
    let map = AffineMap.scaling(
      x: Double(cut.width) / Double(heat.width), y: Double(cut.height) / Double(heat.height)
    ).then(toFrame).then(
      .scaling(x: Double(cells.width) / Double(frame.width), y: Double(cells.height) / Double(frame.height)))
    return heat.warped(by: map, size: cells, border: .constant(0))
  }
}

extension DefectRegion {
  /// Moves outline and box; a box that is turned becomes the upright one around it.
  mutating func move(_ map: (Point) -> Point) {
    outline = outline.map { $0.map(map) }
    let corners = [(0.0, 0.0), (1, 0), (0, 1), (1, 1)].map {
      map(Point(box.x + $0 * box.width, box.y + $1 * box.height))
    }
    let left = corners.map(\.x).min()!
    let top = corners.map(\.y).min()!
    box = Box(
      x: left.rounded(.down), y: top.rounded(.down), width: (corners.map(\.x).max()! - left).rounded(.up),
      height: (corners.map(\.y).max()! - top).rounded(.up))
  }
}
