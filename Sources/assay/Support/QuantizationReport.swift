import Inspection
import Metrics
import Samples

/// What a quantisation did to a model's verdicts, for people and for machines.
struct QuantizationReport {
  let model: String
  let out: String
  let card: QuantizationCard
  let integerLayers: Int
  let floatLayers: Int
  let heldOut: Split
  let agreement: Agreement
  /// Bytes of both files.
  let sizes: (before: Int, after: Int)
  var allowed = 0
  var limit = ""
  /// With a good class, escapes and overkills of both models.
  private var errors: [InspectionErrors] = []
  /// Parts whose most probable class is the true one.
  private var right = [0, 0]
  private var known = 0

  init(
    model: String, out: String, card: QuantizationCard, integerLayers: Int, floatLayers: Int, heldOut: Split,
    agreement: Agreement, sizes: (before: Int, after: Int)
  ) {
    self.model = model
    self.out = out
    self.card = card
    self.integerLayers = integerLayers
    self.floatLayers = floatLayers
    self.heldOut = heldOut
    self.agreement = agreement
    self.sizes = sizes
  }

  /// Counts both models' errors.
  mutating func count(truth: (String) -> Int?, good: Int?, labels: [String]) {
    if good != nil { errors = [InspectionErrors(), InspectionErrors()] }
    for part in agreement.parts {
      guard let label = truth(part.id) else { continue }
      known += 1
      for model in 0..<2 {
        if part.classes[model] == labels[label] { right[model] += 1 }
        if let good { errors[model].add(isDefect: label != good, judgedGood: part.verdicts[model] == .accept) }
      }
    }
  }

  // MARK: Text

  /// In 80 columns, but for long names.
  var text: String {
    var rows: [(String, String)] = [
      ("model", "\(model) -> \(out)"),
      ("observed on", "\(card.parts) parts of \(card.dataset), \(card.split.rawValue)"),
      ("layers", "\(integerLayers) in 8-bit integers, \(floatLayers) in single precision"),
    ]
    if !card.kept.isEmpty { rows.append(("kept as float", card.kept.joined(separator: " "))) }
    rows.append(("judged by both", "\(agreement.count) parts of \(heldOut.rawValue)"))
    let share = Double(agreement.flips.count) / Double(max(1, agreement.count)) * 100
    rows.append(("other verdicts", "\(agreement.flips.count) (\(share.fixed(2)) %), allowed \(allowed)"))
    if errors.count == 2 {
      rows.append(("escapes", change(errors.map { ($0.escapes, $0.defects) }, of: "defective")))
      rows.append(("overkills", change(errors.map { ($0.overkills, $0.goods) }, of: "good")))
    }
    rows.append(("class right", change(right.map { ($0, known) }, of: "all")))
    rows.append(
      ("score change", "largest \(Agreement.short(agreement.largest)), mean \(Agreement.short(agreement.mean))"))
    rows.append(("size", "\(Self.size(sizes.before)) -> \(Self.size(sizes.after))"))
    var lines = rows.map { name, text in
      name.padded(16) + text.wrapped(64).joined(separator: "\n" + String(repeating: " ", count: 16))
    }
    for flip in agreement.flips {
      lines.append("  \(flip.id)")
      lines.append("    " + flip.verdicts.map(Self.text).joined(separator: " -> "))
    }
    for path in agreement.unreadable { lines.append("  could not be read: \(path)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func change(_ counts: [(Int, Int)], of what: String) -> String {
    func rate(_ count: (Int, Int)) -> String {
      "\(count.0) (\((Double(count.0) / Double(max(1, count.1)) * 100).fixed(2)) %)"
    }
    return "\(rate(counts[0])) -> \(rate(counts[1])) of \(counts[0].1) \(what) parts"
  }

  private static func text(_ verdict: (verdict: Verdict, label: String, score: Float)) -> String {
    "\(verdict.verdict.rawValue) \(verdict.label) \(Double(verdict.score).fixed(3))"
  }

  private static func size(_ bytes: Int) -> String {
    bytes < 100_000 ? "\((Double(bytes) / 1000).fixed(1)) kB" : "\((Double(bytes) / 1e6).fixed(2)) MB"
  }

  // MARK: JSON

  var json: String {
    var writer = JSONWriter(indented: true)
    writer.object { object in
      object.member("model", model)
      object.member("out", out)
      object.member("written", agreement.flips.count <= allowed)
      object.object("observed") {
        $0.member("dataset", card.dataset)
        $0.member("split", card.split.rawValue)
        $0.member("parts", card.parts)
      }
      object.member("method", card.method)
      object.member("integer_layers", integerLayers)
      object.member("float_layers", floatLayers)
      object.array("kept_in_float") { array in for name in card.kept { array.element(name) } }
      object.member("split", heldOut.rawValue)
      object.member("judged", agreement.count)
      object.member("flips", agreement.flips.count)
      object.member("allowed_flips", allowed)
      object.member("largest_difference", agreement.largest)
      object.member("mean_difference", agreement.mean)
      if errors.count == 2 {
        object.object("escapes") { Self.counts(&$0, errors.map(\.escapes), of: errors[0].defects) }
        object.object("overkills") { Self.counts(&$0, errors.map(\.overkills), of: errors[0].goods) }
      }
      object.object("right_classes") { Self.counts(&$0, right, of: known) }
      object.object("bytes") {
        $0.member("before", sizes.before)
        $0.member("after", sizes.after)
      }
      object.array("flipped") { array in
        for flip in agreement.flips {
          array.object { part in
            part.member("id", flip.id)
            part.member("source", flip.source)
            for (key, verdict) in zip(["before", "after"], flip.verdicts) {
              part.object(key) {
                $0.member("decision", verdict.verdict.rawValue)
                $0.member("label", verdict.label)
                $0.member("score", verdict.score)
              }
            }
          }
        }
      }
      object.array("unreadable") { array in for path in agreement.unreadable { array.element(path) } }
    }
    return writer.text + "\n"
  }

  private static func counts(_ writer: inout JSONWriter, _ counts: [Int], of total: Int) {
    writer.member("before", counts[0])
    writer.member("after", counts[1])
    writer.member("of", total)
  }
}
