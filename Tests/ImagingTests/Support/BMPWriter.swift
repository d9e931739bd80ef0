/// Writes bitmap files byte by byte.
struct BMPWriter {
  var width: Int
  /// Negative for rows from the top down.
  var height: Int
  var bits: Int
  var compression = 0
  var headerSize = 40
  /// Red, green, blue of each entry.
  var palette: [(Int, Int, Int)] = []
  var masks: [Int] = []

  /// A file around pixel data that is already in place.
  func file(data: [UInt8]) -> [UInt8] {
    var header = number(headerSize, 4)
    if headerSize == 12 {
      header += number(width, 2) + number(height, 2) + number(1, 2) + number(bits, 2)
    } else {
      header += number(width, 4) + number(height, 4) + number(1, 2) + number(bits, 2) + number(compression, 4)
      header += number(data.count, 4) + number(2835, 4) + number(2835, 4) + number(palette.count, 4) + number(0, 4)
      for mask in masks { header += number(mask, 4) }
      if header.count < headerSize { header += [UInt8](repeating: 0, count: headerSize - header.count) }
    }
    for (red, green, blue) in palette {
      header += [UInt8(blue), UInt8(green), UInt8(red)] + (headerSize == 12 ? [] : [0])
    }
    let offset = 14 + header.count
    return [0x42, 0x4D] + number(offset + data.count, 4) + number(0, 4) + number(offset, 4) + header + data
  }

  /// - Parameter word: a pixel's bits: palette index, or color with blue lowest.
  func file(_ word: (Int, Int) -> Int) -> [UInt8] {
    var data: [UInt8] = []
    for line in 0..<abs(height) {
      let y = height < 0 ? line : height - 1 - line
      var row: [UInt8] = [], pending = 0, count = 0
      for x in 0..<width {
        if bits >= 8 {
          row += number(word(x, y), bits / 8)
          continue
        }
        pending = pending << bits | word(x, y)
        count += bits
        if count == 8 {
          row.append(UInt8(pending))
          (pending, count) = (0, 0)
        }
      }
      if count > 0 { row.append(UInt8(pending << (8 - count))) }
      data += row + [UInt8](repeating: 0, count: (4 - row.count % 4) % 4)
    }
    return file(data: data)
  }

  private func number(_ value: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }
}
