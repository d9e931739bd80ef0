/// Numbers with units, as people write them and as they are read back.
enum Quantities {
  private static let times: [(names: [String], microseconds: Int64)] = [
    (["h", "hour", "hours"], 3_600_000_000), (["min", "minute", "minutes"], 60_000_000),
    (["s", "second", "seconds"], 1_000_000), (["ms"], 1000), (["us", "µs", "μs"], 1),
  ]
  private static let sizes: [(name: String, bytes: Int64)] = [
    ("TB", 1_000_000_000_000), ("TiB", 1 << 40), ("GB", 1_000_000_000), ("GiB", 1 << 30), ("MB", 1_000_000),
    ("MiB", 1 << 20), ("kB", 1000), ("KiB", 1 << 10), ("B", 1),
  ]

  /// `2 s`, `200ms`, `1.5 min`, to the microsecond; `nil` without a unit.
  static func duration(_ text: String) -> Duration? {
    let (value, unit) = split(text)
    guard let value, value >= 0, let scale = times.first(where: { $0.names.contains(unit) })?.microseconds else {
      return nil
    }
    let microseconds = (value * Double(scale)).rounded()
    return microseconds < 1e15 ? .microseconds(Int64(microseconds)) : nil
  }

  /// In the largest unit that gives a whole number.
  static func text(_ duration: Duration) -> String {
    let parts = duration.components
    let microseconds = parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000
    guard microseconds != 0 else { return "0 s" }
    let unit = times.first { microseconds % $0.microseconds == 0 }!
    return "\(microseconds / unit.microseconds) \(unit.names[0])"
  }

  /// `20 GB` is 20 times 10⁹ bytes, `20 GiB` 20 times 2³⁰; `nil` without a unit.
  static func bytes(_ text: String) -> Int64? {
    let (value, unit) = split(text)
    guard let value, value >= 0, let scale = sizes.first(where: { $0.name.lowercased() == unit.lowercased() }) else {
      return nil
    }
    let bytes = (value * Double(scale.bytes)).rounded()
    return bytes < 9e18 ? Int64(bytes) : nil
  }

  static func text(bytes: Int64) -> String {
    guard bytes > 0 else { return "0 B" }
    // The unit with the fewest digits before it: 1024 MB is not 1 GiB, but 1073741824 B is.
    let fitting = sizes.filter { bytes % $0.bytes == 0 }
    let unit = fitting.min { bytes / $0.bytes < bytes / $1.bytes }!
    return "\(bytes / unit.bytes) \(unit.name)"
  }

  /// `10 %` is 0.1; `nil` without the sign.
  static func percent(_ text: String) -> Double? {
    let (value, unit) = split(text)
    return unit == "%" ? value.map { $0 / 100 } : nil
  }

  /// `all`, `none`, `1 in 100`, `2.5 %`.
  static func sampling(_ text: String) -> Recipe.Sampling? {
    switch text {
    case "all": return .all
    case "none": return Recipe.Sampling.none
    default: break
    }
    let words = text.split(separator: " ")
    if words.count == 3, words[1] == "in", let kept = Int(words[0]), let of = Int(words[2]), kept >= 0, kept <= of,
      of > 0, of <= 1_000_000_000
    {
      return Recipe.Sampling(kept, of: of)
    }
    guard let share = percent(text), share >= 0, share <= 1 else { return nil }
    // To a millionth; less must not become nothing in silence.
    let millionths = Int((share * 1_000_000).rounded())
    return millionths > 0 || share == 0 ? Recipe.Sampling(millionths, of: 1_000_000) : nil
  }

  static func text(_ sampling: Recipe.Sampling) -> String {
    switch sampling {
    case .all: "all"
    case .none: "none"
    default: "\(sampling.kept) in \(sampling.of)"
    }
  }

  /// Without `.0`.
  static func text(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
  }

  /// A number with a unit, or with none; nil without a number.
  static func number(_ text: String) -> (Double, unit: String)? {
    let (value, unit) = split(text)
    return value.map { ($0, unit) }
  }

  private static func split(_ text: String) -> (value: Double?, unit: String) {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text[number.endIndex...].drop { $0 == " " }
    return (number.isEmpty ? nil : YAMLNode.number(String(number)), String(unit))
  }
}
