internal import Metrics

extension AgreementStudy {
  /// `msa.json`: indented, members in a fixed order. A figure that does not exist, such as the kappa of appraisals that
  /// are all the same, is `null`.
  public var json: [UInt8] {
    var writer = JSONWriter(indented: true)
    writer.object { json in
      json.member("parts", parts.count)
      json.member("good_parts", goods)
      json.member("defective_parts", defects)
      json.member("repeats", repeats)
      json.member("confidence", 0.95)
      json.array("appraisers") { list in
        for result in results { list.object { result.write(to: &$0) } }
      }
      json.share("all_agree", allAgree)
      json.share("all_agree_with_reference", allAgreeWithReference)
      json.optional("between_fleiss_kappa", betweenKappa)
      json.array("pairs") { list in
        for pair in pairs {
          list.object {
            $0.member("first", appraisers[pair.first].name)
            $0.member("second", appraisers[pair.second].name)
            $0.kappa("cohens_kappa", pair.kappa)
          }
        }
      }
      json.array("verdicts") { list in
        for (index, part) in parts.enumerated() {
          list.object {
            $0.member("part", part.id)
            $0.member("reference", part.reference)
            $0.member("defective", part.isDefect)
            $0.object("appraisers") { names in
              for appraiser in appraisers {
                names.array(appraiser.name) { said in
                  for verdict in appraiser.verdicts[index] { said.element(verdict.rawValue) }
                }
              }
            }
          }
        }
      }
    }
    return writer.bytes + [0x0A]
  }
}

extension AppraiserResult {
  fileprivate func write(to json: inout JSONWriter) {
    json.member("name", name)
    json.member("rating", rating.rawValue)
    json.share("effectiveness", effectiveness, .ofEffectiveness(effectiveness))
    json.share("miss_rate", misses, .ofMisses(misses))
    json.share("false_alarm_rate", falseAlarms, .ofFalseAlarms(falseAlarms))
    json.share("within_agreement", within)
    json.share("reference_agreement", effectiveness)
    json.optional("within_fleiss_kappa", withinKappa)
    json.kappa("reference_cohens_kappa", referenceKappa)
    json.share("review_share", reviews)
    json.member("reviews_of_good_parts", reviewedGoods)
    json.object("misses_by_class") { classes in
      for entry in missesByClass { classes.share(entry.label, entry.misses) }
    }
  }
}

extension JSONWriter {
  fileprivate mutating func share(_ key: String, _ share: AgreementStudy.Share, _ rating: AgreementRating? = nil) {
    object(key) {
      $0.member("count", share.count)
      $0.member("total", share.total)
      $0.member("value", share.rate.value)
      $0.member("low", share.rate.low)
      $0.member("high", share.rate.high)
      if let rating { $0.member("rating", rating.rawValue) }
    }
  }

  fileprivate mutating func kappa(_ key: String, _ kappa: CohensKappa) {
    object(key) {
      $0.member("value", kappa.value)
      $0.member("standard_error", kappa.standardError)
      $0.member("low", kappa.low)
      $0.member("high", kappa.high)
    }
  }

  fileprivate mutating func optional(_ key: String, _ value: Double?) {
    if let value { member(key, value) } else { null(key) }
  }
}
