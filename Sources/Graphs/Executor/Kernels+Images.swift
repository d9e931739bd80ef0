import Glibc

extension Kernels {
  /// One number for each image and channel, row-major, from an image in any layout.
  static func globalPooling(
    _ reduction: Reduction, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ geometry: ImageGeometry
  ) {
    let (block, area) = (geometry.block, geometry.area)
    let divisor = reduction == .mean ? Float(area) : 1
    for image in 0..<geometry.batch {
      for index in 0..<geometry.blocks {
        let base = unsafe x + (image * geometry.blocks + index) * area * block
        let target = unsafe y + image * geometry.channels + index * block
        if block == 1 {
          unsafe target[0] = reduction == .max ? maximum(base, area) : sum(base, area) / divisor
        } else {
          let used = min(block, geometry.channels - index * block)
          var first = 0
          while first < used, first + 8 <= block {
            unsafe pool8(
              reduction, base + first, target + first, area, stride: block, used: min(8, used - first), divisor)
            first += 8
          }
          guard first < used else { continue }
          for lane in first..<used { unsafe target[lane] = base[lane] }
          for position in 1..<max(1, area) {
            let row = unsafe base + position &* block
            for lane in first..<used {
              unsafe target[lane] = reduction == .max ? larger(target[lane], row[lane]) : target[lane] + row[lane]
            }
          }
          for lane in first..<used { unsafe target[lane] /= divisor }
        }
      }
    }
  }

  /// Eight channels of pixels that are `stride` apart.
  private static func pool8(
    _ reduction: Reduction, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ area: Int, stride: Int,
    used: Int, _ divisor: Float
  ) {
    let raw = unsafe UnsafeRawPointer(x)
    var result = unsafe raw.loadUnaligned(as: SIMD8<Float>.self)
    if reduction == .max {
      for position in 1..<max(1, area) {
        let values = unsafe raw.loadUnaligned(fromByteOffset: position &* stride &* 4, as: SIMD8<Float>.self)
        result.replace(with: values, where: (values .> result) .| (values .!= values))
      }
    } else {
      for position in 1..<max(1, area) {
        unsafe result += raw.loadUnaligned(fromByteOffset: position &* stride &* 4, as: SIMD8<Float>.self)
      }
      result /= divisor
    }
    for lane in 0..<used { unsafe y[lane] = result[lane] }
  }

  /// The larger of two, or NaN if either is none: a broken value must not get lost.
  private static func larger(_ a: Float, _ b: Float) -> Float { b > a || b.isNaN ? b : a }

  static func maximum(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
    var result = -Float.infinity
    for i in 0..<count { unsafe result = larger(result, x[i]) }
    return result
  }

  /// `[outer, count, inner]` to `[outer, inner]`.
  static func reduce(
    _ reduction: Reduction, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, outer: Int, count: Int,
    inner: Int
  ) {
    let divisor = reduction == .mean ? Float(count) : 1
    for index in 0..<outer {
      let source = unsafe x + index * count * inner
      let target = unsafe y + index * inner
      if inner == 1 {
        unsafe target[0] = reduction == .max ? maximum(source, count) : sum(source, count) / divisor
        continue
      }
      unsafe target.update(from: source, count: inner)
      for k in 1..<max(1, count) {
        let row = unsafe source + k * inner
        if reduction == .max {
          for i in 0..<inner { unsafe target[i] = larger(target[i], row[i]) }
        } else {
          for i in 0..<inner { unsafe target[i] += row[i] }
        }
      }
      for i in 0..<inner { unsafe target[i] /= divisor }
    }
  }

  /// Over the middle axis of `[outer, count, inner]`.
  static func softmax(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, outer: Int, count: Int, inner: Int
  ) {
    for index in 0..<outer * inner {
      let base = index / inner * count * inner + index % inner
      var largest = -Float.infinity
      for k in 0..<count { unsafe largest = larger(largest, x[base &+ k &* inner]) }
      var total: Float = 0
      for k in 0..<count {
        let power = unsafe expf(x[base &+ k &* inner] - largest)
        unsafe y[base &+ k &* inner] = power
        total += power
      }
      for k in 0..<count { unsafe y[base &+ k &* inner] /= total }
    }
  }

  static func resize(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ geometry: ImageGeometry, rows: [Resize.Tap],
    columns: [Resize.Tap], isNearest: Bool
  ) {
    let block = geometry.block
    if block == 8 {
      return unsafe resize8(x, y, geometry, rows: rows, columns: columns, isNearest: isNearest)
    }
    let rowCount = rows.count
    let columnCount = columns.count
    let columns = columns.span
    for plane in 0..<geometry.batch * geometry.blocks {
      let source = unsafe x + plane * geometry.area * block
      var target = unsafe y + plane * rowCount * columnCount * block
      for row in rows {
        let upper = unsafe source + row.low * geometry.columns * block
        let lower = unsafe source + row.high * geometry.columns * block
        for index in 0..<columnCount {
          let column = columns[index]
          if isNearest {
            if block == 1 {
              unsafe target[0] = upper[column.low]
            } else {
              unsafe target.update(from: upper + column.low &* block, count: block)
            }
          } else {
            let (a, b) = unsafe (upper + column.low &* block, upper + column.high &* block)
            let (c, d) = unsafe (lower + column.low &* block, lower + column.high &* block)
            let (wx, wy) = (column.weight, row.weight)
            for lane in 0..<block {
              let first = unsafe a[lane] * (1 - wx) + b[lane] * wx
              let second = unsafe c[lane] * (1 - wx) + d[lane] * wx
              unsafe target[lane] = first * (1 - wy) + second * wy
            }
          }
          unsafe target += block
        }
      }
    }
  }
}
