import CFrames
import Glibc
import Imaging

extension FrameConverter {
  /// RGB of three or four bytes, or of 16-bit words.
  func rgb(_ start: UnsafePointer<UInt8>) -> Image<RGB8> {
    let x = region.x
    let width = region.width
    let stride = planes.stride
    let level = level
    let isLimited = layout.encoding.range == .limited
    return unsafe picture { y, to in
      let row = unsafe start + y * stride
      switch coding {
      case .rgb: unsafe _ = memcpy(to, row + 3 * x, 3 * width)
      case .bgr: unsafe cframes_rgb_from_bgr(row + 3 * x, width, to, level)
      case .four(let red, let green, let blue):
        unsafe cframes_rgb_from_four(row + 4 * x, red, green, blue, width, to, level)
      case .words(var words): unsafe cframes_rgb_from_words(row + 2 * x, &words, width, to, level)
      default: preconditionFailure("not RGB")
      }
      if isLimited { unsafe cframes_expand_range(to, 3 * width, level) }
    }
  }

  /// 8-bit Bayer.
  func demosaiced(_ start: UnsafePointer<UInt8>, _ order: BayerOrder) -> Image<RGB8> {
    let x = region.x
    let width = region.width
    let stride = planes.stride
    let level = level
    let frameWidth = layout.width
    let frameHeight = layout.height
    let isLimited = layout.encoding.range == .limited
    return unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: 5) {
      rows in
      unsafe picture { y, to in
        for shift in -2...2 {
          unsafe rows[shift + 2] = start + Self.mirrored(y + shift, frameHeight) * stride
        }
        let (isRedRow, isEven) = Self.place(order, y)
        unsafe cframes_demosaic(
          rows.baseAddress!, frameWidth, isRedRow, isEven, x, width, to, level)
        if isLimited { unsafe cframes_expand_range(to, 3 * width, level) }
      }
    }
  }

  /// Bayer of 10 to 16 bits.
  func demosaiced(
    _ start: UnsafePointer<UInt8>, _ order: BayerOrder, bits: Int, isPacked: Bool
  ) -> Image<RGB16> {
    let x = region.x
    let width = region.width
    let stride = planes.stride
    let level = level
    let frameWidth = layout.width
    let frameHeight = layout.height
    let isLimited = layout.encoding.range == .limited
    if wide.isEmpty { wide = Array(repeating: 0, count: 5 * frameWidth) }
    // What the last frame left.
    for slot in 0..<5 { wideRows[slot] = -1 }
    return unsafe wide.withUnsafeMutableBufferPointer { wide in
      let wideStart = wide.baseAddress!
      return unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<UInt16>?.self, capacity: 5) {
        rows in
        unsafe picture { y, to in
          for shift in -2...2 {
            let source = Self.mirrored(y + shift, frameHeight)
            let slot = source % 5
            let row = unsafe wideStart + slot * frameWidth
            if wideRows[slot] != source {
              wideRows[slot] = source
              if isPacked {
                unsafe cframes_widen_packed(start + source * stride, Int32(bits), frameWidth, row)
              } else {
                unsafe cframes_widen(
                  start + source * stride, Int32(bits), 0, frameWidth, row, level)
              }
            }
            unsafe rows[shift + 2] = UnsafePointer(row)
          }
          let (isRedRow, isEven) = Self.place(order, y)
          unsafe cframes_demosaic_16(
            rows.baseAddress!, frameWidth, isRedRow, isEven, x, width, to, level)
          if isLimited { unsafe cframes_expand_range_16(to, 3 * width, level) }
        }
      }
    }
  }

  /// Whether row `y` holds red beside green, and whether its color that is not green sits in even columns.
  private static func place(_ order: BayerOrder, _ y: Int) -> (isRedRow: Int32, isEven: Int32) {
    let isRedRow = y % 2 == order.redY
    return (isRedRow ? 1 : 0, (order.redX == 0) == isRedRow ? 1 : 0)
  }

  /// A row mirrored at the edges, so that it keeps its colors.
  private static func mirrored(_ y: Int, _ count: Int) -> Int {
    var y = abs(y)
    if y >= count { y = 2 * (count - 1) - y }
    // Fewer rows than the filter has: any of those colors, or the only one.
    if y < 0 { y = y & 1 }
    return min(y, count - 1)
  }
}
