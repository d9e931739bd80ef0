import CDNN
import CKernels

/// What a pooling window gives.
public enum Pooling: Hashable, Sendable {
  /// The largest element; a NaN counts as larger than anything.
  case max
  /// The mean over the elements inside the image, leaving padding out (ONNX `count_include_pad` = 0).
  case average
}

extension Variable {
  /// [N, C, H, W] to [N, C, H', W'] by windows of `size` x `size`.
  ///
  /// - Precondition: padding is at most half of `size`, so that every window holds a pixel.
  public func pooled(_ pooling: Pooling, size: Int, stride: Int, padding: Int = 0) -> Variable {
    precondition(2 * padding <= size, "a padding of \(padding) for windows of \(size)")
    let window = Window(stride: stride, padding: padding)
    let height = window.outputSize(shape.height, kernel: size)
    let width = window.outputSize(shape.width, kernel: size)
    precondition(height > 0 && width > 0, "a window of \(size) does not fit into \(shape)")
    let engine = self.engine
    let x = value
    let y = Tensor(uninitialized: Shape(shape.batch, shape.channels, height, width), layout: x.layout, on: engine)
    let settings = ckernels_pooling(
      height: Int64(shape.height), width: Int64(shape.width), out_height: Int64(height), out_width: Int64(width),
      size: Int64(size), stride: Int64(stride), padding: Int64(padding), block: Int64(x.block))
    let units = shape.batch * shape.channels / x.block
    var shape = settings
    if pooling == .average {
      engine.parallel(units) { begin, end in unsafe ckernels_average(&shape, x.pointer, y.pointer, begin, end) }
      return tape.record(y, from: self, with: AverageRecord(input: self, settings: settings))
    }
    let index = Tensor(uninitialized: y.shape, on: engine)
    engine.parallel(units) { begin, end in
      unsafe ckernels_maximum(&shape, x.pointer, y.pointer, index.indices, begin, end)
    }
    return tape.record(y, from: self, with: MaximumRecord(input: self, index: index, settings: settings))
  }

  /// The mean of each channel: [N, C, H, W] to [N, C].
  public func globalAverage() -> Variable {
    let x = value
    let engine = self.engine
    let y = Tensor(uninitialized: Shape(shape.batch, shape.channels), on: engine)
    var activation = x.activation
    engine.parallel(shape.batch) { begin, end in
      unsafe ckernels_global_average(&activation, x.pointer, y.pointer, begin, end)
    }
    return tape.record(y, from: self, with: GlobalAverageRecord(input: self))
  }

  /// The largest element of each channel: [N, C, H, W] to [N, C]. The gradient goes to the first such element.
  public func globalMaximum() -> Variable {
    let x = value
    let engine = self.engine
    let y = Tensor(uninitialized: Shape(shape.batch, shape.channels), on: engine)
    let index = Tensor(uninitialized: y.shape, on: engine)
    var activation = x.activation
    engine.parallel(shape.batch) { begin, end in
      unsafe ckernels_global_maximum(&activation, x.pointer, y.pointer, index.indices, begin, end)
    }
    return tape.record(y, from: self, with: GlobalMaximumRecord(input: self, index: index))
  }

  /// [N, C, H, W] to [N, C, H', W'], by the nearest pixel or linear in both directions with pixel centres at half
  /// integers (ONNX `half_pixel`, PyTorch `align_corners=False`; nearest is PyTorch's `nearest-exact`).
  public func resized(height: Int, width: Int, linear: Bool = true) -> Variable {
    precondition(height > 0 && width > 0, "\(shape) resized to \(height)x\(width)")
    return linear ? resizedLinearly(height, width) : resizedToNearest(height, width)
  }

  private func resizedToNearest(_ height: Int, _ width: Int) -> Variable {
    let x = value
    let engine = self.engine
    let y = Tensor(
      uninitialized: Shape(shape.batch, shape.channels, height, width), layout: x.layout, on: engine)
    let settings = ckernels_pooling(
      height: Int64(shape.height), width: Int64(shape.width), out_height: Int64(height), out_width: Int64(width),
      size: 0, stride: 0, padding: 0, block: Int64(x.block))
    let units = shape.batch * shape.channels / x.block
    var shape = settings
    engine.parallel(units) { begin, end in unsafe ckernels_nearest(&shape, x.pointer, y.pointer, begin, end) }
    return tape.record(y, from: self, with: NearestRecord(input: self, settings: settings))
  }

  private func resizedLinearly(_ height: Int, _ width: Int) -> Variable {
    let x = value
    let engine = self.engine
    let y = Tensor(
      uninitialized: Shape(shape.batch, shape.channels, height, width), layout: x.layout, on: engine)
    unsafe engine.run(
      x.resampling(CDNN_FORWARD, to: y.shape), Arguments(source: x.pointer, destination: y.pointer))
    return tape.record(y, from: self, with: ResamplingRecord(input: self))
  }
}

extension Tensor {
  /// Linear resampling of this tensor, or its gradient, to or from `shape` in the same layout.
  func resampling(_ direction: cdnn_direction, to shape: Shape) -> Primitive {
    let key = PrimitiveKey(
      kind: .resampling(direction: direction.rawValue), source: self.shape, sourceLayout: layout, destination: shape,
      destinationLayout: layout)
    return unsafe engine.primitive(key) { handle in
      var source = unsafe descriptor
      var destination = unsafe Tensor.descriptor(shape, layout, engine)
      return unsafe cdnn_resampling_create(
        engine.engine, Int32(direction.rawValue), 1, &source, &destination, &handle)
    }
  }

  /// The memory as whole numbers, for the places of maxima.
  var indices: UnsafeMutablePointer<Int32> {
    unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Int32.self)
  }
}
