import CDNN

/// How the elements of a tensor lie in memory.
public enum Layout: Hashable, Sendable {
  /// Row major: NCHW for images.
  case plain
  /// NCHW in blocks of ``Engine/vectorWidth`` channels (nChw8c, nChw16c): oneDNN's own layout for convolutions. Only
  /// where the block divides the number of channels, so that there is no padding.
  case blocked
}

/// Single-precision numbers in memory of an ``Engine``.
///
/// A tensor is a reference to its storage: operations make new tensors and never write to one that is shared.
public struct Tensor {
  public let shape: Shape
  public let layout: Layout
  public let engine: Engine
  var storage: Storage

  /// A tensor whose elements are whatever was in memory.
  init(uninitialized shape: Shape, layout: Layout = .plain, on engine: Engine) {
    precondition(
      layout == .plain || (shape.rank == 4 && Tensor.layout(forChannels: shape.channels, on: engine) == .blocked),
      "\(shape) cannot be blocked")
    self.shape = shape
    self.layout = layout
    self.engine = engine
    storage = engine.pool.storage(count: shape.count)
  }

  /// - Precondition: as many `elements` (row major) as `shape` holds.
  public init(_ elements: [Float], shape: Shape, on engine: Engine) {
    precondition(elements.count == shape.count, "\(elements.count) elements cannot fill \(shape)")
    self.init(uninitialized: shape, on: engine)
    unsafe elements.withUnsafeBufferPointer { from in
      if let base = from.baseAddress { unsafe pointer.update(from: base, count: elements.count) }
    }
  }

  /// A tensor of `element(i)` for i in row-major order, with no array in between.
  public init(shape: Shape, on engine: Engine, _ element: (Int) -> Float) {
    self.init(uninitialized: shape, on: engine)
    for i in 0..<count { unsafe pointer[i] = element(i) }
  }

  public init(repeating value: Float, shape: Shape, on engine: Engine, layout: Layout = .plain) {
    self.init(uninitialized: shape, layout: layout, on: engine)
    unsafe pointer.update(repeating: value, count: shape.count)
  }

  public init(_ scalar: Float, on engine: Engine) {
    self.init(repeating: scalar, shape: Shape(), on: engine)
  }

  var pointer: UnsafeMutablePointer<Float> { unsafe storage.pointer }
  public var count: Int { shape.count }

  /// The elements, row major.
  public var elements: [Float] {
    let plain = self.plain()
    return unsafe Array(UnsafeBufferPointer(start: plain.pointer, count: count))
  }

  /// The element of a tensor that holds one.
  public var scalar: Float {
    precondition(count == 1, "\(shape) is not one number")
    return unsafe pointer[0]
  }

  /// Overwrites the elements (row major), wherever the storage is referred to.
  ///
  /// - Precondition: a plain tensor with as many elements.
  public func fill(from elements: Span<Float>) {
    precondition(layout == .plain && elements.count == count, "\(elements.count) elements into \(shape)")
    unsafe elements.withUnsafeBufferPointer { from in
      if let base = from.baseAddress { unsafe pointer.update(from: base, count: count) }
    }
  }

  /// Calls `body` with the elements of a plain tensor, for reading.
  public func withElements<R>(_ body: (Span<Float>) -> R) -> R {
    precondition(layout == .plain, "a blocked tensor has no row-major elements")
    return unsafe body(UnsafeBufferPointer(start: pointer, count: count).span)
  }

  /// The same elements under another shape.
  public func reshaped(to shape: Shape) -> Tensor {
    precondition(shape.count == count, "\(self.shape) cannot be seen as \(shape)")
    return Tensor(sharing: plain(), shape: shape)
  }

  private init(sharing other: Tensor, shape: Shape) {
    self.shape = shape
    layout = .plain
    engine = other.engine
    storage = other.storage
  }

  /// A copy with storage of its own.
  public func copy() -> Tensor {
    let copy = Tensor(uninitialized: shape, layout: layout, on: engine)
    unsafe copy.pointer.update(from: pointer, count: count)
    return copy
  }

  /// The same numbers in row-major order; itself if it is so already.
  public func plain() -> Tensor { inLayout(.plain) }

  /// The same numbers in `wanted` layout; itself if it is so already.
  package func inLayout(_ wanted: Layout) -> Tensor {
    if layout == wanted { return self }
    let result = Tensor(uninitialized: shape, layout: wanted, on: engine)
    let key = PrimitiveKey(
      kind: .reorder, source: shape, sourceLayout: layout, destination: shape, destinationLayout: wanted)
    let reorder = unsafe engine.primitive(key) { handle in
      var source = unsafe descriptor
      var destination = unsafe result.descriptor
      return unsafe cdnn_reorder_create(engine.engine, &source, &destination, &handle)
    }
    unsafe engine.run(reorder, Arguments(source: pointer, destination: result.pointer))
    return result
  }

  /// The layout that a convolution over `channels` channels uses; always plain where vectors are narrower than 8.
  package static func layout(forChannels channels: Int, on engine: Engine) -> Layout {
    engine.vectorWidth >= 8 && channels % engine.vectorWidth == 0 ? .blocked : .plain
  }

  var descriptor: cdnn_tensor { unsafe Tensor.descriptor(shape, layout, engine) }

  static func descriptor(_ shape: Shape, _ layout: Layout, _ engine: Engine) -> cdnn_tensor {
    var tensor = unsafe cdnn_tensor()
    unsafe tensor.rank = Int32(shape.rank)
    unsafe tensor.layout = Int32(
      (layout == .plain ? CDNN_PLAIN : engine.vectorWidth == 16 ? CDNN_BLOCKED_16 : CDNN_BLOCKED_8).rawValue)
    unsafe tensor.dims = (Int64(shape[0]), Int64(shape[1]), Int64(shape[2]), Int64(shape[3]), 1)
    return unsafe tensor
  }

  /// Channels that lie next to each other in memory: 1 or the engine's vector width.
  var block: Int { layout == .blocked ? engine.vectorWidth : 1 }
}
