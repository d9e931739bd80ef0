extension DatasetCheck {
  /// The report as lines of at most `columns` characters (long file names are not broken).
  ///
  /// - Parameter files: most files that are listed per finding.
  public func text(columns: Int = 80, files limit: Int = 8) -> String {
    var lines: [String] = []
    lines += wrapped("\(root): \(layout.rawValue), \(images) images, \(classes.count) classes", columns)
    if !dealt.isEmpty {
      let names = dealt.map(\.rawValue).joined(separator: ", ")
      lines += wrapped("Splits dealt by content hash: \(names)", columns)
    }
    if let sizes {
      func size(_ pair: [Int]) -> String { "\(pair[0]) x \(pair[1])" }
      let range =
        sizes.distinct == 1
        ? "All \(size(sizes.median))"
        : "Sizes from \(size(sizes.smallest)) to \(size(sizes.largest)), median \(size(sizes.median))"
      let kind = color == 0 ? "grey" : gray == 0 ? "color" : "\(gray) grey and \(color) in color"
      lines += wrapped("\(range), \(kind)", columns)
    }
    lines.append("")
    lines += table(columns)
    let counts = Severity.allCases.map { severity in findings.count { $0.severity == severity } }
    lines.append("")
    func count(_ number: Int, _ name: String) -> String { "\(number) \(name)\(number == 1 ? "" : "s")" }
    lines.append(
      findings.isEmpty
        ? "Nothing is wrong with it."
        : "\(count(counts[0], "error")), \(count(counts[1], "warning")), \(count(counts[2], "note"))")
    for finding in findings {
      lines.append("")
      lines += wrapped("\(finding.severity.rawValue): \(finding.message)", columns, indent: 2)
      for file in finding.files.prefix(limit) { lines += wrapped("  \(file)", columns, indent: 4) }
      if finding.files.count > limit { lines.append("  ... and \(finding.files.count - limit) more") }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func table(_ columns: Int) -> [String] {
    let header = ["class", "train", "val", "test", "masks"]
    var rows = classes.map { row in
      [row.isGood ? row.name + " (good)" : row.name] + [row.train, row.val, row.test, row.masks].map(String.init)
    }
    let sums = [\ClassCount.train, \.val, \.test, \.masks].map { path in
      String(classes.reduce(0) { $0 + $1[keyPath: path] })
    }
    rows.append(["total"] + sums)
    let longest = ([header] + rows).map(\.[0].count).max() ?? 0
    let first = min(longest, columns - 4 * 8)
    return ([header] + rows).map { row in
      var line = row[0].count > first ? String(row[0].prefix(first - 1)) + "…" : row[0]
      line += String(repeating: " ", count: first - line.count)
      for cell in row.dropFirst() { line += String(repeating: " ", count: max(1, 8 - cell.count)) + cell }
      return line
    }
  }

  /// Breaks at spaces; following lines are indented.
  private func wrapped(_ text: String, _ columns: Int, indent: Int = 0) -> [String] {
    var lines: [String] = []
    let leading = text.prefix { $0 == " " }
    var line = String(leading)
    var isFirst = true
    for word in text.dropFirst(leading.count).split(separator: " ") {
      if !isFirst && line.count + 1 + word.count > columns {
        lines.append(line)
        line = String(repeating: " ", count: indent) + word
      } else {
        line += isFirst ? String(word) : " " + word
      }
      isFirst = false
    }
    return lines + [line]
  }
}
