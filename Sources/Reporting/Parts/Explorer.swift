import Inspection
import Metrics

/// The card of an evaluation in which the thresholds can be moved: rates, cost and the parts that change sides. Without
/// the script it shows the curve and what the policy in force does.
struct Explorer: Sendable {
  let parts: JudgedParts
  let sweep: ThresholdSweep
  let counts: DecisionCounts
  let policy: Policy
  let costs: DecisionCosts
  /// Share of defective parts in production; nil for that of the set.
  let defectRate: Double?
  let promises: [PromiseEvidence]

  /// Nil without a good class, or without parts.
  init?(
    _ parts: JudgedParts, policy: Policy, costs: DecisionCosts?, defectRate: Double?, promises: [PromiseEvidence]
  ) {
    guard parts.count > 0, let sweep = parts.sweep, let counts = parts.counts else { return nil }
    self.parts = parts
    self.sweep = sweep
    self.counts = counts
    self.policy = policy
    self.costs = costs ?? .usual
    self.defectRate = defectRate
    self.promises = promises
  }

  /// Promises that one threshold on the defect score keeps; that of a single class goes by the class's own score.
  var marks: [PromisedMark] {
    promises.compactMap { evidence in
      let isEscape: Bool
      switch evidence.promise.subject {
      case .escape: isEscape = true
      case .overkill: isEscape = false
      case .escapeOf: return nil
      }
      var (escapes, accepted) = (0, 0)
      for (score, truth) in zip(parts.scores, parts.truth) where Double(score) < evidence.threshold {
        if truth == parts.good { accepted += 1 } else { escapes += 1 }
      }
      guard sweep.defects > 0, sweep.goods > 0 else { return nil }
      return PromisedMark(
        name: evidence.promise.description, isEscape: isEscape, limit: evidence.promise.rate.limit,
        overkill: Double(sweep.goods - accepted) / Double(sweep.goods),
        escape: Double(escapes) / Double(sweep.defects))
    }
  }

  var card: HTML {
    let chart = OperatingChart(sweep: sweep, inForce: counts, promises: marks).html
    let ownRules: HTML =
      policy.perClass.isEmpty
      ? ""
      : """
      <p class="note-text">The policy in force has its own rules for \
      \(Format.list(policy.perClass.keys.sorted())): they are in its column, and the sliders move the thresholds for all \
      parts alike, without them.</p>
      """
    let small = """
      Each threshold on the defect score trades escapes for overkill; the ring is the policy in force, with its exact 95% \
      intervals. The cost is that of \(parts.count == 1 ? "the one part" : "these parts") in production's mix; a person \
      who looks at a part is taken to judge it right.
      """
    return Reporting.card(
      "Operating points and cost", wide: true, id: "explorer", note: small,
      """
      \(ownRules)<div class="explorer"><div>\(chart)</div><div>\(controls)</div></div>\(table)\
      <div class="live"><p class="count" id="what-if-count" role="status"></p>\
      <ul class="grid-list small" id="what-if-changes"></ul></div>\
      <noscript><p class="empty">Moving the thresholds needs JavaScript; the curve and the table do not.</p></noscript>
      """)
  }

  private var controls: HTML {
    func slider(_ name: String, _ title: String, _ value: Float) -> HTML {
      """
      <div class="slide"><label for="what-if-\(name)">\(title)</label><input type="range" id="what-if-\(name)" min="0" \
      max="1000" step="1"><input type="number" id="what-if-\(name)-value" min="0" max="1" step="any" \
      value="\(value.description)" aria-label="\(title)"></div>
      """
    }
    func cost(_ name: String, _ title: String, _ value: Double) -> HTML {
      """
      <label>\(title) <input type="number" id="what-if-\(name)" min="0" step="any" value="\(plain(value))"></label>
      """
    }
    let own = defectRate ?? (Double(sweep.defects) / Double(max(parts.count, 1)))
    return """
      <div class="live"><svg class="chart" id="what-if-curve" viewBox="0 0 560 170" role="img" \
      aria-label="Cost against the reject threshold"></svg>\
      \(slider("reject", "Reject from", policy.thresholds.reject))\
      \(slider("review", "Review from", policy.thresholds.review))\
      <div class="costs">\(cost("escape", "Escape costs", costs.escape))\(cost("overkill", "overkill", costs.overkill))\
      \(cost("look", "review", costs.review))<label>Defective parts in production, % <input type="number" \
      id="what-if-share" min="0" max="100" step="any" placeholder="\(Format.fixed(100 * own, 2))"></label></div>\
      <p class="costs"><button type="button" id="what-if-force">As in force</button>\
      <button type="button" id="what-if-cheapest">Cheapest on these parts</button><code id="what-if-options"></code></p>\
      </div>
      """
  }

  private var table: HTML {
    let (bad, fine) = (counts.defective, counts.good)
    let rows: [(kind: String, verdict: String, count: Int, of: Int)] = [
      ("Defective", "rejected: caught", bad.rejected, bad.total), ("", "for review", bad.reviewed, bad.total),
      ("", "accepted: escaped", bad.accepted, bad.total), ("Good", "accepted", fine.accepted, fine.total),
      ("", "for review", fine.reviewed, fine.total), ("", "rejected: overkill", fine.rejected, fine.total),
    ]
    let body = rows.enumerated().map { index, row -> HTML in
      let rate = Rate(successes: row.count, trials: row.of)
      let kind = row.kind.isEmpty ? "" : "\(row.kind), \(Format.count(row.of))"
      return """
        <tr><th scope="row">\(kind)</th><td>\(row.verdict)</td><td class="n">\(Format.count(row.count))</td>\
        <td class="n">\(share(rate, of: row.of))</td><td class="n live" data-live="\(index)"></td>\
        <td class="n live" data-live-share="\(index)"></td></tr>
        """
    }
    let cost = costs.cost(of: counts, defectRate: defectRate).map { Format.fixed(1000 * $0, 2) } ?? "unknown"
    return """
      <div class="scroll"><table class="what-if"><thead><tr><th scope="col">Parts</th><th scope="col">Verdict</th>\
      <th class="n" scope="col">In force</th><th class="n" scope="col">share, 95% interval</th>\
      <th class="n live" scope="col">Sliders</th><th class="n live" scope="col">share, 95% interval</th></tr></thead>\
      <tbody>\(body)<tr><th scope="row">Cost</th><td>of 1000 parts</td><td class="n" id="what-if-cost-force">\(cost)\
      </td><td></td><td class="n live" id="what-if-cost"></td><td class="n live"></td></tr></tbody></table></div>
      """
  }

  private func share(_ rate: Rate, of trials: Int) -> String {
    guard trials > 0 else { return "none in the set" }
    return
      "\(Format.percent(rate.value, 2)), \(Format.percent(rate.low, 2)) to \(Format.percent(rate.high, 2))"
  }

  /// Digits that an input takes: no thousands marks, no ".0".
  private func plain(_ value: Double) -> String {
    let text = value.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// Writes what the script needs besides the parts.
  func write(to json: inout JSONWriter) {
    json.object("explorer") {
      $0.member("reject", policy.thresholds.reject)
      $0.member("review", policy.thresholds.review)
      if let defectRate { $0.member("share", defectRate) } else { $0.null("share") }
      $0.array("plot") {
        let plot = OperatingChart.plot
        for value in [plot.x(0), plot.x(1), plot.y(0), plot.y(1)] { $0.element(value) }
      }
    }
  }
}

extension JudgedParts {
  /// The data block of the script, and the window that it shows the parts of a cell in.
  func data(labels: [String], explorer: Explorer?) -> HTML {
    var writer = JSONWriter(insideHTML: true)
    writer.object { json in
      json.array("labels") { for label in labels { $0.element(label) } }
      write(to: &json)
      explorer?.write(to: &json)
    }
    return """
      <dialog id="cell" aria-labelledby="cell-title"><form method="dialog"><h3 id="cell-title"></h3>\
      <button class="plain" aria-label="Close">Close</button></form><p class="count" id="cell-count"></p>\
      <ul class="grid-list small" id="cell-list"></ul><p class="more"><button type="button" class="plain" id="cell-more" \
      hidden>Show more</button></p></dialog>\
      <script type="application/json" id="judged">\(HTML(trusted: writer.text))</script>
      """
  }
}
