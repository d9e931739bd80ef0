internal import Metrics

/// A policy whose thresholds keep promises, with what they rest on.
///
/// The promise of an escape rate sets the score that nothing is accepted from, that of an overkill rate the score that
/// nothing is rejected below. Where the first is lower, what lies between goes to a person; where it is not, nothing does.
public struct PromisedPolicy: Sendable, Hashable {
  public let policy: Policy
  /// A promise each, in their order.
  public let evidence: [PromiseEvidence]
  /// Share of the calibration parts that go to a person, weighted by ``Mix``.
  public let reviewShare: Double

  /// What a share of all parts is counted over.
  public struct Mix: Sendable, Hashable {
    /// Share of defective parts in production, 0...1; nil for the calibration parts' own.
    public var defects: Double?

    public init(defects: Double? = nil) { self.defects = defects }
  }

  /// Chooses the thresholds with the fewest rejected good parts that keep all promises.
  ///
  /// Each promise holds with its own confidence. A class's promise is kept by the class's own rule alone, and may only
  /// make the policy stricter: so the promises do not weaken each other.
  ///
  /// - Parameters:
  ///   - budget: share of all parts that may go to a person, spent where it lowers escapes most (or, where those are
  ///     promised, overkill); nil for no more than the promises need.
  ///   - parts: never learned from; only of classes in `labels`.
  ///   - good: index of the acceptable class.
  ///   - base: thresholds that no promise is about.
  /// - Throws: ``PromiseError`` where a class is not known or the parts are too few to bear a promise.
  public init(
    _ promises: [Promise], budget: Double? = nil, mix: Mix = Mix(), parts: [CalibrationPart], labels: [String],
    good: Int, base: Policy
  ) throws(PromiseError) {
    let scored = ScoredParts(parts, labels: labels, good: good)
    var evidence: [PromiseEvidence] = []
    var accept: Float?
    var reject: Float?
    var classes: [(label: String, threshold: Float)] = []
    for promise in promises {
      let found: PromisedThreshold
      switch promise.subject {
      case .escape:
        found = try scored.escape(promise, scored.defects)
        // Parts whose scores cannot be trusted are rejected whatever the threshold.
        accept = min(accept ?? 1, Float(found.threshold))
      case .overkill:
        found = try scored.overkill(promise)
        reject = max(reject ?? -.infinity, Float(roundedUp: found.threshold))
      case .escapeOf(let label):
        guard let index = labels.firstIndex(of: label), index != good else {
          let known = labels.indices.filter { $0 != good }.map { labels[$0] }.joined(separator: ", ")
          throw PromiseError(promise.description, "names no class of defects of this model (\(known))")
        }
        found = try scored.escape(promise, scored.own(index))
        let own = classes.first { $0.label == label }?.threshold ?? 1
        classes.removeAll { $0.label == label }
        classes.append((label, min(own, Float(found.threshold))))
      }
      evidence.append(PromiseEvidence(promise, found))
    }
    let band = Band(accept: accept, reject: reject, hasBudget: budget != nil, base: base.thresholds)
    func policy(_ band: Band) -> Policy {
      var policy = base
      policy.thresholds = band.thresholds
      policy.perClass = base.perClass.mapValues { $0.noMoreLenient(than: band) }
      for (label, threshold) in classes {
        let review = min(threshold, band.review)
        let own = Policy.Thresholds(
          unchecked: band.isOpen ? max(review, band.reject) : review, review: review)
        // A class's thresholds that stood in the policy already may be stricter.
        policy.perClass[label] = policy.perClass[label].map { own.stricter($0) } ?? own
      }
      return policy
    }
    var chosen = policy(band)
    if let budget {
      chosen = try scored.spend(budget, mix, on: band, policy)
    }
    self.policy = chosen
    self.evidence = evidence
    reviewShare = scored.reviewShare(chosen, mix)
  }
}

/// The scores that nothing is accepted from and nothing is rejected below.
private struct Band {
  var review: Float
  var reject: Float
  /// Whether each end may be moved to spend a budget.
  var movesReview: Bool
  var movesReject: Bool
  /// Whether parts may go to a person at all.
  var isOpen: Bool

  init(accept: Float?, reject: Float?, hasBudget: Bool, base: Policy.Thresholds) {
    switch (accept, reject) {
    case (let accept?, let reject?):
      review = accept
      self.reject = max(accept, reject)
      (movesReview, movesReject) = (false, false)
      isOpen = true
    case (let accept?, nil):
      (review, self.reject) = (accept, accept)
      (movesReview, movesReject) = (false, true)
      isOpen = hasBudget
    case (nil, let reject?):
      (review, self.reject) = (reject, reject)
      (movesReview, movesReject) = (true, false)
      isOpen = hasBudget
    case (nil, nil):
      (review, self.reject) = (hasBudget ? base.reject : base.review, base.reject)
      (movesReview, movesReject) = (true, false)
      isOpen = true
    }
  }

  var thresholds: Policy.Thresholds { Policy.Thresholds(unchecked: reject, review: review) }
}

extension Policy.Thresholds {
  fileprivate func stricter(_ other: Policy.Thresholds) -> Policy.Thresholds {
    Policy.Thresholds(
      unchecked: max(min(review, other.review), min(reject, other.reject)), review: min(review, other.review))
  }

  /// Accepts nothing and rejects nothing that the band does not.
  fileprivate func noMoreLenient(than band: Band) -> Policy.Thresholds {
    let review = min(review, band.review)
    return Policy.Thresholds(
      unchecked: band.isOpen ? max(review, band.reject) : max(review, min(reject, band.reject)), review: review)
  }
}

/// Calibration parts by what promises are about.
private struct ScoredParts {
  private let parts: [CalibrationPart]
  private let labels: [String]
  private let good: Int

  init(_ parts: [CalibrationPart], labels: [String], good: Int) {
    self.parts = parts
    self.labels = labels
    self.good = good
  }

  private func score(_ part: CalibrationPart) -> Double { Double(Policy.defectScore(part.scores, goodIndex: good)) }

  var defects: [Double] { parts.filter { $0.truth != good }.map(score) }

  /// By a class's own rule, of its parts.
  func own(_ label: Int) -> [Double] {
    parts.filter { $0.truth == label }.map { Double(Policy.ownScore($0.scores, label: label, good: good)) }
  }

  func escape(_ promise: Promise, _ scores: [Double]) throws(PromiseError) -> PromisedThreshold {
    guard let found = PromisedThreshold(escape: promise.rate, defectScores: scores) else {
      throw PromiseError(tooFew: promise, scores.count)
    }
    return found
  }

  func overkill(_ promise: Promise) throws(PromiseError) -> PromisedThreshold {
    let scores = parts.filter { $0.truth == good }.map(score)
    guard promise.rate.mostErrors(trials: scores.count) != nil else {
      throw PromiseError(tooFew: promise, scores.count)
    }
    guard let found = PromisedThreshold(overkill: promise.rate, goodScores: scores), found.threshold <= 1 else {
      throw PromiseError(
        promise.description, "cannot be kept: more good parts than it allows have the highest score there is")
    }
    return found
  }

  /// Share of parts that go to a person.
  func reviewShare(_ policy: Policy, _ mix: PromisedPolicy.Mix) -> Double {
    var (reviewed, count) = ([0, 0], [0, 0])
    for part in parts {
      let kind = part.truth == good ? 0 : 1
      count[kind] += 1
      let verdict = policy.decide(scores: part.scores, labels: labels, goodIndex: good).verdict
      if verdict == .review { reviewed[kind] += 1 }
    }
    func share(_ kind: Int) -> Double { count[kind] == 0 ? 0 : Double(reviewed[kind]) / Double(count[kind]) }
    let defects = mix.defects ?? Double(count[1]) / Double(max(1, parts.count))
    return defects * share(1) + (1 - defects) * share(0)
  }

  /// Opens the band as far as the budget goes: the share grows with it.
  func spend(
    _ budget: Double, _ mix: PromisedPolicy.Mix, on band: Band, _ policy: (Band) -> Policy
  ) throws(PromiseError) -> Policy {
    let least = reviewShare(policy(band), mix)
    guard least <= budget else {
      throw PromiseError(
        "review<=\(Promise.percent(budget))",
        "cannot be kept with the others: they send \(Promise.percent((least * 1e4).rounded(.up) / 1e4, " %")) of the parts "
          + "to a person")
    }
    let all = Set(parts.map { Policy.defectScore($0.scores, goodIndex: good) }.filter(\.isFinite))
    var steps: [Float] = []
    if band.movesReview {
      steps = ([0] + all.filter { $0 < band.review }).sorted(by: >)
    } else if band.movesReject {
      steps = (all.map { min(1, $0.nextUp) }.filter { $0 > band.reject }).sorted()
    }
    func opened(_ step: Float) -> Policy {
      var wider = band
      if band.movesReview { wider.review = step } else { wider.reject = step }
      return policy(wider)
    }
    var (low, high) = (0, steps.count)
    while low < high {
      let middle = (low + high) / 2
      if reviewShare(opened(steps[middle]), mix) <= budget { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? policy(band) : opened(steps[low - 1])
  }
}

extension PromiseError {
  /// The parts are too few to bear a promise.
  fileprivate init(tooFew promise: Promise, _ count: Int) {
    let kind =
      switch promise.subject {
      case .escape: "defective parts"
      case .overkill: "good parts"
      case .escapeOf(let label): "parts with \(label)"
      }
    let fewest = promise.rate.fewestParts
    guard count > 0 else {
      self.init(promise.description, "has nothing to rest on: it needs \(fewest) \(kind), and there are none")
      return
    }
    let bound = 1 - power(1 - promise.rate.confidence, 1 / Double(count))
    let percent = Promise.percent((bound * 1e4).rounded(.up) / 1e4, " %")
    self.init(
      promise.description,
      "needs at least \(fewest) \(kind) to rest on, and there are \(count): not one error in \(count) bounds the rate by "
        + "\(percent) at \(Promise.percent(promise.rate.confidence, " %")); add \(fewest - count) more, calibrate on folds of the training parts too, or promise less"
    )
  }
}

extension Float {
  /// The least Float that is not below the value.
  fileprivate init(roundedUp value: Double) {
    let near = Float(value)
    self = Double(near) < value ? near.nextUp : near
  }
}
