public import Imaging

/// How a picture becomes a network's input: stored as JSON in the model file and used unchanged in training,
/// evaluation, on the line and in other runtimes, so that none of them can see another picture than the others.
///
/// The picture is turned to grey or RGB with 8 bits, resized to 8 bits, and each value v of channel c becomes
/// `(v / 255 - mean[c]) / std[c]`, in planes (channels x height x width).
public struct Preprocessing: Codable, Sendable, Hashable {
  /// How a picture of another shape than the input is fitted.
  public enum Fit: String, Codable, Sendable, Hashable, CaseIterable {
    /// Both sides are scaled to the input's: no pixel is wasted, shapes may be distorted.
    case stretch
    /// One factor for both sides, centred, the rest filled with ``Preprocessing/fill``.
    case letterbox
  }

  /// Resampling with antialiasing, as Pillow's filters of the same names.
  public enum Filter: String, Codable, Sendable, Hashable, CaseIterable {
    case bilinear, bicubic, lanczos3

    var resampling: ResampleFilter {
      switch self {
      case .bilinear: .bilinear
      case .bicubic: .bicubic
      case .lanczos3: .lanczos3
      }
    }
  }

  /// Pixels.
  public var width: Int
  public var height: Int
  /// 1 for grey, 3 for RGB.
  public var channels: Int
  public var fit: Fit
  public var filter: Filter
  /// One number per channel, where 1 is white.
  public var mean: [Float]
  /// One number per channel, above 0.
  public var std: [Float]
  /// Level of what letterboxing adds, 0...255.
  public var fill: UInt8

  /// - Precondition: sides are at least 1, channels are 1 or 3, `mean` and `std` have one number per channel.
  public init(
    width: Int, height: Int, channels: Int = 1, fit: Fit = .stretch, filter: Filter = .bilinear,
    mean: [Float]? = nil, std: [Float]? = nil, fill: UInt8 = 128
  ) {
    self.width = width
    self.height = height
    self.channels = channels
    self.fit = fit
    self.filter = filter
    self.mean = mean ?? Array(repeating: 0.5, count: channels)
    self.std = std ?? Array(repeating: 0.25, count: channels)
    self.fill = fill
    if let problem { preconditionFailure(problem) }
  }

  /// What makes these settings unusable, for those that come from a file; nil when nothing does.
  public var problem: String? {
    guard (1...16_384).contains(width) && (1...16_384).contains(height) else {
      return "an input of \(width) x \(height) is outside 1...16384 pixels"
    }
    guard channels == 1 || channels == 3 else { return "an input of \(channels) channels is neither grey nor RGB" }
    guard mean.count == channels && std.count == channels else {
      return "\(mean.count) means and \(std.count) deviations do not fit \(channels) channels"
    }
    guard mean.allSatisfy(\.isFinite), std.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      return "a mean is not finite or a deviation is not above 0"
    }
    return nil
  }

  /// Values per image: channels x height x width.
  public var valueCount: Int { channels * height * width }

  /// How files are decoded for this input: a large JPEG at a fraction of its size, but at least twice the input's,
  /// so that the resampling still decides what is seen; grey where only grey is needed.
  ///
  /// Judge only what was decoded with these options: a picture that was decoded in full, then resized, differs by a
  /// level here and there.
  public var decodeOptions: DecodeOptions {
    DecodeOptions(target: ImageSize(width: 2 * width, height: 2 * height), wantsGray: channels == 1)
  }

  /// Level `0...255` of a channel as the network sees it.
  @inline(__always) func normalized(_ level: Float, channel: Int) -> Float {
    level * (1 / (255 * std[channel])) - mean[channel] / std[channel]
  }

  /// 8-bit planes to what the network sees; shapes channels x height x width.
  ///
  /// - Precondition: both spans hold ``valueCount`` values.
  public func normalize(_ planes: Span<UInt8>, into result: inout MutableSpan<Float>) {
    precondition(
      planes.count == valueCount && result.count == valueCount,
      "\(planes.count) levels and \(result.count) values, not \(valueCount)")
    let area = width * height
    for channel in 0..<channels {
      let factor = 1 / (255 * std[channel])
      let offset = mean[channel] / std[channel]
      for index in channel &* area..<(channel &+ 1) &* area {
        // In bounds: the precondition above.
        unsafe result[unchecked: index] = Float(planes[unchecked: index]) * factor - offset
      }
    }
  }

  /// Where a picture of a size lies in the input.
  public func placement(of source: ImageSize) -> PixelRect {
    guard fit == .letterbox, source.width > 0, source.height > 0 else {
      return PixelRect(x: 0, y: 0, width: width, height: height)
    }
    // Whole numbers, so that no rounding of a quotient decides which side is full.
    let isWide = source.width * height >= source.height * width
    let inner =
      isWide
      ? (width, max(1, (source.height * width + source.width / 2) / source.width))
      : (max(1, (source.width * height + source.height / 2) / source.height), height)
    return PixelRect(x: (width - inner.0) / 2, y: (height - inner.1) / 2, width: inner.0, height: inner.1)
  }

  /// A box of the input, in pixels with fractions, as whole pixels of the source picture: grown outward to whole
  /// pixels, cut at the picture's borders, at least 1 x 1.
  public func sourceBox(x: Float, y: Float, width: Float, height: Float, source: ImageSize) -> PixelRect {
    let place = placement(of: source)
    let scaleX = Float(source.width) / Float(place.width)
    let scaleY = Float(source.height) / Float(place.height)
    func range(_ low: Float, _ length: Float, _ offset: Int, _ scale: Float, _ limit: Int) -> (Int, Int) {
      // A hair inward, so that 8.0000001 does not claim another pixel.
      let from = ((low - Float(offset)) * scale + 0.001).rounded(.down)
      let to = ((low + length - Float(offset)) * scale - 0.001).rounded(.up)
      let first = min(max(0, Int(from)), limit - 1)
      return (first, max(1, min(limit, Int(to)) - first))
    }
    let (left, wide) = range(x, width, place.x, scaleX, source.width)
    let (top, high) = range(y, height, place.y, scaleY, source.height)
    return PixelRect(x: left, y: top, width: wide, height: high)
  }

  /// An input size for a set of pictures: their median shape, their median area up to a budget, each side a
  /// multiple of what the network's strides divide.
  ///
  /// - Parameters:
  ///   - sizes: sizes of the pictures, at least one.
  ///   - area: most pixels (about: sides are rounded to the nearest multiple).
  ///   - multiple: what both sides are to be divisible by.
  public static func inputSize(for sizes: [ImageSize], area: Int, multiple: Int = 32) -> ImageSize {
    precondition(!sizes.isEmpty && area >= 1 && multiple >= 1, "no input size for \(sizes.count) pictures")
    let areas = sizes.map { $0.width * $0.height }.sorted()
    let shapes = sizes.map { Double($0.width) / Double(max(1, $0.height)) }.sorted()
    let wanted = Double(max(1, min(area, areas[areas.count / 2])))
    let shape = min(8, max(0.125, shapes[shapes.count / 2]))
    func rounded(_ length: Double) -> Int {
      max(1, Int((length / Double(multiple)).rounded())) * multiple
    }
    return ImageSize(width: rounded((wanted * shape).squareRoot()), height: rounded((wanted / shape).squareRoot()))
  }
}
