// Trains one of the networks of the comparison; `compare.py` runs it beside `training_step.py`.
//
// usage: TrainingStep NETWORK STEPS THREADS BATCH SIZE [bf16]
//   prints the milliseconds of each training step, one a line, after a warm-up: forward, backward, optimiser, all, and
//   the processor's time for all, which other programs disturb less.
// usage: TrainingStep NETWORK STEPS THREADS BATCH SIZE [bf16] FILE
//   starts from the weights in FILE (safetensors), trains on its batches in turns and prints each step's loss.
import Glibc
import Layers
import Tensors
import TrainingNetworks

let usesBF16 = CommandLine.arguments.contains("bf16")
let arguments = CommandLine.arguments.dropFirst().filter { $0 != "bf16" }
guard (5...6).contains(arguments.count), let steps = Int(arguments[1]), let threads = Int(arguments[2]),
  let batch = Int(arguments[3]), let size = Int(arguments[4])
else {
  print("usage: TrainingStep neu|vit|resnet18 STEPS THREADS BATCH SIZE [bf16] [FILE]")
  exit(64)
}
let engine = try Engine(threads: threads, usesBF16: usesBF16)
let tape = Tape(on: engine)
var random = SeededGenerator(seed: 0)
guard let network = makeNetwork(arguments[0], size: size, random: &random, on: engine) else {
  print("there is no network '\(arguments[0])'; take neu, vit or resnet18")
  exit(64)
}
let classes = type(of: network).classes
let shape = Shape(batch, type(of: network).channels, size, size)
var optimizer = Optimizer(.adamW(), weightDecay: 1e-4, parameters: network.parameters.map(\.parameter))

/// Milliseconds that the processor has worked for this process.
func processorTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
}

/// One step; its loss and the milliseconds of its parts.
@MainActor
func step(_ images: Tensor, _ targets: Tensor) -> (loss: Float, times: [Double]) {
  let clock = ContinuousClock()
  let processor = processorTime()
  let start = clock.now
  var pass = Pass(tape: tape, random: random)
  let loss = network.forward(tape.constant(images), &pass).softmaxCrossEntropy(targets)
  let forward = clock.now
  tape.backward(from: loss)
  let backward = clock.now
  optimizer.step(rate: 1e-3)
  let end = clock.now
  let busy = processorTime() - processor
  let times = [forward - start, backward - forward, end - backward, end - start].map { $0 / .milliseconds(1) }
  return (loss.value.scalar, times + [busy])
}

@MainActor
func oneHot(_ labels: [Int]) -> Tensor {
  Tensor(Targets.oneHot(labels, classes: classes), shape: Shape(labels.count, classes), on: engine)
}

if arguments.count == 6 {
  let file = try Checkpoint(path: arguments[5])
  try file.restore(network.parameters)
  guard let images = file.tensors["images"], let labels = file.tensors["labels"] else { exit(1) }
  let batches = (0..<labels.elements.count / batch).map { index in
    (
      Tensor(Array(images.elements[index * shape.count..<(index + 1) * shape.count]), shape: shape, on: engine),
      oneHot(labels.elements[index * batch..<(index + 1) * batch].map { Int($0) })
    )
  }
  for index in 0..<steps {
    let (images, targets) = batches[index % batches.count]
    print(step(images, targets).loss)
  }
} else {
  let images = Tensor((0..<shape.count).map { _ in random.normal() }, shape: shape, on: engine)
  let targets = oneHot((0..<batch).map { $0 % classes })
  var losses: [Float] = []
  var allocations: [Int] = []
  for index in 0..<steps + 5 {
    let (loss, times) = step(images, targets)
    losses.append(loss)
    allocations.append(engine.allocations)
    if index >= 5 { print(times.map { "\(($0 * 1000).rounded() / 1000)" }.joined(separator: " ")) }
  }
  print(
    "# loss \(losses.first!) to \(losses.last!), \(engine.allocations) blocks, \(engine.bytes >> 20) MB, "
      + "\(allocations.last! - allocations[4]) taken in the timed steps")
}
