import CDNN
import CKernels

/// How the window of a convolution moves: the same both ways.
public struct Window: Hashable, Sendable, CustomStringConvertible {
  /// Pixels between neighbouring outputs, 1 or more.
  public var stride: Int
  /// Zeros around the input, 0 or more.
  public var padding: Int
  /// Distance between neighbouring taps, 1 or more; 1 is a dense kernel.
  public var dilation: Int
  /// Independent groups of channels, 1 or more.
  public var groups: Int

  public init(stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1) {
    precondition(
      stride >= 1 && padding >= 0 && dilation >= 1 && groups >= 1, "a window cannot be \(stride), \(padding)")
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }

  /// Outputs along an axis of `size` pixels for a kernel of `kernel` taps.
  public func outputSize(_ size: Int, kernel: Int) -> Int {
    (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
  }

  /// Outputs of a transposed convolution along an axis of `size` pixels.
  public func transposedSize(_ size: Int, kernel: Int, extra: Int = 0) -> Int {
    (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1 + extra
  }

  public var description: String { "stride \(stride), padding \(padding), dilation \(dilation), groups \(groups)" }

  var c: cdnn_window {
    let s = Int64(stride)
    let d = Int64(dilation)
    let p = Int64(padding)
    return cdnn_window(stride: (s, s), dilation: (d, d), pad_low: (p, p), pad_high: (p, p), kernel: (0, 0))
  }
}

/// Convolution and its two gradients on plain tensors of numbers.
///
/// Shapes: x [N, I, H, W], weights [O, I / groups, h, w], y [N, O, H', W'].
struct Convolution {
  let x: Shape
  let weights: Shape
  let y: Shape
  let window: Window
  let engine: Engine

  init(x: Shape, weights: Shape, window: Window, engine: Engine) {
    precondition(
      x.rank == 4 && weights.rank == 4 && weights[1] * window.groups == x.channels && weights[0] % window.groups == 0,
      "a convolution of \(x) with weights \(weights), \(window)")
    let height = window.outputSize(x.height, kernel: weights[2])
    let width = window.outputSize(x.width, kernel: weights[3])
    precondition(height > 0 && width > 0, "a kernel of \(weights) does not fit into \(x)")
    self.init(x: x, weights: weights, y: Shape(x.batch, weights[0], height, width), window: window, engine: engine)
  }

  init(x: Shape, weights: Shape, y: Shape, window: Window, engine: Engine) {
    self.x = x
    self.weights = weights
    self.y = y
    self.window = window
    self.engine = engine
  }

  /// Blocked on both sides is what oneDNN is fast at. An input of one to three channels (grey, colour) stays plain, and
  /// anything else is plain on both sides, where oneDNN has matrix-product implementations.
  private var layouts: (x: Layout, y: Layout) {
    let width = engine.vectorWidth
    guard width >= 8, weights[0] / window.groups % width == 0 else { return (.plain, .plain) }
    if weights[1] % width == 0 { return (.blocked, .blocked) }
    return isThin ? (.plain, .blocked) : (.plain, .plain)
  }

  private var isThin: Bool { x.channels <= 3 && window.groups == 1 && window.dilation == 1 && weights[3] <= 8 }

  private var weightsDescriptor: cdnn_tensor {
    var tensor = unsafe cdnn_tensor()
    let g = window.groups
    if g == 1 {
      unsafe tensor.rank = 4
      unsafe tensor.dims = (Int64(weights[0]), Int64(weights[1]), Int64(weights[2]), Int64(weights[3]), 1)
    } else {
      unsafe tensor.rank = 5
      unsafe tensor.dims = (
        Int64(g), Int64(weights[0] / g), Int64(weights[1]), Int64(weights[2]), Int64(weights[3])
      )
    }
    return unsafe tensor
  }

  private func key(_ kind: PrimitiveKey.Kind, _ layouts: (x: Layout, y: Layout), bias: Bool = false) -> PrimitiveKey {
    PrimitiveKey(
      kind: kind, source: x, sourceLayout: layouts.x, destination: y, destinationLayout: layouts.y, weights: weights,
      window: window, flag: bias)
  }

  /// Whether what is multiplied is rounded to bfloat16 before: blocked images, and the thin ones that become such, which
  /// would leave tiles nearly empty.
  private func usesHalves(_ layouts: (x: Layout, y: Layout)) -> Bool {
    engine.usesHalves && window.groups == 1 && layouts.y == .blocked && (layouts.x == .blocked || !engine.usesTiles)
  }

  /// Whether the primitive's images have their channels last: it multiplies in tiles.
  private func usesTiles(_ layouts: (x: Layout, y: Layout)) -> Bool { engine.usesTiles && usesHalves(layouts) }

  /// - Parameter adds: whether the result is added to what is there, instead of taking its place.
  private func primitive(
    _ direction: cdnn_direction, _ layouts: (x: Layout, y: Layout), bias: Bool = false, adds: Bool = false
  ) -> Primitive {
    let kind = PrimitiveKey.Kind.convolution(direction: direction.rawValue, adds: adds)
    return unsafe engine.primitive(key(kind, layouts, bias: bias)) { handle in
      var source = unsafe Tensor.descriptor(x, layouts.x, engine)
      var destination = unsafe Tensor.descriptor(y, layouts.y, engine)
      var weights = unsafe weightsDescriptor
      unsafe weights.layout = Int32(CDNN_ANY.rawValue)
      if usesHalves(layouts) {
        // The factors; what they sum up to stays in single precision.
        let half = Int32(CDNN_BF16.rawValue)
        if direction != CDNN_BACKWARD_DATA { unsafe source.type = half }
        if direction != CDNN_BACKWARD_WEIGHTS { unsafe weights.type = half }
        if direction != CDNN_FORWARD { unsafe destination.type = half }
      }
      if usesTiles(layouts) {
        unsafe source.layout = Int32(CDNN_CHANNELS_LAST.rawValue)
        unsafe destination.layout = Int32(CDNN_CHANNELS_LAST.rawValue)
      }
      var biasDescriptor = unsafe cdnn_tensor()
      unsafe biasDescriptor.rank = 1
      unsafe biasDescriptor.dims.0 = Int64(y.channels)
      var window = self.window.c
      var sum = cdnn_post(kind: Int32(CDNN_POST_SUM.rawValue), algorithm: 0, alpha: 1, beta: 0)
      return unsafe withUnsafePointer(to: &biasDescriptor) { pointer in
        unsafe cdnn_convolution_create(
          engine.engine, Int32(direction.rawValue), &source, &weights, bias ? pointer : nil, &destination, &window,
          &sum, adds ? 1 : 0, &handle)
      }
    }
  }

  /// The weights in the layout that `convolution` wants; the tensor keeps the memory alive.
  private func packed(
    _ weights: Tensor, for convolution: Primitive, _ direction: cdnn_direction, _ layouts: (x: Layout, y: Layout),
    adds: Bool = false
  ) -> Storage {
    var plain = unsafe weightsDescriptor
    unsafe plain.layout = Int32(CDNN_PLAIN.rawValue)
    if unsafe convolution.matches(CDNN_WEIGHTS, plain) { return weights.storage }
    let kind = PrimitiveKey.Kind.weightsIn(direction: direction.rawValue, adds: adds)
    let reorder = unsafe engine.primitive(key(kind, layouts)) { handle in
      var destination = unsafe convolution.layout(of: CDNN_WEIGHTS)
      return unsafe cdnn_reorder_create(engine.engine, &plain, &destination, &handle)
    }
    let storage = engine.pool.storage(count: convolution.count(CDNN_WEIGHTS))
    unsafe engine.run(reorder, Arguments(source: weights.pointer, destination: storage.pointer))
    return storage
  }

  /// The memory of a factor, as the primitive wants it.
  private func factor(_ tensor: Tensor, _ layouts: (x: Layout, y: Layout)) -> Storage {
    usesTiles(layouts) ? tensor.halvesByPixel() : usesHalves(layouts) ? tensor.halves() : tensor.storage
  }

  /// Calls `body` with the memory that a primitive is to write an image to, or to add it to.
  private func write(
    to result: Tensor, adds: Bool = false, _ layouts: (x: Layout, y: Layout), _ body: (Storage) -> Void
  ) {
    guard usesTiles(layouts) else { return body(result.storage) }
    let byPixel = engine.pool.storage(count: result.count)
    body(byPixel)
    result.setByPixel(byPixel, adds: adds)
  }

  func forward(_ x: Tensor, _ weights: Tensor, bias: Tensor?) -> Tensor {
    if let winograd = Winograd(self) {
      let result = Tensor(uninitialized: y, layout: .blocked, on: engine)
      winograd.forward(x.inLayout(.blocked), weights, bias: bias, into: result)
      return result
    }
    let result = Tensor(uninitialized: y, layout: layouts.y, on: engine)
    run(x, weights, bias: bias, adds: false, into: result)
    return result
  }

  /// `y += forward(x, weights)`, in one pass over y where that can be.
  func add(_ x: Tensor, _ weights: Tensor, to y: inout Tensor) {
    if Winograd(self) == nil && y.layout == layouts.y {
      run(x, weights, bias: nil, adds: true, into: y)
    } else {
      y.add(forward(x, weights, bias: nil))
    }
  }

  private func run(_ x: Tensor, _ weights: Tensor, bias: Tensor?, adds: Bool, into y: Tensor) {
    let layouts = self.layouts
    // What a primitive writes elsewhere is added on the way from there.
    let sums = adds && !usesTiles(layouts)
    let convolution = primitive(CDNN_FORWARD, layouts, bias: bias != nil, adds: sums)
    let source = factor(x.inLayout(layouts.x), layouts)
    let packedWeights = packed(weights, for: convolution, CDNN_FORWARD, layouts, adds: sums)
    write(to: y, adds: adds, layouts) {
      unsafe engine.run(
        convolution,
        Arguments(
          source: source.pointer, weights: packedWeights.pointer, bias: bias?.pointer, destination: $0.pointer))
    }
  }

  func dataGradient(_ dy: Tensor, _ weights: Tensor) -> Tensor {
    if let winograd = Winograd(self) {
      let result = Tensor(uninitialized: x, layout: .blocked, on: engine)
      winograd.dataGradient(dy.inLayout(.blocked), weights, into: result)
      return result
    }
    // oneDNN has no quick implementation for a thin input; the plain one is a matrix product.
    let layouts = self.layouts.x == self.layouts.y ? self.layouts : (.plain, .plain)
    let convolution = primitive(CDNN_BACKWARD_DATA, layouts)
    let gradient = factor(dy.inLayout(layouts.y), layouts)
    let packedWeights = packed(weights, for: convolution, CDNN_BACKWARD_DATA, layouts)
    let result = Tensor(uninitialized: x, layout: layouts.x, on: engine)
    write(to: result, layouts) {
      unsafe engine.run(
        convolution,
        Arguments(
          weights: packedWeights.pointer, sourceGradient: $0.pointer, destinationGradient: gradient.pointer))
    }
    return result
  }

  func weightGradient(_ x: Tensor, _ dy: Tensor) -> Tensor {
    let layouts = self.layouts
    if isThin && layouts.y == .blocked && !usesHalves(layouts) {
      return thinWeightGradient(x.plain(), dy.inLayout(.blocked))
    }
    if let winograd = Winograd(self) {
      let result = Tensor(uninitialized: weights, on: engine)
      winograd.weightGradient(x.inLayout(.blocked), dy.inLayout(.blocked), into: result)
      return result
    }
    if usesTiles(layouts), let columns = ColumnGradient(self) {
      let result = Tensor(uninitialized: weights, on: engine)
      columns.weightGradient(x.inLayout(.blocked), dy.inLayout(.blocked), into: result)
      return result
    }
    let convolution = primitive(CDNN_BACKWARD_WEIGHTS, layouts)
    // Names keep both alive: the memory of what has none may be handed out again as soon as its address is known.
    let source = factor(x.inLayout(layouts.x), layouts)
    let gradient = factor(dy.inLayout(layouts.y), layouts)
    let result = Tensor(uninitialized: weights, on: engine)
    var plain = unsafe weightsDescriptor
    unsafe plain.layout = Int32(CDNN_PLAIN.rawValue)
    let direct = unsafe convolution.matches(CDNN_DIFF_WEIGHTS, plain)
    let storage = direct ? result.storage : engine.pool.storage(count: convolution.count(CDNN_DIFF_WEIGHTS))
    unsafe engine.run(
      convolution,
      Arguments(
        source: source.pointer, weightsGradient: storage.pointer, destinationGradient: gradient.pointer))
    if !direct {
      let reorder = unsafe engine.primitive(key(.weightsOut, layouts)) { handle in
        var from = unsafe convolution.layout(of: CDNN_DIFF_WEIGHTS)
        return unsafe cdnn_reorder_create(engine.engine, &from, &plain, &handle)
      }
      unsafe engine.run(reorder, Arguments(source: storage.pointer, destination: result.pointer))
    }
    return result
  }

  private func thinWeightGradient(_ x: Tensor, _ dy: Tensor) -> Tensor {
    let result = Tensor(uninitialized: weights, on: engine)
    var shape = ckernels_thin_convolution(
      batch: Int64(self.x.batch), in_channels: Int64(self.x.channels), in_height: Int64(self.x.height),
      in_width: Int64(self.x.width), out_channels: Int64(y.channels), out_height: Int64(y.height),
      out_width: Int64(y.width), kernel_height: Int64(weights[2]), kernel_width: Int64(weights[3]),
      stride: Int64(window.stride), padding: Int64(window.padding), block: Int64(engine.vectorWidth))
    engine.parallel(y.channels / engine.vectorWidth * self.x.channels * weights[2]) { begin, end in
      unsafe ckernels_thin_weight_gradient(&shape, x.pointer, dy.pointer, result.pointer, begin, end)
    }
    return result
  }
}

extension Variable {
  /// Cross-correlation, as all networks mean it: [N, I, H, W] with weights [O, I / groups, h, w] and, where given, a
  /// bias [O], to [N, O, H', W'].
  public func convolved(with weights: Variable, bias: Variable? = nil, _ window: Window = Window()) -> Variable {
    let convolution = Convolution(x: shape, weights: weights.shape, window: window, engine: engine)
    let kernel = weights.value.plain()
    let result = convolution.forward(value, kernel, bias: bias?.value)
    return tape.record(
      result, from: self, weights, bias ?? weights,
      with: ConvolutionRecord(input: self, weights: weights, bias: bias, kernel: kernel, convolution: convolution))
  }

  /// The sum of two convolutions that move in the same way: [N, I, H, W] with weights [O, I / groups, h, w] and, where
  /// given, a bias [O], and `other` [N, J, H, W] with weights [O, J / groups, h, w].
  public func convolved(
    with weights: Variable, bias: Variable? = nil, _ window: Window = Window(), plus other: Variable,
    with otherWeights: Variable
  ) -> Variable {
    func convolution(_ x: Variable, _ weights: Variable, bias: Variable?) -> ConvolutionRecord {
      ConvolutionRecord(
        input: x, weights: weights, bias: bias, kernel: weights.value.plain(),
        convolution: Convolution(x: x.shape, weights: weights.shape, window: window, engine: engine))
    }
    let first = convolution(self, weights, bias: bias)
    let second = convolution(other, otherWeights, bias: nil)
    precondition(first.convolution.y == second.convolution.y, "\(first.convolution.y) + \(second.convolution.y)")
    var result = first.convolution.forward(value, first.kernel, bias: bias?.value)
    second.convolution.add(other.value, second.kernel, to: &result)
    return tape.record(
      result, from: self, weights, bias ?? weights, other, otherWeights,
      with: ConvolutionSumRecord(first: first, second: second))
  }

  /// Transposed convolution ("deconvolution"): [N, I, H, W] with weights [I, O / groups, h, w] to [N, O, H', W'], where
  /// H' = (H - 1) stride - 2 padding + dilation (h - 1) + 1 + extra. It is the data gradient of the convolution that
  /// goes the other way, and its gradients are that convolution and its weight gradient.
  public func transposeConvolved(with weights: Variable, bias: Variable? = nil, _ window: Window, extra: Int = 0)
    -> Variable
  {
    precondition(weights.shape[0] == shape.channels, "a transposed convolution of \(shape) with \(weights.shape)")
    let height = window.transposedSize(shape.height, kernel: weights.shape[2], extra: extra)
    let width = window.transposedSize(shape.width, kernel: weights.shape[3], extra: extra)
    let other = Shape(shape.batch, weights.shape[1] * window.groups, height, width)
    let convolution = Convolution(x: other, weights: weights.shape, y: shape, window: window, engine: engine)
    let kernel = weights.value.plain()
    var result = convolution.dataGradient(value, kernel)
    if let bias { result = result.affine(scale: nil, shift: bias.value) }
    return tape.record(
      result, from: self, weights, bias ?? weights,
      with: TransposedConvolutionRecord(
        input: self, weights: weights, bias: bias, kernel: kernel, convolution: convolution))
  }
}

private struct ConvolutionRecord: Record {
  let input: Variable
  let weights: Variable
  let bias: Variable?
  let kernel: Tensor
  let convolution: Convolution

  func backward(_ dy: Tensor, _ tape: Tape) {
    tape.accumulate(convolution.weightGradient(input.value, dy), into: weights)
    if let bias { tape.accumulate(dy.channelSums(), into: bias) }
    tape.accumulate(convolution.dataGradient(dy, kernel), into: input)
  }
}

private struct ConvolutionSumRecord: Record {
  let first: ConvolutionRecord
  let second: ConvolutionRecord

  func backward(_ dy: Tensor, _ tape: Tape) {
    first.backward(dy, tape)
    second.backward(dy, tape)
  }
}

private struct TransposedConvolutionRecord: Record {
  let input: Variable
  let weights: Variable
  let bias: Variable?
  let kernel: Tensor
  /// The one that goes the other way.
  let convolution: Convolution

  func backward(_ dy: Tensor, _ tape: Tape) {
    tape.accumulate(convolution.weightGradient(dy, input.value), into: weights)
    if let bias { tape.accumulate(dy.channelSums(), into: bias) }
    tape.accumulate(convolution.forward(dy, kernel, bias: nil), into: input)
  }
}
