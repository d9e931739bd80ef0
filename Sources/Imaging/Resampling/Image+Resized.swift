extension Image where Pixel: InterleavedPixel {
  /// The image at another size. For many images of one size, keep a ``Resampler``.
  ///
  /// - Precondition: neither image is empty.
  public func resized(width: Int, height: Int, filter: ResampleFilter = .bilinear) -> Image {
    guard width != self.width || height != self.height else { return self }
    return Resampler(
      source: ImageSize(width: self.width, height: self.height), target: ImageSize(width: width, height: height),
      filter: filter
    ).resized(self)
  }
}

extension AnyImage {
  /// The image at another size, in the same pixel format.
  public func resized(width: Int, height: Int, filter: ResampleFilter = .bilinear) -> AnyImage {
    switch self {
    case .gray8(let image): .gray8(image.resized(width: width, height: height, filter: filter))
    case .gray16(let image): .gray16(image.resized(width: width, height: height, filter: filter))
    case .rgb8(let image): .rgb8(image.resized(width: width, height: height, filter: filter))
    case .rgb16(let image): .rgb16(image.resized(width: width, height: height, filter: filter))
    case .rgba8(let image): .rgba8(image.resized(width: width, height: height, filter: filter))
    case .rgba16(let image): .rgba16(image.resized(width: width, height: height, filter: filter))
    }
  }
}
