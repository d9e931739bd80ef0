extension Image where Pixel == UInt8 {
  /// Each pixel becomes the largest within a square of side `2 * radius + 1`; what lies outside does not count.
  public func dilated(radius: Int) -> Image { extremes(radius, isDilation: true) }

  /// Each pixel becomes the smallest within a square of side `2 * radius + 1`; what lies outside does not count.
  public func eroded(radius: Int) -> Image { extremes(radius, isDilation: false) }

  /// Shift and compare, whole rows at a time: the compiler makes 16 comparisons of each.
  private func extremes(_ radius: Int, isDilation: Bool) -> Image {
    precondition(radius >= 0, "radius \(radius) is negative")
    guard radius > 0, width > 0, height > 0 else { return self }
    let width = width, height = height
    func merge(_ to: UnsafeMutablePointer<UInt8>, _ from: UnsafePointer<UInt8>, _ count: Int) {
      if isDilation {
        for x in 0..<count { unsafe to[x] = max(to[x], from[x]) }
      } else {
        for x in 0..<count { unsafe to[x] = min(to[x], from[x]) }
      }
    }
    var middle = self, result = self
    unsafe storage.withUnsafeBufferPointer { from in
      unsafe middle.storage.withUnsafeMutableBufferPointer { to in
        for y in 0..<height {
          let source = unsafe from.baseAddress! + y * width, target = unsafe to.baseAddress! + y * width
          for shift in 1..<max(2, min(radius + 1, width)) where shift < width {
            unsafe merge(target, source + shift, width - shift)
            unsafe merge(target + shift, source, width - shift)
          }
        }
      }
    }
    unsafe middle.storage.withUnsafeBufferPointer { from in
      unsafe result.storage.withUnsafeMutableBufferPointer { to in
        for y in 0..<height {
          let target = unsafe to.baseAddress! + y * width
          unsafe target.update(from: from.baseAddress! + y * width, count: width)
          for other in max(0, y - radius)...min(height - 1, y + radius) {
            unsafe merge(target, from.baseAddress! + other * width, width)
          }
        }
      }
    }
    return result
  }
}
