import Metrics

/// A number with its name, such as "Rejected 41".
struct Tile: Sendable {
  let name: String
  let value: String
  var note = ""
  /// CSS class of the accent, such as `reject`.
  var style = ""
  var icon = HTML()
}

/// A row of tiles.
func tileRow(_ tiles: [Tile]) -> HTML {
  let items = tiles.map { tile -> HTML in
    """
    <div class="tile \(tile.style)"><dt>\(tile.icon)\(tile.name)</dt><dd><strong>\(tile.value)</strong>\
    <small>\(tile.note)</small></dd></div>
    """
  }
  return "<dl class=\"tiles\">\(items)</dl>"
}

/// A titled card; `wide` spans both columns.
func card(_ title: String, wide: Bool = false, id: String = "", note: String = "", _ content: HTML) -> HTML {
  let anchor: HTML = id.isEmpty ? "" : " id=\"\(id)\""
  let lead: HTML = note.isEmpty ? "" : "<p class=\"note-text\">\(note)</p>"
  return "<section class=\"card\(wide ? " wide" : "")\"\(anchor)><h2>\(title)</h2>\(lead)\(content)</section>"
}

/// A cell of a ``table(_:_:empty:)``.
enum Cell: Sendable {
  case text(String)
  /// Aligned at the right.
  case number(String)
  case markup(HTML)
  /// The id of a part, which opens it in the gallery.
  case part(String)

  fileprivate var html: HTML {
    switch self {
    case .text(let text): "<td>\(text)</td>"
    case .number(let text): "<td class=\"n\">\(text)</td>"
    case .markup(let markup): "<td>\(markup)</td>"
    case .part(let id): "<td><button type=\"button\" class=\"open\" data-part=\"\(id)\"><bdi>\(id)</bdi></button></td>"
    }
  }
}

/// A plain table. A column whose cells are numbers has its title at the right too.
func table(_ columns: [String], _ rows: [[Cell]], empty: String = "None.") -> HTML {
  guard let first = rows.first else { return "<p class=\"empty\">\(empty)</p>" }
  let head = zip(columns, first).map { title, cell -> HTML in
    if case .number = cell { return "<th scope=\"col\" class=\"n\">\(title)</th>" }
    return "<th scope=\"col\">\(title)</th>"
  }
  let body = rows.map { row -> HTML in "<tr>\(row.map(\.html))</tr>" }
  return """
    <div class="scroll"><table><thead><tr>\(head)</tr></thead><tbody>\(body)</tbody></table></div>
    """
}

/// Names with their values, such as settings.
func factList(_ facts: [(name: String, value: String)]) -> HTML {
  let items = facts.map { fact -> HTML in "<div><dt>\(fact.name)</dt><dd><bdi>\(fact.value)</bdi></dd></div>" }
  return "<dl class=\"facts\">\(items)</dl>"
}

/// True class by predicted class; the deeper the colour, the larger the share of the true class. What is off the
/// diagonal has the colour of a fault. Where it `opens`, the script makes a button of every cell that has parts.
func confusionTable(_ matrix: ConfusionMatrix, labels: [String], opens: Bool = false) -> HTML {
  func cell(_ truth: Int, _ predicted: Int) -> HTML { opens ? " data-cell=\"\(truth) \(predicted)\"" : "" }
  let head = labels.map { label -> HTML in "<th scope=\"col\"><span>\(label)</span></th>" }
  let anyUndetermined = matrix.undetermined.contains { $0 > 0 }
  let rows = labels.indices.map { truth -> HTML in
    let support = matrix.support(truth)
    let cells = labels.indices.map { predicted -> HTML in
      let count = matrix[truth: truth, predicted: predicted]
      let share = support > 0 ? Double(count) / Double(support) : 0
      let kind = truth == predicted ? "right" : "wrong"
      // The square root lets single faults among hundreds show.
      return """
        <td\(cell(truth, predicted)) class="\(count == 0 ? "zero" : kind)\(share > 0.45 ? " strong" : "")" style="--share:\
        \(count == 0 ? 0 : 12 + 88 * share.squareRoot())%" title="\(labels[truth]) judged \(labels[predicted]): \
        \(Format.count(count)) of \(Format.count(support))">\(Format.count(count))</td>
        """
    }
    let none: HTML =
      anyUndetermined
      ? "<td\(cell(truth, -1)) class=\"zero\">\(Format.count(matrix.undetermined[truth]))</td>" : ""
    return """
      <tr><th scope="row">\(labels[truth])</th>\(cells)\(none)<td class="n">\(Format.percent(matrix.recall(truth)))</td>\
      </tr>
      """
  }
  let precision = labels.indices.map { index -> HTML in
    "<td class=\"n\">\(matrix.predictedCount(index) > 0 ? Format.percent(matrix.precision(index)) : "–")</td>"
  }
  return """
    <div class="scroll"><table class="confusion"><thead><tr><th><span>true \\ judged</span></th>\(head)\
    \(anyUndetermined ? "<th scope=\"col\"><span>no verdict</span></th>" : "" as HTML)\
    <th class="n" scope="col"><span>recall</span></th></tr></thead><tbody>\(rows)<tr class="sum">\
    <th scope="row">precision</th>\(precision)\(anyUndetermined ? "<td></td>" : "" as HTML)<td></td></tr></tbody></table></div>
    """
}

/// Precision, recall and F1 of every class.
func classTable(_ matrix: ConfusionMatrix, labels: [String], auroc: [Double?] = []) -> HTML {
  let columns = ["Class", "Parts", "Precision", "Recall", "F1"] + (auroc.isEmpty ? [] : ["AUROC"])
  let rows = matrix.perClass.enumerated().map { index, score -> [Cell] in
    var row: [Cell] = [
      .text(labels[index]), .number(Format.count(score.support)), .number(Format.fixed(score.precision, 3)),
      .number(Format.fixed(score.recall, 3)), .number(Format.fixed(score.f1, 3)),
    ]
    if auroc.indices.contains(index) { row.append(.number(auroc[index].map { Format.fixed($0, 4) } ?? "–")) }
    return row
  }
  return table(columns, rows)
}

/// A rate with its interval as a dot on a line from 0 to 1, with the numbers beside it.
func rateRows(_ rates: [(name: String, rate: Rate, note: String)]) -> HTML {
  let rows = rates.map { entry -> HTML in
    """
    <tr><th scope="row">\(entry.name)</th><td class="n">\(Format.percent(entry.rate.value, 2))</td><td class="interval"><div class="lane">\
    <span class="range" style="left:\(100 * entry.rate.low)%;width:\(max(100 * (entry.rate.high - entry.rate.low), 0.4))%">\
    </span><span class="dot" style="left:\(100 * entry.rate.value)%"></span></div></td>\
    <td class="n">\(Format.percent(entry.rate.low, 2)) to \(Format.percent(entry.rate.high, 2))</td>\
    <td>\(entry.note)</td></tr>
    """
  }
  return """
    <div class="scroll"><table class="rates"><thead><tr><th scope="col">Figure</th><th class="n" scope="col">Value</th>\
    <th><span class="hidden">Interval</span></th><th class="n" scope="col">95% interval</th><th scope="col">Of</th></tr>\
    </thead><tbody>\(rows)</tbody></table></div>
    """
}
