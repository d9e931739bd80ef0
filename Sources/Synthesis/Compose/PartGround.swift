import Imaging

/// A box of a good part as the light on it, and what the part has of its own beside that.
struct PartGround {
  let box: PixelRect
  /// Levels 0...1 of an even part in that light, of the box's size.
  let ground: Planes
  /// Logarithm of the part's level over its ground, of the box's size.
  let texture: Planes

  /// - Parameters:
  ///   - part: the whole picture.
  ///   - cover: of the box's size, 0...1: where the defect will be.
  init(of part: Planes, in box: PixelRect, under cover: Image<Float>) {
    // Light is looked for around the box too, the farther the larger the place.
    let area = cover.pixels.count { $0 >= 0.5 }
    let reach = Int(max(4 * Ground.sigma, 2 * Double(area).squareRoot())) + 1
    let left = max(0, box.x - reach)
    let top = max(0, box.y - reach)
    let around = PixelRect(
      x: left, y: top, width: min(part.width, box.x + box.width + reach) - left,
      height: min(part.height, box.y + box.height + reach) - top)
    let inner = PixelRect(x: box.x - left, y: box.y - top, width: box.width, height: box.height)
    // Light comes from around, as it was looked for where the defect was found: what of the part is under the defect, be
    // it a hole, is not to be seen.
    let leavingOut = cover.map { UInt8($0 >= 0.5 ? 1 : 0) }.padded(
      left: inner.x, top: inner.y, right: around.width - inner.x - inner.width,
      bottom: around.height - inner.y - inner.height, with: 0
    ).dilated(radius: RealDefect.spread).map { Float($0) }
    self.box = box
    let region = part.map { $0.cropped(around) }
    ground = region.map { Ground.light(of: $0, leavingOut: leavingOut, sigma: Ground.sigma).cropped(inner) }
    texture = Planes(
      zip(region.planes, ground.planes).map { $0.cropped(inner).logarithm(over: $1) })
  }
}

extension Image<Float> {
  /// log of the level over the ground's, ``DefectPatch/offset`` added to both, within what generators paint.
  func logarithm(over ground: Image<Float>) -> Image<Float> {
    let (offset, bound) = (DefectPatch.offset, GeneratorConfiguration.bound)
    return Image(
      width: width, height: height,
      pixels: zip(pixels, ground.pixels).map {
        min(max(natural(max($0 + offset, 1e-6) / max($1 + offset, 1e-6)), -bound), bound)
      })
  }

  /// Under an affine map that shrinks by `scale`: blurred first, so that nothing is left out between the samples.
  func shrunk(by map: AffineMap, scale: Double, size: ImageSize, border: WarpBorder<Float>) -> Image<Float> {
    (scale > 1.25 ? blurred(sigma: 0.4 * scale) : self).warped(by: map, size: size, border: border)
  }
}

#if canImport(Glibc)
  import Glibc
#endif

/// The natural logarithm, under a name that no method of an image hides.
func natural(_ x: Float) -> Float { logf(x) }

func exponential(_ x: Float) -> Float { expf(x) }
