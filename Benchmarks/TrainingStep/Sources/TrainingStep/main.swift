// Prints the milliseconds of each training step, one a line, after a warm-up: forward, backward, optimiser, all, and the
// processor's time for all, which other programs disturb less; `compare.py` reads them.
// usage: TrainingStep [steps] [threads] [batch] [size]
import Glibc
import Layers
import Tensors

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) } + []
func argument(_ index: Int, _ standard: Int) -> Int { index < arguments.count ? arguments[index] : standard }
let steps = argument(0, 20)
let engine = try Engine(threads: argument(1, 2))
let batch = argument(2, 32)
let size = argument(3, 128)

var random = SeededGenerator(seed: 0)
let network = Network(&random, engine)
var optimizer = Optimizer(.adamW(), weightDecay: 1e-4, parameters: network.parameters)
let images = Tensor(
  (0..<batch * size * size).map { _ in random.normal() }, shape: Shape(batch, 1, size, size), on: engine)
let targets = Tensor(
  Targets.oneHot((0..<batch).map { $0 % 6 }, classes: 6, smoothing: 0), shape: Shape(batch, 6), on: engine)

/// Milliseconds that the processor has worked for this process.
func processorTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
}

let clock = ContinuousClock()
var times: [Double] = []
var losses: [Float] = []
for step in 0..<steps + 5 {
  let processor = processorTime()
  let start = clock.now
  let tape = Tape(on: engine)
  var pass = Pass(tape: tape, random: random)
  let loss = network.forward(tape.constant(images), &pass).softmaxCrossEntropy(targets)
  let forward = clock.now
  tape.backward(from: loss)
  let backward = clock.now
  optimizer.step(rate: 1e-3)
  let end = clock.now
  let busy = processorTime() - processor
  losses.append(loss.value.scalar)
  if step >= 5 {
    var parts = [forward - start, backward - forward, end - backward, end - start].map { $0 / .milliseconds(1) }
    parts.append(busy)
    print(parts.map { "\(($0 * 1000).rounded() / 1000)" }.joined(separator: " "))
  }
}
print("# loss \(losses.first!) to \(losses.last!), \(engine.allocations) blocks, \(engine.bytes >> 20) MB")
