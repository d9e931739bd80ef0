/// What a node computes. Names and meaning are ONNX's (https://onnx.ai/onnx/operators/), attributes are typed.
public enum Operation: Sendable, Hashable {
  /// x, weights `[out, in / groups, kh, kw]`, bias `[out]`?
  case convolution(Convolution)
  /// x, weights `[in, out / groups, kh, kw]`, bias `[out]`?
  case transposedConvolution(Convolution)
  /// x, scale, shift, mean, variance (each `[channels]`): `scale (x - mean) / sqrt(variance + epsilon) + shift`.
  case batchNormalization(epsilon: Float)
  /// x, scale, shift (each `[channels]`): normalised over the spatial axes of each image and channel.
  case instanceNormalization(epsilon: Float)
  /// x, scale, shift?: normalised over the axes from `axis` on.
  case layerNormalization(axis: Int, epsilon: Float)
  case activation(Activation)
  /// a, b; shapes are broadcast.
  case binary(BinaryOperation)
  /// a `[m, k]`, b `[k, n]`, c? (broadcast to `[m, n]`): `alpha a b + beta c`, a or b transposed first where asked.
  case gemm(Gemm)
  /// a, b: product of the last two axes, leading axes broadcast.
  case matrixProduct
  /// x `[..., k]`, constant weights `[k, n]`, constant bias `[n]`?: a layer on the last axis. Made by the fusion passes.
  case dense
  /// q `[..., heads, queries, depth]`, k `[..., heads, keys, depth]`, v `[..., heads, keys, width]`, mask (broadcast to
  /// `[..., heads, queries, keys]`)?: `softmax(scale q k' + mask) v` (Vaswani et al. 2017, arXiv 1706.03762). Made by the
  /// fusion passes.
  case attention(scale: Float)
  case maxPooling(Pooling)
  case averagePooling(Pooling)
  case globalAveragePooling
  case globalMaxPooling
  /// Axes may be negative; an empty list means all of them.
  case reduce(Reduction, axes: [Int], keepsAxes: Bool)
  case concatenation(axis: Int)
  case resize(Resize)
  /// Over one axis or, as before opset 13, over all axes from `axis` on together.
  case softmax(axis: Int, trailing: Bool = false)
  /// To `[product of axes before axis, product of the others]`.
  case flatten(axis: Int)
  /// To `shape`, in which -1 stands for what is left and, unless `allowsZero`, 0 for the input's size.
  case reshape(shape: [Int], allowsZero: Bool)
  /// Result axis `i` is input axis `permutation[i]`; empty reverses all axes.
  case transpose(permutation: [Int])
  case squeeze(axes: [Int])
  case unsqueeze(axes: [Int])
  case slice([SliceRange])
  /// Constant padding; sizes before and after each axis.
  case pad(before: [Int], after: [Int], value: Float)
  /// Also dropout, which does nothing when a network is used.
  case identity
  /// x: the integers that stand for its numbers, held as floats.
  case quantize(Quantization)
  /// x, integers: what they stand for. A constant x keeps its integers, others hold them as floats.
  case dequantize(Quantization)
  /// x in bytes, weights in bytes, bias `[out]`?, residual in bytes?; made by the fusion passes.
  case quantizedConvolution(QuantizedConvolution)
  /// x in bytes; made by the fusion passes.
  case quantizedBridge(QuantizedBridge)
  /// Anything else, for one set of shapes; made by `ONNXModel.specialized(for:)`.
  case interpreted(InterpretedNode)
}

/// Geometry of a convolution over two spatial axes.
public struct Convolution: Sendable, Hashable {
  public var strides: [Int]
  public var dilations: [Int]
  public var padding: Padding
  public var groups: Int
  /// Transposed convolution only: extra rows and columns at the end.
  public var outputPadding: [Int]

  public init(
    strides: [Int] = [1, 1], dilations: [Int] = [1, 1], padding: Padding = .none, groups: Int = 1,
    outputPadding: [Int] = [0, 0]
  ) {
    self.strides = strides
    self.dilations = dilations
    self.padding = padding
    self.groups = groups
    self.outputPadding = outputPadding
  }
}

/// What surrounds an image before a window moves over it.
public enum Padding: Sendable, Hashable {
  /// Rows and columns before `[top, left]` and after `[bottom, right]`.
  case explicit(before: [Int], after: [Int])
  /// As much as makes the output `ceil(input / stride)`; an odd one goes to the end (upper) or the beginning (lower).
  case sameUpper, sameLower

  public static let none = Padding.explicit(before: [0, 0], after: [0, 0])

  /// `count` rows and columns on every side.
  public static func all(_ count: Int) -> Padding {
    .explicit(before: [count, count], after: [count, count])
  }
}

public struct Pooling: Sendable, Hashable {
  public var kernel: [Int]
  public var strides: [Int]
  public var dilations: [Int]
  public var padding: Padding
  /// Average only: whether padding counts in the divisor.
  public var includesPadding: Bool
  /// Whether a last window that sticks out yields a value.
  public var ceilMode: Bool

  public init(
    kernel: [Int], strides: [Int]? = nil, dilations: [Int] = [1, 1], padding: Padding = .none,
    includesPadding: Bool = false, ceilMode: Bool = false
  ) {
    self.kernel = kernel
    self.strides = strides ?? kernel
    self.dilations = dilations
    self.padding = padding
    self.includesPadding = includesPadding
    self.ceilMode = ceilMode
  }
}

public struct Gemm: Sendable, Hashable {
  public var alpha: Float
  public var beta: Float
  public var transposesA: Bool
  public var transposesB: Bool

  public init(alpha: Float = 1, beta: Float = 1, transposesA: Bool = false, transposesB: Bool = false) {
    self.alpha = alpha
    self.beta = beta
    self.transposesA = transposesA
    self.transposesB = transposesB
  }
}

/// Elementwise arithmetic on two tensors.
public enum BinaryOperation: String, Sendable, Hashable, CaseIterable {
  case add = "Add"
  case subtract = "Sub"
  case multiply = "Mul"
  case divide = "Div"
  case power = "Pow"
}

public enum Reduction: String, Sendable, Hashable, CaseIterable {
  case mean = "ReduceMean"
  case max = "ReduceMax"
  case sum = "ReduceSum"
}

/// Resampling of the two spatial axes of an image tensor.
public struct Resize: Sendable, Hashable {
  public enum Mode: String, Sendable, Hashable { case nearest, linear }

  /// How an output coordinate becomes an input coordinate.
  public enum Coordinates: String, Sendable, Hashable {
    case halfPixel = "half_pixel"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case asymmetric
    case alignCorners = "align_corners"
  }

  /// How a nearest coordinate is rounded.
  public enum Rounding: String, Sendable, Hashable {
    case preferFloor = "round_prefer_floor"
    case preferCeil = "round_prefer_ceil"
    case floor, ceil
  }

  /// The result's rows and columns, as factors or as fixed sizes (of an input with so many channels).
  public enum Target: Sendable, Hashable {
    case scales([Float])
    case sizes([Int], channels: Int? = nil)
  }

  public var mode: Mode
  public var coordinates: Coordinates
  public var rounding: Rounding
  public var target: Target

  public init(
    mode: Mode, coordinates: Coordinates = .halfPixel, rounding: Rounding = .preferFloor, target: Target
  ) {
    self.mode = mode
    self.coordinates = coordinates
    self.rounding = rounding
    self.target = target
  }
}

/// One axis of a slice, as ONNX means it: negative positions count from the end and are clamped to the axis.
public struct SliceRange: Sendable, Hashable {
  public var axis: Int
  public var start: Int
  public var end: Int
  public var step: Int

  public init(axis: Int, start: Int, end: Int, step: Int = 1) {
    self.axis = axis
    self.start = start
    self.end = end
    self.step = step
  }
}
