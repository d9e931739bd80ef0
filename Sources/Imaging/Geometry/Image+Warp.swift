extension Image where Pixel: InterleavedPixel {
  /// The image under an affine map: what lay at `p` comes to lie at `map(p)`.
  ///
  /// There is no antialiasing: to shrink by more than about a half, resize first.
  ///
  /// - Parameters:
  ///   - map: from positions in this image to positions in the result; must have an inverse.
  ///   - size: size of the result; nil for the size of this image.
  @specialized(where Pixel == UInt8)
  @specialized(where Pixel == UInt16)
  @specialized(where Pixel == Float)
  @specialized(where Pixel == RGB8)
  public func warped(
    by map: AffineMap, size: ImageSize? = nil, border: WarpBorder<Pixel>, filter: WarpFilter = .bilinear
  ) -> Image {
    guard let inverse = map.inverse else { preconditionFailure("the map \(map) has no inverse") }
    precondition(width > 0 && height > 0, "an empty image cannot be warped")
    let size = size ?? ImageSize(width: width, height: height)
    let count = size.width * size.height
    let pixels = unsafe [Pixel](unsafeUninitializedCapacity: count) { to, initialized in
      unsafe storage.withUnsafeBufferPointer { from in
        for y in 0..<size.height {
          let row = unsafe UnsafeMutableBufferPointer(rebasing: to[y * size.width..<(y + 1) * size.width])
          switch filter {
          case .nearest: unsafe nearestRow(from, row, y, inverse, border)
          case .bilinear: unsafe bilinearRow(from, row, y, inverse, border)
          }
        }
      }
      initialized = count
    }
    return Image(width: size.width, height: size.height, pixels: pixels)
  }

  /// The image turned about its centre by any angle, clockwise.
  public func rotated(
    degrees: Double, border: WarpBorder<Pixel>, filter: WarpFilter = .bilinear
  ) -> Image {
    let map = AffineMap.rotation(degrees: degrees).about(x: Double(width) / 2, y: Double(height) / 2)
    return warped(by: map, border: border, filter: filter)
  }

  /// Position `index` folded into `0 ..< count` as the border asks; nil for the constant.
  @inline(__always)
  private func folded(_ index: Int, _ count: Int, _ border: WarpBorder<Pixel>) -> Int? {
    if index >= 0 && index < count { return index }
    switch border {
    case .constant: return nil
    case .clamp: return index < 0 ? 0 : count - 1
    case .reflect:
      var position = index % (2 * count)
      if position < 0 { position += 2 * count }
      return position < count ? position : 2 * count - 1 - position
    }
  }

  private func pixel(_ from: UnsafeBufferPointer<Pixel>, _ x: Int, _ y: Int, _ border: WarpBorder<Pixel>) -> Pixel {
    if let x = folded(x, width, border), let y = folded(y, height, border) { return unsafe from[y * width + x] }
    guard case .constant(let fill) = border else { preconditionFailure("only a constant border leaves pixels out") }
    return fill
  }

  /// Where source coordinates leave the range of `Int` there is nothing to see anyway.
  @inline(__always)
  private func floor(_ value: Double) -> Int {
    // `rounded(.down)` is a library call on processors without SSE4.1's instruction, as the compiler must assume.
    let clamped = min(max(value, -1e9), 1e9)
    let truncated = Int(clamped)
    return Double(truncated) > clamped ? truncated - 1 : truncated
  }

  private func nearestRow(
    _ from: UnsafeBufferPointer<Pixel>, _ row: UnsafeMutableBufferPointer<Pixel>, _ y: Int, _ inverse: AffineMap,
    _ border: WarpBorder<Pixel>
  ) {
    for x in 0..<row.count {
      let position = inverse(x: Double(x) + 0.5, y: Double(y) + 0.5)
      unsafe row[x] = pixel(from, floor(position.x), floor(position.y), border)
    }
  }

  private func bilinearRow(
    _ from: UnsafeBufferPointer<Pixel>, _ row: UnsafeMutableBufferPointer<Pixel>, _ y: Int, _ inverse: AffineMap,
    _ border: WarpBorder<Pixel>
  ) {
    typealias Component = Pixel.Component
    let channels = Pixel.componentCount
    let out = unsafe UnsafeMutableRawPointer(row.baseAddress!).assumingMemoryBound(to: Component.self)
    let all = unsafe UnsafeRawPointer(from.baseAddress!).assumingMemoryBound(to: Component.self)
    for x in 0..<row.count {
      let position = inverse(x: Double(x) + 0.5, y: Double(y) + 0.5)
      let left = floor(position.x - 0.5), top = floor(position.y - 0.5)
      let u = Float(position.x - 0.5 - Double(left)), v = Float(position.y - 0.5 - Double(top))
      if left >= 0 && top >= 0 && left + 1 < width && top + 1 < height {
        let upper = unsafe all + (top * width + left) * channels
        let lower = unsafe upper + width * channels
        for c in 0..<channels {
          let p = unsafe upper[c].asFloat, q = unsafe upper[c + channels].asFloat
          let r = unsafe lower[c].asFloat, s = unsafe lower[c + channels].asFloat
          let a = p + (q - p) * u, b = r + (s - r) * u
          unsafe out[x * channels + c] = Component(nearest: a + (b - a) * v)
        }
      } else {
        let corners = unsafe (
          pixel(from, left, top, border), pixel(from, left + 1, top, border), pixel(from, left, top + 1, border),
          pixel(from, left + 1, top + 1, border)
        )
        unsafe withUnsafeBytes(of: corners) { bytes in
          let at = unsafe bytes.baseAddress!.assumingMemoryBound(to: Component.self)
          for c in 0..<channels {
            let p = unsafe at[c].asFloat, q = unsafe at[c + channels].asFloat
            let r = unsafe at[c + 2 * channels].asFloat, s = unsafe at[c + 3 * channels].asFloat
            let a = p + (q - p) * u, b = r + (s - r) * u
            unsafe out[x * channels + c] = Component(nearest: a + (b - a) * v)
          }
        }
      }
    }
  }
}
