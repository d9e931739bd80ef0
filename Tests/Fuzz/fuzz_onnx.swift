// libFuzzer harness for the ONNX readers, the specialisation for input shapes, the passes, and one run. See run.sh.

import Glibc

/// Where models with weights in other files look for them: a folder that holds one such file.
private let folder = unsafe getenv("ASSAY_FUZZ_FOLDER").map { unsafe String(cString: $0) }

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  if let graph = try? Graph(onnx: bytes), let shapes = inputShapes(graph.inputs.map { ($0.name, $0.shape) }) {
    _ = try? graph.onnx()
    run(graph, shapes)
  }
  guard let model = try? ONNXModel(onnx: bytes, folder: folder),
    let shapes = inputShapes(model.inputs.map { ($0.name, $0.shape) })
  else { return 0 }
  if let graph = try? model.specialized(for: shapes, limit: 1 << 18) { run(graph, shapes) }
  var inputs: [String: TypedTensor] = [:]
  for input in model.inputs {
    let shape = shapes[input.name]!
    inputs[input.name] = TypedTensor(values(shape), shape: shape).converted(to: input.type ?? .float32)
  }
  _ = try? model.run(inputs, limit: 1 << 18)
  return 0
}

/// The declared shapes, open axes with two elements; nil where a run would take long.
private func inputShapes(_ inputs: [(name: String, shape: [Dimension]?)]) -> [String: [Int]]? {
  var shapes: [String: [Int]] = [:]
  for (name, declared) in inputs {
    let shape = (declared ?? [1, 2, 4, 4]).map { if case .fixed(let size) = $0 { size } else { 2 } }
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: max(1, size))
      guard !overflow, product <= 1 << 14 else { return nil }
      count = product
    }
    shapes[name] = shape
  }
  return shapes
}

private func run(_ graph: Graph, _ shapes: [String: [Int]]) {
  // A network may need gigabytes by right; here they would only take time.
  guard let all = try? graph.inferShapes(shapes),
    all.values.allSatisfy({ $0.reduce(1.0) { $0 * Double($1) } <= 0x1p18 })
  else { return }
  guard let compiler = try? GraphCompiler(graph), let compiled = try? compiler.compile(inputShapes: shapes, threads: 1)
  else { return }
  try? compiled.run(compiled.inputs.map { values($0.shape) })
}

private func values(_ shape: [Int]) -> [Float] {
  (0..<shape.reduce(1, *)).map { Float($0 % 7) - 2 }
}
