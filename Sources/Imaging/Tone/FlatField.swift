/// Flat-field correction: takes out uneven lighting, vignetting and fixed sensor patterns, given a frame of an evenly
/// bright target and, if there is one, a frame with the lens covered.
///
/// `corrected = (raw - dark) * mean(flat - dark) / (flat - dark)`, rounded and clamped; one gain per pixel.
public struct FlatField: Sendable {
  public let size: ImageSize
  private let dark: [Float]
  private let gain: [Float]

  /// - Parameters:
  ///   - flat: the evenly bright frame (best a mean of several), in the units of the images to come.
  ///   - dark: the dark frame; nil for zero.
  ///   - largestGain: dead and nearly dark pixels are not amplified more than this.
  public init(flat: Image<Float>, dark: Image<Float>? = nil, largestGain: Float = 8) {
    precondition(flat.width > 0 && flat.height > 0, "an empty flat frame")
    precondition(
      dark == nil || (dark!.width == flat.width && dark!.height == flat.height), "the two frames differ in size")
    precondition(largestGain >= 1, "the largest gain \(largestGain) is below 1")
    size = ImageSize(width: flat.width, height: flat.height)
    let floor = dark?.pixels ?? [Float](repeating: 0, count: flat.pixels.count)
    let signal = zip(flat.pixels, floor).map { $0 - $1 }
    let mean = Float(signal.reduce(into: 0.0) { $0 += Double($1) } / Double(signal.count))
    self.dark = floor
    // Written so that zero, negative and NaN signals all end at the cap.
    gain = signal.map { $0 > 0 && mean / $0 < largestGain ? mean / $0 : largestGain }
  }

  /// From 8-bit frames.
  public init(flat: Image<Gray8>, dark: Image<Gray8>? = nil, largestGain: Float = 8) {
    self.init(flat: flat.map { Float($0) }, dark: dark?.map { Float($0) }, largestGain: largestGain)
  }

  /// From 16-bit frames.
  public init(flat: Image<Gray16>, dark: Image<Gray16>? = nil, largestGain: Float = 8) {
    self.init(flat: flat.map { Float($0) }, dark: dark?.map { Float($0) }, largestGain: largestGain)
  }

  public func corrected(_ image: Image<Gray8>) -> Image<Gray8> { run(image) }
  public func corrected(_ image: Image<Gray16>) -> Image<Gray16> { run(image) }
  public func corrected(_ image: Image<Float>) -> Image<Float> { run(image) }

  private func run<Pixel: PixelComponent>(_ image: Image<Pixel>) -> Image<Pixel> {
    precondition(
      image.width == size.width && image.height == size.height,
      "a flat field of \(size) was given \(image.width) x \(image.height)")
    var result = image
    var pixels = result.storage.mutableSpan
    let dark = dark.span, gain = gain.span
    for index in 0..<pixels.count {
      pixels[index] = Pixel(nearest: (pixels[index].asFloat - dark[index]) * gain[index])
    }
    return result
  }
}
