import CFrames
import Glibc
import Imaging

extension FrameConverter {
  /// Y'CbCr as RGB.
  func color(_ start: UnsafePointer<UInt8>) -> Image<RGB8> {
    let x = region.x
    let width = region.width
    let planes = planes
    let level = level
    return unsafe withUnsafePointer(to: matrix) { matrix in
      switch coding {
      case .packed(let order):
        return unsafe picture { y, to in
          unsafe cframes_rgb_from_packed(
            start + y * planes.stride, order, x, width, to, matrix, level)
        }
      case .pairs(let shift, let isVFirst):
        return unsafe picture { y, to in
          let chroma = unsafe start + (planes.second + (y >> shift) * planes.chromaStride)
          unsafe cframes_rgb_from_pairs(
            start + y * planes.stride, chroma, isVFirst ? 1 : 0, x, width, to, matrix, level)
        }
      case .planes(let shift, _):
        return unsafe picture { y, to in
          let u = unsafe start + (planes.second + (y >> shift) * planes.chromaStride)
          let v = unsafe start + (planes.third + (y >> shift) * planes.chromaStride)
          unsafe cframes_rgb_from_planes(
            start + y * planes.stride, u, v, x, width, to, matrix, level)
        }
      default: preconditionFailure("not Y'CbCr")
      }
    }
  }

  /// Luma of Y'CbCr and of `GREY`, stretched to 0...255.
  func luma(_ start: UnsafePointer<UInt8>) -> Image<Gray8> {
    let width = region.width
    let stride = planes.stride
    let level = level
    var first = region.x
    var step = 1
    if case .packed(let order) = coding {
      step = 2
      first = 2 * region.x + (order == CFRAMES_UYVY || order == CFRAMES_VYUY ? 1 : 0)
    }
    let isFull = layout.encoding.range == .full
    return unsafe withUnsafePointer(to: matrix) { matrix in
      unsafe picture { y, to in
        let row = unsafe start + (y * stride + first)
        if !isFull {
          unsafe cframes_gray_from_luma(row, step, width, to, matrix, level)
        } else if step == 2 {
          unsafe cframes_every_second(row, width, to, level)
        } else {
          unsafe _ = memcpy(to, row, width)
        }
      }
    }
  }

  /// `Y10` to `Y16`, stretched to 0...65535.
  func deepGray(_ start: UnsafePointer<UInt8>) -> Image<Gray16> {
    let x = region.x
    let width = region.width
    let stride = planes.stride
    let level = level
    let isLimited = layout.encoding.range == .limited
    var scratch: [UInt16] = []
    if case .packedGray = coding, x > 0 { scratch = Array(repeating: 0, count: x + width) }
    return unsafe scratch.withUnsafeMutableBufferPointer { scratch in
      unsafe picture { y, to in
        let row = unsafe start + y * stride
        switch coding {
        case .gray16(let bits, let isBigEndian):
          unsafe cframes_widen(row + 2 * x, Int32(bits), isBigEndian ? 1 : 0, width, to, level)
        case .packedGray(let bits):
          // The region may begin within a group.
          if let whole = scratch.baseAddress, x > 0 {
            unsafe cframes_widen_packed(row, Int32(bits), x + width, whole)
            unsafe to.update(from: whole + x, count: width)
          } else {
            unsafe cframes_widen_packed(row, Int32(bits), width, to)
          }
        default: preconditionFailure("not deep grey")
        }
        if isLimited { unsafe cframes_expand_range_16(to, width, level) }
      }
    }
  }
}
