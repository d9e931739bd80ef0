import FoundationEssentials
import Graphs

/// One model with inputs and the outputs that the standard expects of it.
struct Case {
  let name: String
  let folder: String
  /// Whose test it is: the operation under test, or the data folder.
  let group: String
  let relative: Double
  let absolute: Double

  enum Outcome {
    case passed
    case unsupported(String)
    case wrong(String)
  }

  /// - Parameter byExecutor: specialised and compiled instead of interpreted.
  func run(byExecutor: Bool) -> Outcome {
    let model: ONNXModel
    do {
      model = try ONNXModel(contentsOf: "\(folder)/model.onnx")
    } catch GraphError.malformed(let reason) {
      return .wrong(reason)
    } catch {
      return .unsupported("\(error)")
    }
    do {
      let sets = try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { $0.hasPrefix("test_data_set_") }.sorted()
      for set in sets {
        if let reason = try mismatch(model, "\(folder)/\(set)", byExecutor: byExecutor) { return .wrong(reason) }
      }
      return .passed
    } catch GraphError.unsupported(let operation, _, let opset, let reason) {
      return .unsupported("\(operation) (opset \(opset)): \(reason)")
    } catch let error as GraphError where byExecutor {
      // Refused, which is not wrong: empty tensors, and integers that single precision does not have.
      return .unsupported("\(error)")
    } catch {
      return .wrong("\(error)")
    }
  }

  /// How the outputs differ from the expected ones, or nil.
  private func mismatch(_ model: ONNXModel, _ set: String, byExecutor: Bool) throws -> String? {
    var inputs: [String: TypedTensor] = [:]
    for (index, input) in model.inputs.enumerated() {
      inputs[input.name] = try tensor("\(set)/input_\(index).pb")
    }
    let outputs = byExecutor ? try execute(model, inputs) : try model.run(inputs)
    for (index, output) in model.outputs.enumerated() {
      let expected = try tensor("\(set)/output_\(index).pb")
      guard let found = outputs[output.name] else { return "no output '\(output.name)'" }
      if !byExecutor, found.type != expected.type { return "\(output.name) is \(found.type), not \(expected.type)" }
      if found.shape != expected.shape { return "\(output.name) has the shape \(found.shape), not \(expected.shape)" }
      if let reason = try difference(found, expected) { return "\(output.name) \(reason)" }
    }
    return nil
  }

  private func execute(_ model: ONNXModel, _ inputs: [String: TypedTensor]) throws -> [String: TypedTensor] {
    // Shapes, axes and indices are usually weights of a network; the first input is its picture.
    let fixed = inputs.filter { $0.key != model.inputs.first?.name && !$0.value.type.isFloat }
    let shapes = inputs.filter { fixed[$0.key] == nil }.mapValues(\.shape)
    let graph = try model.specialized(for: shapes, fixed: fixed)
    if group == "(models)" {
      let left = graph.nodes.compactMap {
        if case .interpreted(let node) = $0.operation { node.node.operation } else { nil }
      }
      print(
        "\(name): \(model.nodes.count) nodes became \(graph.nodes.count), interpreted: \(Set(left).sorted()) \(left.count)"
      )
    }
    let compiled = try GraphCompiler(graph).compile(inputShapes: shapes, threads: 1)
    try compiled.run(compiled.inputs.map { inputs[$0.name]!.floats })
    var outputs: [String: TypedTensor] = [:]
    for value in compiled.outputs {
      outputs[value.name] = TypedTensor(compiled.output(value.name), shape: value.shape)
    }
    return outputs
  }

  private func tensor(_ path: String) throws -> TypedTensor {
    try TypedTensor(tensorProto: [UInt8](try Data(contentsOf: URL(filePath: path))))
  }

  private func difference(_ found: TypedTensor, _ expected: TypedTensor) throws -> String? {
    guard expected.type.isFloat else {
      let (a, b) = (found.integers, expected.integers)
      return a.indices.first { a[$0] != b[$0] }.map { "[\($0)] is \(a[$0]), not \(b[$0])" }
    }
    let (a, b) = (found.doubles, expected.doubles)
    // The standard's runner allows bfloat16 two units in the last place.
    var relative = expected.type == .bfloat16 ? max(relative, 1.0 / 64) : relative
    // The executor computes half precision in single precision.
    if found.type != expected.type { relative = max(relative, 1.0 / 256) }
    for index in a.indices {
      let (x, y) = (a[index], b[index])
      if x == y || (x.isNaN && y.isNaN) { continue }
      if found.type == .float32, expected.type == .float64, abs(y) > Double(Float.greatestFiniteMagnitude) {
        throw GraphError.unsupportedModel("its numbers are beyond single precision")
      }
      if !(abs(x - y) <= absolute + relative * abs(y)) { return "[\(index)] is \(x), not \(y)" }
    }
    return nil
  }
}
