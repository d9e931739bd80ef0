/// Writes PNG files byte by byte, so that reading is tested against the standard and not against the same library.
struct PNGWriter {
  enum ColorType: UInt8 {
    case gray = 0
    case rgb = 2
    case palette = 3
    case grayAlpha = 4
    case rgba = 6

    var channels: Int {
      switch self {
      case .gray, .palette: 1
      case .grayAlpha: 2
      case .rgb: 3
      case .rgba: 4
      }
    }
  }

  var width: Int
  var height: Int
  var depth: Int
  var type: ColorType
  var isInterlaced = false
  var palette: [UInt8] = []
  var transparency: [UInt8] = []
  var exif: [UInt8] = []

  /// - Parameter sample: the raw sample of a pixel and channel, below `1 << depth`.
  func file(_ sample: (Int, Int, Int) -> Int) -> [UInt8] {
    var rows: [UInt8] = []
    // The seven passes of Adam7: first column and row, steps.
    let passes =
      isInterlaced
      ? [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
      : [(0, 0, 1, 1)]
    for (firstX, firstY, stepX, stepY) in passes where firstX < width {
      for y in stride(from: firstY, to: height, by: stepY) {
        rows.append(0)  // no filter
        var bits = 0, count = 0
        for x in stride(from: firstX, to: width, by: stepX) {
          for channel in 0..<type.channels {
            bits = bits << depth | sample(x, y, channel)
            count += depth
            while count >= 8 {
              count -= 8
              rows.append(UInt8(truncatingIfNeeded: bits >> count))
              bits &= 1 << count - 1
            }
          }
        }
        if count > 0 { rows.append(UInt8(truncatingIfNeeded: bits << (8 - count))) }
      }
    }
    return Self.signature + header() + (palette.isEmpty ? [] : Self.chunk("PLTE", palette))
      + (transparency.isEmpty ? [] : Self.chunk("tRNS", transparency)) + (exif.isEmpty ? [] : Self.chunk("eXIf", exif))
      + Self.chunk("IDAT", Self.stored(rows)) + Self.chunk("IEND", [])
  }

  func header() -> [UInt8] {
    Self.chunk(
      "IHDR", Self.big(width) + Self.big(height) + [UInt8(depth), type.rawValue, 0, 0, isInterlaced ? 1 : 0])
  }

  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  static func big(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + data
    return big(data.count) + body + big(Int(crc32(body)))
  }

  /// A zlib stream of stored blocks.
  static func stored(_ data: [UInt8]) -> [UInt8] {
    var out: [UInt8] = [0x78, 0x01]
    var rest = data[...]
    repeat {
      let block = rest.prefix(65535)
      rest = rest.dropFirst(65535)
      let size = block.count
      out.append(rest.isEmpty ? 1 : 0)
      out += [UInt8(size & 255), UInt8(size >> 8), UInt8(~size & 255), UInt8(~size >> 8 & 255)] + block
    } while !rest.isEmpty
    var a = 1, b = 0
    for byte in data {
      a = (a + Int(byte)) % 65521
      b = (b + a) % 65521
    }
    return out + big(b << 16 | a)
  }
}
