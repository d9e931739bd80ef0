import Inspection

/// Pictures of parts that can be filtered, searched, sorted and opened. The items are data in the page; the script
/// shows them page by page, so that ten thousand stay quick.
struct Gallery: Sendable {
  /// A property to filter by, such as the verdict.
  struct Facet: Sendable {
    let name: String
    /// Buttons side by side for a few values, a menu for many.
    let asButtons: Bool
    /// In the order in which they are offered.
    var values: [String]
    /// The verdict that a value stands for, where it does.
    var verdicts: [Verdict?]

    init(name: String, asButtons: Bool = false, values: [String], verdicts: [Verdict?] = []) {
      self.name = name
      self.asButtons = asButtons
      self.values = values
      self.verdicts = verdicts.isEmpty ? Array(repeating: nil, count: values.count) : verdicts
    }
  }

  /// One part.
  struct Item: Sendable {
    var id: String
    /// Which sign the card carries; `nil` for none.
    var mark: Verdict?
    /// Index into the values of each facet.
    var facets: [Int]
    var caption: String
    /// JPEG.
    var thumbnail: [UInt8]?
    /// A picture beside the report, relative to it.
    var link: String?
    /// One per ``Gallery/sorts``; NaN goes last.
    var sortKeys: [Double]
    /// One per ``Gallery/details``; empty ones are not shown.
    var details: [String]

    init(
      id: String, mark: Verdict?, facets: [Int], caption: String, thumbnail: [UInt8]? = nil, link: String? = nil,
      sortKeys: [Double] = [], details: [String] = []
    ) {
      self.id = id
      self.mark = mark
      self.facets = facets
      self.caption = caption
      self.thumbnail = thumbnail
      self.link = link
      self.sortKeys = sortKeys
      self.details = details
    }
  }

  var facets: [Facet]
  /// Name of the order in which the items are given.
  var order: String
  /// Ways to sort besides it.
  var sorts: [(name: String, descending: Bool)]
  /// Names of the details.
  var details: [String]
  /// What is said above, such as how many pictures are embedded.
  var note = ""

  init(
    facets: [Facet], order: String, sorts: [(name: String, descending: Bool)] = [], details: [String] = []
  ) {
    self.facets = facets
    self.order = order
    self.sorts = sorts
    self.details = details
  }

  /// The controls and the place that the script fills.
  func controls(count: Int) -> HTML {
    let filters = facets.enumerated().map { index, facet -> HTML in
      if facet.asButtons {
        let buttons = facet.values.enumerated().map { value, name -> HTML in
          """
          <button type="button" class="chip" aria-pressed="false" data-facet="\(index)" data-value="\(value)">\
          \(facet.verdicts[value]?.icon ?? HTML())\(name)<small></small></button>
          """
        }
        return "<div class=\"chips\" role=\"group\" aria-label=\"\(facet.name)\">\(buttons)</div>"
      }
      let options = facet.values.enumerated().map { value, name -> HTML in
        "<option value=\"\(value)\">\(name)</option>"
      }
      return """
        <label>\(facet.name) <select data-facet="\(index)"><option value="">all</option>\(options)</select></label>
        """
    }
    let order = sorts.enumerated().map { index, sort -> HTML in "<option value=\"\(index)\">\(sort.name)</option>" }
    let sorting: HTML =
      sorts.isEmpty
      ? "" : "<label>Order <select data-sort><option value=\"\">\(self.order)</option>\(order)</select></label>"
    let marks = Verdict.allCases.map { verdict -> HTML in
      "<template id=\"mark-\(verdict.style)\">\(verdict.icon)</template>"
    }
    return """
      \(marks)<div class="filters" id="filters">\(filters)\(sorting)<label>Find \
      <input type="search" placeholder="part name" autocomplete="off" spellcheck="false"></label>\
      <button type="button" class="plain" data-reset hidden>Show all</button></div>\
      <p class="count" id="count" role="status">\(Format.plural(count, "part")).</p>\
      <ul class="grid-list" id="grid"></ul><p class="more"><button type="button" class="plain" id="more" hidden>Show \
      more</button></p>\
      <noscript><p class="empty">The pictures need JavaScript; all figures and tables on this page do not.</p></noscript>\
      <dialog id="viewer" aria-labelledby="viewer-title"><form method="dialog"><h3 id="viewer-title"></h3>\
      <button class="plain" aria-label="Close">Close</button></form><div class="stage" id="viewer-stage"></div>\
      <dl class="facts" id="viewer-facts"></dl><p class="hint">Arrow keys show the neighbours, Escape closes.</p></dialog>
      """
  }

  /// The data as a JSON block for the script: short keys, thumbnails in base64.
  func data(_ items: [Item]) -> HTML {
    var writer = JSONWriter(insideHTML: true)
    writer.object { json in
      json.array("facets") { array in
        for facet in facets {
          array.object { object in
            object.member("name", facet.name)
            object.array("values") { for value in facet.values { $0.element(value) } }
          }
        }
      }
      json.array("descending") { for sort in sorts { $0.element(sort.descending ? 1 : 0) } }
      json.array("details") { for name in details { $0.element(name) } }
      json.array("items") { for item in items { write(item, to: &$0) } }
    }
    return "<script type=\"application/json\" id=\"parts\">\(HTML(trusted: writer.text))</script>"
  }

  /// As an array, since names ten thousand times over would double the page.
  private func write(_ item: Item, to json: inout JSONWriter) {
    json.array { row in
      row.element(item.id)
      row.element(item.mark.flatMap { Verdict.allCases.firstIndex(of: $0) } ?? -1)
      row.array { for facet in item.facets { $0.element(facet) } }
      row.element(item.caption)
      row.element(item.thumbnail.map { base64($0) } ?? "")
      row.element(item.link.map { relativeURL(FileName.bytes($0)) } ?? "")
      row.array { for key in item.sortKeys { $0.element((key * 1e6).rounded() / 1e6) } }
      row.array { for detail in item.details { $0.element(detail) } }
    }
  }
}
