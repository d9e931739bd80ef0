import Glibc
import Graphs
import Testing

/// Models that PyTorch exported, against ONNX Runtime's outputs, all written by `Support/torch_models.py`:
///
///     python3 torch_models.py /tmp/models; GRAPHS_MODELS=/tmp/models swift test --filter foreignModels
@Test(.enabled(if: environment("GRAPHS_MODELS") != nil)) func foreignModels() throws {
  let folder = try #require(environment("GRAPHS_MODELS"))
  let names = try String(decoding: #require(bytes("\(folder)/index")), as: UTF8.self).split(separator: "\n")
  #expect(!names.isEmpty)
  for line in names {
    // Name and input shape.
    let parts = line.split(separator: " ")
    let path = "\(folder)/\(parts[0]).onnx"
    let shape = parts[1].split(separator: ",").map { Int($0)! }
    let graph = try Graph(contentsOf: path)
    let compiled = try CompiledGraph(graph, inputShape: shape, threads: 1)
    let input = try #require(floats(path + ".in"))
    for again in [false, true] {
      try compiled.run(input.span)
      for (index, output) in compiled.outputs.enumerated() {
        let expected = try #require(floats(path + ".out\(index)"))
        let largest = expected.map(abs).max() ?? 1
        #expect(
          difference(compiled.output(index), expected) <= 1e-4 * max(1, largest), "\(line) \(output.name) \(again)")
      }
    }
    // What is written runs the same, here at least.
    let again = try CompiledGraph(try Graph(onnx: try graph.onnx()), inputShape: shape, threads: 1)
    try again.run(input.span)
    #expect(difference(again.output(0), compiled.output(0)) <= 1e-4 * max(1, compiled.output(0).map(abs).max()!))
    compiled.isProfiling = true
    for _ in 0..<50 { try compiled.run(input.span) }
    print("\(Int(compiled.timings.reduce(0) { $0 + $1.microseconds })) µs on 1 thread")
    let slow = compiled.timings.sorted { $0.microseconds > $1.microseconds }.prefix(6)
    print(line, "steps \(compiled.timings.count)", slow.map { "\($0.node) \($0.kernel) \(Int($0.microseconds))" })
  }
}

private func bytes(_ path: String) -> [UInt8]? {
  guard let file = unsafe fopen(path, "r") else { return nil }
  defer { unsafe fclose(file) }
  var result: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe fread(&buffer, 1, buffer.count, file)
    if count == 0 { return result }
    result += buffer.prefix(count)
  }
}

private func floats(_ path: String) -> [Float]? {
  guard let raw = bytes(path) else { return nil }
  return unsafe raw.withUnsafeBytes { bytes in
    (0..<raw.count / 4).map { unsafe bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
  }
}
