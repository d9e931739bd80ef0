import CDNN

/// How the elements of a value lie in memory. Only images (four axes) are ever anything but plain.
enum Layout: Hashable, Sendable {
  /// Row-major.
  case plain
  /// Row-major with the channels last.
  case channelsLast
  /// Channels in blocks of so many, the block innermost; a last incomplete block is filled up with zeros.
  case blocked(Int)

  static let all: [Layout] = [.plain, .channelsLast, .blocked(8), .blocked(16)]

  /// Channels that lie side by side, of `channels` in all. With it every layout reads
  /// `[batch][channels / block][rows * columns][block]`.
  func block(channels: Int) -> Int {
    switch self {
    case .plain: 1
    case .channelsLast: channels
    case .blocked(let size): size
    }
  }

  /// Whether there are zeros beside the elements.
  func isPadded(_ shape: [Int]) -> Bool {
    if case .blocked(let size) = self { !shape[1].isMultiple(of: size) } else { false }
  }

  /// Floats that a value takes.
  func count(_ shape: [Int]) -> Int {
    guard case .blocked(let size) = self else { return shape.reduce(1, *) }
    return shape[0] * ((shape[1] + size - 1) / size * size) * shape[2] * shape[3]
  }

  fileprivate var tag: cdnn_layout {
    switch self {
    case .plain: CDNN_PLAIN
    case .channelsLast: CDNN_CHANNELS_LAST
    case .blocked(let size): size == 8 ? CDNN_BLOCKED_8 : CDNN_BLOCKED_16
    }
  }
}

/// What a tensor's elements are.
enum NumberFormat: Sendable {
  case single
  case bfloat16

  var bytes: Int { self == .single ? 4 : 2 }

  fileprivate var type: cdnn_type { self == .single ? CDNN_F32 : CDNN_BF16 }
}

/// A tensor as oneDNN is told of it.
enum TensorDescription {
  /// Row-major sizes and a layout, or nil to let oneDNN choose.
  case sized([Int], Layout?, NumberFormat = .single)
  /// What a primitive has chosen for one of its arguments.
  case chosen(Primitive, cdnn_argument)

  func withTensor<Result>(_ body: (UnsafePointer<cdnn_tensor>) -> Result) -> Result {
    var tensor = unsafe cdnn_tensor()
    switch self {
    case .sized(let shape, let layout, let format):
      unsafe tensor.type = Int32(format.type.rawValue)
      unsafe tensor.rank = Int32(shape.count)
      unsafe tensor.layout = Int32((layout?.tag ?? CDNN_ANY).rawValue)
      unsafe withUnsafeMutableBytes(of: &tensor.dims) {
        let sizes = unsafe $0.bindMemory(to: Int64.self)
        for (axis, size) in shape.enumerated() { unsafe sizes[axis] = Int64(size) }
      }
    case .chosen(let primitive, let argument):
      unsafe tensor.layout = Int32(CDNN_FROM.rawValue)
      unsafe tensor.from = primitive.handle
      unsafe tensor.from_argument = Int32(argument.rawValue)
    }
    return unsafe withUnsafePointer(to: tensor) { unsafe body($0) }
  }
}

/// A CPU engine with a stream: what one thread needs to run primitives.
@safe final class Engine {
  let handle: OpaquePointer
  let stream: OpaquePointer
  /// Whether images and matrices may lie in memory as bfloat16.
  let usesHalves: Bool

  /// - Parameter allowsBF16: whether products may round what they multiply to bfloat16, on processors that have it.
  init(allowsBF16: Bool = false) throws(GraphError) {
    var engine: OpaquePointer?
    try Engine.check("dnnl_engine_create", unsafe cdnn_engine_create(&engine))
    var stream: OpaquePointer?
    let status = unsafe cdnn_stream_create(engine, &stream)
    if status != 0 { unsafe cdnn_engine_destroy(engine) }
    try Engine.check("dnnl_stream_create", status)
    unsafe self.handle = engine!
    unsafe self.stream = stream!
    usesHalves = allowsBF16 && cdnn_has_bf16() == 1 && cdnn_vector_width() == 16
    if allowsBF16 { unsafe cdnn_engine_allow_bf16(handle, 1) }
  }

  deinit {
    unsafe cdnn_stream_destroy(stream)
    unsafe cdnn_engine_destroy(handle)
  }

  private static func check(_ function: String, _ status: Int32) throws(GraphError) {
    guard status == 0 else { throw .kernel(node: "", function: function, status: Int(status)) }
  }
}

/// One of oneDNN's kernels, made for certain shapes and layouts.
@safe final class Primitive {
  let handle: OpaquePointer

  init(_ handle: OpaquePointer) { unsafe self.handle = handle }

  deinit { unsafe cdnn_primitive_destroy(handle) }

  func bytes(_ argument: cdnn_argument) -> Int {
    unsafe cdnn_primitive_bytes(handle, Int32(argument.rawValue))
  }

  func matches(_ argument: cdnn_argument, _ tensor: TensorDescription) -> Bool {
    unsafe tensor.withTensor { unsafe cdnn_primitive_matches(handle, Int32(argument.rawValue), $0) == 1 }
  }

  /// Which of our layouts an argument has, or nil for one of oneDNN's own.
  func layout(_ argument: cdnn_argument, _ shape: [Int]) -> Layout? {
    guard shape.count == 4 else { return matches(argument, .sized(shape, .plain)) ? .plain : nil }
    return Layout.all.first { matches(argument, .sized(shape, $0)) }
  }

  /// Whether it is a kernel that oneDNN generates for this processor, and not one of its plain loops or detours.
  var isGenerated: Bool {
    let kernel = implementation
    return (kernel.contains("jit") || kernel.contains("brg")) && !kernel.contains("gemm")
  }

  var allowsBF16: Bool { unsafe cdnn_primitive_allows_bf16(handle) == 1 }

  var implementation: String { unsafe String(cString: cdnn_primitive_implementation(handle)) }
}

extension cdnn_window {
  init(
    stride: [Int], dilation: [Int], before: [Int], after: [Int], kernel: [Int]
  ) {
    func pair(_ values: [Int]) -> (Int64, Int64) { (Int64(values[0]), Int64(values[1])) }
    self.init(
      stride: pair(stride), dilation: pair(dilation), pad_low: pair(before), pad_high: pair(after),
      kernel: pair(kernel))
  }
}

/// One of oneDNN's functions of a number, with its two parameters.
struct ElementwiseStep {
  var algorithm: cdnn_elementwise
  var alpha: Float
  var beta: Float

  init(_ algorithm: cdnn_elementwise, _ alpha: Float, _ beta: Float) {
    self.algorithm = algorithm
    self.alpha = alpha
    self.beta = beta
  }
}

extension Activation {
  /// As oneDNN's function with its two parameters, in several steps where need be; nil if it does not have it.
  var steps: [ElementwiseStep]? {
    switch self {
    case .relu: [ElementwiseStep(CDNN_RELU, 0, 0)]
    case .leakyRelu(let slope): [ElementwiseStep(CDNN_RELU, slope, 0)]
    case .sigmoid: [ElementwiseStep(CDNN_SIGMOID, 0, 0)]
    case .tanh: [ElementwiseStep(CDNN_TANH, 0, 0)]
    case .silu: [ElementwiseStep(CDNN_SILU, 1, 0)]
    case .gelu: [ElementwiseStep(CDNN_GELU_ERF, 0, 0)]
    case .geluTanh: [ElementwiseStep(CDNN_GELU_TANH, 0, 0)]
    case .hardSwish: [ElementwiseStep(CDNN_HARDSWISH, 1 / 6, 0.5)]
    case .hardSigmoid(let alpha, let beta):
      [ElementwiseStep(CDNN_LINEAR, alpha, beta), ElementwiseStep(CDNN_CLIP, 0, 1)]
    case .clip(let low, let high): [ElementwiseStep(CDNN_CLIP, low, high)]
    case .linear(let scale, let shift): [ElementwiseStep(CDNN_LINEAR, scale, shift)]
    case .exp: [ElementwiseStep(CDNN_EXP, 0, 0)]
    case .sqrt: [ElementwiseStep(CDNN_SQRT, 0, 0)]
    case .abs: [ElementwiseStep(CDNN_ABS, 0, 0)]
    case .elu, .erf: nil
    }
  }

  var posts: [cdnn_post] {
    (steps ?? []).map {
      cdnn_post(
        kind: Int32(CDNN_POST_ELEMENTWISE.rawValue), algorithm: Int32($0.algorithm.rawValue), alpha: $0.alpha,
        beta: $0.beta)
    }
  }
}
