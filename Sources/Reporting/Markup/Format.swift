/// Numbers as people read them in a report; no locale, so that a report is the same everywhere.
enum Format {
  /// 12,345
  static func count(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var text = ""
    for (position, digit) in digits.enumerated() {
      if position > 0 && (digits.count - position) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return (value < 0 ? "-" : "") + text
  }

  /// `decimals` digits after the point, rounded half away from zero.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "none" : value > 0 ? "∞" : "-∞" }
    var factor = 1.0
    for _ in 0..<decimals { factor *= 10 }
    let scaled = (value.magnitude * factor).rounded()
    guard scaled < 1e18 else { return value.description }
    let whole = Int(scaled / factor)
    let rest = Int(scaled - Double(whole) * factor)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    if decimals == 0 { return sign + count(whole) }
    let digits = String(rest)
    return sign + count(whole) + "." + String(repeating: "0", count: decimals - digits.count) + digits
  }

  /// 91.7%; never 0.0% or 100.0% of something that is not.
  static func percent(_ part: Int, of whole: Int) -> String {
    guard whole > 0 else { return "0%" }
    if part == 0 { return "0%" }
    if part == whole { return "100%" }
    let share = 100 * Double(part) / Double(whole)
    return share < 0.05 ? "< 0.1%" : share > 99.95 ? "> 99.9%" : fixed(share, 1) + "%"
  }

  static func percent(_ share: Double, _ decimals: Int = 1) -> String { fixed(100 * share, decimals) + "%" }

  /// A score in 0...1 to three decimals.
  static func score(_ value: Double) -> String { value.isFinite ? fixed(value, 3) : "no score" }

  /// 0.42 ms, 12.3 ms, 1.25 s
  static func milliseconds(_ value: Double) -> String {
    value >= 1000 ? fixed(value / 1000, 2) + " s" : fixed(value, value >= 10 ? 1 : 2) + " ms"
  }

  /// 0.8 s, 2 min 05 s, 3 h 02 min
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "unknown" }
    if seconds < 60 { return fixed(seconds, 1) + " s" }
    let whole = Int(seconds.rounded())
    func two(_ value: Int) -> String { (value < 10 ? "0" : "") + String(value) }
    return whole < 3600
      ? "\(whole / 60) min \(two(whole % 60)) s" : "\(whole / 3600) h \(two(whole / 60 % 60)) min"
  }

  /// "1 part", "2 parts"
  static func plural(_ count: Int, _ noun: String) -> String { "\(self.count(count)) \(noun)\(count == 1 ? "" : "s")" }

  /// "a", "a and b", "a, b and c"
  static func list(_ items: [String]) -> String {
    guard let last = items.last, items.count > 1 else { return items.first ?? "" }
    return items.dropLast().joined(separator: ", ") + " and " + last
  }

  /// At most two decimals and no more than needed.
  static func coordinate(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let rounded = (value * 100).rounded() / 100
    let text = (rounded == 0 ? 0 : rounded).description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// The shortest digits that still tell neighbouring values of steps of `step` apart.
  static func tick(_ value: Double, step: Double) -> String {
    var decimals = 0
    var scaled = step
    while decimals < 8 && abs(scaled - scaled.rounded()) > 1e-6 * max(scaled, 1e-9) || scaled < 0.5 && decimals < 8 {
      scaled *= 10
      decimals += 1
    }
    return decimals > 4 && value != 0 ? scientific(value) : fixed(value, decimals)
  }

  /// 3e-4
  private static func scientific(_ value: Double) -> String {
    var exponent = 0
    var mantissa = abs(value)
    while mantissa < 1 - 1e-9 && exponent > -30 {
      mantissa *= 10
      exponent -= 1
    }
    return (value < 0 ? "-" : "") + coordinate(mantissa) + "e\(exponent)"
  }
}
