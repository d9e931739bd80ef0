public import Inspection
import Metrics

extension InspectionReport {
  /// The whole page.
  ///
  /// - Parameters:
  ///   - summary: the run's counts; its judged parts are the ones that were added.
  ///   - thumbnails: pictures gathered during the run; a part without one shows its annotated image where there is one.
  public func render(summary: RunSummary, thumbnails: ThumbnailStore) -> HTML {
    var page = Page(
      kind: "Inspection report", subject: info.subject,
      byline: [info.provenance.model.map { "Model \($0.name)" }, "started \(info.provenance.started)"]
        .compactMap { $0 }.joined(separator: ", "),
      summary: sentences(summary))
    let items = galleryItems(thumbnails)
    let gallery = self.gallery(items)
    page.sections = [
      tiles(summary), strip,
      card("Defects by frequency", note: "Parts that were rejected or sent to review, by their leading defect.") {
        paretoChart(defects.map { ($0.key, $0.value) }, caption: "Defects by frequency")
      },
      card("Scores and thresholds", note: scoreNote) {
        histogram.chart(
          title: info.goodLabel == nil ? "confidence in the named defect" : "defect score, 1 - p(good)",
          thresholds: thresholds)
      },
      card("Parts", wide: true, id: "gallery", note: gallery.note) { gallery.controls(count: items.count) },
      card("Least certain parts", note: "Closest to a threshold: a little more or less would change the verdict.") {
        partTable(leastCertain, column: "Distance") { Format.fixed($0, 4) }
      },
      card("Slowest parts", note: "Time over all stages.") {
        partTable(slowest, column: "Time") { Format.milliseconds(-$0) }
      },
    ]
    if unreadableCount > 0 { page.sections.append(unreadableCard) }
    page.sections += [
      card("Timings", note: "Per part, in milliseconds; beyond 4,096 parts percentiles are within 0.8 %.") {
        timingTable(summary)
      },
      card("Frames", note: frameNote(summary)) { frameTable(summary) },
    ]
    if !summary.faults.isEmpty {
      page.sections.append(
        card("Faults", note: "Found wrong with frames and cameras; a frame with a fault of its own is rejected.") {
          table(
            ["Fault", "Times"],
            summary.faults.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
              [.text(LiveDrop.words($0.key)), .number(Format.count($0.value))]
            })
        })
    }
    if !gaps.all.isEmpty { page.sections.append(gapCard) }
    if !info.cameras.isEmpty {
      page.sections.append(
        card("Cameras", wide: true, note: "What was in force at the end; run.json has all of it.") {
          factList(info.cameras)
        })
    }
    page.sections += [
      info.provenance.card(policyFacts)
    ]
    page.data = gallery.data(items)
    return page.render()
  }

  private func card(_ title: String, wide: Bool = false, id: String = "", note: String, _ content: () -> HTML) -> HTML {
    Reporting.card(title, wide: wide, id: id, note: note, content())
  }

  private func count(_ verdict: Verdict) -> Int { verdicts[verdict, default: 0] }

  private func sentences(_ summary: RunSummary) -> HTML {
    guard count > 0 else { return "<p>No parts were judged.</p>" }
    var text =
      "\(Format.plural(count, "part")) \(count == 1 ? "was" : "were") judged: \(Format.count(count(.accept))) accepted "
      + "(\(Format.percent(count(.accept), of: count))), \(Format.count(count(.review))) sent to review and "
      + "\(Format.count(count(.reject))) rejected (\(Format.percent(count(.reject), of: count)))."
    let leading = defects.max { $0.value < $1.value || ($0.value == $1.value && $0.key > $1.key) }
    if let leading, defects.count > 1 {
      text += " The most frequent defect is \(leading.key), with \(Format.plural(leading.value, "part"))."
    }
    if unreadableCount > 0 {
      text +=
        " \(Format.plural(unreadableCount, "input")) could not be read and \(unreadableCount == 1 ? "counts" : "count")"
        + " as rejected."
    }
    let dropped = summary.dropped.values.reduce(0, +)
    if dropped > 0 {
      text += " \(Format.plural(dropped, "frame")) \(dropped == 1 ? "was" : "were") dropped without a judgement."
    }
    return "<p>\(text)</p>"
  }

  private func tiles(_ summary: RunSummary) -> HTML {
    func verdictTile(_ verdict: Verdict, note: String = "") -> Tile {
      Tile(
        name: verdict.done, value: Format.count(count(verdict)),
        note: note.isEmpty ? Format.percent(count(verdict), of: count) : note, style: verdict.style, icon: verdict.icon)
    }
    let speed = summary.imagesPerSecond
    return tileRow([
      Tile(name: "Judged", value: Format.count(count), note: "in \(Format.duration(summary.seconds))"),
      verdictTile(.accept), verdictTile(.review), verdictTile(.reject),
      Tile(name: "Unreadable", value: Format.count(unreadableCount), note: unreadableCount > 0 ? "rejected" : ""),
      Tile(name: "Speed", value: Format.fixed(speed, speed < 10 ? 2 : speed < 100 ? 1 : 0), note: "images/s"),
    ])
  }

  /// The verdicts' shares as one bar.
  private var strip: HTML {
    let parts = Verdict.allCases.filter { count($0) > 0 }.map { verdict -> HTML in
      """
      <span class="\(verdict.style)" style="flex:\(count(verdict))" title="\(verdict.done): \
      \(Format.count(count(verdict)))"></span>
      """
    }
    return "<div class=\"strip\" aria-hidden=\"true\">\(parts)</div>"
  }

  private var thresholds: [ScoreHistogram.Threshold] {
    guard info.goodLabel != nil else {
      return [.init(name: "review below", value: Double(info.policy.minimumConfidence), style: "review")]
    }
    let limits = info.policy.thresholds
    let reject = ScoreHistogram.Threshold(name: "reject from", value: Double(limits.reject), style: "reject")
    guard limits.review < limits.reject else { return [reject] }
    return [.init(name: "review from", value: Double(limits.review), style: "review"), reject]
  }

  private var scoreNote: String {
    var note =
      info.goodLabel == nil
      ? "How sure the model is of the defect that it names." : "High scores are defects. Bars are coloured by verdict."
    if !info.policy.perClass.isEmpty { note += " Some classes have thresholds of their own, listed under Provenance." }
    if histogram.withoutScore > 0 {
      note += " \(Format.plural(histogram.withoutScore, "part")) without a score are not drawn; they are rejected."
    }
    return note
  }

  private func gallery(_ items: [Gallery.Item]) -> Gallery {
    var gallery = Gallery(
      facets: [
        .init(
          name: "Verdict", asButtons: true, values: Verdict.allCases.map(\.done), verdicts: Verdict.allCases),
        .init(name: "Class", values: facetLabels),
      ],
      order: "rejected first",
      sorts: [
        ("as inspected", false), ("least certain first", false), ("slowest first", true), ("highest score first", true),
      ],
      details: ["Reasons", "Scores", "Regions", "Size", "Time", "Taken", "Source"])
    var notes: [String] = []
    if items.count < count {
      notes.append(
        "The gallery holds \(Format.count(items.count)) of \(Format.count(count)) parts, rejected parts and those for "
          + "review first; all are in decisions.jsonl and decisions.csv.")
    }
    let pictures = items.count { $0.thumbnail != nil }
    let linked = items.count { $0.thumbnail == nil && $0.link != nil }
    if pictures < items.count {
      var note = "\(Format.plural(pictures, "picture")) \(pictures == 1 ? "is" : "are") embedded in this page"
      if linked > 0 { note += ", \(Format.count(linked)) more are shown from the annotated images beside it" }
      let without = items.count - pictures - linked
      if without > 0 { note += "; \(Format.plural(without, "part")) \(without == 1 ? "has" : "have") no picture" }
      notes.append(note + ".")
    }
    gallery.note = notes.joined(separator: " ")
    return gallery
  }

  private func partTable(_ list: TopList, column: String, _ value: (Double) -> String) -> HTML {
    table(
      ["Part", "Verdict", "Label", column],
      list.entries.map { entry in
        [
          .part(entry.decision.id), .markup(entry.decision.verdict.badge), .text(entry.decision.label),
          .number(value(entry.key)),
        ]
      })
  }

  private var unreadableCard: HTML {
    var note = "These could not be read as images. They count as rejected."
    if unreadableCount > unreadable.count {
      note +=
        " The first \(Format.count(unreadable.count)) of \(Format.count(unreadableCount)) are listed; all are in "
        + "decisions.csv."
    }
    return card("Unreadable inputs", wide: true, note: note) {
      table(["Input", "Reason"], unreadable.map { [.part($0.id), .text($0.reason)] })
    }
  }

  private func timingTable(_ summary: RunSummary) -> HTML {
    table(
      ["Stage", "p50", "p95", "p99"],
      summary.timings.map { stage, values in
        [
          .text(stage), .number(Format.fixed(values.p50, 2)), .number(Format.fixed(values.p95, 2)),
          .number(Format.fixed(values.p99, 2)),
        ]
      }, empty: "No timings were taken.")
  }

  private func frameTable(_ summary: RunSummary) -> HTML {
    table(
      ["", "Frames"],
      [
        [.text("Captured"), .number(Format.count(summary.captured))],
        [.text("Judged"), .number(Format.count(summary.judged))],
      ]
        + summary.dropped.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
          [.text("Not judged: \(LiveDrop.words($0.key))"), .number(Format.count($0.value))]
        } + (summary.dropped.isEmpty ? [[.text("Dropped"), .number("0")]] : []))
  }

  private func frameNote(_ summary: RunSummary) -> String {
    let note = "Captured frames are judged or dropped; none is lost without a trace."
    return summary.judged < count ? note + " Counted since the last start." : note
  }

  /// Gaps that are listed one by one.
  private static let gapLimit = 200

  private var gapCard: HTML {
    let shown = gaps.all.suffix(Self.gapLimit)
    var note = "Nothing was seen in these times."
    if shown.count < gaps.all.count {
      note += " The last \(Format.count(shown.count)) of \(Format.count(gaps.all.count)); all are in gaps.csv."
    }
    return card("Times without a camera", wide: true, note: note) {
      table(
        ["Camera", "Cause", "From", "Until", "Duration"],
        shown.map { gap in
          [
            .text(gap.camera), .text(LiveDrop.words(gap.cause)), .text(gap.start.description),
            .text(gap.end?.description ?? "the end of the run"),
            .number(
              gap.end.map { Format.duration(Double($0.milliseconds - gap.start.milliseconds) / 1000) } ?? ""),
          ]
        })
    }
  }

  private var policyFacts: [(name: String, value: String)] {
    guard let good = info.goodLabel else {
      return [("Policy", "every class is a defect; review below a confidence of \(info.policy.minimumConfidence)")]
    }
    func text(_ limits: Policy.Thresholds) -> String { "reject from \(limits.reject), review from \(limits.review)" }
    return [("Thresholds", text(info.policy.thresholds)), ("Acceptable class", good)]
      + info.policy.perClass.sorted { $0.key < $1.key }.map { ("Thresholds of \($0.key)", text($0.value)) }
  }
}
