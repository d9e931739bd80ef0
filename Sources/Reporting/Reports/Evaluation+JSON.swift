public import Inspection
public import Metrics

extension Evaluation {
  /// `metrics.json`: indented, members in a fixed order. A figure that does not exist on this set, such as the AUROC
  /// without good parts, is `null`.
  public var json: [UInt8] {
    var writer = JSONWriter(indented: true)
    write(to: &writer)
    return writer.bytes + [0x0A]
  }

  /// Writes the figures as a JSON object.
  public func write(to writer: inout JSONWriter) {
    writer.object { json in
      json.member("parts", count)
      json.member("accuracy", accuracy.value)
      json.rate("accuracy_interval", accuracy)
      json.member("macro_f1", macroF1)
      json.optional("auroc", auroc)
      json.optional("average_precision", averagePrecision)
      json.rate("escape_rate", errors?.escapeRate)
      json.rate("overkill_rate", errors?.overkillRate)
      json.member("expected_calibration_error", expectedCalibrationError)
      json.member("negative_log_likelihood", negativeLogLikelihood)
      json.member("brier_score", brierScore)
      if let bestF1 {
        json.object("best_f1_threshold") {
          $0.member("threshold", bestF1.threshold)
          $0.member("f1", bestF1.f1)
          $0.member("escape_rate", bestF1.escapeRate)
          $0.member("overkill_rate", bestF1.overkillRate)
        }
      } else {
        json.null("best_f1_threshold")
      }
      if let regions {
        json.object("regions") {
          $0.member("true", regions.trueRegions)
          $0.member("hit", regions.hits)
          $0.rate("hit_rate", regions.hitRate)
          $0.member("predicted", regions.predictedRegions)
          $0.member("false_alarms", regions.falseAlarms)
        }
      } else {
        json.null("regions")
      }
      json.object("per_class") { classes in
        for (index, score) in confusion.perClass.enumerated() {
          classes.object(labels[index]) {
            $0.member("precision", score.precision)
            $0.member("recall", score.recall)
            $0.member("f1", score.f1)
            $0.member("support", score.support)
            $0.optional("auroc", perClassAUROC[index])
          }
        }
      }
      json.object("confusion") {
        $0.array("labels") { for label in labels { $0.element(label) } }
        $0.array("matrix") { rows in
          for truth in labels.indices {
            rows.array { for predicted in labels.indices { $0.element(confusion[truth: truth, predicted: predicted]) } }
          }
        }
        $0.array("undetermined") { for count in confusion.undetermined { $0.element(count) } }
      }
    }
  }
}

extension JSONWriter {
  fileprivate mutating func rate(_ key: String, _ rate: Rate?) {
    guard let rate else {
      null(key)
      return
    }
    object(key) {
      $0.member("value", rate.value)
      $0.member("low", rate.low)
      $0.member("high", rate.high)
    }
  }

  fileprivate mutating func optional(_ key: String, _ value: Double?) {
    if let value { member(key, value) } else { null(key) }
  }
}
