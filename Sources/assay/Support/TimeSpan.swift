import ArgumentParser

/// A length of time as people type it: `90s`, `30m`, `12h`, `2d`.
struct TimeSpan: ExpressibleByArgument, Hashable, CustomStringConvertible {
  /// Above 0, at most ten years.
  let seconds: Double

  private static let units: [(name: Character, seconds: Double)] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]

  init?(argument: String) {
    guard let unit = Self.units.first(where: { $0.name == argument.last }) else { return nil }
    let digits = argument.dropLast()
    // Double takes "nan", "0x10" and "1e3" too.
    guard digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let number = Double(digits) else {
      return nil
    }
    self.init(seconds: number * unit.seconds)
  }

  init?(seconds: Double) {
    guard seconds > 0, seconds <= 10 * 366 * 86_400 else { return nil }
    self.seconds = seconds
  }

  /// In the largest unit that it is a whole number of.
  var description: String {
    let unit = Self.units.last { seconds.truncatingRemainder(dividingBy: $0.seconds) == 0 }
    return unit.map { "\(Int(seconds / $0.seconds))\($0.name)" } ?? "\(seconds)s"
  }
}
