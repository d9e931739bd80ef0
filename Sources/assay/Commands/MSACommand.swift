import ArgumentParser

struct MSACommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "msa",
    abstract: "Finds out how far appraisers agree: people, cameras and models (attribute MSA).",
    discussion: """
      Examples:
        assay msa plan parts/ --out study/plan.csv --appraisers anna,ben,machine
        assay msa run study/plan.csv --model parts.onnx --out study/machine.csv
        assay msa report study/plan.csv --appraisals study/machine.csv \\
          --appraisals study/plan.sheet-anna.csv \\
          --appraisals study/plan.sheet-ben.csv --out study/report/

      The study of AIAG, Measurement Systems Analysis, 4th edition: the same parts are judged several times by everyone, \
      without knowing what they are.
      """,
    subcommands: [MSAPlan.self, MSARun.self, MSAReport.self])
}
