/// The same kernels for blocks of eight channels, which is how images lie between convolutions.
extension Kernels {
  private typealias Lanes = SIMD8<Float>

  /// An image with eight numbers for each block of channels. Zeros beside the channels stay zeros.
  ///
  /// - Returns: false, with nothing done, for what only the general kernel does right.
  static func channels8(
    _ operation: BinaryOperation, _ x: UnsafePointer<Float>, _ numbers: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ geometry: ImageGeometry, count: (batch: Int, channels: Int), isReversed: Bool
  ) -> Bool {
    guard operation != .power, operation != .divide || !isReversed else { return false }
    for image in 0..<geometry.batch {
      let own = unsafe numbers + (count.batch == 1 ? 0 : image * count.channels)
      for index in 0..<geometry.blocks {
        let used = min(8, geometry.channels - index * 8)
        var number = Lanes(repeating: operation == .divide ? 1 : 0)
        for lane in 0..<used { unsafe number[lane] = own[count.channels == 1 ? 0 : index * 8 + lane] }
        let offset = (image * geometry.blocks + index) * geometry.area * 8
        let (source, target) = unsafe (UnsafeRawPointer(x + offset), UnsafeMutableRawPointer(y + offset))
        for position in 0..<geometry.area {
          let value = unsafe source.loadUnaligned(fromByteOffset: position &* 32, as: Lanes.self)
          let result =
            switch operation {
            case .add: value + number
            case .subtract: isReversed ? number - value : value - number
            case .multiply: value * number
            default: value / number
            }
          unsafe target.storeBytes(of: result, toByteOffset: position &* 32, as: Lanes.self)
        }
      }
    }
    return true
  }

  /// Zero mean and unit variance over each image and channel, then `scale x + shift`; both padded to whole blocks.
  static func instanceNorm8(
    _ x: UnsafePointer<Float>, _ scale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ geometry: ImageGeometry, epsilon: Float
  ) {
    let area = geometry.area
    for index in 0..<geometry.batch * geometry.blocks {
      let source = unsafe UnsafeRawPointer(x + index * area * 8)
      let target = unsafe UnsafeMutableRawPointer(y + index * area * 8)
      let channel = index % geometry.blocks * 8
      var sum = Lanes.zero
      for position in 0..<area {
        unsafe sum += source.loadUnaligned(fromByteOffset: position &* 32, as: Lanes.self)
      }
      let mean = sum / Float(area)
      var squares = Lanes.zero
      for position in 0..<area {
        let value = unsafe source.loadUnaligned(fromByteOffset: position &* 32, as: Lanes.self) - mean
        squares.addProduct(value, value)
      }
      let factor =
        unsafe UnsafeRawPointer(scale + channel).loadUnaligned(as: Lanes.self)
        / (squares / Float(area) + epsilon).squareRoot()
      let offset = unsafe UnsafeRawPointer(shift + channel).loadUnaligned(as: Lanes.self)
      for position in 0..<area {
        let value = unsafe source.loadUnaligned(fromByteOffset: position &* 32, as: Lanes.self) - mean
        unsafe target.storeBytes(of: value * factor + offset, toByteOffset: position &* 32, as: Lanes.self)
      }
    }
  }

  static func resize8(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ geometry: ImageGeometry, rows: [Resize.Tap],
    columns: [Resize.Tap], isNearest: Bool
  ) {
    let columns = columns.span
    var target = UnsafeMutableRawPointer(y)
    for plane in 0..<geometry.batch * geometry.blocks {
      let source = unsafe UnsafeRawPointer(x + plane * geometry.area * 8)
      for row in rows {
        let upper = unsafe source + row.low * geometry.columns * 32
        let lower = unsafe source + row.high * geometry.columns * 32
        for index in columns.indices {
          let column = columns[index]
          let (low, high) = (column.low &* 32, column.high &* 32)
          var value = unsafe upper.loadUnaligned(fromByteOffset: low, as: Lanes.self)
          if !isNearest {
            let b = unsafe upper.loadUnaligned(fromByteOffset: high, as: Lanes.self)
            let c = unsafe lower.loadUnaligned(fromByteOffset: low, as: Lanes.self)
            let d = unsafe lower.loadUnaligned(fromByteOffset: high, as: Lanes.self)
            let first = value * (1 - column.weight) + b * column.weight
            let second = c * (1 - column.weight) + d * column.weight
            value = first * (1 - row.weight) + second * row.weight
          }
          unsafe target.storeBytes(of: value, as: Lanes.self)
          unsafe target += 32
        }
      }
    }
  }
}
