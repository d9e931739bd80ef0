// Counts what a run of a network or a training step takes from the system's memory, after a warm-up, by whose code asks
// for it: Assay's, oneDNN's or other libraries' (OpenMP, OpenBLAS). All threads and libraries are seen.
//
// usage: Allocations inference MODEL.onnx SHAPE RUNS [--threads N] [--stacks N] [--json]        SHAPE such as 1x3x224x224
// usage: Allocations training neu|vit|resnet18 STEPS [--threads N] [--stacks N] [--json]        batch 8 of 64x64
//
// --stacks N prints the N places that ask most often, with the calls that led there. `| swift demangle` makes their names
// readable; a function that is not public has none, and `llvm-symbolizer --obj=FILE OFFSET` finds it.

import CAllocations
@preconcurrency import Glibc
import Graphs
import Layers
import Tensors
import TrainingNetworks

func usage() -> Never {
  fputs(
    """
    usage: Allocations inference MODEL.onnx SHAPE RUNS [--threads N] [--stacks N] [--json]
           Allocations training neu|vit|resnet18 STEPS [--threads N] [--stacks N] [--json]

    """, stderr)
  exit(64)
}

var arguments = Array(CommandLine.arguments.dropFirst())
@MainActor
func option(_ name: String, _ standard: Int) -> Int {
  guard let index = arguments.firstIndex(of: name) else { return standard }
  guard index + 1 < arguments.count, let value = Int(arguments[index + 1]), value >= 0 else { usage() }
  arguments.removeSubrange(index...index + 1)
  return value
}
let threads = option("--threads", 2)
let stacks = option("--stacks", 0)
let isJSON = arguments.contains("--json")
arguments.removeAll { $0 == "--json" }
guard threads > 0, let runs = arguments.last.flatMap({ Int($0) }), runs > 0 else { usage() }

let what: String
switch (arguments.first, arguments.count) {
case ("inference", 4):
  let path = arguments[1]
  what = String(path.split(separator: "/").last ?? "").replacing(".onnx", with: "")
  do {
    try countInference(path: path, shape: arguments[2].split(separator: "x").compactMap { Int($0) })
  } catch {
    fputs("\(error)\n", stderr)
    exit(1)
  }
case ("training", 3):
  what = arguments[1]
  try countTraining(what)
default: usage()
}
report()

@MainActor
func countInference(path: String, shape: [Int]) throws {
  let model = try ONNXModel(contentsOf: path)
  guard let name = model.inputs.first?.name else { throw GraphError.unsupportedModel("it has no input") }
  let network = try GraphCompiler(model.specialized(for: [name: shape])).compile(inputShape: shape, threads: threads)
  var random = SeededGenerator(seed: 0)
  let input = (0..<shape.reduce(1, *)).map { _ in random.normal() }
  for _ in 0..<3 { try network.run(input.span) }
  callocations_arm()
  for _ in 0..<runs { try network.run(input.span) }
  callocations_disarm()
}

@MainActor
func countTraining(_ name: String) throws {
  let (batch, size) = (8, 64)
  let engine = try Engine(threads: threads)
  var random = SeededGenerator(seed: 0)
  guard let network = makeNetwork(name, size: size, random: &random, on: engine) else { usage() }
  let classes = type(of: network).classes
  let shape = Shape(batch, type(of: network).channels, size, size)
  var optimizer = Optimizer(.adamW(), weightDecay: 1e-4, parameters: network.parameters.map(\.parameter))
  let images = Tensor((0..<shape.count).map { _ in random.normal() }, shape: shape, on: engine)
  let targets = Tensor(
    Targets.oneHot((0..<batch).map { $0 % classes }, classes: classes), shape: Shape(batch, classes), on: engine)
  let tape = Tape(on: engine)
  func step() {
    var pass = Pass(tape: tape, random: random)
    let loss = network.forward(tape.constant(images), &pass).softmaxCrossEntropy(targets)
    tape.backward(from: loss)
    optimizer.step(rate: 1e-3)
  }
  for _ in 0..<5 { step() }
  callocations_arm()
  for _ in 0..<runs { step() }
  callocations_disarm()
}

@MainActor
func report() {
  let owners = [("Assay", CALLOCATIONS_PROGRAM), ("oneDNN", CALLOCATIONS_ONEDNN), ("other", CALLOCATIONS_OTHER)]
  func mean(_ total: UInt64) -> Double { (Double(total) / Double(runs) * 100).rounded() / 100 }
  if isJSON {
    let parts = owners.map { name, owner in
      let count = callocations_of(owner)
      return #""\#(name)": {"calls": \#(mean(count.calls)), "bytes": \#(mean(count.bytes))}"#
    }
    print(
      #"{"kind": "counts", "part": "Allocations", "item": "\#(arguments[0]) of \#(what)", "runs": \#(runs), "counts": {"#
        + parts.joined(separator: ", ") + "}}")
  } else {
    print("\(arguments[0]) of \(what), \(runs) runs on \(threads) threads; for each run:")
    for (name, owner) in owners {
      let count = callocations_of(owner)
      print("  \(name): \(mean(count.calls)) allocations, \(mean(count.bytes)) bytes, \(mean(count.frees)) freed")
    }
  }
  let sites = (0..<callocations_sites()).map { callocations_site_at($0) }.sorted {
    ($0.calls, $0.bytes) > ($1.calls, $1.bytes)
  }
  for site in sites.prefix(stacks) {
    print("\(mean(site.calls)) a run, \(mean(site.bytes)) bytes, \(owners[Int(site.owner.rawValue)].0)")
    withUnsafeBytes(of: site.frames) { frames in
      for frame in frames.bindMemory(to: UnsafeRawPointer?.self).prefix(Int(site.depth)) {
        let name = String(cString: callocations_function(frame))
        let file = String(cString: callocations_file(frame)).split(separator: "/").last ?? "generated code"
        print("    \(name.isEmpty ? "?" : name) (\(file)+0x\(String(callocations_offset(frame), radix: 16)))")
      }
    }
  }
}
