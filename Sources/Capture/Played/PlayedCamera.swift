public import Imaging

/// Pictures that are played as a camera would send them: for rehearsing a station without one, and for tests.
///
/// It keeps time as a camera does. Frames fall due at a steady rate, a few buffers hold those that have not been
/// fetched, and what finds no free buffer is lost and shows as a gap in the count.
public final class PlayedCamera: CameraDriver {
  public let info: CameraInfo
  private let frames: [[UInt8]]
  private let layout: FrameLayout
  private let rate: Double
  private let limit: Int?
  private var buffers = 8
  private var began: Int64 = 0
  private var nextFrame = 0

  /// - Parameters:
  ///   - name: what is played, such as a folder.
  ///   - frames: raw frames of `layout`, repeated for ever.
  ///   - rate: frames a second.
  ///   - limit: ends, as if unplugged, after so many frames; nil for never.
  /// - Precondition: there is a frame.
  public init(name: String, frames: [[UInt8]], layout: FrameLayout, rate: Double, limit: Int? = nil) {
    precondition(!frames.isEmpty && rate > 0, "\(frames.count) frames at \(rate) a second")
    info = CameraInfo(node: name, card: name, driver: "played", busInfo: "played")
    self.frames = frames
    self.layout = layout
    self.rate = rate
    self.limit = limit
  }

  /// Plays picture files.
  ///
  /// - Parameters:
  ///   - size: of the frames; both sides become even. Nil: the first picture's.
  ///   - format: YUYV or GREY.
  ///   - most: pictures that are held in memory, the first ones.
  /// - Throws: ``ImageError`` for a picture that cannot be read.
  public convenience init(
    name: String, paths: [String], size: ImageSize?, format: PixelFormat = .yuyv, rate: Double, limit: Int? = nil,
    most: Int = 32
  ) throws(ImageError) {
    var frames: [[UInt8]] = []
    var layout: FrameLayout?
    for path in paths.prefix(most) {
      let image = try ImageFile.load(path: path).image.rgb8()
      let wanted = size ?? ImageSize(width: image.width, height: image.height)
      let even =
        layout.map { ImageSize(width: $0.width, height: $0.height) }
        ?? ImageSize(width: max(2, wanted.width & ~1), height: max(2, wanted.height & ~1))
      let fitted =
        image.width == even.width && image.height == even.height
        ? image : image.resized(width: even.width, height: even.height, filter: .bilinear)
      let bytesPerLine = format == .grey ? even.width : 2 * even.width
      layout = FrameLayout(
        format: format, width: even.width, height: even.height, bytesPerLine: bytesPerLine,
        byteCount: bytesPerLine * even.height, encoding: ColorEncoding(matrix: .bt601, range: .limited))
      frames.append(Self.encode(fitted, format))
    }
    self.init(name: name, frames: frames, layout: layout!, rate: rate, limit: limit)
  }

  /// BT.601, limited range, as USB cameras send it; colour of each pair is the mean.
  private static func encode(_ image: Image<RGB8>, _ format: PixelFormat) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(2 * image.width * image.height)
    func luma(_ p: RGB8) -> Float {
      0.299 * Float(p.red) + 0.587 * Float(p.green) + 0.114 * Float(p.blue)
    }
    for y in 0..<image.height {
      let row = image.row(y)
      if format == .grey {
        for x in 0..<image.width { bytes.append(UInt8(nearest: luma(row[x]))) }
        continue
      }
      for x in stride(from: 0, to: image.width, by: 2) {
        let pair = (row[x], row[x + 1])
        let lumas = (luma(pair.0), luma(pair.1))
        let mean = (lumas.0 + lumas.1) / 2
        let blue = (Float(pair.0.blue) + Float(pair.1.blue)) / 2
        let red = (Float(pair.0.red) + Float(pair.1.red)) / 2
        bytes.append(UInt8(nearest: 16 + lumas.0 * 219 / 255))
        bytes.append(UInt8(nearest: 128 + (blue - mean) / 1.772 * 224 / 255))
        bytes.append(UInt8(nearest: 16 + lumas.1 * 219 / 255))
        bytes.append(UInt8(nearest: 128 + (red - mean) / 1.402 * 224 / 255))
      }
    }
    return bytes
  }

  public func modes() -> [CameraMode] {
    [CameraMode(format: layout.format, size: ImageSize(width: layout.width, height: layout.height), rates: [rate])]
  }

  public func controls() -> [CameraControl] { [] }

  public func configure(_ settings: CameraSettings) throws(CameraError) -> CameraConfiguration {
    _ = try settings.mode.choose(from: modes(), camera: info.node)
    guard settings.controls.isEmpty else {
      throw CameraError(info.node, .unsuitable, "is played from files and has no controls")
    }
    buffers = max(2, settings.buffers)
    return CameraConfiguration(camera: info, layout: layout, rate: rate, buffers: buffers)
  }

  public func start() throws(CameraError) {
    began = Clock.nanoseconds()
    nextFrame = 0
  }

  private func due(_ frame: Int) -> Int64 { began + Int64(Double(frame + 1) / rate * 1e9) }

  public func next(seconds: Double, _ take: (FrameHead, Span<UInt8>) -> Void) throws(CameraError) -> Bool {
    let now = Clock.nanoseconds()
    let made = Int(Double(now - began) * 1e-9 * rate)
    // The oldest wait in the buffers; what came after them found no room.
    if made - nextFrame > buffers { nextFrame = made - 1 }
    if let limit, nextFrame >= limit { throw CameraError(info.node, .unplugged, "has been played to its end") }
    let time = due(nextFrame)
    if time > now {
      guard Double(time - now) * 1e-9 <= seconds else {
        Clock.sleep(seconds: seconds)
        return false
      }
      Clock.sleep(seconds: Double(time - now) * 1e-9)
    }
    let frame = frames[nextFrame % frames.count]
    take(FrameHead(sequence: UInt32(truncatingIfNeeded: nextFrame), nanoseconds: time), frame.span)
    nextFrame += 1
    return true
  }

  public func lock(_ locks: [CameraSettings.Lock]) throws(CameraError) -> [CameraControl] {
    throw CameraError(info.node, .unsuitable, "is played from files and has nothing to lock")
  }

  public func drifts() -> [ControlDrift] { [] }
  public func stop() {}
}
