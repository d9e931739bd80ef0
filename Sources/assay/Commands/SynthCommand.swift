import ArgumentParser

struct SynthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synth", abstract: "Learns what defects look like and paints new ones on good parts.",
    discussion: """
      Examples:
        assay synth train parts/ --out defects.onnx --minutes 30
        assay synth generate --model defects.onnx --good parts/ --class crack \\
          --count 500 --out painted/
        assay train parts/ --out parts.onnx --synthetic painted/
        assay synth evaluate parts/ --generator defects.onnx --out useful/
      """,
    subcommands: [SynthTrain.self, SynthGenerate.self, SynthEvaluate.self])
}
