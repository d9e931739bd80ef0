import Inspection
import Metrics

extension AgreementReport {
  /// Misses of each class of defects.
  var classes: HTML {
    let labels = study.defectClasses
    let rows = labels.indices.map { index -> [Cell] in
      let parts = study.parts.count { $0.isDefect && $0.reference == labels[index] }
      var row: [Cell] = [.text(labels[index]), .number(Format.count(parts))]
      for result in study.results {
        let misses = result.missesByClass[index].misses
        let interval = "\(Format.percent(misses.rate.low)) to \(Format.percent(misses.rate.high))"
        row.append(.number("\(Format.count(misses.count)) of \(Format.count(misses.total)) (\(interval))"))
      }
      return row
    }
    return card(
      "Misses of each class", wide: true,
      note: "Appraisals of the class's parts that say good, with the 95% interval of their share.",
      table(["Class", "Parts"] + study.appraisers.map(\.name), rows))
  }

  /// Parts that some appraisal judged wrong.
  var disputed: HTML {
    let all = study.disputed
    let shown = all.prefix(Self.mostDisputed)
    let rows = shown.map { index -> [Cell] in
      let part = study.parts[index]
      var row: [Cell] = [picture(index), .text(part.id), .text(part.reference)]
      for appraiser in study.appraisers { row.append(.markup(signs(appraiser.verdicts[index]))) }
      row.append(.text(images[index]))
      return row
    }
    let rest = all.count - shown.count
    return card(
      "Parts judged otherwise than they are", wide: true,
      note:
        "\(Format.count(all.count)) of \(Format.plural(study.parts.count, "part")), those with the most wrong verdicts"
        + " first; a sign for each repeat: disc accepted, diamond for review, square rejected."
        + (rest > 0 ? " \(Format.count(rest)) more are in msa.json." : ""),
      table(
        ["Picture", "Part", "Reference"] + study.appraisers.map(\.name) + ["File"], rows,
        empty: "None: all appraisals are right."))
  }

  private func picture(_ index: Int) -> Cell {
    guard let jpeg = thumbnails[index] else { return .text("–") }
    return .markup(
      """
      <img style="width:96px;height:auto;display:block" alt="Part \(study.parts[index].id)" \
      src="data:image/jpeg;base64,\(base64(jpeg))">
      """)
  }

  private func signs(_ verdicts: [Verdict]) -> HTML {
    let signs = verdicts.map { verdict -> HTML in
      "\(verdict.icon)<span class=\"hidden\">\(verdict.rawValue) </span>"
    }
    return "<span class=\"badge\">\(signs)</span>"
  }
}
