import ArgumentParser
import Classification
import Inspection
import Recipes

struct PolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Explains a policy, or shows what it would have decided on a past run.",
    discussion: """
      A policy is a short YAML file: thresholds, classes with their own, zones, and which found regions count.

      Examples:
        assay policy example > stains.yaml
        assay policy check stains.yaml --model parts.onnx
        assay policy replay run/ --policy stains.yaml --out replay/
        assay inspect pictures/ --model parts.onnx --policy stains.yaml --out run/
      """, subcommands: [Check.self, PolicyReplay.self, Example.self])

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Says in sentences what a policy means, and what is wrong with it.",
      discussion: "Example:\n  assay policy check stains.yaml --model parts.onnx")
    @Argument(help: "The policy, a YAML file.")
    var file: String
    @Option(help: "The model that it is for: then its classes and thresholds are checked and told too.")
    var model: String?

    func run() throws {
      try reporting {
        try RecipeFile.reporting {
          let policy = try PolicyFile(contentsOf: file)
          guard let model else { return Console.write(policy.sentences.joined(separator: "\n") + "\n", to: 1) }
          let file = try ModelFile(path: model)
          let own = try Policy(policy, file.classifier.info)
          var lines = policy.sentences
          lines.append(
            "With \(model), a part is rejected from a score of \(own.thresholds.reject) on, "
              + "and reviewed from \(own.thresholds.review) on.")
          if file.promises(under: try Policy(file.classifier.info, reject: nil, review: nil, confidence: nil)) != nil,
            file.promises(under: own) == nil
          {
            lines.append("The model's promises were made for its own policy: they do not hold for this one.")
          }
          if own.regions != nil, file.classifier.info.pixelLabels.isEmpty {
            lines.append(
              "The model finds regions roughly: it was not trained with masks. Sizes and places are rough too.")
          }
          Console.write(lines.joined(separator: "\n") + "\n", to: 1)
        }
      }
    }
  }

  struct Example: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints a policy with every key, to begin with.",
      discussion: "Example:\n  assay policy example > stains.yaml")

    func run() { Console.write(PolicyFile.example, to: 1) }
  }
}
