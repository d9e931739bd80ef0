internal import Samples

/// Which part is judged by whom, how often and in which order.
///
/// Parts have names that say nothing of them, so that whoever judges them does not know what they are.
public struct AgreementPlan: Sendable, Hashable {
  /// A part that may be chosen.
  public struct Candidate: Sendable, Hashable {
    /// Its picture's path.
    public var image: String
    /// Its true class.
    public var reference: String

    public init(image: String, reference: String) {
      self.image = image
      self.reference = reference
    }
  }

  public struct Part: Sendable, Hashable {
    /// What it is called in the study; unique.
    public var id: String
    /// Its picture's path; empty where there is none.
    public var image: String
    /// Its true class.
    public var reference: String

    public init(id: String, image: String, reference: String) {
      self.id = id
      self.image = image
      self.reference = reference
    }
  }

  /// One verdict that is asked for.
  public struct Appraisal: Sendable, Hashable {
    /// Index of the appraiser.
    public var appraiser: Int
    /// From 0.
    public var repetition: Int
    /// Index of the part.
    public var part: Int

    public init(appraiser: Int, repetition: Int, part: Int) {
      self.appraiser = appraiser
      self.repetition = repetition
      self.part = part
    }
  }

  /// Their names, all different.
  public var appraisers: [String]
  public var repeats: Int
  public var parts: [Part]
  /// Every part in every repeat by every appraiser; those of one appraiser in the order that they judge in.
  public var appraisals: [Appraisal]

  public init(appraisers: [String], repeats: Int, parts: [Part], appraisals: [Appraisal]) {
    self.appraisers = appraisers
    self.repeats = repeats
    self.parts = parts
    self.appraisals = appraisals
  }

  /// A plan of `count` of the candidates, or of all where there are fewer. Half of them are good and half defective, as
  /// far as there are enough of either; the defective ones are spread evenly over their classes. Every appraiser judges
  /// them in every repeat in another order, in which no part comes twice in a row. The same seed gives the same plan.
  ///
  /// - Parameter good: the acceptable class.
  /// - Precondition: good and defective candidates, at least two parts, one repeat and one appraiser.
  public static func deal(
    _ candidates: [Candidate], good: String, parts count: Int, repeats: Int, appraisers: [String], seed: UInt64
  ) -> AgreementPlan {
    precondition(count >= 2 && repeats >= 1 && !appraisers.isEmpty, "a plan that asks for nothing")
    let chosen = choose(candidates, good: good, count: count, seed: seed)
    let width = max(2, String(chosen.count).count)
    let parts = chosen.enumerated().map { index, candidate in
      let number = String(index + 1)
      return Part(
        id: "P" + String(repeating: "0", count: width - number.count) + number, image: candidate.image,
        reference: candidate.reference)
    }
    var appraisals: [Appraisal] = []
    for appraiser in appraisers.indices {
      var last: Int?
      for repetition in 0..<repeats {
        var random = SplitMix64(seed: seed, 2 + UInt64(appraiser), UInt64(repetition))
        var order = Array(parts.indices)
        random.shuffle(&order)
        if order[0] == last { order.swapAt(0, 1 + random.index(order.count - 1)) }
        last = order.last
        appraisals += order.map { Appraisal(appraiser: appraiser, repetition: repetition, part: $0) }
      }
    }
    return AgreementPlan(appraisers: appraisers, repeats: repeats, parts: parts, appraisals: appraisals)
  }

  private static func choose(_ candidates: [Candidate], good: String, count: Int, seed: UInt64) -> [Candidate] {
    var random = SplitMix64(seed: seed, 1)
    var pools: [String: [Candidate]] = [:]
    for candidate in candidates { pools[candidate.reference, default: []].append(candidate) }
    var goods: [Candidate] = []
    var defects: [[Candidate]] = []
    for (reference, pool) in pools.sorted(by: { $0.key < $1.key }) {
      var pool = pool.sorted { $0.image < $1.image }
      random.shuffle(&pool)
      if reference == good { goods = pool } else { defects.append(pool) }
    }
    let total = defects.reduce(0) { $0 + $1.count }
    precondition(!goods.isEmpty && total > 0, "a plan needs good and defective parts")
    let wanted = min(total, count - min(goods.count, count / 2))
    var chosen = Array(goods.prefix(count - wanted))
    var (left, round) = (wanted, 0)
    while left > 0 {
      for pool in defects where pool.count > round && left > 0 {
        chosen.append(pool[round])
        left -= 1
      }
      round += 1
    }
    random.shuffle(&chosen)
    return chosen
  }

  /// Whether a name can stand for an appraiser, in a table and in the name of a file.
  public static func isName(_ name: String) -> Bool {
    guard let first = name.first, first != ".", name.count <= 40 else { return false }
    return !first.isWhitespace && name.last?.isWhitespace == false
      && name.unicodeScalars.allSatisfy { scalar in
        scalar.properties.generalCategory != .control && !"/\\,;\"".unicodeScalars.contains(scalar)
      }
  }
}
