import Graphs
import Samples

/// Where a quantised model comes from, as its file tells.
struct QuantizationCard {
  enum Key {
    static let source = "assay.quantization.source_sha256"
    static let dataset = "assay.quantization.dataset"
    static let split = "assay.quantization.split"
    static let parts = "assay.quantization.parts"
    static let method = "assay.quantization.method"
    static let kept = "assay.quantization.kept_in_float"
  }

  var source: String
  var dataset: String
  var split: Split
  var parts: Int
  var method: String
  var kept: [String]

  init(source: String, dataset: String, split: Split, parts: Int, settings: QuantizationSettings, kept: [String]) {
    self.source = source
    self.dataset = dataset
    self.split = split
    self.parts = parts
    self.kept = kept
    let ranges =
      switch settings.clipping {
      case .extremes: "extremes"
      case .percentile(let share): "percentile \(100 - share * 100)"
      case .squaredError: "least squared error"
      }
    method =
      "uint8 activations by \(ranges), up to \(settings.inputLimit) into products; int8 weights by channel"
      + (settings.correctsBiases ? "; biases corrected" : "")
  }

  var metadata: [String: String] {
    [
      Key.source: source, Key.dataset: dataset, Key.split: split.rawValue, Key.parts: "\(parts)", Key.method: method,
      Key.kept: kept.joined(separator: " "),
    ]
  }

  /// What a model's card says of it; nothing for models in single precision.
  static func rows(_ metadata: [String: String]) -> [(String, String)] {
    guard let source = metadata[Key.source] else { return [] }
    var rows = [
      ("precision", "8-bit integers: \(metadata[Key.method] ?? "")"), ("quantised from", source),
      (
        "observed on",
        "\(metadata[Key.parts] ?? "?") parts of \(metadata[Key.dataset] ?? "?"), \(metadata[Key.split] ?? "")"
      ),
    ]
    if let kept = metadata[Key.kept], !kept.isEmpty { rows.append(("kept in float", kept)) }
    return rows
  }

  /// Products with constant weights that compute with integers, and the others.
  static func counts(_ graph: Graph) -> (integers: Int, floats: Int) {
    var (integers, floats) = (0, 0)
    var dequantized: Set<String> = []
    for node in graph.nodes {
      switch node.operation {
      case .dequantize: dequantized.insert(node.output)
      case .convolution, .transposedConvolution, .gemm, .matrixProduct:
        if dequantized.contains(node.inputs[1]) {
          integers += 1
        } else if graph.constants[node.inputs[1]] != nil {
          floats += 1
        }
      default: break
      }
    }
    return (integers, floats)
  }
}
