import Imaging

extension FrameConverter {
  /// A JPEG, with or without Huffman tables.
  func jpeg(_ bytes: Span<UInt8>) throws(FrameError) -> AnyImage {
    guard ImageFormat.detect(bytes) == .jpeg else {
      throw FrameError(.corrupt(reason: "it does not begin as a JPEG does"))
    }
    let scale = scale
    // Cameras know nothing of orientation. The pixel limit keeps a damaged header from asking for gigabytes.
    let options = DecodeOptions(
      target: scale == 1
        ? nil
        : ImageSize(
          width: (layout.width + scale - 1) / scale, height: (layout.height + scale - 1) / scale),
      wantsGray: wantsGray, appliesOrientation: false, pixelLimit: layout.width * layout.height,
      allowsExtraneousBytes: true)
    let decoded: DecodedImage
    do throws(ImageError) {
      decoded = try ImageFile.decode(bytes: bytes, name: "frame", options: options)
    } catch {
      throw FrameError(.corrupt(reason: reason(error)))
    }
    guard decoded.sourceWidth == layout.width, decoded.sourceHeight == layout.height else {
      throw FrameError(.corrupt(reason: size(decoded.sourceWidth, decoded.sourceHeight)))
    }
    return decoded.image.cropped(
      PixelRect(
        x: region.x / scale, y: region.y / scale, width: (region.width + scale - 1) / scale,
        height: (region.height + scale - 1) / scale))
  }

  /// 1, 2, 4 or 8: the largest by which the region stays at least the target's size and keeps whole pixels.
  private var scale: Int {
    guard let target else { return 1 }
    let scales = [8, 4, 2]
    let isWhole = { (scale: Int, start: Int, length: Int, all: Int) in
      start % scale == 0 && (length % scale == 0 || start + length == all)
    }
    return scales.first { scale in
      (region.width + scale - 1) / scale >= target.width
        && (region.height + scale - 1) / scale >= target.height
        && isWhole(scale, region.x, region.width, layout.width)
        && isWhole(scale, region.y, region.height, layout.height)
    } ?? 1
  }

  private func size(_ width: Int, _ height: Int) -> String {
    "the JPEG has \(width) x \(height) pixels, not \(layout.width) x \(layout.height)"
  }

  private func reason(_ error: ImageError) -> String {
    switch error.reason {
    case .corrupt(_, let detail), .unsupported(_, let detail): detail
    case .tooManyPixels(let width, let height, _): size(width, height)
    case .outOfMemory: "memory ran out"
    default: error.description
    }
  }
}
