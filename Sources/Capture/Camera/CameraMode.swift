internal import CV4L2
public import Imaging

/// One way in which a camera can send: a pixel format at a size, with its rates.
public struct CameraMode: Sendable, Hashable {
  public var format: PixelFormat
  /// The driver's words for the format.
  public var description: String
  public var size: ImageSize
  /// Frames a second, highest first; empty where the driver does not say.
  public var rates: [Double]
  /// The largest size, where sizes between `size` and this one can be had too.
  public var largest: ImageSize?

  public init(
    format: PixelFormat, description: String = "", size: ImageSize, rates: [Double] = [], largest: ImageSize? = nil
  ) {
    self.format = format
    self.description = description
    self.size = size
    self.rates = rates
    self.largest = largest
  }

  /// Whether frames of this size can be had.
  public func allows(_ wanted: ImageSize) -> Bool {
    guard let largest else { return size == wanted }
    return (size.width...max(size.width, largest.width)).contains(wanted.width)
      && (size.height...max(size.height, largest.height)).contains(wanted.height)
  }
}

extension CameraMode {
  /// All modes that the driver lists, in its order.
  static func all(_ device: borrowing VideoNode) -> [CameraMode] {
    let formats = device.list(cv4l2_format_description()) { unsafe cv4l2_enumerate_format($0, $1, &$2) }
    var modes: [CameraMode] = []
    for entry in formats {
      let format = PixelFormat(rawValue: entry.pixelformat)
      let words = text(of: entry.description)
      let sizes = device.list(cv4l2_frame_size()) { unsafe cv4l2_enumerate_size($0, $1, entry.pixelformat, &$2) }
      for size in sizes {
        let least = ImageSize(width: Int(size.min_width), height: Int(size.min_height))
        let most = ImageSize(width: Int(size.max_width), height: Int(size.max_height))
        // Rates hang on the size; of a range of sizes, the largest one's are told.
        let rates = Self.rates(device, entry.pixelformat, most)
        modes.append(
          CameraMode(
            format: format, description: words, size: least, rates: rates, largest: size.is_discrete != 0 ? nil : most))
      }
      if sizes.isEmpty { modes += current(device, format, words) }
    }
    return modes
  }

  /// Drivers that list no sizes have one, which is set.
  private static func current(_ device: borrowing VideoNode, _ format: PixelFormat, _ words: String) -> [CameraMode] {
    guard let set = device.optional(cv4l2_format(), { unsafe cv4l2_get_format($0, &$1) }) else { return [] }
    let size = ImageSize(width: Int(set.width), height: Int(set.height))
    return [CameraMode(format: format, description: words, size: size)]
  }

  private static func rates(_ device: borrowing VideoNode, _ format: UInt32, _ size: ImageSize) -> [Double] {
    let intervals = device.list(cv4l2_frame_interval(), limit: 128) {
      unsafe cv4l2_enumerate_interval($0, $1, format, UInt32(size.width), UInt32(size.height), &$2)
    }
    var rates: [Double] = []
    for interval in intervals {
      for (numerator, denominator) in [
        (interval.min_numerator, interval.min_denominator), (interval.max_numerator, interval.max_denominator),
      ] where numerator > 0 && denominator > 0 {
        rates.append(Double(denominator) / Double(numerator))
      }
    }
    return Array(Set(rates)).sorted(by: >)
  }
}

/// What is asked of a camera's mode; nil leaves the choice to Assay.
public struct ModeRequest: Sendable, Hashable {
  public var size: ImageSize?
  /// Frames a second.
  public var rate: Double?
  /// In order of preference; empty for any.
  public var formats: [PixelFormat]

  public init(size: ImageSize? = nil, rate: Double? = nil, formats: [PixelFormat] = []) {
    self.size = size
    self.rate = rate
    self.formats = formats
  }

  /// The choice among a camera's modes: a format, a size and a rate to ask the driver for.
  ///
  /// What was asked must be there. Where it was not: the size nearest to 1280 x 720 that reaches 25 frames a second; the
  /// highest rate; a format without compression if it reaches that rate, otherwise JPEG.
  ///
  /// - Parameter camera: names it in errors.
  /// - Throws: ``CameraError`` that lists what the camera has.
  public func choose(from modes: [CameraMode], camera: String) throws(CameraError) -> CameraMode {
    let known = modes.filter { FrameConverter.canConvert($0.format) }
    guard !known.isEmpty else {
      let there = Set(modes.map(\.format.description)).sorted().joined(separator: ", ")
      throw CameraError(
        camera, .unsuitable, "sends no format that can be read" + (there.isEmpty ? "" : ": it has \(there)"))
    }
    var fitting = known
    if !formats.isEmpty {
      fitting = fitting.filter { formats.contains($0.format) }
      guard !fitting.isEmpty else {
        throw CameraError(
          camera, .unsuitable,
          "does not send \(formats.map(\.description).joined(separator: " or ")); it has "
            + unique(known.map(\.format.description)).joined(separator: ", "))
      }
    }
    if let size {
      let there = fitting
      fitting = fitting.filter { $0.allows(size) }
      guard !fitting.isEmpty else {
        throw CameraError(
          camera, .unsuitable,
          "has no frames of \(size.width)x\(size.height)" + named(formats) + "; it has "
            + unique(there.map(Self.words)).joined(separator: ", "))
      }
    }
    if let rate {
      let there = fitting
      // 30 is 29.97 to some drivers.
      fitting = fitting.filter { $0.rates.isEmpty || $0.rates.contains { $0 >= rate * 0.99 } }
      guard !fitting.isEmpty else {
        let most = there.compactMap(\.rates.first).max() ?? 0
        throw CameraError(
          camera, .unsuitable,
          "cannot send \(Self.number(rate)) frames a second" + (size.map { " of \($0.width)x\($0.height)" } ?? "")
            + named(formats) + "; at most \(Self.number(most))")
      }
    }
    var best = fitting.min { isBetter($0, $1) }!
    best.size = wantedSize(best)
    best.largest = nil
    best.rates = best.rates.filter { rate == nil || $0 >= rate! * 0.99 }
    // The slowest that is fast enough, or else the fastest.
    if let wanted = rate == nil ? best.rates.first : best.rates.last { best.rates = [wanted] }
    return best
  }

  private func wantedSize(_ mode: CameraMode) -> ImageSize {
    if let size { return size }
    guard let largest = mode.largest else { return mode.size }
    return ImageSize(
      width: min(max(1280, mode.size.width), largest.width), height: min(max(720, mode.size.height), largest.height))
  }

  private func isBetter(_ a: CameraMode, _ b: CameraMode) -> Bool {
    func grades(_ mode: CameraMode) -> [Double] {
      let size = wantedSize(mode)
      let top = mode.rates.first ?? 25
      let distance = abs(Double(size.width * size.height) / (1280 * 720) - 1)
      let preference = formats.firstIndex(of: mode.format) ?? 0
      let isSlow = rate == nil && top < 24.5
      return [
        Double(preference), isSlow ? 1 : 0, self.size == nil ? distance : 0, rate == nil ? -top : 0,
        Double(FrameConverter.formats.firstIndex(of: mode.format) ?? FrameConverter.formats.count),
      ]
    }
    return grades(a).lexicographicallyPrecedes(grades(b))
  }

  private static func words(_ mode: CameraMode) -> String {
    guard let largest = mode.largest else { return "\(mode.size.width)x\(mode.size.height)" }
    return "\(mode.size.width)x\(mode.size.height) to \(largest.width)x\(largest.height)"
  }

  private func named(_ formats: [PixelFormat]) -> String {
    formats.isEmpty ? "" : " as \(formats.map(\.description).joined(separator: " or "))"
  }

  private func unique(_ words: [String]) -> [String] {
    var seen: Set<String> = []
    return words.filter { seen.insert($0).inserted }
  }

  static func number(_ rate: Double) -> String {
    let tenths = (rate * 100).rounded() / 100
    return tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
  }
}
