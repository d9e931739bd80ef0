/// Windows and OS/2 bitmaps: 1, 2, 4, 8, 16, 24 and 32 bits, RLE4, RLE8, bit fields, bottom-up and top-down.
///
/// Source: Microsoft, "Bitmap Storage" (BITMAPCOREHEADER to BITMAPV5HEADER). Written in Swift, with bounds checked,
/// because no maintained library reads only this.
struct BMPDecoder {
  enum Compression { case none, rle8, rle4, bitFields }

  let name: String
  let width: Int
  let height: Int
  let isTopDown: Bool
  let bits: Int
  let compression: Compression
  let dataOffset: Int
  /// Palette entries, already as RGB; empty for direct color.
  let palette: [RGB8]
  /// Red, green, blue, alpha of direct color with bit fields (and of 16 bits without them).
  let masks: [UInt32]

  /// Bytes from one row to the next: rows end on multiples of 4.
  var stride: Int { (width * bits + 31) / 32 * 4 }

  /// Fewest bytes that a whole file of this size has.
  var leastBytes: Int {
    switch compression {
    case .none, .bitFields:
      // The padding of the last row is sometimes missing.
      dataOffset + stride * (height - 1) + (width * bits + 7) / 8
    case .rle4, .rle8:
      // Two bytes make a run of 255; rows may also be skipped, but not in such numbers.
      width * height / 256
    }
  }

  /// Reads the headers and the palette.
  init(_ bytes: Span<UInt8>, name: String) throws(ImageError) {
    func corrupt(_ detail: String) -> ImageError { ImageError(name: name, reason: .corrupt(.bmp, detail: detail)) }
    func unsupported(_ detail: String) -> ImageError {
      ImageError(name: name, reason: .unsupported(.bmp, detail: detail))
    }
    func u16(_ at: Int) throws(ImageError) -> Int {
      guard at >= 0, at + 2 <= bytes.count else { throw corrupt("the header ends too early") }
      return Int(bytes[at]) | Int(bytes[at + 1]) << 8
    }
    func u32(_ at: Int) throws(ImageError) -> Int { try u16(at) | u16(at + 2) << 16 }
    func i32(_ at: Int) throws(ImageError) -> Int { Int(Int32(truncatingIfNeeded: try u32(at))) }

    self.name = name
    let headerSize = try u32(14)
    let isCore = headerSize == 12
    guard isCore || (16...64).contains(headerSize) || headerSize == 108 || headerSize == 124 else {
      throw corrupt("a header of \(headerSize) bytes")
    }
    let signedHeight = isCore ? try u16(20) : try i32(22)
    width = isCore ? try u16(18) : try i32(18)
    height = abs(signedHeight)
    isTopDown = signedHeight < 0
    bits = try isCore ? u16(24) : u16(28)
    let method = headerSize >= 20 ? try u32(30) : 0
    // Far beyond any limit on pixels, and far below where sizes in bytes overflow.
    guard (1..<1 << 26).contains(width), (1..<1 << 26).contains(height) else {
      throw corrupt("\(width) x \(signedHeight) pixels")
    }

    switch (method, bits) {
    case (0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (0, 24), (0, 32): compression = .none
    case (1, 8): compression = .rle8
    case (2, 4): compression = .rle4
    case (3, 16), (3, 32), (6, 16), (6, 32):
      // In OS/2's header 3 means Huffman coding.
      guard headerSize == 40 || headerSize >= 52, headerSize != 64 else { throw unsupported("OS/2 compression 3") }
      compression = .bitFields
    default: throw unsupported("compression \(method) with \(bits) bits per pixel")
    }
    if isTopDown && (compression == .rle4 || compression == .rle8) { throw corrupt("top-down rows with run lengths") }

    let maskBytes = compression == .bitFields && headerSize == 40 ? (method == 6 ? 16 : 12) : 0
    if compression == .bitFields {
      let hasAlpha = headerSize >= 56 || method == 6
      var masks: [UInt32] = []
      for index in 0..<4 { masks.append(index < 3 || hasAlpha ? UInt32(try u32(54 + 4 * index)) : 0) }
      self.masks = masks
      for (index, mask) in masks.enumerated() {
        let run = mask == 0 ? 0 : mask >> UInt32(mask.trailingZeroBitCount)
        guard run & (run &+ 1) == 0 else { throw corrupt("a bit field with gaps") }
        for other in masks[..<index] where other & mask != 0 { throw corrupt("bit fields that overlap") }
      }
    } else {
      masks = bits == 16 ? [0x7C00, 0x03E0, 0x001F, 0] : []
    }

    dataOffset = try u32(10)
    guard dataOffset >= 14 + headerSize else { throw corrupt("pixels inside the header") }
    var palette: [RGB8] = []
    if bits <= 8 {
      let entrySize = isCore ? 3 : 4
      let start = 14 + headerSize + maskBytes
      let declared = headerSize >= 36 ? try u32(46) : 0
      let full = 1 << bits
      // A count of 0 means all; the pixels may begin before a full palette would end.
      let count = min(declared == 0 ? full : declared, full, max(0, dataOffset - start) / entrySize)
      palette.reserveCapacity(count)
      for index in 0..<count {
        let at = start + index * entrySize
        guard at + 3 <= bytes.count else { throw corrupt("the palette ends too early") }
        palette.append(RGB8(bytes[at + 2], bytes[at + 1], bytes[at]))
      }
      guard !palette.isEmpty else { throw corrupt("no palette") }
    }
    self.palette = palette
  }

  /// Decodes the pixels; the size must have been checked against ``leastBytes`` and a limit before.
  func decode(_ bytes: Span<UInt8>) throws(ImageError) -> AnyImage {
    guard dataOffset <= bytes.count else { throw corrupt("the data ends too early") }
    switch compression {
    case .rle4, .rle8: return try colored(try runLengthIndices(bytes))
    case .none where bits <= 8: return try colored(packedIndices(bytes))
    case .none where bits == 24 || bits == 32: return .rgb8(direct(bytes))
    case .none, .bitFields:
      return masks[3] == 0
        ? .rgb8(masked(bytes) { red, green, blue, _ in RGB8(red, green, blue) })
        : .rgba8(masked(bytes) { RGBA8($0, $1, $2, $3) })
    }
  }

  func corrupt(_ detail: String) -> ImageError { ImageError(name: name, reason: .corrupt(.bmp, detail: detail)) }

  /// Where the file keeps row `y`, counted from the top.
  private func rowOffset(_ y: Int) -> Int { dataOffset + stride * (isTopDown ? y : height - 1 - y) }

  private func packedIndices(_ bytes: Span<UInt8>) -> Image<UInt8> {
    var indices = Image<UInt8>(width: width, height: height, repeating: 0)
    let perByte = 8 / bits, mask = UInt8((1 << bits) - 1)
    for y in 0..<height {
      let row = bytes.extracting(rowOffset(y)..<rowOffset(y) + (width * bits + 7) / 8)
      var out = indices.mutableRow(y)
      if bits == 8 {
        for x in 0..<width { out[x] = row[x] }
      } else {
        for x in 0..<width {
          let shift = 8 - bits * (x % perByte + 1)
          out[x] = row[x / perByte] >> UInt8(shift) & mask
        }
      }
    }
    return indices
  }

  /// Grey where the whole palette is grey, RGB otherwise.
  private func colored(_ indices: Image<UInt8>) throws(ImageError) -> AnyImage {
    let highest = indices.pixels.max() ?? 0
    guard Int(highest) < palette.count else {
      throw corrupt("color \(highest) of a palette of \(palette.count)")
    }
    if palette.allSatisfy({ $0.red == $0.green && $0.green == $0.blue }) {
      return .gray8(indices.map { palette[Int($0)].red })
    }
    return .rgb8(indices.map { palette[Int($0)] })
  }

  private func direct(_ bytes: Span<UInt8>) -> Image<RGB8> {
    var image = Image<RGB8>(width: width, height: height, repeating: RGB8(0, 0, 0))
    let step = bits / 8
    for y in 0..<height {
      let row = bytes.extracting(rowOffset(y)..<rowOffset(y) + width * step)
      var out = image.mutableRow(y)
      for x in 0..<width { out[x] = RGB8(row[x * step + 2], row[x * step + 1], row[x * step]) }
    }
    return image
  }

  private func masked<Pixel>(
    _ bytes: Span<UInt8>, _ make: (UInt8, UInt8, UInt8, UInt8) -> Pixel
  ) -> Image<Pixel> {
    let shifts = masks.map { $0 == 0 ? 0 : UInt32($0.trailingZeroBitCount) }
    let tops = zip(masks, shifts).map { UInt64($0 >> $1) }
    func component(_ word: UInt32, _ index: Int) -> UInt8 {
      tops[index] == 0
        ? 0 : UInt8((UInt64((word & masks[index]) >> shifts[index]) * 255 + tops[index] / 2) / tops[index])
    }
    let step = bits / 8
    var pixels: [Pixel] = []
    pixels.reserveCapacity(width * height)
    for y in 0..<height {
      let row = bytes.extracting(rowOffset(y)..<rowOffset(y) + width * step)
      for x in 0..<width {
        var word = UInt32(row[x * step]) | UInt32(row[x * step + 1]) << 8
        if step == 4 { word |= UInt32(row[x * 4 + 2]) << 16 | UInt32(row[x * 4 + 3]) << 24 }
        pixels.append(make(component(word, 0), component(word, 1), component(word, 2), component(word, 3)))
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }

  /// RLE4 and RLE8: pairs of (count, value), with escapes after a count of 0. Skipped pixels stay color 0.
  private func runLengthIndices(_ bytes: Span<UInt8>) throws(ImageError) -> Image<UInt8> {
    var indices = Image<UInt8>(width: width, height: height, repeating: 0)
    let isNibbles = compression == .rle4
    var position = dataOffset, x = 0, y = 0
    while true {
      guard position + 2 <= bytes.count else {
        // Some writers leave the end mark out.
        if y >= height || (y == height - 1 && x == width) { return indices }
        throw corrupt("the run lengths end too early")
      }
      let count = Int(bytes[position]), value = bytes[position + 1]
      position += 2
      if count > 0 {
        guard y < height, x + count <= width else { throw corrupt("a run past the end of its row") }
        var row = indices.mutableRow(height - 1 - y)
        for index in 0..<count {
          row[x + index] = isNibbles ? (index % 2 == 0 ? value >> 4 : value & 15) : value
        }
        x += count
        continue
      }
      switch value {
      case 0:
        x = 0
        y += 1
      case 1: return indices
      case 2:
        guard position + 2 <= bytes.count else { throw corrupt("the run lengths end too early") }
        x += Int(bytes[position])
        y += Int(bytes[position + 1])
        position += 2
        guard x <= width, y <= height else { throw corrupt("a jump out of the image") }
      default:
        let count = Int(value)
        let size = isNibbles ? (count + 1) / 2 : count
        guard position + size <= bytes.count else { throw corrupt("the run lengths end too early") }
        guard y < height, x + count <= width else { throw corrupt("a run past the end of its row") }
        var row = indices.mutableRow(height - 1 - y)
        for index in 0..<count {
          let byte = bytes[position + (isNibbles ? index / 2 : index)]
          row[x + index] = isNibbles ? (index % 2 == 0 ? byte >> 4 : byte & 15) : byte
        }
        x += count
        // Such runs are padded to whole words.
        position += (size + 1) & ~1
      }
    }
  }
}
