extension Image where Pixel == Gray8 {
  /// Contrast-limited adaptive histogram equalisation: brings out faint structure in dark and bright areas alike.
  ///
  /// Source: Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", Graphics Gems IV, 1994, with the padding,
  /// clipping and interpolation of OpenCV's `createCLAHE`.
  ///
  /// - Parameters:
  ///   - clipLimit: highest allowed bin, in multiples of a flat histogram's; 40 hardly clips.
  ///   - columns: tiles across.
  ///   - rows: tiles down.
  public func equalizedAdaptively(clipLimit: Double = 2, columns: Int = 8, rows: Int = 8) -> Image {
    precondition(columns > 0 && rows > 0, "\(columns) x \(rows) tiles")
    guard width > 0 && height > 0 else { return self }
    // As OpenCV: where either side does not divide evenly, both are extended, a dividing one by a whole multiple.
    let divides = width % columns == 0 && height % rows == 0
    let tileWidth = width / columns + (divides ? 0 : 1), tileHeight = height / rows + (divides ? 0 : 1)
    let area = tileWidth * tileHeight
    let clip = clipLimit > 0 ? max(1, Int(clipLimit * Double(area) / 256)) : area

    var tables = [UInt8](repeating: 0, count: columns * rows * 256)
    for row in 0..<rows {
      for column in 0..<columns {
        var histogram = [Int](repeating: 0, count: 256)
        for y in row * tileHeight..<(row + 1) * tileHeight {
          let line = self.row(mirrored(y, height))
          for x in column * tileWidth..<(column + 1) * tileWidth { histogram[Int(line[mirrored(x, width)])] += 1 }
        }
        clipped(&histogram, at: clip)
        var sum = 0
        let scale = 255 / Float(area), base = (row * columns + column) * 256
        for value in 0..<256 {
          sum += histogram[value]
          tables[base + value] = UInt8(nearest: (Float(sum) * scale).rounded(.toNearestOrEven))
        }
      }
    }

    // Each pixel mixes the tables of the four nearest tile centres.
    let across = (0..<width).map { mix($0, tileWidth, columns) }
    var result = self
    for y in 0..<height {
      let down = mix(y, tileHeight, rows)
      let upper = down.first * columns * 256, lower = down.second * columns * 256
      var line = result.mutableRow(y)
      for x in 0..<width {
        let value = Int(line[x]), left = across[x].first * 256 + value, right = across[x].second * 256 + value
        let u = across[x].weight, v = down.weight
        let top = Float(tables[upper + left]) * (1 - u) + Float(tables[upper + right]) * u
        let bottom = Float(tables[lower + left]) * (1 - u) + Float(tables[lower + right]) * u
        line[x] = UInt8(nearest: (top * (1 - v) + bottom * v).rounded(.toNearestOrEven))
      }
    }
    return result
  }
}

/// Positions beyond the end come back, without repeating the last: abcd|cba.
private func mirrored(_ index: Int, _ count: Int) -> Int {
  guard index >= count else { return index }
  guard count > 1 else { return 0 }
  let position = index % (2 * count - 2)
  return position < count ? position : 2 * count - 2 - position
}

/// Cuts bins at `limit` and spreads what was cut evenly.
private func clipped(_ histogram: inout [Int], at limit: Int) {
  var excess = 0
  for value in 0..<256 where histogram[value] > limit {
    excess += histogram[value] - limit
    histogram[value] = limit
  }
  let each = excess / 256
  var rest = excess % 256
  for value in 0..<256 { histogram[value] += each }
  guard rest > 0 else { return }
  let step = max(256 / rest, 1)
  var value = 0
  while value < 256 && rest > 0 {
    histogram[value] += 1
    value += step
    rest -= 1
  }
}

private func mix(_ position: Int, _ length: Int, _ count: Int) -> (first: Int, second: Int, weight: Float) {
  let place = Float(position) * (1 / Float(length)) - 0.5
  let first = Int(place.rounded(.down))
  return (max(first, 0), min(first + 1, count - 1), place - Float(first))
}
