import Glibc

extension ReferenceTensor {
  func convolution(
    _ weights: ReferenceTensor, bias: [Float]?, _ convolution: Convolution, shape: [Int]
  ) -> ReferenceTensor {
    let kernel = Array(weights.shape.suffix(2))
    let (before, _) = ShapeInference.padding(
      convolution.padding, input: Array(self.shape.suffix(2)), kernel: kernel, strides: convolution.strides,
      dilations: convolution.dilations)
    let inputs = weights.shape[1]
    let outputs = weights.shape[0] / convolution.groups
    let (height, width) = (self.shape[2], self.shape[3])
    return ReferenceTensor(shape: shape) { position in
      let first = position[0] * self.shape[1] + position[1] / outputs * inputs
      var sum = 0.0
      for channel in 0..<inputs {
        for ky in 0..<kernel[0] {
          let y = position[2] * convolution.strides[0] + ky * convolution.dilations[0] - before[0]
          guard y >= 0, y < height else { continue }
          let row = ((first + channel) * height + y) * width
          let weightRow = ((position[1] * inputs + channel) * kernel[0] + ky) * kernel[1]
          for kx in 0..<kernel[1] {
            let x = position[3] * convolution.strides[1] + kx * convolution.dilations[1] - before[1]
            guard x >= 0, x < width else { continue }
            sum += Double(values[row + x]) * Double(weights.values[weightRow + kx])
          }
        }
      }
      return Float(sum) + (bias?[position[1]] ?? 0)
    }
  }

  func transposedConvolution(
    _ weights: ReferenceTensor, bias: [Float]?, _ convolution: Convolution, shape: [Int]
  ) -> ReferenceTensor {
    guard case .explicit(let before, _) = convolution.padding else { return self }
    let kernel = Array(weights.shape.suffix(2))
    let outputs = weights.shape[1]
    let inputs = self.shape[1] / convolution.groups
    return ReferenceTensor(shape: shape) { position in
      let group = position[1] / outputs
      var sum = 0.0
      for channel in 0..<inputs {
        for ky in 0..<kernel[0] {
          for kx in 0..<kernel[1] {
            let y = position[2] + before[0] - ky * convolution.dilations[0]
            let x = position[3] + before[1] - kx * convolution.dilations[1]
            guard y >= 0, x >= 0, y % convolution.strides[0] == 0, x % convolution.strides[1] == 0 else { continue }
            let (row, column) = (y / convolution.strides[0], x / convolution.strides[1])
            guard row < self.shape[2], column < self.shape[3] else { continue }
            sum +=
              Double(self[[position[0], group * inputs + channel, row, column]])
              * Double(weights[[group * inputs + channel, position[1] % outputs, ky, kx]])
          }
        }
      }
      return Float(sum) + (bias?[position[1]] ?? 0)
    }
  }

  func pooling(_ pooling: Pooling, takesMaximum: Bool, shape: [Int]) -> ReferenceTensor {
    let size = Array(self.shape.suffix(2))
    let (before, after) = ShapeInference.padding(
      pooling.padding, input: size, kernel: pooling.kernel, strides: pooling.strides, dilations: pooling.dilations)
    return ReferenceTensor(shape: shape) { position in
      var maximum = -Float.infinity
      var sum = 0.0
      var count = 0
      for ky in 0..<pooling.kernel[0] {
        for kx in 0..<pooling.kernel[1] {
          let y = position[2] * pooling.strides[0] + ky * pooling.dilations[0] - before[0]
          let x = position[3] * pooling.strides[1] + kx * pooling.dilations[1] - before[1]
          // What a last window in ceil mode covers beyond the padding never counts.
          if pooling.includesPadding, y < size[0] + after[0], x < size[1] + after[1] { count += 1 }
          guard y >= 0, y < size[0], x >= 0, x < size[1] else { continue }
          let value = self[[position[0], position[1], y, x]]
          if value > maximum || value.isNaN { maximum = value }
          sum += Double(value)
          if !pooling.includesPadding { count += 1 }
        }
      }
      return takesMaximum ? maximum : Float(sum / Double(count))
    }
  }

  // MARK: Normalisation

  func batchNormalization(_ parameters: [[Float]], epsilon: Float) -> ReferenceTensor {
    var result = self
    let inner = shape.dropFirst(2).reduce(1, *)
    for index in values.indices {
      let channel = index / inner % shape[1]
      let scale = parameters[0][channel] / (parameters[3][channel] + epsilon).squareRoot()
      result.values[index] = (values[index] - parameters[2][channel]) * scale + parameters[1][channel]
    }
    return result
  }

  /// Zero mean and unit variance over the axes from `axis` on.
  func normalization(from axis: Int, epsilon: Float) -> ReferenceTensor {
    var result = self
    let inner = shape.suffix(from: axis).reduce(1, *)
    for start in stride(from: 0, to: values.count, by: inner) {
      let part = values[start..<start + inner].map { Double($0) }
      let mean = part.reduce(0, +) / Double(inner)
      let variance = part.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(inner)
      for (offset, value) in part.enumerated() {
        result.values[start + offset] = Float((value - mean) / (variance + Double(epsilon)).squareRoot())
      }
    }
    return result
  }

  mutating func scaleChannels(_ scale: [Float], _ shift: [Float]) {
    let inner = shape.dropFirst(2).reduce(1, *)
    for index in values.indices {
      let channel = index / inner % shape[1]
      values[index] = values[index] * scale[channel] + shift[channel]
    }
  }

  mutating func scaleTail(_ scale: [Float], _ shift: [Float]?) {
    for index in values.indices {
      let position = index % scale.count
      values[index] = values[index] * scale[position] + (shift?[position] ?? 0)
    }
  }

  // MARK: Resampling

  func resize(_ resize: Resize, shape: [Int]) -> ReferenceTensor {
    let rows = resize.taps(input: self.shape[2], output: shape[2], axis: 0)
    let columns = resize.taps(input: self.shape[3], output: shape[3], axis: 1)
    return ReferenceTensor(shape: shape) { position in
      let row = rows[position[2]]
      let column = columns[position[3]]
      func value(_ y: Int, _ x: Int) -> Float { self[[position[0], position[1], y, x]] }
      let upper = value(row.low, column.low) * (1 - column.weight) + value(row.low, column.high) * column.weight
      let lower = value(row.high, column.low) * (1 - column.weight) + value(row.high, column.high) * column.weight
      return upper * (1 - row.weight) + lower * row.weight
    }
  }
}

extension Resize {
  /// The two input coordinates that an output coordinate lies between, and the share of the higher one.
  struct Tap: Sendable, Hashable {
    var low: Int
    var high: Int
    var weight: Float
  }

  /// The taps of every output coordinate of one axis (0 rows, 1 columns), by ONNX's definition of Resize.
  func taps(input: Int, output: Int, axis: Int) -> [Tap] {
    let scale: Float
    switch target {
    case .scales(let scales): scale = scales[axis]
    case .sizes: scale = Float(output) / Float(input)
    }
    return (0..<output).map { index in
      let position = coordinate(index, scale: scale, input: input, output: output)
      switch mode {
      case .nearest:
        let nearest = min(max(Int(rounding.round(position)), 0), input - 1)
        return Tap(low: nearest, high: nearest, weight: 0)
      case .linear:
        let clamped = min(max(position, 0), Float(input - 1))
        let low = Int(clamped)
        return Tap(low: low, high: min(low + 1, input - 1), weight: clamped - Float(low))
      }
    }
  }

  private func coordinate(_ index: Int, scale: Float, input: Int, output: Int) -> Float {
    switch coordinates {
    case .halfPixel: (Float(index) + 0.5) / scale - 0.5
    case .pytorchHalfPixel: output > 1 ? (Float(index) + 0.5) / scale - 0.5 : 0
    case .asymmetric: Float(index) / scale
    case .alignCorners: output > 1 ? Float(index) * Float(input - 1) / Float(output - 1) : 0
    }
  }
}

extension Resize.Rounding {
  fileprivate func round(_ x: Float) -> Float {
    switch self {
    case .preferFloor: ceilf(x - 0.5)
    case .preferCeil: floorf(x + 0.5)
    case .floor: floorf(x)
    case .ceil: ceilf(x)
    }
  }
}
