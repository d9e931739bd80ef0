import Inspection
import Metrics

extension ComparisonReport {
  /// `comparison.json`: indented, members in a fixed order. What does not exist on these parts is `null`. Differences are
  /// B less A.
  public var json: [UInt8] {
    let c = comparison
    var writer = JSONWriter(indented: true)
    writer.object { json in
      json.member("subject", subject)
      json.member("parts", c.count)
      json.member("verdict", sentences.joined(separator: " "))
      json.member("overkill_limit", c.overkillLimit)
      json.member("resamples", c.resamples)
      // A seed may be larger than a JSON number that every reader takes.
      json.member("seed", String(c.seed))
      for (index, key) in ["a", "b"].enumerated() { json.object(key) { model(index, &$0) } }
      json.object("difference") {
        $0.difference("macro_f1", c.macroF1)
        $0.difference("escape_rate_at_overkill_limit", c.escapeRate)
      }
      json.object("mcnemar") {
        $0.disagreement("class", c.classes)
        $0.disagreement("verdict", c.verdicts)
      }
      json.member("flips", flips.count)
      json.array("flipped") { array in
        for flip in flips {
          array.object { part in
            part.member("id", flip.id)
            part.member("source", flip.source)
            part.member("is", c.labels[flip.truth])
            for (key, judged) in [("a", flip.first), ("b", flip.second)] {
              part.object(key) {
                $0.member("decision", judged.verdict.rawValue)
                if let predicted = judged.predicted {
                  $0.member("label", c.labels[predicted])
                } else {
                  $0.null("label")
                }
                $0.member("score", judged.score)
              }
            }
            let change = flip.worsening(good: c.good)
            part.member("change", change > 0 ? "worse" : change < 0 ? "better" : "other")
          }
        }
      }
      json.array("unreadable") { array in for path in unreadable { array.element(path) } }
    }
    return writer.bytes + [0x0A]
  }

  private func model(_ index: Int, _ json: inout JSONWriter) {
    let (model, e) = (models[index], comparison.evaluations[index])
    json.member("name", model.identity.name)
    json.member("path", model.path)
    json.member("sha256", model.identity.sha256)
    json.rate("accuracy", e.accuracy)
    json.member("macro_f1", e.macroF1)
    if let auroc = e.auroc { json.member("auroc", auroc) } else { json.null("auroc") }
    json.rate("escape_rate", e.errors?.escapeRate)
    json.rate("overkill_rate", e.errors?.overkillRate)
    json.rate("review_share", e.errors?.reviewShare)
    if let point = comparison.fixedOverkill[index] {
      json.object("at_overkill_limit") {
        $0.member("threshold", point.threshold)
        $0.member("escape_rate", point.escapeRate)
        $0.member("overkill_rate", point.overkillRate)
      }
    } else {
      json.null("at_overkill_limit")
    }
  }
}

extension JSONWriter {
  fileprivate mutating func rate(_ key: String, _ rate: Rate?) {
    guard let rate else { return null(key) }
    object(key) {
      $0.member("value", rate.value)
      $0.member("low", rate.low)
      $0.member("high", rate.high)
    }
  }

  fileprivate mutating func difference(_ key: String, _ change: PairedBootstrap.Difference?) {
    guard let change else { return null(key) }
    object(key) {
      $0.member("value", change.value)
      $0.member("low", change.low)
      $0.member("high", change.high)
      $0.member("confidence", change.confidence)
    }
  }

  fileprivate mutating func disagreement(_ key: String, _ counts: ModelComparison.Disagreement?) {
    guard let counts else { return null(key) }
    object(key) {
      $0.member("only_a_right", counts.onlyFirst)
      $0.member("only_b_right", counts.onlySecond)
      $0.member("p", counts.pValue)
    }
  }
}
