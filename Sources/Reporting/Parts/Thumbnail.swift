public import Imaging
import Inspection

/// Makes the small pictures that reports embed.
public enum Thumbnail {
  /// The longer side, in pixels: a card of the gallery at an ordinary screen's density.
  public static let side = 176

  /// The picture, its longer side shrunk to `side` (never enlarged), as a JPEG of some 2 to 8 kB.
  ///
  /// - Throws: `ImageError` if the encoder fails.
  public static func jpeg(
    of image: AnyImage, side: Int = Thumbnail.side, quality: Int = 70
  ) throws(ImageError) -> [UInt8] {
    let longer = max(image.width, image.height)
    var small = image
    if longer > side {
      let scale = Double(side) / Double(longer)
      small = image.resized(
        width: max(Int((Double(image.width) * scale).rounded()), 1),
        height: max(Int((Double(image.height) * scale).rounded()), 1))
    }
    switch small {
    case .gray8, .gray16: return try small.gray8().jpeg(quality: quality)
    default: return try small.rgb8().jpeg(quality: quality)
    }
  }

  /// A thumbnail of an image file, decoded no larger than needed; `nil` if it cannot be read. For parts whose picture
  /// is gone from memory, such as those judged before a run was resumed.
  ///
  /// - Parameters:
  ///   - path: as a decision's `source`, which `FileName.text` wrote.
  ///   - side: the longer side, in pixels.
  public static func jpeg(ofFile path: String, side: Int = Thumbnail.side, quality: Int = 70) -> [UInt8]? {
    var options = DecodeOptions()
    options.target = ImageSize(width: side, height: side)
    guard let decoded = try? ImageFile.load(pathBytes: FileName.bytes(path), name: path, options: options) else {
      return nil
    }
    return try? jpeg(of: decoded.image, side: side, quality: quality)
  }
}
