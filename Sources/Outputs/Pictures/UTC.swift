/// Dates of the Gregorian calendar in UTC, without Foundation.
enum UTC {
  /// Days since 1970-01-01, of milliseconds since then; leap seconds are not counted.
  static func day(_ milliseconds: Int64) -> Int32 {
    let (day, rest) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
    return Int32(clamping: rest < 0 ? day - 1 : day)
  }

  /// As in `2026-11-21`.
  static func date(_ day: Int32) -> String {
    // Years of March to February, so that the leap day comes last (Hinnant, "chrono-compatible low-level date
    // algorithms").
    let shifted = Int64(day) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, 2)
  }

  /// Reads what ``date(_:)`` writes; nil for anything else.
  static func day(date text: String) -> Int32? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard text.utf8.count == 10, parts.count == 3, let year = Int64(parts[0]), let month = Int64(parts[1]),
      let dayOfMonth = Int64(parts[2]), (1...12).contains(month), (1...31).contains(dayOfMonth)
    else { return nil }
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + dayOfMonth - 1
    let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    return date(Int32(clamping: days)) == text ? Int32(clamping: days) : nil
  }

  /// As in `2026-11-21T09:14:03.201Z`.
  static func timestamp(_ milliseconds: Int64) -> String {
    let day = day(milliseconds)
    let rest = milliseconds - Int64(day) * 86_400_000
    return date(day) + "T" + padded(rest / 3_600_000, 2) + ":" + padded(rest / 60_000 % 60, 2) + ":"
      + padded(rest / 1000 % 60, 2) + "." + padded(rest % 1000, 3) + "Z"
  }
}

/// A text as a JSON string, with its quotation marks.
func jsonString(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\u{0}"..."\u{1F}":
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
