import Classification
import Inspection

/// How far two models agree on some pictures.
struct Agreement {
  struct Flip {
    var id: String
    var source: String
    var verdicts: [(verdict: Verdict, label: String, score: Float)]
    var difference: Double
  }

  /// What both models made of one part.
  struct Judged {
    var id: String
    var verdicts: [Verdict]
    /// The most probable classes.
    var classes: [String]
  }

  var parts: [Judged] = []
  var count: Int { parts.count }
  var largest = 0.0
  var largestSource = ""
  var flips: [Flip] = []
  var unreadable: [String] = []
  private var sum = 0.0
  private var values = 0

  /// Over all probabilities of all parts.
  var mean: Double { sum / Double(max(1, values)) }

  /// Judges all pictures with both models, on the path that inspection takes.
  ///
  /// - Parameters:
  ///   - onPart: called with how many were judged so far and both decisions.
  /// - Throws: where a model cannot be used, `InspectionError.interrupted` after Ctrl-C.
  init(
    _ files: [ModelFile], _ items: [InspectionInput.Item], threads: Int = Machine.processors,
    onPart: (_ judged: Int, _ decisions: [Decision]) throws -> Void = { _, _ in }
  ) throws {
    let inspectors = try files.map { file in
      try PartInspector(
        file.classifier, policy: Policy(file.classifier.info, reject: nil, review: nil, confidence: nil),
        model: file.identity, threads: threads, wantsOutlines: false)
    }
    for (index, item) in items.enumerated() {
      let decisions = inspectors.map { $0.inspect(item, sequence: index).decision }
      guard !decisions.contains(where: \.isUnreadable) else {
        unreadable.append(item.path)
        continue
      }
      add(decisions, item)
      try onPart(index + 1, decisions)
    }
  }

  private mutating func add(_ decisions: [Decision], _ item: InspectionInput.Item) {
    parts.append(
      Judged(
        id: item.id, verdicts: decisions.map(\.verdict),
        classes: decisions.map { $0.scores.max { $0.score < $1.score }?.label ?? "" }))
    var worst = 0.0
    for (a, b) in zip(decisions[0].scores, decisions[1].scores) {
      let difference = abs(Double(a.score) - Double(b.score))
      // A score that is not a number agrees with nothing.
      worst = difference.isFinite ? max(worst, difference) : .infinity
      sum += difference
      values += 1
    }
    if worst > largest { (largest, largestSource) = (worst, item.path) }
    if decisions[0].verdict != decisions[1].verdict || decisions[0].label != decisions[1].label {
      flips.append(
        Flip(
          id: item.id, source: item.path, verdicts: decisions.map { ($0.verdict, $0.label, $0.score) },
          difference: worst))
    }
  }

  func text(_ paths: [String]) -> String {
    var lines = [
      "\(count) pictures judged by both",
      "largest difference  \(Self.short(largest))\(largestSource.isEmpty ? "" : "  \(largestSource)")",
      "mean difference     \(Self.short(mean))", "other verdicts      \(flips.count)",
    ]
    for flip in flips {
      let verdicts = flip.verdicts.map { "\($0.verdict.rawValue) \($0.label)" }.joined(separator: " -> ")
      lines.append("  \(flip.source): \(verdicts)")
    }
    for path in unreadable { lines.append("  could not be read: \(path)") }
    return lines.joined(separator: "\n") + "\n"
  }

  var json: String {
    var writer = JSONWriter(indented: true)
    writer.object { object in
      object.member("judged", count)
      object.member("largest_difference", largest)
      object.member("mean_difference", mean)
      object.member("flips", flips.count)
      object.array("flipped") { array in
        for flip in flips {
          array.object {
            $0.member("source", flip.source)
            $0.member("first", flip.verdicts[0].verdict.rawValue)
            $0.member("second", flip.verdicts[1].verdict.rawValue)
            $0.member("difference", flip.difference)
          }
        }
      }
      object.array("unreadable") { array in for path in unreadable { array.element(path) } }
    }
    return writer.text + "\n"
  }

  /// Three digits, with a power of ten where they would be zeros.
  static func short(_ value: Double) -> String {
    guard value.isFinite, value > 0 else { return value.fixed(0) }
    var exponent = 0
    var digits = value
    while digits < 1, exponent > -30 { (digits, exponent) = (digits * 10, exponent - 1) }
    return exponent > -3 ? value.fixed(4) : "\(digits.fixed(1))e\(exponent)"
  }
}
