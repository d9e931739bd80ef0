import ArgumentParser
import Classification
import Inspection
import Samples

struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Looks at model files.",
    discussion: """
      Example:
        assay model show parts.onnx
      """,
    subcommands: [Show.self, Inputs.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints a model's card.",
      discussion: """
        Example:
          assay model show parts.onnx
        """)

    @Argument(help: "The model file.")
    var model: String

    func run() throws {
      try reporting {
        let file = try ModelFile(path: model)
        Console.write(Self.card(file) + "\n", to: 1)
      }
    }

    static func card(_ file: ModelFile) -> String {
      let info = file.classifier.info
      let input = info.preprocessing
      var rows: [(String, String)] = [
        ("model", file.identity.name), ("sha256", file.identity.sha256),
        (
          "classes", info.labels.enumerated().map { $0 == info.goodIndex ? "\($1) (good)" : $1 }.joined(separator: ", ")
        ),
        (
          "input", "\(input.width) x \(input.height), \(input.channels == 1 ? "grey" : "colour"), \(input.fit.rawValue)"
        ),
        ("explains by", info.hasPixelHead ? "pixel head" : "class activation map (Grad-CAM)"),
        ("thresholds", "reject \(info.thresholds.reject), review \(info.thresholds.review)"),
      ]
      if let card = info.provenance {
        let counts = zip(info.labels, zip(card.trainCounts, card.validationCounts)).map { "\($0) \($1.0)+\($1.1)" }
        rows += [
          ("trained on", "\(card.dataset): \(counts.joined(separator: ", ")) (train+val)"),
          (
            "training",
            "\(card.steps) steps, seed \(card.settings.seed), "
              + "preset \(card.settings.preset.rawValue)"
          ),
          (
            "validation",
            "accuracy \(card.validation.accuracy.fixed(4)), macro-F1 \(card.validation.macroF1.fixed(4))"
              + (card.validation.auroc.map { ", AUROC \($0.fixed(4))" } ?? "")
          ),
          ("temperature", card.temperature.fixed(3)), ("Assay", card.assayVersion),
        ]
        rows += card.augmentation.enumerated().map { ($0 == 0 ? "augmentation" : "", $1) }
      }
      let width = (rows.map(\.0.count).max() ?? 0) + 2
      let columns = min(Console.columns, 100)
      return rows.map { name, text in
        let margin = "\n" + String(repeating: " ", count: width)
        return name.padded(width) + text.wrapped(columns - width).joined(separator: margin)
      }.joined(separator: "\n")
    }
  }
}
