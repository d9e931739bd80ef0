public import Imaging

/// A picture at the network's input size, still with 8 bits.
public struct PreparedImage: Sendable, Hashable {
  /// channels x height x width.
  public var planes: [UInt8]
  /// height x width: which part of each pixel the defect covers, 0...255; nil where no mask is known.
  public var mask: [UInt8]?
  /// Size of the picture in its file.
  public var source: ImageSize
}

/// Prepares pictures for a network, the same way in training and on the line.
///
/// Keeps its resampling tables and rows between pictures of one size. Not `Sendable`: give each thread its own.
public final class Preparer {
  public let preprocessing: Preprocessing
  private var resampler: Resampler?
  private var maskResampler: Resampler?
  private var planes: [UInt8]

  public init(_ preprocessing: Preprocessing) {
    self.preprocessing = preprocessing
    planes = [UInt8](repeating: preprocessing.fill, count: preprocessing.valueCount)
  }

  /// The network's input: ``Preprocessing/valueCount`` values, channels x height x width.
  public func prepare(_ image: AnyImage, into result: inout MutableSpan<Float>) {
    fill(image)
    let bytes = planes
    preprocessing.normalize(bytes.span, into: &result)
  }

  /// The picture's 8-bit planes at the input size.
  public func planes(_ image: AnyImage) -> [UInt8] {
    fill(image)
    return planes
  }

  /// Reads and prepares a part's image and, where it has one, its mask.
  public func sample(_ part: Part) throws(PartSetError) -> PreparedImage {
    let decoded = try decode(part.imagePath, preprocessing.decodeOptions)
    var sample = PreparedImage(planes: planes(decoded.image), mask: nil, source: decoded.source)
    guard let maskPath = part.maskPath else { return sample }
    let mask = try decode(maskPath, DecodeOptions())
    guard mask.source == decoded.source else {
      throw .maskSize(
        image: part.imagePath, imageSize: [decoded.source.width, decoded.source.height], mask: maskPath,
        maskSize: [mask.source.width, mask.source.height])
    }
    let marks = binary(mask)
    // A mask that marks nothing says nothing about where a defect is (a good part needs no mask to be known).
    if marks.pixels.contains(where: { $0 != 0 }) { sample.mask = coverage(marks) }
    return sample
  }

  private func decode(_ path: String, _ options: DecodeOptions) throws(PartSetError) -> DecodedImage {
    do throws(ImageError) {
      return try ImageFile.load(path: path, options: options)
    } catch {
      throw .undecodable(error)
    }
  }

  private func fill(_ image: AnyImage) {
    let size = ImageSize(width: image.width, height: image.height)
    let place = preprocessing.placement(of: size)
    let target = ImageSize(width: place.width, height: place.height)
    if resampler?.source != size || resampler?.target != target {
      resampler = Resampler(source: size, target: target, filter: preprocessing.filter.resampling)
      for index in planes.indices { planes[index] = preprocessing.fill }
    }
    let width = preprocessing.width
    let area = width * preprocessing.height
    // Taken out of the object while it is written: in place it would be checked, or copied, at each access.
    var bytes: [UInt8] = []
    swap(&bytes, &planes)
    defer { swap(&bytes, &planes) }
    var result = bytes.mutableSpan
    if preprocessing.channels == 1 {
      let gray = resampler!.resized(image.gray8())
      for y in 0..<place.height {
        let row = gray.row(y)
        let to = (place.y + y) * width + place.x
        for x in 0..<place.width { result[to + x] = row[x] }
      }
    } else {
      let color = resampler!.resized(image.rgb8())
      for y in 0..<place.height {
        let row = color.row(y)
        let to = (place.y + y) * width + place.x
        for x in 0..<place.width {
          let pixel = row[x]
          result[to + x] = pixel.red
          result[area + to + x] = pixel.green
          result[2 * area + to + x] = pixel.blue
        }
      }
    }
  }

  /// 255 where the mask marks the defect. Lossy files ring around edges, so there it takes a quarter of white.
  private func binary(_ mask: DecodedImage) -> Image<Gray8> {
    if case .gray16(let deep) = mask.image {
      return Image(width: deep.width, height: deep.height, pixels: deep.pixels.map { $0 == 0 ? 0 : 255 })
    }
    let gray = mask.image.gray8()
    let least: UInt8 = mask.format == .jpeg ? 64 : 1
    return Image(width: gray.width, height: gray.height, pixels: gray.pixels.map { $0 < least ? 0 : 255 })
  }

  private func coverage(_ mask: Image<Gray8>) -> [UInt8] {
    let size = ImageSize(width: mask.width, height: mask.height)
    let place = preprocessing.placement(of: size)
    let target = ImageSize(width: place.width, height: place.height)
    if maskResampler?.source != size || maskResampler?.target != target {
      // Means over areas: a crack of one pixel keeps its share of every pixel it crosses.
      maskResampler = Resampler(source: size, target: target, filter: .box)
    }
    let resized = maskResampler!.resized(mask)
    if place.width == preprocessing.width && place.height == preprocessing.height { return resized.pixels }
    var result = [UInt8](repeating: 0, count: preprocessing.width * preprocessing.height)
    for y in 0..<place.height {
      let row = resized.row(y)
      let to = (place.y + y) * preprocessing.width + place.x
      for x in 0..<place.width { result[to + x] = row[x] }
    }
    return result
  }
}

extension PartSetError {
  static func undecodable(_ error: ImageError) -> PartSetError {
    // The image error's own sentence begins with the name.
    let text = error.description
    let prefix = error.name + ": "
    return .undecodable(path: error.name, reason: text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
  }
}
