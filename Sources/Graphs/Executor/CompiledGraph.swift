import CDNN
import Glibc

/// A network made ready for one input size: kernels chosen, weights packed, memory planned.
///
/// A run takes no memory from the system. One thread at a time may use a compiled graph; it computes on that thread and
/// on `threads - 1` of oneDNN's. For throughput, make one single-threaded graph for each thread from the same
/// ``GraphCompiler``: they share the packed weights.
///
/// ```swift
/// let compiler = try GraphCompiler(graph)
/// let network = try compiler.compile(inputShape: [1, 1, 128, 128], threads: 2)
/// try network.run(prepared.span)
/// let scores = network.output("scores")
/// ```
@safe public final class CompiledGraph {
  /// An input or output and its shape.
  public struct Value: Sendable, Hashable {
    public let name: String
    /// Row-major.
    public let shape: [Int]
    public var count: Int { shape.reduce(1, *) }
  }

  public let inputs: [Value]
  public let outputs: [Value]
  public let threads: Int
  /// Networks that need more for what lies between two nodes are refused.
  public static let mostWorkingBytes = 4 << 30
  /// Working memory, without weights.
  public let workingBytes: Int

  private let engine: Engine
  private let steps: [PreparedStep]
  private let block: AlignedBuffer
  private let weights: PackedWeights
  /// Everything that steps point to stays alive through this.
  private let program: Program
  private let table: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let arguments: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// Which table entries and arguments stand for which input.
  private let inputEntries: [[UnsafeMutablePointer<UnsafeMutableRawPointer?>]]
  private let outputStorages: [Int]
  private var nanoseconds: [UInt64]
  private var profiledRuns = 0
  /// Whether runs are timed node by node, which costs a little.
  public var isProfiling = false

  /// A step with its pointers; both things that it may point to are kept alive by `program` and this graph.
  @safe private enum PreparedStep {
    case primitive(OpaquePointer, UnsafeMutablePointer<UnsafeMutableRawPointer?>)
    case kernel((Storages) -> Void)
    case fallible((Storages) -> Bool)
  }

  /// - Parameters:
  ///   - graph: fused for these shapes.
  ///   - inputShapes: of every input.
  ///   - threads: 1 or more.
  ///   - usesBF16: as for ``GraphCompiler/init(_:usesWinograd:usesBF16:)``.
  init(
    fused graph: Graph, inputShapes: [String: [Int]], threads: Int, weights: PackedWeights,
    usesWinograd: Bool, usesBF16: Bool = false
  ) throws(GraphError) {
    precondition(threads >= 1, "a graph cannot run on \(threads) threads")
    // oneDNN splits its work for the number of threads at creation.
    cdnn_set_threads(Int32(threads))
    let engine = try Engine(allowsBF16: usesBF16)
    let lowering = try Lowering(
      graph, inputShapes: inputShapes, engine: engine, weights: weights, threads: threads,
      usesWinograd: usesWinograd)
    let program = lowering.program

    let planned = program.storages.indices.filter { index in
      if case .planned = program.storages[index].place { program.storages[index].last >= 0 } else { false }
    }
    let plan = MemoryPlan(
      planned.map { index in
        let storage = program.storages[index]
        return MemoryPlan.Item(bytes: storage.bytes, lifetime: min(storage.first, storage.last)...storage.last)
      })
    guard plan.bytes <= CompiledGraph.mostWorkingBytes else { throw .memory(bytes: plan.bytes) }
    let block = try AlignedBuffer(bytes: plan.bytes)

    let stride = Int(CDNN_ARGUMENTS.rawValue)
    let table = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: max(1, program.storages.count))
    unsafe table.initialize(repeating: nil, count: program.storages.count)
    let arguments = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(
      capacity: max(1, program.steps.count * stride))
    unsafe arguments.initialize(repeating: nil, count: program.steps.count * stride)
    for (position, index) in planned.enumerated() { unsafe table[index] = block.pointer + plan.offsets[position] }
    var entries = unsafe [[UnsafeMutablePointer<UnsafeMutableRawPointer?>]](repeating: [], count: graph.inputs.count)
    for (index, storage) in program.storages.enumerated() {
      switch storage.place {
      case .planned: break
      case .fixed(let buffer): unsafe table[index] = buffer.pointer
      case .input(let number): unsafe entries[number].append(table + index)
      }
    }
    var steps: [PreparedStep] = []
    for (position, step) in program.steps.enumerated() {
      switch step.body {
      case .kernel(let kernel): steps.append(.kernel(kernel))
      case .fallible(let kernel): steps.append(.fallible(kernel))
      case .primitive(let primitive, let list):
        let own = unsafe arguments + position * stride
        for (argument, storage) in list {
          unsafe own[Int(argument.rawValue)] = table[storage]
          if case .input(let number) = program.storages[storage].place {
            unsafe entries[number].append(own + Int(argument.rawValue))
          }
        }
        unsafe steps.append(.primitive(primitive.handle, own))
      }
    }

    inputs = graph.inputs.map { Value(name: $0.name, shape: inputShapes[$0.name]!) }
    outputs = zip(graph.outputs, lowering.outputs).map { Value(name: $0.name, shape: $1.shape) }
    outputStorages = lowering.outputs.map(\.storage)
    self.threads = threads
    workingBytes = plan.bytes
    self.engine = engine
    self.program = program
    self.block = block
    self.weights = weights
    self.steps = steps
    unsafe self.table = table
    unsafe self.arguments = arguments
    unsafe inputEntries = entries
    nanoseconds = [UInt64](repeating: 0, count: program.steps.count)
  }

  deinit {
    unsafe table.deallocate()
    unsafe arguments.deallocate()
  }

  // MARK: Running

  /// Computes all outputs from the one input, row-major as its shape says.
  ///
  /// Sets the calling thread's number of OpenMP threads to ``threads``.
  ///
  /// - Precondition: the network has one input, and `input` has as many numbers as its shape.
  /// - Throws: `GraphError.kernel` if oneDNN fails, after which the outputs are undefined.
  public func run(_ input: Span<Float>) throws(GraphError) {
    precondition(inputs.count == 1, "the network has \(inputs.count) inputs, not one")
    let status = unsafe input.withUnsafeBufferPointer { buffer in
      unsafe bind(0, buffer)
      return execute()
    }
    try check(status)
  }

  /// Computes all outputs from several inputs, in the order of ``inputs``.
  public func run(_ inputs: [[Float]]) throws(GraphError) {
    precondition(inputs.count == self.inputs.count, "\(inputs.count) inputs for \(self.inputs.count)")
    try check(bindAndExecute(inputs[...]))
  }

  private func bindAndExecute(_ rest: ArraySlice<[Float]>) -> (step: Int, status: Int32)? {
    guard let first = rest.first else { return execute() }
    return unsafe first.withUnsafeBufferPointer { buffer in
      unsafe bind(rest.startIndex, buffer)
      return bindAndExecute(rest.dropFirst())
    }
  }

  private func bind(_ index: Int, _ buffer: UnsafeBufferPointer<Float>) {
    precondition(
      buffer.count == inputs[index].count,
      "\(buffer.count) numbers for the input '\(inputs[index].name)' of shape \(inputs[index].shape)")
    // No kernel writes to an input.
    let pointer = unsafe UnsafeMutableRawPointer(mutating: UnsafeRawPointer(buffer.baseAddress!))
    for entry in unsafe inputEntries[index].indices { unsafe inputEntries[index][entry].pointee = pointer }
  }

  /// The step that failed and its status, or nil.
  private func execute() -> (step: Int, status: Int32)? {
    cdnn_set_threads(Int32(threads))
    let storages = unsafe Storages(table: table)
    let isProfiling = isProfiling
    var start = isProfiling ? CompiledGraph.now() : 0
    for index in steps.indices {
      switch steps[index] {
      case .primitive(let handle, let list):
        let status = unsafe cdnn_primitive_run(handle, engine.stream, list)
        if status != 0 { return (index, status) }
      case .kernel(let kernel): kernel(storages)
      case .fallible(let kernel):
        if !kernel(storages) { return (index, 1) }
      }
      if isProfiling {
        let end = CompiledGraph.now()
        nanoseconds[index] += end - start
        start = end
      }
    }
    if isProfiling { profiledRuns += 1 }
    return nil
  }

  private func check(_ failure: (step: Int, status: Int32)?) throws(GraphError) {
    guard let failure else { return }
    let step = program.steps[failure.step]
    throw .kernel(
      node: step.node, function: step.kind == "reference" ? "its definition" : "dnnl_primitive_execute",
      status: Int(failure.status))
  }

  // MARK: Results

  /// Position of an output in ``outputs``.
  public func outputIndex(_ name: String) -> Int? { outputs.firstIndex { $0.name == name } }

  /// Lends output number `index` of the last run, row-major.
  public func withOutput<Result: ~Copyable, Failure: Error>(
    _ index: Int, _ body: (Span<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let pointer = unsafe table[outputStorages[index]]!.assumingMemoryBound(to: Float.self)
    return try body(unsafe UnsafeBufferPointer(start: pointer, count: outputs[index].count).span)
  }

  /// A copy of output number `index` of the last run.
  public func output(_ index: Int) -> [Float] {
    withOutput(index) { span in
      unsafe [Float](unsafeUninitializedCapacity: span.count) { buffer, count in
        for position in span.indices { unsafe buffer.initializeElement(at: position, to: span[position]) }
        count = span.count
      }
    }
  }

  /// A copy of the output called `name`.
  ///
  /// - Precondition: there is one.
  public func output(_ name: String) -> [Float] {
    guard let index = outputIndex(name) else { preconditionFailure("the network has no output '\(name)'") }
    return output(index)
  }

  // MARK: Profile

  /// Where the time went, step by step.
  public struct Timing: Sendable, Hashable {
    /// The node's name.
    public let node: String
    /// The kernel, in oneDNN's words or ours.
    public let kernel: String
    /// Mean over the profiled runs.
    public let microseconds: Double
  }

  /// The mean times of the runs that were made while ``isProfiling`` was set.
  public var timings: [Timing] {
    program.steps.indices.map { index in
      Timing(
        node: program.steps[index].node, kernel: program.steps[index].kind,
        microseconds: Double(nanoseconds[index]) / Double(max(1, profiledRuns)) / 1000)
    }
  }

  private static func now() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
