import Glibc
import Testing

@testable import Graphs

/// The models of `Tests/Fuzz/corpus/onnx`, hostile ones and those that fuzzing has found: read, specialised and run as
/// the fuzzer does, they end with an error or a result, soon and in little memory.
@Suite struct HostileTests {
  private static let folder = {
    let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return "/\(tests)/Fuzz/corpus/onnx"
  }()

  static let files: [String] = {
    guard let folder = unsafe opendir(folder) else { return [] }
    defer { _ = unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      names.append(
        unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
          unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names.filter { !$0.hasPrefix(".") }.sorted()
  }()

  @Test func thereAreSome() { #expect(Self.files.count > 30) }

  @Test(arguments: files) func survived(file: String) throws {
    let path = "\(Self.folder)/\(file)"
    if let graph = try? Graph(contentsOf: path), let shapes = shapes(graph.inputs.map { ($0.name, $0.shape) }) {
      _ = try? graph.onnx()
      run(graph, shapes)
    }
    guard let model = try? ONNXModel(contentsOf: path), let shapes = shapes(model.inputs.map { ($0.name, $0.shape) })
    else { return }
    if let graph = try? model.specialized(for: shapes, limit: 1 << 18) { run(graph, shapes) }
    var inputs: [String: TypedTensor] = [:]
    for input in model.inputs {
      let shape = shapes[input.name]!
      inputs[input.name] = TypedTensor(values(shape), shape: shape).converted(to: input.type ?? .float32)
    }
    _ = try? model.run(inputs, limit: 1 << 18)
  }

  private func shapes(_ inputs: [(name: String, shape: [Dimension]?)]) -> [String: [Int]]? {
    var shapes: [String: [Int]] = [:]
    for (name, declared) in inputs {
      let shape = (declared ?? [1, 2, 4, 4]).map { if case .fixed(let size) = $0 { size } else { 2 } }
      guard shape.reduce(1.0, { $0 * Double(max(1, $1)) }) <= 0x1p14 else { return nil }
      shapes[name] = shape
    }
    return shapes
  }

  private func run(_ graph: Graph, _ shapes: [String: [Int]]) {
    guard let all = try? graph.inferShapes(shapes),
      all.values.allSatisfy({ $0.reduce(1.0) { $0 * Double($1) } <= 0x1p18 }),
      let compiled = try? GraphCompiler(graph).compile(inputShapes: shapes, threads: 1)
    else { return }
    try? compiled.run(compiled.inputs.map { values($0.shape) })
  }

  private func values(_ shape: [Int]) -> [Float] { (0..<shape.reduce(1, *)).map { Float($0 % 7) - 2 } }

  // MARK: Bounds

  private func refusal(_ name: String, limit: Int = 1 << 25) throws -> String {
    let model = try ONNXModel(contentsOf: "\(Self.folder)/\(name).onnx")
    do {
      _ = try model.specialized(for: ["x": [1, 2, 4, 4]], limit: limit)
      return "accepted"
    } catch {
      return error.description
    }
  }

  @Test func constantsThatGrowAreRefused() throws {
    #expect(try refusal("huge_fill").contains("bytes of working memory, more than is allowed"))
    #expect(try refusal("huge_fill_chain").contains("bytes of working memory, more than is allowed"))
    #expect(try refusal("huge_range").contains("bytes of working memory, more than is allowed"))
    #expect(try refusal("huge_product", limit: 1 << 18).contains("bytes of working memory, more than is allowed"))
  }

  @Test func activationsThatGrowAreRefused() throws {
    var builder = GraphBuilder(name: "wide")
    let x = builder.input("x", shape: [1, 1, 4, 4])
    let scale = Resize(mode: .nearest, target: .scales([16_384, 16_384]))
    builder.output(builder.activation(builder.resize(x, name: "up", scale), name: "relu", .relu), as: "y")
    let compiler = try GraphCompiler(try builder.build())
    let error = #expect(throws: GraphError.self) { try compiler.compile(inputShape: [1, 1, 4, 4], threads: 1) }
    #expect(error?.description.contains("more than is allowed (4 GiB)") == true, "\(String(describing: error))")
  }
}
