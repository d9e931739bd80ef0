// Runs a network on an input and times it.
//
// usage: RunNetwork MODEL INPUT.f32 SHAPE OUTPUT.f32 THREADS RUNS [bf16]      SHAPE such as 1x3x224x224
//
// Prints the milliseconds of each run but the first three, a line each; OUTPUT.f32 gets the first output.

import Foundation
import Graphs

let usesBF16 = CommandLine.arguments.last == "bf16"
let arguments = Array(CommandLine.arguments.dropLast(usesBF16 ? 1 : 0))
guard arguments.count == 7, let threads = Int(arguments[5]), let runs = Int(arguments[6]) else {
  FileHandle.standardError.write(Data("usage: RunNetwork MODEL INPUT.f32 SHAPE OUTPUT.f32 THREADS RUNS [bf16]\n".utf8))
  exit(64)
}
let shape = arguments[3].split(separator: "x").compactMap { Int($0) }
let data = try Data(contentsOf: URL(filePath: arguments[2]))
let input = data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
do {
  let model = try ONNXModel(contentsOf: arguments[1])
  guard let name = model.inputs.first?.name else { throw GraphError.unsupportedModel("it has no input") }
  let graph = try model.specialized(for: [name: shape])
  let compiled = try GraphCompiler(graph, usesBF16: usesBF16)
    .compile(inputShape: shape, threads: threads)
  let clock = ContinuousClock()
  for run in 0..<runs + 3 {
    let time = try clock.measure { try compiled.run(input.span) }
    if run >= 3 { print(Double(time.components.attoseconds) * 1e-15 + Double(time.components.seconds) * 1e3) }
  }
  let output = compiled.output(0)
  try output.withUnsafeBytes { try Data($0).write(to: URL(filePath: arguments[4])) }
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
