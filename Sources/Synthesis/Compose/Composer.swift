internal import Glibc
public import Imaging

/// A good part with a defect painted on it.
public struct PaintedPart: Sendable {
  public let image: AnyImage
  /// 255 where the picture was changed, else 0: outside it equals its parent to the bit. Nil for a whole picture.
  public let mask: Image<Gray8>?
  /// Around the mask.
  public let box: PixelRect
  /// Mean change of the masked pixels, 0...1.
  public let change: Double
}

/// Puts defects on parts: `part x (1 - cover) + defect x cover`, the defect lit as the part is.
public enum Composer {
  /// How the defect's own levels come about.
  public enum Light: Sendable, Hashable {
    /// The part's light, times the defect's factor.
    case part
    /// As the defect was photographed, for the naive peer; such levels stand in place of the factor.
    case defect
  }

  /// Paints a patch on a part.
  ///
  /// - Parameters:
  ///   - parent: the good part; transparency is dropped.
  ///   - area: where the part is in it; nil where a defect is not to be fitted to edges and holes.
  ///   - severity: 0...1, how much of the defect's effect is left.
  /// - Returns: nil where nothing of it is within the picture.
  public static func paint(
    _ patch: DefectPatch, _ placement: Placement, on parent: AnyImage, area: PartArea? = nil, severity: Double = 1,
    light: Light = .part
  ) -> PaintedPart? {
    let map = placement.map(of: patch)
    let box = bounds(patch, map, ImageSize(width: parent.width, height: parent.height))
    guard box.width > 0 && box.height > 0 else { return nil }
    let canvas = ImageSize(width: box.width, height: box.height)
    var warped = patch.warped(by: map.then(.translation(x: -Double(box.x), y: -Double(box.y))), size: canvas)
    // Soft over about two pixels, and nothing beyond.
    var cover = warped.cover.blurred(sigma: 1).map { min(max(($0 - 0.25) * 2, 0), 1) }
    guard cover.pixels.contains(where: { $0 > 0 }) else { return nil }
    let part = Planes(parent)
    guard light == .part else {
      return paint(warped.factor.with(channels: part.planes.count).planes, cover, box, parent)
    }
    if placement.isRegistered, let area, !area.isWhole {
      (warped, cover) = Fitting.fit(warped, cover, to: area, in: box, placement)
    }
    let under = PartGround(of: part, in: box, under: cover)
    return paint(levels(warped, under, Float(severity)), cover, box, parent)
  }

  /// The part's pixels that the patch may reach.
  private static func bounds(_ patch: DefectPatch, _ map: AffineMap, _ size: ImageSize) -> PixelRect {
    let (width, height) = (Double(patch.width), Double(patch.height))
    let corners = [(0, 0), (width, 0), (0, height), (width, height)].map { map(x: $0.0, y: $0.1) }
    func low(_ values: [Double], _ limit: Int) -> Int {
      Int(min(max(values.min()!.rounded(.down) - 2, 0), Double(limit)))
    }
    func high(_ values: [Double], _ limit: Int) -> Int {
      Int(min(max(values.max()!.rounded(.up) + 2, 0), Double(limit)))
    }
    let (left, right) = (low(corners.map(\.x), size.width), high(corners.map(\.x), size.width))
    let (top, bottom) = (low(corners.map(\.y), size.height), high(corners.map(\.y), size.height))
    return PixelRect(x: left, y: top, width: right - left, height: bottom - top)
  }

  /// What the box shows where the defect covers it.
  private static func levels(_ patch: DefectPatch, _ under: PartGround, _ severity: Float) -> [Image<Float>] {
    let offset = DefectPatch.offset
    return under.ground.planes.indices.map { index in
      let ground = under.ground.planes[index]
      let factor = patch.factor.planes[min(index, patch.factor.planes.count - 1)].pixels
      let own = under.texture.planes[index].pixels
      let seen = patch.seen?.planes[min(index, patch.factor.planes.count - 1)].pixels
      return Image(
        width: ground.width, height: ground.height,
        pixels: ground.pixels.indices.map { at in
          var share = severity == 1 ? factor[at] : powf(max(factor[at], 1e-3), severity)
          if let seen { share *= expf(own[at] - seen[at]) }
          return (ground.pixels[at] + offset) * share - offset
        })
    }
  }

  private static func paint(
    _ levels: [Image<Float>], _ cover: Image<Float>, _ box: PixelRect, _ parent: AnyImage
  ) -> PaintedPart {
    func mixed<Component: PixelComponent>(_ old: Component, _ plane: Int, _ at: Int) -> Component {
      let share = cover.pixels[at]
      return Component(nearest: old.asFloat * (1 - share) + Component.white.asFloat * levels[plane].pixels[at] * share)
    }
    func painted<Pixel>(_ image: Image<Pixel>, _ mix: (Pixel, Int) -> Pixel) -> Image<Pixel> {
      var pixels = image.pixels
      for y in 0..<box.height {
        for x in 0..<box.width {
          let at = y * box.width + x
          guard cover.pixels[at] > 0 else { continue }
          let place = (box.y + y) * image.width + box.x + x
          pixels[place] = mix(pixels[place], at)
        }
      }
      return Image(width: image.width, height: image.height, pixels: pixels)
    }
    let result: AnyImage =
      switch parent {
      case .gray8(let image): .gray8(painted(image) { mixed($0, 0, $1) })
      case .gray16(let image): .gray16(painted(image) { mixed($0, 0, $1) })
      case .rgb16(let image):
        .rgb16(painted(image) { RGB(mixed($0.red, 0, $1), mixed($0.green, 1, $1), mixed($0.blue, 2, $1)) })
      default:
        .rgb8(
          painted(parent.rgb8()) { RGB(mixed($0.red, 0, $1), mixed($0.green, 1, $1), mixed($0.blue, 2, $1)) })
      }
    var mask = [Gray8](repeating: 0, count: parent.width * parent.height)
    var (left, top, right, bottom) = (Int.max, Int.max, -1, -1)
    for y in 0..<box.height {
      for x in 0..<box.width where cover.pixels[y * box.width + x] > 0 {
        mask[(box.y + y) * parent.width + box.x + x] = 255
        (left, right) = (min(left, box.x + x), max(right, box.x + x))
        (top, bottom) = (min(top, box.y + y), max(bottom, box.y + y))
      }
    }
    let (before, after) = (parent.gray8().pixels, result.gray8().pixels)
    var (change, count) = (0, 0)
    for at in mask.indices where mask[at] > 0 {
      change += abs(Int(before[at]) - Int(after[at]))
      count += 1
    }
    return PaintedPart(
      image: result, mask: Image(width: parent.width, height: parent.height, pixels: mask),
      box: PixelRect(x: left, y: top, width: right - left + 1, height: bottom - top + 1),
      change: Double(change) / Double(max(count, 1)) / 255)
  }
}
