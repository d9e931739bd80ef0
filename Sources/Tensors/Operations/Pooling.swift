import CDNN
import CKernels

/// What a pooling window gives.
public enum Pooling: Hashable, Sendable {
  /// The largest element.
  case max
  /// The mean over the elements inside the image, leaving padding out (ONNX `count_include_pad` = 0).
  case average

  var algorithm: cdnn_pooling { self == .max ? CDNN_MAX : CDNN_AVERAGE }
}

extension Variable {
  /// [N, C, H, W] to [N, C, H', W'] by windows of `size` x `size`.
  public func pooled(_ pooling: Pooling, size: Int, stride: Int, padding: Int = 0) -> Variable {
    var window = Window(stride: stride, padding: padding)
    window.kernel = size
    let engine = self.engine
    let x = value
    let result = Tensor(
      uninitialized: Shape(
        shape.batch, shape.channels, window.outputSize(shape.height, kernel: size),
        window.outputSize(shape.width, kernel: size)),
      layout: x.layout, on: engine)
    let primitive = { (direction: cdnn_direction) in
      let key = PrimitiveKey(
        kind: .pooling(direction: direction.rawValue, algorithm: pooling.algorithm.rawValue), source: x.shape,
        sourceLayout: x.layout, destination: result.shape, destinationLayout: x.layout, window: window)
      return unsafe engine.primitive(key) { handle in
        var source = unsafe x.descriptor
        var destination = unsafe result.descriptor
        var window = window.c
        return unsafe cdnn_pooling_create(
          engine.engine, Int32(direction.rawValue), Int32(pooling.algorithm.rawValue), &source, &destination, &window,
          &handle)
      }
    }
    let forward = primitive(CDNN_FORWARD)
    let workspaceCount = forward.count(CDNN_WORKSPACE)
    let workspace = workspaceCount > 0 ? engine.pool.storage(count: workspaceCount) : nil
    unsafe engine.run(
      forward, Arguments(source: x.pointer, destination: result.pointer, workspace: workspace?.pointer))
    return tape.record(result, from: self) { gradient, tape in
      let dy = gradient.inLayout(x.layout)
      let dx = Tensor(uninitialized: x.shape, layout: x.layout, on: engine)
      unsafe engine.run(
        primitive(CDNN_BACKWARD_DATA),
        Arguments(workspace: workspace?.pointer, sourceGradient: dx.pointer, destinationGradient: dy.pointer))
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
    var index = [Int32](repeating: 0, count: y.count)
    var activation = x.activation
    unsafe index.withUnsafeMutableBufferPointer { index in
      let base = index.baseAddress
      engine.parallel(shape.batch) { begin, end in
        unsafe ckernels_global_maximum(&activation, x.pointer, y.pointer, base, begin, end)
      }
    }
    return tape.record(y, from: self) { dy, tape in
      let dx = Tensor(repeating: 0, shape: x.shape, on: engine, layout: x.layout)
      let block = x.block
      let pixels = x.shape.pixels
      for unit in 0..<y.count {
        // Channel c of image n lies in lane c % block of group c / block.
        unsafe dx.pointer[(unit / block * pixels + Int(index[unit])) * block + unit % block] = dy.pointer[unit]
      }
      tape.accumulate(dx, into: self)
    }
  }

  /// [N, C, H, W] to [N, C, H', W'], by the nearest pixel or linear in both directions with pixel centres at half
  /// integers (ONNX `half_pixel`, PyTorch `align_corners=False`).
  public func resized(height: Int, width: Int, linear: Bool = true) -> Variable {
    let x = value
    let engine = self.engine
    let y = Tensor(
      uninitialized: Shape(shape.batch, shape.channels, height, width), layout: x.layout, on: engine)
    let primitive = { (direction: cdnn_direction) in
      let key = PrimitiveKey(
        kind: .resampling(direction: direction.rawValue, linear: linear), source: x.shape, sourceLayout: x.layout,
        destination: y.shape, destinationLayout: x.layout)
      return unsafe engine.primitive(key) { handle in
        var source = unsafe x.descriptor
        var destination = unsafe y.descriptor
        return unsafe cdnn_resampling_create(
          engine.engine, Int32(direction.rawValue), linear ? 1 : 0, &source, &destination, &handle)
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
