import CVideo
import Imaging

/// libv4lconvert for one layout.
///
/// `@safe`: the pointer is made and freed here and never handed out.
@safe final class FormatLibrary {
  private let converter: OpaquePointer
  private let layout: FrameLayout

  init(_ layout: FrameLayout) throws(FrameError) {
    let made = unsafe cvideo_create(
      layout.format.rawValue, UInt32(layout.width), UInt32(layout.height),
      UInt32(layout.bytesPerLine),
      UInt32(clamping: layout.byteCount))
    guard let made = unsafe made else { throw FrameError(.unsupported(layout.format)) }
    unsafe converter = made
    self.layout = layout
  }

  deinit { unsafe cvideo_destroy(converter) }

  func convert(_ bytes: Span<UInt8>) throws(FrameError) -> Image<RGB8> {
    let count = layout.width * layout.height
    var failure: String?
    let pixels = unsafe [RGB8](unsafeUninitializedCapacity: count) { buffer, filled in
      let rgb = unsafe UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(
        to: UInt8.self)
      unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CVIDEO_MESSAGE_SIZE)) {
        message in
        unsafe message.initialize(repeating: 0)
        let status = unsafe bytes.withUnsafeBufferPointer { source in
          unsafe cvideo_convert(
            converter, source.baseAddress!, source.count, rgb, message.baseAddress!)
        }
        if status != 0 { failure = unsafe String(cString: message.baseAddress!) }
      }
      if failure == nil { filled = count }
    }
    if let failure { throw FrameError(.corrupt(reason: failure)) }
    return Image(width: layout.width, height: layout.height, pixels: pixels)
  }
}

extension FrameConverter {
  /// A format that only libv4lconvert knows.
  func convertedByLibrary(_ bytes: Span<UInt8>) throws(FrameError) -> AnyImage {
    if library == nil { library = try FormatLibrary(layout) }
    guard let library else { throw FrameError(.unsupported(layout.format)) }
    return AnyImage.rgb8(try library.convert(bytes)).cropped(region)
  }
}
