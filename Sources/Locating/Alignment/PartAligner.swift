internal import Glibc
public import Imaging

/// Finds a part by its template: where it lies and how it is turned.
///
/// Zero-mean normalised cross-correlation, which brightness and contrast of the light do not change, over an image
/// pyramid: at the coarsest level at all places and angles, one level finer at all angles around the best places (so that
/// small features may decide between angles that look alike from afar), and from there by Gauss-Newton steps down to the
/// full picture, in the inverse compositional form of ECC (Baker and Matthews, "Lucas-Kanade 20 years on", 2004; Evangelidis
/// and Psarakis, "Parametric image alignment using enhanced correlation coefficient maximization", PAMI 30, 2008).
///
/// **A part that is not there is not found**: below the least score the answer says so.
public struct PartAligner: Sendable {
  /// The shortest side of a template, in pixels.
  public static let leastSide = 24

  public let options: AlignmentOptions
  public let templateSize: ImageSize
  /// Whether the template shows how it is turned. A disc does not, and is reported with 0 degrees.
  public let showsAngle: Bool
  let levels: [TemplateLevel]
  /// Turned copies at the coarsest level, and at the next one.
  let coarse: TurnedSet
  let fine: TurnedSet?

  /// Turned copies of a template at one level.
  struct TurnedSet: Sendable {
    let level: Int
    let reach: Int
    let templates: [TurnedTemplate]
  }

  /// - Parameters:
  ///   - template: the part upright, with a little of its surroundings, as the camera sees it.
  ///   - mask: pixels of the template that count, not 0; nil for all.
  /// - Precondition: the options are in their ranges.
  public init(
    template: Image<Gray8>, mask: Image<UInt8>? = nil, options: AlignmentOptions = AlignmentOptions()
  ) throws(AlignmentError) {
    precondition(
      options.maximumAngle >= 0 && options.maximumAngle <= 180 && options.leastScore > 0 && options.leastScore < 1
        && options.scales.lowerBound >= 0.5 && options.scales.upperBound <= 2, "options \(options) are out of range")
    let size = ImageSize(width: template.width, height: template.height)
    let side = min(size.width, size.height)
    guard side >= PartAligner.leastSide else { throw .tooSmall(size) }
    if let mask, mask.width != size.width || mask.height != size.height {
      throw .maskSize(mask: ImageSize(width: mask.width, height: mask.height), template: size)
    }
    self.options = options
    templateSize = size
    let variesScale = options.scales.upperBound > options.scales.lowerBound
    // The coarsest level still has some 20 pixels across.
    var top = 0
    while side >> (top + 1) >= 20 && top < 5 { top += 1 }
    var planes = [template.map { Float($0) }]
    var masks = [mask?.map { $0 != 0 ? 1 : 0 } ?? Image<UInt8>(width: size.width, height: size.height, repeating: 1)]
    for level in 1..<top + 1 where top > 0 {
      planes.append(Pyramid.halved(planes[level - 1]))
      masks.append(PartAligner.halved(masks[level - 1]))
    }
    let used = masks[0].pixels.count { $0 != 0 }, usedAtTop = masks[top].pixels.count { $0 != 0 }
    guard used * 4 >= size.width * size.height, usedAtTop >= 64 else { throw .maskTooSmall(pixels: used) }
    let levels = (0...top).map { level in
      TemplateLevel(level: level, image: planes[level], mask: masks[level], size: size, variesScale: variesScale)
    }
    let contrast = PartAligner.deviation(planes[top], masks[top])
    guard contrast > 1 else { throw .flat }
    self.levels = levels
    showsAngle = levels[max(0, top - 1)].turnVisibility > 0.01
    let angle = showsAngle ? options.maximumAngle : 0
    coarse = PartAligner.turned(levels[top], angle, options.scales, rim: 1.5)
    fine = top > 0 ? PartAligner.turned(levels[top - 1], angle, options.scales, rim: 1.5) : nil
  }

  private static func deviation(_ image: Image<Float>, _ mask: Image<UInt8>) -> Double {
    var sum = 0.0, squares = 0.0, count = 0.0
    for (value, isUsed) in zip(image.pixels, mask.pixels) where isUsed != 0 {
      sum += Double(value)
      squares += Double(value) * Double(value)
      count += 1
    }
    return count > 0 ? max(0, squares / count - sum / count * sum / count).squareRoot() : 0
  }

  /// Pixels of which all four of the finer level count.
  private static func halved(_ mask: Image<UInt8>) -> Image<UInt8> {
    var pixels: [UInt8] = []
    for y in 0..<mask.height / 2 {
      for x in 0..<mask.width / 2 {
        pixels.append(
          mask[2 * x, 2 * y] & mask[2 * x + 1, 2 * y] & mask[2 * x, 2 * y + 1] & mask[2 * x + 1, 2 * y + 1])
      }
    }
    return Image(width: mask.width / 2, height: mask.height / 2, pixels: pixels)
  }

  /// - Parameter rim: pixels by which the template's corners move from one copy to the next.
  private static func turned(
    _ level: TemplateLevel, _ angle: Double, _ scales: ClosedRange<Double>, rim: Double
  ) -> TurnedSet {
    let radius = (level.width * level.width + level.height * level.height).squareRoot() / 2
    let turns = Int((angle * .pi / 180 * radius / rim).rounded(.up))
    var angles = (-turns...turns).map { turns == 0 ? 0 : angle * Double($0) / Double(turns) }
    // Half a turn to the left is half a turn to the right.
    if angle == 180 { angles.removeFirst() }
    let growth = log(scales.upperBound / scales.lowerBound)
    let steps = Int((growth / 2 * radius / rim).rounded(.up))
    let sizes = (0...2 * steps).map { step in
      steps == 0 ? scales.lowerBound : scales.lowerBound * exp(growth * Double(step) / Double(2 * steps))
    }
    let reach = Int((radius * scales.upperBound).rounded(.up)) + 1
    var templates: [TurnedTemplate] = []
    for scale in sizes {
      for angle in angles { templates.append(TurnedTemplate(level, degrees: angle, scale: scale, reach: reach)) }
    }
    return TurnedSet(level: level.level, reach: reach, templates: templates)
  }

  /// The part resampled upright in the template's frame; what lies outside the frame repeats its edge.
  public func aligned(_ image: AnyImage, _ pose: PartPose) -> AnyImage {
    let map = pose.fromSource, size = pose.templateSize
    return switch image {
    case .gray8(let image): .gray8(image.warped(by: map, size: size, border: .clamp))
    case .gray16(let image): .gray16(image.warped(by: map, size: size, border: .clamp))
    case .rgb8(let image): .rgb8(image.warped(by: map, size: size, border: .clamp))
    case .rgb16(let image): .rgb16(image.warped(by: map, size: size, border: .clamp))
    case .rgba8(let image): .rgba8(image.warped(by: map, size: size, border: .clamp))
    case .rgba16(let image): .rgba16(image.warped(by: map, size: size, border: .clamp))
    }
  }
}
