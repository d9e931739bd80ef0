import CCodecs

/// A piece of text in a PNG file (an iTXt chunk).
public struct PNGText: Sendable, Hashable {
  /// 1 to 79 Latin-1 characters, such as "Title" or "Software".
  public var keyword: String
  public var text: String

  public init(keyword: String, text: String) {
    self.keyword = keyword
    self.text = text
  }
}

extension Image where Pixel: InterleavedPixel, Pixel.Component: FixedWidthInteger {
  /// The image as a PNG file, without loss: 8-bit or 16-bit grey, RGB or RGBA.
  ///
  /// - Parameters:
  ///   - level: zlib's compression level, 0...9; 1 is quick, 9 smallest.
  ///   - text: texts to keep in the file.
  ///   - name: what an error calls the image.
  public func png(level: Int = 1, text: [PNGText] = [], name: String = "image") throws(ImageError) -> [UInt8] {
    precondition((0...9).contains(level), "PNG level \(level) is not in 0...9")
    let strings = text.flatMap { [Array($0.keyword.utf8CString), Array($0.text.utf8CString)] }
    let depth = MemoryLayout<Pixel.Component>.size * 8
    return unsafe try encoded(.png, name) { rows, rowBytes, buffer, message in
      unsafe withPointers(to: strings) { texts in
        unsafe ccodecs_png_encode(
          rows, rowBytes, UInt32(width), UInt32(height), Int32(Pixel.componentCount), Int32(depth), Int32(level),
          texts.baseAddress, text.count, buffer, message)
      }
    }
  }

  /// Writes the image as a PNG file; the file appears whole or not at all.
  public func writePNG(to path: String, level: Int = 1, text: [PNGText] = []) throws(ImageError) {
    try ImageFile.write(png(level: level, text: text, name: path), to: path)
  }
}

/// Pixels that JPEG can hold here: 8-bit grey and RGB.
public protocol JPEGPixel: InterleavedPixel where Component == UInt8 {}
extension UInt8: JPEGPixel {}
extension RGB: JPEGPixel where Component == UInt8 {}

extension Image where Pixel: JPEGPixel {
  /// The image as a baseline JPEG file.
  ///
  /// - Parameters:
  ///   - quality: 1...100.
  ///   - subsampled: halve the chroma planes both ways (smaller, colored edges blur).
  ///   - name: what an error calls the image.
  public func jpeg(quality: Int = 90, subsampled: Bool = true, name: String = "image") throws(ImageError) -> [UInt8] {
    precondition((1...100).contains(quality), "JPEG quality \(quality) is not in 1...100")
    return unsafe try encoded(.jpeg, name) { rows, rowBytes, buffer, message in
      unsafe ccodecs_jpeg_encode(
        rows, rowBytes, UInt32(width), UInt32(height), Int32(Pixel.componentCount), Int32(quality),
        subsampled ? 1 : 0, buffer, message)
    }
  }

  /// Writes the image as a JPEG file; the file appears whole or not at all.
  public func writeJPEG(to path: String, quality: Int = 90, subsampled: Bool = true) throws(ImageError) {
    try ImageFile.write(jpeg(quality: quality, subsampled: subsampled, name: path), to: path)
  }
}

extension Image {
  /// Runs an encoder over the rows and takes over what it wrote.
  private func encoded(
    _ format: ImageFormat, _ name: String,
    _ encode: (
      UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<ccodecs_buffer>, UnsafeMutablePointer<CChar>
    ) -> ccodecs_status
  ) throws(ImageError) -> [UInt8] {
    precondition(width > 0 && height > 0, "an image of \(width) x \(height) cannot be encoded")
    var buffer = unsafe ccodecs_buffer()
    unsafe try CodecHeader.call(format, name) { message in
      unsafe storage.withUnsafeBytes { rows in
        unsafe encode(
          rows.baseAddress?.assumingMemoryBound(to: UInt8.self), width * MemoryLayout<Pixel>.stride, &buffer, message)
      }
    }
    defer { unsafe ccodecs_free(buffer) }
    return unsafe [UInt8](UnsafeBufferPointer(start: buffer.bytes, count: buffer.count))
  }
}

/// Calls `body` with one pointer per string; each must end with a zero.
private func withPointers<Result>(
  to strings: [[CChar]], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
  let joined = strings.flatMap { $0 }
  return unsafe joined.withUnsafeBufferPointer { all in
    var pointers: [UnsafePointer<CChar>?] = unsafe []
    var offset = 0
    for string in strings {
      unsafe pointers.append(all.baseAddress! + offset)
      offset += string.count
    }
    return unsafe pointers.withUnsafeBufferPointer { unsafe body($0) }
  }
}
