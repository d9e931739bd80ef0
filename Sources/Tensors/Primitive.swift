import CDNN

/// The owner of one oneDNN primitive.
@safe final class Primitive {
  let handle: OpaquePointer
  /// Floats of scratch memory that a run needs.
  let scratchpadCount: Int

  init(handle: OpaquePointer) {
    unsafe self.handle = handle
    scratchpadCount = unsafe (cdnn_primitive_bytes(handle, Int32(CDNN_SCRATCHPAD.rawValue)) + 3) / 4
  }

  deinit { unsafe cdnn_primitive_destroy(handle) }

  /// Floats that an argument takes in the layout that oneDNN chose for it.
  func count(_ argument: cdnn_argument) -> Int {
    unsafe (cdnn_primitive_bytes(handle, Int32(argument.rawValue)) + 3) / 4
  }

  func matches(_ argument: cdnn_argument, _ tensor: cdnn_tensor) -> Bool {
    unsafe withUnsafePointer(to: tensor) { unsafe cdnn_primitive_matches(handle, Int32(argument.rawValue), $0) == 1 }
  }

  /// The argument's layout, to make a reorder to or from it.
  func layout(of argument: cdnn_argument) -> cdnn_tensor {
    var tensor = unsafe cdnn_tensor()
    unsafe tensor.layout = Int32(CDNN_FROM.rawValue)
    unsafe tensor.from = handle
    unsafe tensor.from_argument = Int32(argument.rawValue)
    return unsafe tensor
  }
}

/// What a cached primitive is looked up by.
struct PrimitiveKey: Hashable, CustomStringConvertible {
  enum Kind: Hashable {
    case convolution(direction: UInt32, adds: Bool)
    case weightsIn(direction: UInt32, adds: Bool)
    case weightsOut
    case elementwise(direction: UInt32, algorithm: UInt32)
    case resampling(direction: UInt32)
    case reorder
  }
  var kind: Kind
  var source: Shape
  var sourceLayout = Layout.plain
  var destination = Shape()
  var destinationLayout = Layout.plain
  var weights = Shape()
  var window = Window()
  var flag = false

  var description: String {
    "\(kind) of \(source) (\(sourceLayout)) to \(destination) (\(destinationLayout)), weights \(weights), \(window)"
  }
}

/// The memory that a primitive runs on; what it does not need stays nil.
@unsafe struct Arguments {
  var source: UnsafeMutablePointer<Float>?
  var weights: UnsafeMutablePointer<Float>?
  var bias: UnsafeMutablePointer<Float>?
  var destination: UnsafeMutablePointer<Float>?
  var workspace: UnsafeMutablePointer<Float>?
  var scratchpad: UnsafeMutablePointer<Float>?
  var sourceGradient: UnsafeMutablePointer<Float>?
  var weightsGradient: UnsafeMutablePointer<Float>?
  var biasGradient: UnsafeMutablePointer<Float>?
  var destinationGradient: UnsafeMutablePointer<Float>?

  /// The pointers in the order of `cdnn_argument`.
  func withPointers(_ body: (UnsafePointer<UnsafeMutableRawPointer?>) -> Int32) -> Int32 {
    let list: InlineArray<11, UnsafeMutableRawPointer?> = unsafe [
      UnsafeMutableRawPointer(source), UnsafeMutableRawPointer(weights), UnsafeMutableRawPointer(bias),
      UnsafeMutableRawPointer(destination), UnsafeMutableRawPointer(workspace), UnsafeMutableRawPointer(scratchpad),
      UnsafeMutableRawPointer(sourceGradient), UnsafeMutableRawPointer(weightsGradient),
      UnsafeMutableRawPointer(biasGradient), UnsafeMutableRawPointer(destinationGradient), nil,
    ]
    return unsafe list.span.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
  }
}
