/// Writes uncompressed TIFF files byte by byte: both byte orders, strips or tiles, planes together or apart.
struct TIFFWriter {
  var width: Int
  var height: Int
  var bits: Int
  var samples: Int
  /// 0 white is zero, 1 black is zero, 2 RGB, 3 palette.
  var photometric: Int
  var isBigEndian = false
  var isPlanar = false
  var rowsPerStrip: Int?
  /// Side of square tiles; a multiple of 16.
  var tile: Int?
  var orientation = 1
  /// 1 premultiplied, 2 straight.
  var extraSample: Int?
  var sampleFormat = 1
  /// Reds, then greens, then blues.
  var palette: [Int] = []

  func file(_ sample: (Int, Int, Int) -> Int) -> [UInt8] {
    // Blocks first, so that their offsets are known; the directory comes last.
    var blocks: [[UInt8]] = []
    let planes = isPlanar ? samples : 1
    for plane in 0..<planes {
      let blockHeight = tile ?? rowsPerStrip ?? height, blockWidth = tile ?? width
      for top in stride(from: 0, to: height, by: blockHeight) {
        for left in stride(from: 0, to: width, by: blockWidth) {
          let bottom = tile == nil ? min(top + blockHeight, height) : top + blockHeight
          blocks.append(block(left..<left + blockWidth, top..<bottom, isPlanar ? plane : nil, sample))
        }
      }
    }
    var body: [UInt8] = []
    var offsets: [Int] = []
    for block in blocks {
      offsets.append(8 + body.count)
      body += block + (block.count % 2 == 1 ? [0] : [])
    }

    var entries: [(tag: Int, type: Int, values: [Int])] = [
      (256, 4, [width]), (257, 4, [height]), (258, 3, [Int](repeating: bits, count: samples)), (259, 3, [1]),
      (262, 3, [photometric]), (274, 3, [orientation]), (277, 3, [samples]), (284, 3, [isPlanar ? 2 : 1]),
      (339, 3, [Int](repeating: sampleFormat, count: samples)),
    ]
    if let tile {
      entries += [(322, 4, [tile]), (323, 4, [tile]), (324, 4, offsets), (325, 4, blocks.map(\.count))]
    } else {
      entries += [(273, 4, offsets), (278, 4, [rowsPerStrip ?? height]), (279, 4, blocks.map(\.count))]
    }
    if !palette.isEmpty { entries.append((320, 3, palette)) }
    if let extraSample { entries.append((338, 3, [extraSample])) }
    entries.sort { $0.tag < $1.tag }

    let directory = 8 + body.count
    var table = number(entries.count, 2), extra: [UInt8] = []
    let extraStart = directory + 2 + entries.count * 12 + 4
    for entry in entries {
      let size = entry.type == 3 ? 2 : 4
      let data = entry.values.flatMap { number($0, size) }
      table += number(entry.tag, 2) + number(entry.type, 2) + number(entry.values.count, 4)
      if data.count <= 4 {
        table += data + [UInt8](repeating: 0, count: 4 - data.count)
      } else {
        table += number(extraStart + extra.count, 4)
        extra += data
      }
    }
    let order: [UInt8] = isBigEndian ? [0x4D, 0x4D] : [0x49, 0x49]
    return order + number(42, 2) + number(directory, 4) + body + table + number(0, 4) + extra
  }

  private func number(_ value: Int, _ size: Int) -> [UInt8] {
    let little = (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    return isBigEndian ? little.reversed() : little
  }

  private func block(
    _ columns: Range<Int>, _ rows: Range<Int>, _ plane: Int?, _ sample: (Int, Int, Int) -> Int
  ) -> [UInt8] {
    var out: [UInt8] = []
    for y in rows {
      var pending = 0, count = 0
      for x in columns {
        for channel in plane.map({ $0..<$0 + 1 }) ?? 0..<samples {
          let value = x < width && y < height ? sample(x, y, channel) : 0
          if bits == 16 || bits == 32 {
            out += number(value, bits / 8)
            continue
          }
          pending = pending << bits | value
          count += bits
          while count >= 8 {
            count -= 8
            out.append(UInt8(truncatingIfNeeded: pending >> count))
            pending &= 1 << count - 1
          }
        }
      }
      if count > 0 { out.append(UInt8(truncatingIfNeeded: pending << (8 - count))) }
    }
    return out
  }
}
