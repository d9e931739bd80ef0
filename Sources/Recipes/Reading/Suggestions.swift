/// What was probably meant by a word that is not known.
enum Suggestions {
  /// Where each key is at home, for those that stand in the wrong place.
  private static let homes: [String: String] = [
    "size": "format", "rate": "format", "pixels": "format", "reject": "policy", "review": "policy",
    "confidence": "policy", "classes": "policy", "budget": "keep", "rejects": "keep", "reviews": "keep",
    "accepts": "keep", "raw": "keep", "presence": "trigger", "software": "trigger", "every": "trigger",
    "hold": "presence", "longest": "presence", "learn": "presence", "mode": "presence", "template": "alignment",
    "search": "alignment",
    "angle": "alignment", "least_score": "alignment", "polygon": "region or ignore", "rectangle": "region or ignore",
    "mask": "region or ignore", "smallest_area": "a class under regions",
    "longest_side": "a class under regions", "count": "a class under regions",
    "zone": "a class under regions",
    "command": "outputs", "socket": "outputs", "device": "a camera",
    "controls": "a camera or the station", "region": "a camera", "ignore": "a camera", "alignment": "a camera",
    "station": "the station", "cameras": "the station", "outputs": "the station", "keep": "the station",
    "out": "the station",
  ]

  static func unknown(_ name: String, in what: String, among keys: [String]) -> String {
    let start = "unknown key \(YAMLNode.quoted(name)) in \(what)"
    if let near = nearest(name, among: keys) { return start + "; did you mean \(YAMLNode.quoted(near))?" }
    if let home = homes[name] { return start + "; it belongs in \(home)" }
    return start + "; known here: " + keys.joined(separator: ", ")
  }

  /// The word that most likely was meant, or none that is near enough.
  static func nearest(_ word: String, among words: [String]) -> String? {
    guard word.utf8.count <= 40 else { return nil }
    let plain = String(word.lowercased().map { $0 == "-" ? "_" : $0 })
    let near = words.map { (word: $0, distance: distance(plain, $0.lowercased())) }.min { $0.distance < $1.distance }
    guard let near, near.distance <= (near.word.count <= 4 ? 1 : near.word.count <= 6 ? 2 : 3) else { return nil }
    return near.word
  }

  /// Insertions, deletions, substitutions and swaps of neighbours that lead from one word to the other (optimal string
  /// alignment; Damerau 1964).
  static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.unicodeScalars), Array(b.unicodeScalars))
    guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
    var before: [Int] = []
    var above = Array(0...b.count)
    for i in 1...a.count {
      var row = [i]
      for j in 1...b.count {
        let same = a[i - 1] == b[j - 1]
        var best = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { best = min(best, before[j - 2] + 1) }
        row.append(best)
      }
      (before, above) = (above, row)
    }
    return above[b.count]
  }
}
