import CDNN
import CKernels

/// oneDNN, its primitives made so far, and the memory that tensors live in.
///
/// An engine and everything made with it belong to one thread, the compute thread; oneDNN's own threads do the
/// parallel part. Shapes that do not fit each other are programmer errors and trap.
@safe public final class Engine {
  let engine: OpaquePointer
  let stream: OpaquePointer
  let pool = Pool()
  private var primitives: [PrimitiveKey: Primitive] = [:]
  private var scratchpad: Storage?
  /// Threads that an operation is split over.
  public let threads: Int
  /// Whether convolutions and dense layers multiply in bfloat16.
  let usesHalves: Bool
  /// Whether they do so in AMX's tiles, for which convolutions want the channels of their images last.
  let usesTiles: Bool
  /// Floats in the widest vector that oneDNN uses here (4, 8 or 16); also the block of ``Layout/blocked``.
  public let vectorWidth: Int
  /// Columns of a block of our own kernels for matrices, on processors with vectors of at least 8 numbers.
  var kernelBlock: Int { vectorWidth == 16 ? 16 : 8 }

  /// - Parameters:
  ///   - threads: 1 or more.
  ///   - usesBF16: whether convolutions and dense layers round to bfloat16 what they multiply, on processors that
  ///     multiply such numbers. Tensors, parameters and sums stay in single precision, and so do 3x3 convolutions of
  ///     stride 1, which Winograd's algorithm makes quicker than that.
  /// - Throws: ``EngineError`` where oneDNN cannot start.
  public init(threads: Int, usesBF16: Bool = false) throws(EngineError) {
    precondition(threads >= 1, "\(threads) threads")
    cdnn_set_threads(Int32(threads))
    self.threads = threads
    var engine: OpaquePointer?
    unsafe try check("dnnl_engine_create", cdnn_engine_create(&engine))
    var stream: OpaquePointer?
    unsafe try check("dnnl_stream_create", cdnn_stream_create(engine, &stream))
    unsafe self.engine = engine!
    if usesBF16 { unsafe cdnn_engine_allow_bf16(engine, 1) }
    unsafe self.stream = stream!
    vectorWidth = Int(cdnn_vector_width())
    usesHalves = usesBF16 && cdnn_has_bf16() == 1 && ckernels_has_half() == 1 && vectorWidth == 16
    usesTiles = usesHalves && cdnn_has_tiles() == 1 && ckernels_has_tiles() == 1
  }

  /// Has the calling thread use ``threads`` again, after other work on it (a compiled graph with a setting of its own)
  /// has changed that. The number that a primitive is made for decides the order of its sums.
  public func claimThread() { cdnn_set_threads(Int32(threads)) }

  deinit {
    primitives.removeAll()
    unsafe cdnn_stream_destroy(stream)
    unsafe cdnn_engine_destroy(engine)
  }

  /// Bytes of tensor memory taken from the system so far.
  public var bytes: Int { pool.bytes }
  /// Blocks of tensor memory taken from the system so far; it stops growing once a training step has run.
  public var allocations: Int { pool.allocations }

  /// Primitives made so far; it stops growing once every shape has been seen.
  public var primitiveCount: Int { primitives.count }

  /// The primitive for `key`, made by `make` when it is first asked for.
  ///
  /// A primitive that oneDNN does not have for sizes that passed our own checks is a bug of ours, so it traps.
  func primitive(_ key: PrimitiveKey, _ make: (inout OpaquePointer?) -> Int32) -> Primitive {
    if let known = primitives[key] { return known }
    var handle: OpaquePointer?
    let status = unsafe make(&handle)
    guard status == 0, let handle = unsafe handle else {
      preconditionFailure(unsafe "\(key): \(String(cString: cdnn_status_name(status)))")
    }
    let made = unsafe Primitive(handle: handle)
    primitives[key] = made
    return made
  }

  /// Runs `primitive` on the given memory.
  func run(_ primitive: Primitive, _ arguments: Arguments) {
    var arguments = unsafe arguments
    let scratch = primitive.scratchpadCount
    if scratch > 0 {
      if (scratchpad?.count ?? 0) < scratch { scratchpad = pool.storage(count: scratch) }
      unsafe arguments.scratchpad = scratchpad?.pointer
    }
    let status = unsafe arguments.withPointers { unsafe cdnn_primitive_run(primitive.handle, stream, $0) }
    precondition(status == 0, unsafe "oneDNN: \(String(cString: cdnn_status_name(status)))")
  }

  /// Calls `body` with consecutive parts of `0 ..< units`, on the threads that oneDNN uses.
  func parallel(_ units: Int, _ body: (Int64, Int64) -> Void) {
    parallel(parts: units) { _, begin, end in body(begin, end) }
  }

  /// The same, and `body` also gets the number of its part, below ``threads``.
  func parallel(parts units: Int, _ body: (Int, Int64, Int64) -> Void) {
    let parts = min(threads, units)
    if parts <= 1 {
      body(0, 0, Int64(units))
      return
    }
    parallelClosure(units, parts, body)
  }
}

/// Calls `body` with each of `parts` parts of `0 ..< units`. Declared here and not in the C header, which cannot say that
/// it takes a closure, so that what the closure captures stays on the stack.
@_silgen_name("cdnn_parallel_closure")
private func parallelClosure(_ units: Int, _ parts: Int, _ body: (Int, Int64, Int64) -> Void)
