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
      return tape.record(y, from: self) { gradient, tape in
        let dy = gradient.inLayout(x.layout)
        let dx = Tensor(uninitialized: x.shape, layout: x.layout, on: engine)
        var shape = settings
        engine.parallel(units) { begin, end in
          unsafe ckernels_average_gradient(&shape, dy.pointer, dx.pointer, begin, end)
        }
        tape.accumulate(dx, into: self)
      }
    }
    let index = Tensor(uninitialized: y.shape, on: engine)
    engine.parallel(units) { begin, end in
      unsafe ckernels_maximum(&shape, x.pointer, y.pointer, index.indices, begin, end)
    }
    return tape.record(y, from: self) { gradient, tape in
      let dy = gradient.inLayout(x.layout)
      let dx = Tensor(uninitialized: x.shape, layout: x.layout, on: engine)
      var shape = settings
      engine.parallel(units) { begin, end in
        unsafe ckernels_maximum_gradient(&shape, index.indices, dy.pointer, dx.pointer, begin, end)
      }
      tape.accumulate(dx, into: self)
    }
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
    return tape.record(y, from: self) { dy, tape in
      let dx = Tensor(uninitialized: x.shape, layout: x.layout, on: engine)
      var activation = x.activation
      engine.parallel(x.shape.batch) { begin, end in
        unsafe ckernels_global_average_gradient(&activation, dy.pointer, dx.pointer, begin, end)
      }
      tape.accumulate(dx, into: self)
    }
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
    return tape.record(y, from: self) { dy, tape in
      let dx = Tensor(repeating: 0, shape: x.shape, on: engine, layout: x.layout)
      let block = x.block
      let pixels = x.shape.pixels
      for unit in 0..<y.count {
        // Channel c of image n lies in lane c % block of group c / block.
        let at = unsafe Int(index.indices[unit])
        unsafe dx.pointer[(unit / block * pixels + at) * block + unit % block] = dy.pointer[unit]
      }
      tape.accumulate(dx, into: self)
    }
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
    return tape.record(y, from: self) { gradient, tape in
      let dy = gradient.inLayout(x.layout)
      let dx = Tensor(uninitialized: x.shape, layout: x.layout, on: engine)
      var shape = settings
      engine.parallel(units) { begin, end in
        unsafe ckernels_nearest_gradient(&shape, dy.pointer, dx.pointer, begin, end)
      }
      tape.accumulate(dx, into: self)
    }
  }

  private func resizedLinearly(_ height: Int, _ width: Int) -> Variable {
    let x = value
    let engine = self.engine
    let y = Tensor(
      uninitialized: Shape(shape.batch, shape.channels, height, width), layout: x.layout, on: engine)
    let primitive = { (direction: cdnn_direction) in
      let key = PrimitiveKey(
        kind: .resampling(direction: direction.rawValue), source: x.shape, sourceLayout: x.layout,
        destination: y.shape, destinationLayout: x.layout)
      return unsafe engine.primitive(key) { handle in
        var source = unsafe x.descriptor
        var destination = unsafe y.descriptor
        return unsafe cdnn_resampling_create(
          engine.engine, Int32(direction.rawValue), 1, &source, &destination, &handle)
      }
    }
    unsafe engine.run(primitive(CDNN_FORWARD), Arguments(source: x.pointer, destination: y.pointer))
    return tape.record(y, from: self) { gradient, tape in
      let dy = gradient.inLayout(x.layout)
      let dx = Tensor(uninitialized: x.shape, layout: x.layout, on: engine)
      unsafe engine.run(
        primitive(CDNN_BACKWARD_DATA), Arguments(sourceGradient: dx.pointer, destinationGradient: dy.pointer))
      tape.accumulate(dx, into: self)
    }
  }
}

extension Tensor {
  /// The memory as whole numbers, for the places of maxima.
  fileprivate var indices: UnsafeMutablePointer<Int32> {
    unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Int32.self)
  }
}
