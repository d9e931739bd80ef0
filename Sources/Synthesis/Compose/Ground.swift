public import Imaging

/// What an even part would look like without the defect: the light on it, filled in from around.
public enum Ground {
  /// The light of a picture, carried on under what is left out of it: near its edge by what lies around, deep inside by
  /// what lies farther away (pull and push of a pyramid, Gortler et al. 1996, doi 10.1145/237170.237200).
  ///
  /// One width for all of a large place would make a step at its edge.
  ///
  /// - Parameters:
  ///   - leavingOut: 1 where the picture is not to be believed, of its size.
  ///   - sigma: pixels; of the light where all is believed (normalised convolution, Knutsson and Westin 1993).
  public static func light(of image: Image<Float>, leavingOut mask: Image<Float>, sigma: Double) -> Image<Float> {
    precondition(mask.width == image.width && mask.height == image.height, "a mask of another size")
    let weight = mask.map { 1 - min(max($0, 0), 1) }
    let product = Image(
      width: image.width, height: image.height, pixels: zip(image.pixels, weight.pixels).map { $0 * $1 })
    return filled(smooth(product, sigma), smooth(weight, sigma), mean(product, weight))
  }

  /// The quotient of a sum and its weight, where the weight is small that of half the size.
  private static func filled(_ sum: Image<Float>, _ weight: Image<Float>, _ mean: Float) -> Image<Float> {
    let (width, height) = (sum.width, sum.height)
    guard weight.pixels.contains(where: { $0 < believed }) else {
      return Image(width: width, height: height, pixels: zip(sum.pixels, weight.pixels).map { $0 / $1 })
    }
    let coarse: Image<Float>
    if max(width, height) <= 2 {
      coarse = Image(width: width, height: height, repeating: mean)
    } else {
      func half(_ image: Image<Float>) -> Image<Float> {
        image.resized(width: (width + 1) / 2, height: (height + 1) / 2, filter: .bilinear).blurred(sigma: 1)
      }
      coarse = filled(half(sum), half(weight), mean).resized(width: width, height: height, filter: .bilinear)
    }
    return Image(
      width: width, height: height,
      pixels: sum.pixels.indices.map { at in
        let weight = weight.pixels[at]
        let share = min(weight / believed, 1)
        guard share > 1e-3 else { return coarse.pixels[at] }
        let smooth = share * share * (3 - 2 * share)
        return smooth * sum.pixels[at] / weight + (1 - smooth) * coarse.pixels[at]
      })
  }

  /// Weight from which a level is taken as it is: that at the edge of what is left out.
  private static let believed: Float = 0.5

  /// A Gaussian blur; a wide one on a smaller copy, where it looks the same and costs a fraction.
  private static func smooth(_ image: Image<Float>, _ sigma: Double) -> Image<Float> {
    let factor = Int(sigma / 3)
    guard factor > 1, min(image.width, image.height) >= 4 * factor else { return image.blurred(sigma: sigma) }
    let small = image.resized(
      width: (image.width + factor - 1) / factor, height: (image.height + factor - 1) / factor, filter: .bilinear)
    // Shrinking and enlarging blur too.
    let scale = Double(factor)
    let left = max(0.5, ((sigma / scale) * (sigma / scale) - 0.35).squareRoot())
    return small.blurred(sigma: left).resized(width: image.width, height: image.height, filter: .bilinear)
  }

  /// Over all of the picture; where nothing is believed, over that.
  private static func mean(_ product: Image<Float>, _ weight: Image<Float>) -> Float {
    let sum = weight.pixels.reduce(0, +)
    return sum > 0 ? product.pixels.reduce(0, +) / sum : 0.5
  }

  /// How wide light is looked for where the part is seen, in pixels.
  public static let sigma = 6.0
}
