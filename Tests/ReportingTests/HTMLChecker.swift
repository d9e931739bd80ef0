/// A checker for the little HTML that the reports use: tags balance, attributes are quoted, nothing is loaded from
/// elsewhere. Throws away nothing that a browser would silently repair.
struct HTMLChecker {
  private(set) var faults: [String] = []
  private(set) var ids: [String] = []
  /// Text between tags, without style and script.
  private(set) var text = ""
  private(set) var tags: [String: Int] = [:]
  /// Contents of the JSON block.
  private(set) var json: [UInt8] = []

  private static let void: Set = ["meta", "input", "br", "img", "link"]
  private static let raw: Set = ["style", "script"]

  init(_ page: String) {
    let bytes = Array(page.utf8)
    var open: [String] = []
    var i = 0
    func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    while i < bytes.count {
      guard bytes[i] == UInt8(ascii: "<") else {
        let start = i
        while i < bytes.count && bytes[i] != UInt8(ascii: "<") { i += 1 }
        let piece = string(start..<i)
        text += piece
        if piece.contains(">") { faults.append("a bare > in text: \(piece.prefix(60))") }
        continue
      }
      var end = i + 1
      var quoted = false
      while end < bytes.count && (quoted || bytes[end] != UInt8(ascii: ">")) {
        if bytes[end] == UInt8(ascii: "\"") { quoted.toggle() }
        if !quoted && bytes[end] == UInt8(ascii: "<") { faults.append("a bare < near \(string(i..<end).prefix(60))") }
        end += 1
      }
      let inside = string(i + 1..<min(end, bytes.count))
      i = end + 1
      if inside.hasPrefix("!") { continue }
      if inside.hasPrefix("/") {
        let name = String(inside.dropFirst())
        if open.last == name { open.removeLast() } else { faults.append("</\(name)> closes \(open.last ?? "nothing")") }
        continue
      }
      let name = String(inside.prefix { $0 != " " && $0 != "/" && $0 != "\n" })
      tags[name, default: 0] += 1
      attributes(inside.dropFirst(name.count), of: name)
      if inside.hasSuffix("/") || Self.void.contains(name) { continue }
      if Self.raw.contains(name) {
        let close = Array("</\(name)>".utf8)
        let start = i
        while i < bytes.count && !bytes[i...].starts(with: close) { i += 1 }
        if inside.contains("application/json") { json = Array(bytes[start..<i]) }
        i += close.count
        continue
      }
      open.append(name)
    }
    if !open.isEmpty { faults.append("never closed: \(open)") }
    if Set(ids).count != ids.count { faults.append("an id twice: \(ids)") }
  }

  /// name="value" pairs, all quoted.
  private mutating func attributes(_ text: Substring, of tag: String) {
    var rest = text.drop { $0 == " " || $0 == "\n" }
    while let first = rest.first, first != "/" {
      let name = rest.prefix { $0 != "=" && $0 != " " && $0 != "\n" }
      rest = rest.dropFirst(name.count)
      guard rest.first == "=" else {
        rest = rest.drop { $0 == " " || $0 == "\n" }
        continue  // such as hidden
      }
      rest = rest.dropFirst()
      guard rest.first == "\"" else {
        faults.append("an unquoted attribute \(name) of \(tag)")
        return
      }
      let value = rest.dropFirst().prefix { $0 != "\"" }
      rest = rest.dropFirst(value.count + 2).drop { $0 == " " || $0 == "\n" }
      if name == "id" { ids.append(String(value)) }
      // A picture may be in the page itself; nothing may be fetched.
      let isInside = tag == "img" && name == "src" && value.hasPrefix("data:image/jpeg;base64,")
      if ["src", "href", "xlink:href", "action", "srcset"].contains(name), !isInside {
        faults.append("\(tag) loads \(value)")
      }
      if name.hasPrefix("on") { faults.append("\(tag) runs \(name)") }
    }
  }
}
