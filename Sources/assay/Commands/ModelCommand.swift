import ArgumentParser
import Classification
import Graphs
import Inspection
import Samples

struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Looks at model files.",
    discussion: """
      Example:
        assay model show parts.onnx
        assay model quantize parts.onnx --data parts/ --out parts.int8.onnx
        assay model verify parts.onnx other.onnx --data parts/
        assay model import resnet18.onnx --out parts.onnx --labels good,scratch --size 224x224
      """,
    subcommands: [Show.self, Quantize.self, Verify.self, Import.self, Inputs.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints a model's card, or its graph.",
      usage: "assay model show <model> [--graph [--profile]] [<options>]",
      discussion: """
        Examples:
          assay model show parts.onnx
          assay model show parts.onnx --graph --profile
          assay model show resnet18.onnx --graph --input 1x3x224x224
        """)

    @Argument(help: "The model file.")
    var model: String
    @Flag(help: "Print the graph as the file has it and as it is run.")
    var graph = false
    @Flag(help: "With --graph: how long each node takes.")
    var profile = false
    @Option(help: "With --graph: the input's shape. Default: what the file says, 1 for an open batch.")
    var input: String?
    @Option(help: "With --profile: compute threads. Default: one a processor.")
    var threads: Int?

    func validate() throws {
      if profile || input != nil, !graph { throw ValidationError("--profile and --input belong to --graph.") }
      if input != nil, shape == nil { throw ValidationError("--input is a shape, such as 1x3x224x224.") }
      if let threads, !(1...256).contains(threads) { throw ValidationError("--threads is a number from 1 to 256.") }
    }

    var shape: [Int]? {
      guard let input else { return nil }
      let sides = input.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
      return sides.allSatisfy { $0 > 0 && $0 <= 1 << 20 } ? sides : nil
    }

    func run() throws {
      try reporting {
        if graph {
          Console.write(try graphTables(), to: 1)
          return
        }
        let file = try ModelFile(path: model)
        Console.write(Self.card(file) + "\n", to: 1)
      }
    }

    /// The first of them where they are very many.
    private static func classes(_ info: ModelInfo) -> String {
      let names = info.labels.enumerated().map { $0 == info.goodIndex ? "\($1) (good)" : $1 }
      guard names.count > 40 else { return names.joined(separator: ", ") }
      return names.prefix(20).joined(separator: ", ") + " and \(names.count - 20) more"
    }

    private static func explanation(_ info: ModelInfo) -> String {
      if let foreign = info.foreign {
        return foreign.map.map { "its output '\($0)'" } ?? "nothing: it gives scores only"
      }
      return info.hasPixelHead ? "pixel head" : "class activation map (Grad-CAM)"
    }

    static func card(_ file: ModelFile) -> String {
      let info = file.classifier.info
      let input = info.preprocessing
      var rows: [(String, String)] = [
        ("model", file.identity.name), ("sha256", file.identity.sha256),
        (
          "classes", classes(info)
        ),
        (
          "input", "\(input.width) x \(input.height), \(input.channels == 1 ? "grey" : "colour"), \(input.fit.rawValue)"
        ),
        ("explains by", explanation(info)),
        ("thresholds", "reject \(info.thresholds.reject), review \(info.thresholds.review)"),
      ]
      if let text = info.policy, let policy = try? Policy(json: text) {
        for (label, own) in policy.perClass.sorted(by: { $0.key < $1.key }) {
          rows.append(("  of \(label)", "reject \(own.reject), review \(own.review)"))
        }
        rows += info.promises(under: policy)?.facts.map { ($0.name.lowercased(), $0.value) } ?? []
      }
      if let foreign = info.foreign {
        rows += [
          ("made by", "\(file.file.producer.isEmpty ? "another program" : file.file.producer), imported"),
          ("normalised", Import.normalisation(input)),
          ("scores", "\(foreign.scores.rawValue) in its output '\(foreign.output)'"),
        ]
      }
      if let card = info.provenance {
        let counts = zip(info.labels, zip(card.trainCounts, card.validationCounts)).map { "\($0) \($1.0)+\($1.1)" }
        rows += [
          ("trained on", "\(card.dataset): \(counts.joined(separator: ", ")) (train+val)")
        ]
        if let synthetic = card.synthetic {
          let counts = zip(info.labels, synthetic.counts).filter { $0.1 > 0 }.map { "\($0) \($1)" }
          rows.append(
            (
              "synthetic",
              "\(counts.joined(separator: ", ")) of them; \((100 * synthetic.share).fixed(0)) % of their classes' places"
            ))
        }
        rows += [
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
      rows += QuantizationCard.rows(file.metadata)
      let width = (rows.map(\.0.count).max() ?? 0) + 2
      let columns = min(Console.columns, 100)
      return rows.map { name, text in
        let margin = "\n" + String(repeating: " ", count: width)
        return name.padded(width) + text.wrapped(columns - width).joined(separator: margin)
      }.joined(separator: "\n")
    }
  }
}
