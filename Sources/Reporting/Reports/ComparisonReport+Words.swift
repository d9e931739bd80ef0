import Metrics

extension ComparisonReport {
  /// The verdict, a sentence each: on the classes, on the escapes at the same overkill where they differ clearly, and on
  /// the decisions at the models' own thresholds.
  public var sentences: [String] {
    let c = comparison
    let parts = "\(c.count == 1 ? "this" : "these") \(Format.plural(c.count, "part"))"
    var sentences: [String] = []
    if let change = c.macroF1, change.isClear {
      sentences.append("\(change.low > 0 ? "B" : "A") is better: macro-F1 \(Self.lead(change)).")
    } else if let change = c.macroF1 {
      sentences.append(
        "No clear difference on \(parts): macro-F1 of B less that of A is \(Self.signed(change.value)) "
          + "\(Self.bracket(change)).")
    }
    if let change = c.escapeRate, change.isClear {
      let better = change.high < 0 ? "B" : "A"
      let other = better == "B" ? "A" : "B"
      sentences.append(
        "At \(overkillText) overkill \(better) lets fewer defects through than \(other): the escape rate of B less that "
          + "of A is \(Self.signed(change.value)) \(Self.bracket(change)).")
    }
    if let decisions { sentences.append(decisions) }
    return sentences
  }

  /// What changes with B's own thresholds in the place of A's.
  private var decisions: String? {
    guard let a = comparison.evaluations[0].errors, let b = comparison.evaluations[1].errors else { return nil }
    func change(_ before: Int, _ after: Int, _ noun: String) -> String {
      let difference = after - before
      let count = difference == 0 ? "as many" : Format.count(abs(difference))
      let more = difference == 0 ? "" : difference > 0 ? " more" : " fewer"
      return "\(count)\(more) \(noun)\(abs(difference) == 1 ? "" : "s")"
    }
    var clauses: [String] = []
    if a.defects > 0 {
      clauses.append(
        "lets \(change(a.escapes, b.escapes, "defect")) through (\(b.escapes) of \(b.defects), A \(a.escapes))")
    }
    if a.goods > 0 {
      clauses.append(
        "rejects \(change(a.overkills, b.overkills, "good part")) (\(b.overkills) of \(b.goods), A \(a.overkills))")
    }
    if a.reviews + b.reviews > 0 {
      clauses.append("sends \(change(a.reviews, b.reviews, "part")) to review (\(b.reviews), A \(a.reviews))")
    }
    guard !clauses.isEmpty else { return nil }
    let p = comparison.verdicts.map {
      "; McNemar's exact test of right verdicts: p \(Self.probability($0.pValue, sign: true))"
    }
    return "At its own thresholds B \(Format.list(clauses))\(p ?? "")."
  }

  /// All figures of A and of B as text, those that exist: a rate with its interval, `0.9512 [0.9245, 0.9702]`.
  public var figures: [(name: String, values: [String])] {
    let e = comparison.evaluations
    func rate(_ rate: Rate) -> String {
      "\(Format.fixed(rate.value, 4)) [\(Format.fixed(rate.low, 4)), \(Format.fixed(rate.high, 4))]"
    }
    func row(_ name: String, _ value: (Evaluation) -> String?) -> (name: String, values: [String])? {
      let values = e.map(value)
      return values.contains(where: { $0 != nil }) ? (name: name, values: values.map { $0 ?? "–" }) : nil
    }
    var rows = [
      row("accuracy") { rate($0.accuracy) }, row("macro-F1") { Format.fixed($0.macroF1, 4) },
      row("AUROC") { $0.auroc.map { Format.fixed($0, 4) } },
      row("escape rate") { $0.errors.flatMap { $0.defects > 0 ? rate($0.escapeRate) : nil } },
      row("overkill rate") { $0.errors.flatMap { $0.goods > 0 ? rate($0.overkillRate) : nil } },
      row("review share") { $0.errors.flatMap { $0.reviews > 0 ? rate($0.reviewShare) : nil } },
    ].compactMap { $0 }
    if comparison.fixedOverkill.contains(where: { $0 != nil }) {
      rows.append((escapeName, comparison.fixedOverkill.map { $0.map { Format.fixed($0.escapeRate, 4) } ?? "–" }))
    }
    return rows
  }

  /// Such as "escape at 2% overkill".
  var escapeName: String { "escape at \(overkillText) overkill" }

  private var overkillText: String { Format.coordinate(100 * comparison.overkillLimit) + "%" }

  /// `+0.021`
  static func signed(_ value: Double) -> String {
    let text = Format.fixed(value, 3)
    return text.hasPrefix("-") ? text : "+" + text
  }

  /// `-0.004 to 0.039`
  static func interval(_ change: PairedBootstrap.Difference) -> String {
    "\(Format.fixed(change.low, 3)) to \(Format.fixed(change.high, 3))"
  }

  private static func bracket(_ change: PairedBootstrap.Difference) -> String {
    "[\(Format.fixed(change.low, 3)), \(Format.fixed(change.high, 3))]"
  }

  /// The better one's lead: `+0.021 [0.004, 0.039]`.
  private static func lead(_ change: PairedBootstrap.Difference) -> String {
    guard change.high < 0 else { return "\(signed(change.value)) \(bracket(change))" }
    let turned = PairedBootstrap.Difference(
      value: -change.value, low: -change.high, high: -change.low, confidence: change.confidence)
    return "\(signed(turned.value)) \(bracket(turned))"
  }

  /// `0.042`, or `< 0.001`; with a sign `= 0.042`.
  static func probability(_ value: Double, sign: Bool = false) -> String {
    value < 0.001 ? "< 0.001" : (sign ? "= " : "") + Format.fixed(value, 3)
  }
}
