/// What verdicts cost on a line, for each part that they are passed on, in any unit: a defect that gets through, a good
/// part that is thrown away, and a person's look at a part, who is taken to judge it right.
public struct DecisionCosts: Sendable, Hashable, CustomStringConvertible {
  /// Of a defective part that is accepted.
  public let escape: Double
  /// Of a good part that is rejected.
  public let overkill: Double
  /// Of a part that goes to a person.
  public let review: Double

  /// An escape that costs as much as a hundred good parts, five looks for the price of one: a beginning for a page that
  /// lets its reader change them, not a recommendation.
  public static let usual = DecisionCosts(escape: 100, overkill: 1, review: 0.2)

  /// - Precondition: finite and not negative, each.
  public init(escape: Double, overkill: Double, review: Double) {
    precondition(
      [escape, overkill, review].allSatisfy { $0.isFinite && $0 >= 0 }, "costs \(escape), \(overkill), \(review)")
    self.escape = escape
    self.overkill = overkill
    self.review = review
  }

  /// Reads `escape=200,overkill=1.5,review=0.4`: all three, in any order. None has a default, since a cost that was
  /// forgotten would count as if it had been thought of.
  ///
  /// - Throws: ``DecisionCostsError`` with what is wrong.
  public init(parsing text: String) throws(DecisionCostsError) {
    var found: [String: Double] = [:]
    for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(sides[0])
      guard Self.names.contains(name) else {
        throw DecisionCostsError(text, name.isEmpty ? "have a piece without a name" : "know no \"\(name)\"")
      }
      guard found[name] == nil else { throw DecisionCostsError(text, "name \(name) twice") }
      guard sides.count == 2, let value = Self.number(sides[1]) else {
        throw DecisionCostsError(text, "need a number of 0 or more behind \(name)=")
      }
      found[name] = value
    }
    guard let escape = found["escape"], let overkill = found["overkill"], let review = found["review"] else {
      let missing = Self.names.filter { found[$0] == nil }
      throw DecisionCostsError(text, "lack \(missing.joined(separator: " and "))")
    }
    self.init(escape: escape, overkill: overkill, review: review)
  }

  /// What ``init(parsing:)`` reads.
  public var description: String {
    zip(Self.names, [escape, overkill, review]).map { name, value in
      let digits = value.description
      return name + "=" + (digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits)
    }.joined(separator: ",")
  }

  /// Expected cost of a part in production, in the unit of the costs: the shares of wrong and doubtful verdicts on good
  /// and on defective parts as they were counted, mixed as production mixes them.
  ///
  /// - Parameter defectRate: share of defective parts in production, 0...1; nil for that among the counted ones.
  /// - Returns: nil where production has parts of a kind of which none was counted.
  public func cost(of counts: DecisionCounts, defectRate: Double? = nil) -> Double? {
    guard let weights = Self.weights(defects: counts.defective.total, goods: counts.good.total, defectRate) else {
      return nil
    }
    return weights.defective
      * (escape * Double(counts.defective.accepted) + review * Double(counts.defective.reviewed))
      + weights.good * (overkill * Double(counts.good.rejected) + review * Double(counts.good.reviewed))
  }

  /// How many parts of production each counted part stands for, of one.
  static func weights(defects: Int, goods: Int, _ defectRate: Double?) -> (defective: Double, good: Double)? {
    guard defects + goods > 0 else { return nil }
    let share = defectRate ?? Double(defects) / Double(defects + goods)
    precondition(share >= 0 && share <= 1, "a share of \(share) defective parts")
    guard (defects > 0 || share == 0) && (goods > 0 || share == 1) else { return nil }
    return (defects == 0 ? 0 : share / Double(defects), goods == 0 ? 0 : (1 - share) / Double(goods))
  }

  private static let names = ["escape", "overkill", "review"]

  /// Plain digits only: no "nan", no hexadecimal.
  private static func number(_ text: Substring) -> Double? {
    guard text.utf8.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || ".eE+-".utf8.contains($0) }), let value = Double(text),
      value.isFinite, value >= 0
    else { return nil }
    return value
  }
}

/// Costs that cannot be read.
public struct DecisionCostsError: Error, Sendable, Hashable, CustomStringConvertible {
  public let text: String
  public let reason: String

  init(_ text: String, _ reason: String) {
    self.text = text
    self.reason = reason
  }

  public var description: String {
    "the costs \"\(text)\" \(reason); write them as escape=200,overkill=1.5,review=0.4"
  }
}

/// Judged parts by what they truly are and by their verdict.
public struct DecisionCounts: Sendable, Hashable {
  /// Parts of one kind.
  public struct Kind: Sendable, Hashable {
    public var accepted: Int
    public var reviewed: Int
    public var rejected: Int

    public init(accepted: Int = 0, reviewed: Int = 0, rejected: Int = 0) {
      self.accepted = accepted
      self.reviewed = reviewed
      self.rejected = rejected
    }

    public var total: Int { accepted + reviewed + rejected }
  }

  public var defective: Kind
  public var good: Kind

  public init(defective: Kind = Kind(), good: Kind = Kind()) {
    self.defective = defective
    self.good = good
  }

  public mutating func add(isDefect: Bool, _ verdict: Verdict) {
    let kind = isDefect ? \DecisionCounts.defective : \DecisionCounts.good
    switch verdict {
    case .accept: self[keyPath: kind].accepted += 1
    case .review: self[keyPath: kind].reviewed += 1
    case .reject: self[keyPath: kind].rejected += 1
    }
  }
}
