public import Inspection
import Metrics

/// The report of an agreement study, to be printed and filed: how far each appraiser's verdicts can be trusted.
public struct AgreementReport: Sendable {
  /// The plan.
  public var subject: String
  public var study: AgreementStudy
  /// Paths of the parts' pictures, in the study's order; empty where there are none.
  public var images: [String]
  /// JPEGs of parts, by their index.
  public var thumbnails: [Int: [UInt8]]
  public var provenance: Provenance

  public init(
    subject: String, study: AgreementStudy, images: [String], thumbnails: [Int: [UInt8]], provenance: Provenance
  ) {
    precondition(images.count == study.parts.count, "\(images.count) images of \(study.parts.count) parts")
    self.subject = subject
    self.study = study
    self.images = images
    self.thumbnails = thumbnails
    self.provenance = provenance
  }

  /// Parts that the list of disputed parts holds at most.
  public static let mostDisputed = 200

  /// An appraiser's verdict in a sentence.
  public static func sentence(_ result: AppraiserResult) -> String {
    func figure(_ name: String, _ share: AgreementStudy.Share, _ rating: AgreementRating) -> String {
      "\(name) \(Format.percent(share.count, of: share.total)) (\(rating.rawValue))"
    }
    let figures = [
      figure("effectiveness", result.effectiveness, .ofEffectiveness(result.effectiveness)),
      figure("miss rate", result.misses, .ofMisses(result.misses)),
      figure("false alarm rate", result.falseAlarms, .ofFalseAlarms(result.falseAlarms)),
    ]
    return "\(result.name) is \(result.rating.rawValue): \(Format.list(figures))."
  }

  /// The whole page.
  public func render() -> HTML {
    let sentences = study.results.map { result -> HTML in
      "<p>\(result.rating.verdict.icon) \(Self.sentence(result))</p>"
    }
    var page = Page(
      kind: "Agreement study", subject: subject, byline: "Evaluated \(provenance.started)",
      summary: "\(sentences)<p class=\"note-text\">\(extent)</p>")
    page.sections = [tiles, verdicts, intervals, kappas]
    page.sections += [classes, disputed, provenance.card()]
    return page.render()
  }

  private var extent: String {
    "\(Format.plural(study.parts.count, "part")) (\(Format.count(study.goods)) good, "
      + "\(Format.count(study.defects)) defective), \(Format.plural(study.repeats, "repeat")), "
      + Format.plural(study.appraisers.count, "appraiser")
  }

  private var tiles: HTML {
    tileRow(
      study.results.map {
        Tile(
          name: $0.name, value: Format.percent($0.effectiveness.count, of: $0.effectiveness.total),
          note: "effective: \($0.rating.rawValue)", style: $0.rating.verdict.style, icon: $0.rating.verdict.icon)
      })
  }

  private var verdicts: HTML {
    card(
      "Verdicts", wide: true,
      note:
        "Effectiveness: parts judged right in every repeat. Misses: appraisals of defective parts that say good. False"
        + " alarms: appraisals of good parts that say defective or send the part to review. Acceptable are at least 90%,"
        + " at most 2% and at most 5%; marginal at least 80%, at most 5% and at most 10%; the worst of the three decides"
        + " (AIAG, Measurement Systems Analysis, 4th edition). Reviews are counted beside that.",
      table(
        ["Appraiser", "Effectiveness", "Misses", "False alarms", "Reviews", "Verdict"],
        study.results.map { result -> [Cell] in
          [
            .text(result.name), rated(result.effectiveness, .ofEffectiveness(result.effectiveness)),
            rated(result.misses, .ofMisses(result.misses)),
            rated(result.falseAlarms, .ofFalseAlarms(result.falseAlarms)),
            .text("\(Format.count(result.reviews.count)), \(Format.count(result.reviewedGoods)) of good parts"),
            .markup("<span class=\"badge\">\(result.rating.verdict.icon)<b>\(result.rating.rawValue)</b></span>"),
          ]
        }))
  }

  private func rated(_ share: AgreementStudy.Share, _ rating: AgreementRating) -> Cell {
    .markup(
      """
      <span class="badge">\(rating.verdict.icon)\(Format.percent(share.count, of: share.total))</span> \
      <small>\(Format.count(share.count)) of \(Format.count(share.total))</small>
      """)
  }

  private var intervals: HTML {
    var rows: [(name: String, rate: Rate, note: String)] = []
    func add(_ name: String, _ share: AgreementStudy.Share, _ noun: String) {
      rows.append((name, share.rate, "\(Format.count(share.count)) of \(Format.plural(share.total, noun))"))
    }
    for result in study.results {
      add("\(result.name): agrees with itself", result.within, "part")
      add("\(result.name): agrees with the reference", result.effectiveness, "part")
      add("\(result.name): misses", result.misses, "appraisal")
      add("\(result.name): false alarms", result.falseAlarms, "appraisal")
    }
    if study.appraisers.count > 1 {
      add("All agree with each other", study.allAgree, "part")
      add("All agree with the reference", study.allAgreeWithReference, "part")
    }
    return card(
      "Agreement", wide: true,
      note:
        "A part counts as agreed on where all its appraisals are the same, and as right where all are right. Exact"
        + " intervals of Clopper and Pearson; those of misses and false alarms take the repeats of one part for"
        + " independent of each other and are narrower than the truth where they are not.",
      rateRows(rows))
  }

  private var kappas: HTML {
    var rows = zip(study.appraisers, study.results).flatMap { appraiser, result -> [[Cell]] in
      var own = [row("\(appraiser.name) and the reference", "Cohen", result.referenceKappa)]
      if let kappa = result.withinKappa { own.append(row("\(appraiser.name), repeats", "Fleiss", kappa)) }
      return own
    }
    rows += study.pairs.map {
      row("\(study.appraisers[$0.first].name) and \(study.appraisers[$0.second].name)", "Cohen", $0.kappa)
    }
    if let kappa = study.betweenKappa, study.appraisers.count > 1 {
      rows.append(row("All appraisers, all appraisals", "Fleiss", kappa))
    }
    return card(
      "Kappa", wide: true,
      note:
        "Agreement beyond chance: 1 is full, 0 what chance gives. Above 0.75 it is good, below 0.40 poor (AIAG). None"
        + " where all say one and the same of every part, so that chance cannot be told. Intervals are asymptotic and"
        + " take all appraisals for independent.",
      table(["Between", "Kind", "Kappa", "95% interval"], rows))
  }

  private func row(_ name: String, _ kind: String, _ kappa: CohensKappa) -> [Cell] {
    let interval =
      kappa.low.isFinite && kappa.high.isFinite
      ? "\(Format.fixed(kappa.low, 3)) to \(Format.fixed(min(kappa.high, 1), 3))" : "–"
    return [.text(name), .text(kind), .number(Format.fixed(kappa.value, 3)), .number(interval)]
  }

  private func row(_ name: String, _ kind: String, _ kappa: Double) -> [Cell] {
    [.text(name), .text(kind), .number(Format.fixed(kappa, 3)), .number("–")]
  }
}

extension AgreementRating {
  /// The verdict whose sign and colour it takes.
  var verdict: Verdict {
    switch self {
    case .acceptable: .accept
    case .marginal: .review
    case .unacceptable: .reject
    }
  }
}
