extension Draft {
  /// A CSV with a header that names at least `image` and `label`; `mask`, `split` and `synthetic` are optional,
  /// columns may come in any order, others are left alone. Paths are relative to the manifest's folder.
  static func manifest(_ path: String) throws(PartSetError) -> Draft {
    let bytes: [UInt8]
    do throws(Files.Failure) {
      bytes = try Files.read(path)
    } catch {
      throw .unreadable(path: path, reason: error.reason)
    }
    let records: [CSV.Record]
    do throws(CSV.Malformed) {
      records = try CSV.records(bytes)
    } catch {
      throw .manifest(path: path, line: error.line, reason: error.reason)
    }
    guard let header = records.first else {
      throw .manifest(path: path, line: 1, reason: "the file is empty; begin it with image,mask,label,split")
    }
    let names = header.fields.map { trimmed($0).lowercased() }
    guard let imageColumn = names.firstIndex(of: "image"), let labelColumn = names.firstIndex(of: "label") else {
      let reason = "the header must name the columns image and label (mask and split may follow)"
      throw .manifest(path: path, line: header.line, reason: reason)
    }
    let maskColumn = names.firstIndex(of: "mask")
    let splitColumn = names.firstIndex(of: "split")
    let syntheticColumn = names.firstIndex(of: "synthetic")

    let root = Files.parent(path)
    var draft = Draft(root: root, layout: .manifest)
    var seen: [String: Int] = [:]
    for record in records.dropFirst() {
      func problem(_ reason: String) -> PartSetError { .manifest(path: path, line: record.line, reason: reason) }
      guard record.fields.count == names.count else {
        throw problem("it has \(record.fields.count) fields where the header has \(names.count)")
      }
      let id = trimmed(record.fields[imageColumn])
      let label = trimmed(record.fields[labelColumn])
      guard !id.isEmpty else { throw problem("the image is empty") }
      guard !label.isEmpty else { throw problem("the label of \(id) is empty") }
      if let earlier = seen.updateValue(record.line, forKey: id) {
        throw problem("\(id) is already on line \(earlier); list each image once")
      }
      guard let image = file(id, root) else { throw problem("the image \(id) does not exist beside the manifest") }
      var entry = Entry(id: id, image: image, mask: nil, label: label, split: nil)
      if let maskColumn, !trimmed(record.fields[maskColumn]).isEmpty {
        let name = trimmed(record.fields[maskColumn])
        guard let mask = file(name, root) else {
          throw problem("the mask \(name) does not exist; add it or leave the field empty")
        }
        entry.mask = mask
      }
      if let splitColumn, !trimmed(record.fields[splitColumn]).isEmpty {
        let name = trimmed(record.fields[splitColumn])
        entry.split = Split(name: name)
        guard entry.split != nil else { throw problem("the split \(name) is none of train, val, test") }
      }
      if let syntheticColumn {
        let name = trimmed(record.fields[syntheticColumn]).lowercased()
        guard ["true", "false", "1", "0", "yes", "no", ""].contains(name) else {
          throw problem("the column synthetic holds \(name), which is neither true nor false")
        }
        entry.isSynthetic = ["true", "1", "yes"].contains(name)
      }
      if let first = draft.entries.first, (first.split == nil) != (entry.split == nil) {
        throw problem("some lines name a split and some do not; give all of them one, or none")
      }
      draft.entries.append(entry)
    }
    return draft
  }

  /// The path of a file that a manifest names, if it is there; separators may be those of Windows.
  private static func file(_ name: String, _ root: String) -> String? {
    let path = Files.join(root, name)
    if Files.kind(path) != nil { return path }
    guard name.utf8.contains(UInt8(ascii: "\\")) else { return nil }
    let turned = Files.join(root, String(name.map { $0 == "\\" ? "/" : $0 }))
    return Files.kind(turned) == nil ? nil : turned
  }

  private static func trimmed(_ text: String) -> String {
    guard let first = text.firstIndex(where: { !$0.isWhitespace }) else { return "" }
    let last = text.lastIndex { !$0.isWhitespace }!
    return String(text[first...last])
  }
}
