import CDNN
import Synchronization

/// The weights of one network in the layouts that kernels want, each packed once and shared by all that use them.
///
/// `Sendable` because `lock` protects the table, and a buffer is not written to once it is in the table.
final class PackedWeights: @unchecked Sendable {
  private struct Entry {
    /// Kept for its description of the layout alone; never run by this class.
    var primitive: Primitive?
    var argument: cdnn_argument
    var buffer: AlignedBuffer
  }

  private let lock = Mutex(())
  private var entries: [String: [Entry]] = [:]

  /// Bytes in all buffers.
  var bytes: Int {
    lock.withLock { _ in entries.values.joined().reduce(0) { $0 + $1.buffer.bytes } }
  }

  /// The buffer called `name`, whose elements lie one after the other; `values` makes them if they are not there yet.
  func plain<Element: BitwiseCopyable>(_ name: String, _ values: () -> [Element]) throws(GraphError) -> AlignedBuffer {
    try lock.withLock { _ throws(GraphError) in
      if let known = entries[name]?.first(where: { $0.primitive == nil })?.buffer { return known }
      let buffer = try AlignedBuffer(values())
      entries[name, default: []].append(Entry(primitive: nil, argument: CDNN_WEIGHTS, buffer: buffer))
      return buffer
    }
  }

  /// The weights called `name` as `primitive` wants its argument.
  ///
  /// Packed under the lock: two threads that compile the same network at once would otherwise both make them all.
  func packed(
    _ name: String, for primitive: Primitive, _ argument: cdnn_argument, shape: [Int], engine: Engine,
    _ values: () -> [Float]
  ) throws(GraphError) -> AlignedBuffer {
    let wanted = TensorDescription.chosen(primitive, argument)
    return try lock.withLock { _ throws(GraphError) in
      if let known = entries[name]?.first(where: { $0.primitive?.matches($0.argument, wanted) ?? false })?.buffer {
        return known
      }
      let buffer = try pack(name, for: primitive, argument, shape: shape, engine: engine, values)
      entries[name, default: []].append(Entry(primitive: primitive, argument: argument, buffer: buffer))
      return buffer
    }
  }

  private func pack(
    _ name: String, for primitive: Primitive, _ argument: cdnn_argument, shape: [Int], engine: Engine,
    _ values: () -> [Float]
  ) throws(GraphError) -> AlignedBuffer {
    let source = TensorDescription.sized(shape, .plain)
    let plain = try AlignedBuffer(values())
    if primitive.matches(argument, source) { return plain }
    let buffer = try AlignedBuffer(bytes: primitive.bytes(argument))
    guard let reorder = engine.reorder(from: source, to: .chosen(primitive, argument)) else {
      throw .kernel(node: name, function: "dnnl_reorder_primitive_desc_create", status: 3)
    }
    let scratch = try AlignedBuffer(bytes: reorder.bytes(CDNN_SCRATCHPAD))
    let status = unsafe Primitive.run(
      reorder, engine, [(CDNN_SRC, plain.pointer), (CDNN_DST, buffer.pointer), (CDNN_SCRATCHPAD, scratch.pointer)])
    guard status == 0 else { throw .kernel(node: name, function: "dnnl_primitive_execute", status: Int(status)) }
    return buffer
  }
}

extension Primitive {
  /// Runs once, outside of a compiled graph.
  static func run(
    _ primitive: Primitive, _ engine: Engine, _ arguments: [(cdnn_argument, UnsafeMutableRawPointer)]
  ) -> Int32 {
    var pointers = unsafe [UnsafeMutableRawPointer?](repeating: nil, count: Int(CDNN_ARGUMENTS.rawValue))
    for index in unsafe arguments.indices {
      unsafe pointers[Int(arguments[index].0.rawValue)] = arguments[index].1
    }
    return unsafe cdnn_primitive_run(primitive.handle, engine.stream, pointers)
  }
}
