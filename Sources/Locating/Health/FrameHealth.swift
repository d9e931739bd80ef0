public import Imaging

/// What a frame's grey levels say about the light and the camera, from a sample of its pixels.
///
/// About 30 000 pixels on a regular grid are looked at, whatever the frame's size.
public struct FrameHealth: Sendable, Hashable {
  /// Mean grey level, 0...255 whatever the depth.
  public let mean: Double
  /// Share of pixels with a component at the upper end (by default from 250 of 255), 0...1.
  public let clippedWhite: Double
  /// Share of pixels with all components at the lower end (by default up to 5 of 255), 0...1.
  public let clippedBlack: Double
  /// Grey level that 0.5 % of the pixels do not reach.
  public let low: Int
  /// Grey level that 0.5 % of the pixels exceed: hot pixels do not count.
  public let high: Int
  /// Pixels looked at.
  public let samples: Int

  /// `high - low`, 0...255.
  public var contrast: Int { high - low }

  /// When a picture counts as black or overexposed.
  public struct Limits: Sendable, Hashable {
    /// A component counts as clipped white from this level, 0...255.
    public var whiteLevel: UInt8 = 250
    /// A pixel counts as clipped black where no component is above this level, 0...255.
    public var blackLevel: UInt8 = 5
    /// A picture is black where ``FrameHealth/high`` is below this level: covered lens, light out.
    public var black: Int = 20
    /// A picture is overexposed where the clipped share is above this. Lower it for stations without back light.
    public var overexposed: Double = 0.8

    public init() {}
  }

  /// A picture that cannot be judged.
  public enum Fault: String, Sendable, Hashable, CaseIterable {
    case black
    case overexposed
  }

  /// What is wrong with the picture, if anything is.
  public func fault(_ limits: Limits = Limits()) -> Fault? {
    // Without samples there is no light either. Written so that nothing odd passes as healthy.
    if !(high >= limits.black) { return .black }
    return clippedWhite <= limits.overexposed ? nil : .overexposed
  }

  /// Looks at a frame, or at its region only.
  ///
  /// - Precondition: the region has the frame's size.
  public init(_ image: AnyImage, region: RegionMask? = nil, limits: Limits = Limits()) {
    var tally = LevelTally(limits)
    switch image {
    case .gray8(let image): tally.add(image, region)
    case .gray16(let image): tally.add(image, region)
    case .rgb8(let image): tally.add(image, region)
    case .rgb16(let image): tally.add(image, region)
    case .rgba8(let image): tally.add(image, region)
    case .rgba16(let image): tally.add(image, region)
    }
    self.init(tally)
  }

  /// The same for a grey frame.
  public init(_ image: Image<Gray8>, region: RegionMask? = nil, limits: Limits = Limits()) {
    var tally = LevelTally(limits)
    tally.add(image, region)
    self.init(tally)
  }

  private init(_ tally: LevelTally) {
    let count = tally.count
    samples = count
    let scale = count > 0 ? 1 / Double(count) : 0
    var sum = 0
    for level in 0..<256 { sum += level * tally.levels[level] }
    mean = Double(sum) * scale
    clippedWhite = Double(tally.white) * scale
    clippedBlack = Double(tally.black) * scale
    let few = count / 200
    low = tally.level { $0 > few } ?? 0
    high = tally.level { $0 >= count - few } ?? 0
  }
}

/// Levels of the pixels looked at.
private struct LevelTally {
  var levels = [Int](repeating: 0, count: 256)
  var count = 0
  var white = 0
  var black = 0
  let whiteLevel: UInt8
  let blackLevel: UInt8

  init(_ limits: FrameHealth.Limits) {
    whiteLevel = limits.whiteLevel
    blackLevel = limits.blackLevel
  }

  /// The first level up to which a sufficient number of pixels lies.
  func level(_ isReached: (Int) -> Bool) -> Int? {
    guard count > 0 else { return nil }
    var sum = 0
    return levels.firstIndex { number in
      sum += number
      return isReached(sum)
    }
  }

  mutating func add<Pixel: MeteredPixel>(_ image: Image<Pixel>, _ region: RegionMask?) {
    region?.requireSize(image.width, image.height)
    let area = region?.area ?? image.width * image.height
    // The smallest grid step that leaves at most 32 768 pixels.
    var step = 1
    while area > 32_768 * step * step { step += 1 }
    let box = region?.box ?? PixelRect(x: 0, y: 0, width: image.width, height: image.height)
    for y in stride(from: box.y + min(step / 2, box.height / 2), to: box.y + box.height, by: step) {
      if let region {
        for run in region.runs(inRow: y) { add(image.row(y), run.columns, step) }
      } else {
        add(image.row(y), 0..<image.width, step)
      }
    }
  }

  private mutating func add<Pixel: MeteredPixel>(_ row: Span<Pixel>, _ columns: Range<Int>, _ step: Int) {
    let whiteLevel = whiteLevel, blackLevel = blackLevel
    var levels = levels.mutableSpan
    var white = 0, black = 0, count = 0
    // Aligned to the grid, so that a region's slanted edges do not change the density.
    var x = (columns.lowerBound + step - 1) / step * step
    while x < columns.upperBound {
      let (grey, highest) = row[x].levels
      levels[Int(grey)] &+= 1
      white &+= highest >= whiteLevel ? 1 : 0
      black &+= highest <= blackLevel ? 1 : 0
      count &+= 1
      x &+= step
    }
    self.white += white
    self.black += black
    self.count += count
  }
}

/// A pixel with its grey level and its highest component, in 8 bits.
private protocol MeteredPixel: BitwiseCopyable, Sendable {
  var levels: (grey: UInt8, highest: UInt8) { get }
}

extension UInt8: MeteredPixel {
  fileprivate var levels: (grey: UInt8, highest: UInt8) { (self, self) }
}

extension UInt16: MeteredPixel {
  fileprivate var levels: (grey: UInt8, highest: UInt8) {
    let level = UInt8(truncatingIfNeeded: self &>> 8)
    return (level, level)
  }
}

/// BT.601 luma as `gray8()` rounds it.
@inline(__always) private func metered(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> (grey: UInt8, highest: UInt8) {
  let sum = UInt32(red) &* 19595 &+ UInt32(green) &* 38470 &+ UInt32(blue) &* 7471 &+ 32768
  return (UInt8(truncatingIfNeeded: sum &>> 16), max(red, max(green, blue)))
}

extension RGB: MeteredPixel where Component: FixedWidthInteger & UnsignedInteger {
  fileprivate var levels: (grey: UInt8, highest: UInt8) {
    let shift = Component(Component.bitWidth - 8)
    return metered(
      UInt8(truncatingIfNeeded: red &>> shift), UInt8(truncatingIfNeeded: green &>> shift),
      UInt8(truncatingIfNeeded: blue &>> shift))
  }
}

extension RGBA: MeteredPixel where Component: FixedWidthInteger & UnsignedInteger {
  fileprivate var levels: (grey: UInt8, highest: UInt8) { RGB(red, green, blue).levels }
}
