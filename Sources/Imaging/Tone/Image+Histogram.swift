extension Image where Pixel == Gray8 {
  /// How many pixels have each of the 256 values.
  public func histogram() -> [Int] {
    // Neighbours are often equal: two tables keep one increment from waiting for the last.
    var even = [Int](repeating: 0, count: 256), odd = even
    let pixels = storage.span
    var index = 0
    while index + 1 < pixels.count {
      even[Int(pixels[index])] &+= 1
      odd[Int(pixels[index + 1])] &+= 1
      index += 2
    }
    if index < pixels.count { even[Int(pixels[index])] &+= 1 }
    return zip(even, odd).map { $0 + $1 }
  }

  /// The smallest value that at least `fraction` (0...1) of the pixels do not exceed.
  public func percentile(_ fraction: Double) -> UInt8 {
    UInt8(rank(histogram(), fraction, width * height))
  }

  /// Each value replaced by `table[value]`.
  ///
  /// - Precondition: the table has 256 entries.
  public func mapped(through table: [UInt8]) -> Image {
    precondition(table.count == 256, "a table of \(table.count) entries cannot map 256 values")
    return map { table[Int($0)] }
  }
}

extension Image where Pixel == Gray16 {
  /// How many pixels fall into each of `bins` equal parts of 0...65535.
  public func histogram(bins: Int = 65536) -> [Int] {
    precondition((1...65536).contains(bins), "\(bins) bins are not in 1...65536")
    var counts = [Int](repeating: 0, count: bins)
    let pixels = storage.span
    for index in 0..<pixels.count { counts[(Int(pixels[index]) * bins) >> 16] &+= 1 }
    return counts
  }

  /// The smallest value that at least `fraction` (0...1) of the pixels do not exceed.
  public func percentile(_ fraction: Double) -> UInt16 {
    UInt16(rank(histogram(), fraction, width * height))
  }
}

private func rank(_ histogram: [Int], _ fraction: Double, _ total: Int) -> Int {
  precondition(fraction >= 0 && fraction <= 1, "fraction \(fraction) is not in 0...1")
  let wanted = max(1, Int((fraction * Double(total)).rounded(.up)))
  var sum = 0
  for (value, count) in histogram.enumerated() {
    sum += count
    if sum >= wanted { return value }
  }
  return 0
}
