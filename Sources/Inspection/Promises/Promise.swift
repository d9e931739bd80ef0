public import Metrics

/// A rate that a policy is to keep, as a person writes it: `escape<=1%@95%`, `overkill<=2%@90%`, `crack<=0.1%@95%`.
public struct Promise: Sendable, Hashable, CustomStringConvertible {
  public enum Subject: Sendable, Hashable {
    /// Defective parts that are accepted, of all defective parts.
    case escape
    /// Good parts that are rejected, of all good parts.
    case overkill
    /// Parts of one class of defects that are accepted, of all parts of that class.
    case escapeOf(String)
  }

  public var subject: Subject
  public var rate: RatePromise

  public init(_ subject: Subject, _ rate: RatePromise) {
    self.subject = subject
    self.rate = rate
  }

  /// Confidence where none is said.
  static let usualConfidence = 0.95

  /// Reads a promise; the class's name is not held against any model here.
  ///
  /// - Throws: ``PromiseError`` with what is wrong.
  public init(parsing text: String) throws(PromiseError) {
    guard let sign = Self.range(of: "<=", in: text) ?? Self.range(of: "\u{2264}", in: text) else {
      throw PromiseError(unreadable: text, "has no `<=`")
    }
    let name = Self.trimmed(text[..<sign.lowerBound])
    let rest = text[sign.upperBound...].split(separator: "@", omittingEmptySubsequences: false)
    guard !name.isEmpty else { throw PromiseError(unreadable: text, "does not say what of") }
    guard rest.count <= 2 else { throw PromiseError(unreadable: text, "has more than one `@`") }
    guard let limit = Self.share(rest[0]), limit > 0, limit < 1 else {
      throw PromiseError(unreadable: text, "needs a rate above 0 % and below 100 % behind `<=`")
    }
    var confidence = Self.usualConfidence
    if rest.count == 2 {
      guard let share = Self.share(rest[1]), share >= 0.5, share < 1 else {
        throw PromiseError(unreadable: text, "needs a confidence of at least 50 % and below 100 % behind `@`")
      }
      confidence = share
    }
    let subject: Subject =
      switch name {
      case "escape": .escape
      case "overkill": .overkill
      default: .escapeOf(name)
      }
    self.init(subject, RatePromise(limit: limit, confidence: confidence))
  }

  /// `escape<=1%@95%`: what ``init(parsing:)`` reads.
  public var description: String { "\(name)<=\(Self.percent(rate.limit))@\(Self.percent(rate.confidence))" }

  /// What it is about, as it is written.
  public var name: String {
    switch subject {
    case .escape: "escape"
    case .overkill: "overkill"
    case .escapeOf(let label): label
    }
  }

  /// What it says, for people.
  public var sentence: String {
    let (limit, confidence) = (Self.percent(rate.limit, " %"), Self.percent(rate.confidence, " %"))
    let what =
      switch subject {
      case .escape: "of all defective parts are accepted"
      case .overkill: "of all good parts are rejected"
      case .escapeOf(let label): "of all parts with \(label) are accepted"
      }
    return "at most \(limit) \(what), with \(confidence) confidence"
  }

  /// A share as percents with no more digits than it has: `0.1%`.
  static func percent(_ share: Double, _ sign: String = "%") -> String {
    // Seven decimals are more than anybody writes, and fewer than rounding errors show in.
    let value = (share * 1e9).rounded() / 1e7
    return (value == value.rounded() ? "\(Int(value))" : "\(value)") + sign
  }

  private static func range(of sign: String, in text: String) -> Range<String.Index>? {
    var start = text.startIndex
    while start < text.endIndex {
      if text[start...].hasPrefix(sign) { return start..<text.index(start, offsetBy: sign.count) }
      start = text.index(after: start)
    }
    return nil
  }

  private static func trimmed(_ text: Substring) -> String {
    let start = text.drop { $0.isWhitespace }
    return String(start.reversed().drop { $0.isWhitespace }.reversed())
  }

  /// `1%`, `1 %` or `0.01`.
  private static func share(_ text: Substring) -> Double? {
    let text = trimmed(text)
    guard text.hasSuffix("%") else { return Double(text) }
    return Double(trimmed(text.dropLast())).map { $0 / 100 }
  }
}

/// A promise that cannot be read, or that cannot be made.
public struct PromiseError: Error, Sendable, Hashable, CustomStringConvertible {
  public let promise: String
  public let reason: String

  public init(_ promise: String, _ reason: String) {
    self.promise = promise
    self.reason = reason
  }

  /// For a promise that cannot be read.
  fileprivate init(unreadable promise: String, _ reason: String) {
    self.init(promise, reason + "; write it as escape<=1%@95%, overkill<=2%@90% or crack<=0.1%@95%")
  }

  public var description: String {
    "the promise \"\(promise)\" \(reason)"
  }
}
