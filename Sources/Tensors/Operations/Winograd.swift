import CKernels

/// 3x3 convolutions of stride 1 on blocked tensors, by our own kernels: a quarter of the multiplications of oneDNN's
/// direct way, at about twice its speed.
struct Winograd {
  private var shape: ckernels_winograd
  private let engine: Engine

  /// Nil where the convolution is not of that kind, or so small that the tiles of 4x4 would mostly be padding.
  init?(_ convolution: Convolution) {
    let x = convolution.x
    let y = convolution.y
    let weights = convolution.weights
    let window = convolution.window
    let width = convolution.engine.vectorWidth
    let tiled = (y.height + 3) / 4 * 4 * ((y.width + 3) / 4 * 4)
    guard weights[2] == 3, weights[3] == 3, window.stride == 1, window.dilation == 1, window.groups == 1,
      window.padding <= 2, width >= 8, x.channels % width == 0, y.channels % width == 0,
      Double(tiled) <= 1.8 * Double(y.pixels)
    else { return nil }
    engine = convolution.engine
    shape = ckernels_winograd(
      batch: Int64(x.batch), in_channels: Int64(x.channels), out_channels: Int64(y.channels), height: Int64(x.height),
      width: Int64(x.width), out_height: Int64(y.height), out_width: Int64(y.width), padding: Int64(window.padding),
      block: Int64(width))
  }

  /// The convolution that gives the data gradient: from y's channels to x's, with the weights turned around.
  private var reversed: Winograd {
    var copy = self
    swap(&copy.shape.in_channels, &copy.shape.out_channels)
    swap(&copy.shape.height, &copy.shape.out_height)
    swap(&copy.shape.width, &copy.shape.out_width)
    copy.shape.padding = 2 - shape.padding
    return copy
  }

  func forward(_ x: Tensor, _ weights: Tensor, bias: Tensor?, into y: Tensor) {
    run(x, weights, bias: bias, flipped: false, into: y)
  }

  func dataGradient(_ dy: Tensor, _ weights: Tensor, into dx: Tensor) {
    reversed.run(dy, weights, bias: nil, flipped: true, into: dx)
  }

  private func run(_ x: Tensor, _ weights: Tensor, bias: Tensor?, flipped: Bool, into y: Tensor) {
    var shape = self.shape
    if unsafe ckernels_winograd_gathers_forward(&shape) == 1 {
      return gather(x, weights, bias: bias, flipped: flipped, into: y)
    }
    let transformed = engine.pool.storage(count: 36 * Int(shape.in_channels * shape.out_channels))
    engine.parallel(Int(unsafe ckernels_winograd_panels(&shape))) { begin, end in
      unsafe ckernels_winograd_weights(
        &shape, weights.pointer, flipped ? 1 : 0, transformed.pointer, begin, end)
    }
    let size = Int(unsafe ckernels_winograd_scratch(&shape))
    let scratch = engine.pool.storage(count: size * engine.threads)
    engine.parallel(parts: Int(unsafe ckernels_winograd_groups(&shape))) { part, begin, end in
      unsafe ckernels_winograd_forward(
        &shape, x.pointer, transformed.pointer, bias?.pointer, y.pointer, scratch.pointer + part * size, begin, end)
    }
  }

  func weightGradient(_ x: Tensor, _ dy: Tensor, into dw: Tensor) {
    var shape = self.shape
    if unsafe ckernels_winograd_gathers_gradient(&shape) == 1 { return gatherGradient(x, dy, into: dw) }
    let parts = unsafe Int(ckernels_winograd_parts(&shape))
    let sums = engine.pool.storage(count: parts * 36 * Int(shape.in_channels * shape.out_channels))
    let size = Int(unsafe ckernels_winograd_scratch(&shape))
    let scratch = engine.pool.storage(count: size * engine.threads)
    engine.parallel(parts: parts) { part, begin, end in
      unsafe ckernels_winograd_weight_gradient_sums(
        &shape, x.pointer, dy.pointer, sums.pointer, scratch.pointer + part * size, begin, end)
    }
    engine.parallel(Int(shape.out_channels / shape.block)) { begin, end in
      unsafe ckernels_winograd_weight_gradient(&shape, sums.pointer, dw.pointer, begin, end)
    }
  }

  /// All tiles of x, and of dy if given, as 36 numbers each.
  private func entered(_ x: Tensor, _ dy: Tensor?) -> (x: Storage, dy: Storage?) {
    var shape = self.shape
    let rows = unsafe Int(ckernels_winograd_rows(&shape))
    let entered = engine.pool.storage(count: unsafe Int(ckernels_winograd_entered(&shape)))
    let count = unsafe Int(ckernels_winograd_entered_gradients(&shape))
    let gradients = dy == nil ? nil : engine.pool.storage(count: count)
    engine.parallel(rows) { begin, end in
      unsafe ckernels_winograd_enter(
        &shape, x.pointer, dy?.pointer, entered.pointer, gradients?.pointer, begin, end)
    }
    return (entered, gradients)
  }

  private func gather(_ x: Tensor, _ weights: Tensor, bias: Tensor?, flipped: Bool, into y: Tensor) {
    var shape = self.shape
    let entered = entered(x, nil).x
    let size = Int(unsafe ckernels_winograd_gather_scratch(&shape))
    let scratch = engine.pool.storage(count: size * engine.threads)
    engine.parallel(parts: Int(unsafe ckernels_winograd_panels(&shape))) { part, begin, end in
      unsafe ckernels_winograd_gather_forward(
        &shape, entered.pointer, weights.pointer, flipped ? 1 : 0, bias?.pointer, y.pointer,
        scratch.pointer + part * size, begin, end)
    }
  }

  private func gatherGradient(_ x: Tensor, _ dy: Tensor, into dw: Tensor) {
    var shape = self.shape
    let entered = entered(x, dy)
    let size = Int(unsafe ckernels_winograd_gather_scratch(&shape))
    let scratch = engine.pool.storage(count: size * engine.threads)
    engine.parallel(parts: Int(unsafe ckernels_winograd_gather_units(&shape))) { part, begin, end in
      unsafe ckernels_winograd_gather_gradient(
        &shape, entered.x.pointer, entered.dy!.pointer, dw.pointer, scratch.pointer + part * size, begin, end)
    }
  }
}
