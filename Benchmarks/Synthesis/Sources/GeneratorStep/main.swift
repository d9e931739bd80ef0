import Samples
import Synthesis

/// Prints the seconds of each step of a generator's training, both networks and the encoder, forward and backward.
/// usage: GeneratorStep SET STEPS THREADS BATCH SIDE

let words = CommandLine.arguments
guard words.count == 6, let steps = Int(words[2]), let threads = Int(words[3]), let batch = Int(words[4]),
  let side = Int(words[5])
else { fatalError("usage: GeneratorStep SET STEPS THREADS BATCH SIDE") }
let trainer = try GeneratorTrainer(
  try PartSet.load(path: words[1]),
  settings: GeneratorSettings(steps: 1_000_000, batchSize: batch, side: side, threads: threads))
print("# " + trainer.sizes.map(String.init).joined(separator: " "))
for time in try trainer.timeSteps(steps) { print(time) }
