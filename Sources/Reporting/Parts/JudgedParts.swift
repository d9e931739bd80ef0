public import Inspection
import Metrics

/// All parts of an evaluation, as few bytes each as a page needs that lets its reader move the thresholds and open the
/// cells of the confusion matrix. Twenty thousand parts take some hundred kilobytes besides their names.
public struct JudgedParts: Sendable {
  /// The acceptable class, or nil where all classes are defects.
  public let good: Int?
  public private(set) var ids: [String] = []
  public private(set) var truth: [Int] = []
  /// Most probable class; nil where the scores are not finite.
  public private(set) var predicted: [Int?] = []
  public private(set) var verdicts: [Verdict] = []
  /// s = 1 - p(good) as the policy computes it, or the confidence in the named class without a good class; NaN where the
  /// scores are not finite.
  public private(set) var scores: [Float] = []
  /// JPEG by part, for parts that the gallery has no picture of.
  private(set) var thumbnails: [Int: [UInt8]] = [:]
  private var bytes = 0

  /// Longer side of those pictures, in pixels.
  public static let thumbnailSide = 96
  /// JPEG quality of those pictures.
  public static let thumbnailQuality = 55
  /// At most this many bytes of them, all together: two megabytes of the page.
  public static let byteLimit = 1_500_000

  public init(good: Int?) { self.good = good }

  public var count: Int { ids.count }

  /// Adds a part: its probabilities in the model's order.
  public mutating func add(id: String, truth: Int, probabilities: [Float], verdict: Verdict) {
    let predicted = argMax(probabilities)
    ids.append(id)
    self.truth.append(truth)
    self.predicted.append(predicted)
    verdicts.append(verdict)
    scores.append(
      good.map { Policy.defectScore(probabilities, goodIndex: $0) } ?? predicted.map { probabilities[$0] } ?? .nan)
  }

  /// Whether the most probable class is not the true one, or the verdict does not fit it.
  public func isMisjudged(_ index: Int) -> Bool {
    predicted[index] != truth[index] || good.map { ($0 == truth[index]) != (verdicts[index] == .accept) } ?? false
  }

  /// Parts that were judged right, those first that a reader will look for: a handful of every class, then those nearest
  /// to a threshold, which change sides first.
  ///
  /// - Parameter most: no more than these.
  public func pictureOrder(_ policy: Policy, most: Int = 800, ofEachClass handful: Int = 12) -> [Int] {
    let limits =
      good == nil ? [policy.minimumConfidence] : [policy.thresholds.review, policy.thresholds.reject]
    func distance(_ index: Int) -> Float { limits.map { abs(scores[index] - $0) }.min() ?? 0 }
    let right = ids.indices.filter { !isMisjudged($0) && scores[$0].isFinite }
    let near = right.map { (index: $0, distance: distance($0)) }
      // The index settles ties, so that a report is the same from run to run.
      .sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }
    var taken: [Int: Int] = [:]
    var first: [Int] = []
    var others: [Int] = []
    for index in near.map(\.index) {
      let count = taken[truth[index], default: 0]
      if count < handful { first.append(index) } else { others.append(index) }
      taken[truth[index]] = count + 1
    }
    return Array((first + others).prefix(most))
  }

  /// Keeps a picture of a part, unless it would be more than ``byteLimit``.
  ///
  /// - Returns: whether it was kept.
  @discardableResult public mutating func keep(_ jpeg: [UInt8], of index: Int) -> Bool {
    guard bytes + jpeg.count <= Self.byteLimit, thumbnails[index] == nil else { return false }
    thumbnails[index] = jpeg
    bytes += jpeg.count
    return true
  }

  /// Verdicts by what the parts truly are; nil without a good class.
  public var counts: DecisionCounts? {
    guard let good else { return nil }
    var counts = DecisionCounts()
    for (truth, verdict) in zip(truth, verdicts) { counts.add(isDefect: truth != good, verdict) }
    return counts
  }

  /// What every threshold does; nil without a good class.
  public var sweep: ThresholdSweep? {
    good.map { good in ThresholdSweep(scores: scores, isDefect: truth.map { $0 != good }) }
  }

  /// Writes the members that the script reads. Scores go as the bits of a `Float`, little-endian, in base64: exact, so
  /// that the page never judges otherwise than the policy, and shorter than digits.
  func write(to json: inout JSONWriter) {
    json.member("good", good ?? -1)
    json.array("ids") { for id in ids { $0.element(id) } }
    json.array("truth") { for index in truth { $0.element(index) } }
    json.array("predicted") { for index in predicted { $0.element(index ?? -1) } }
    json.member(
      "verdicts",
      String(
        decoding: verdicts.map { verdict -> UInt8 in
          switch verdict {
          case .accept: UInt8(ascii: "0")
          case .review: UInt8(ascii: "1")
          case .reject: UInt8(ascii: "2")
          }
        }, as: UTF8.self))
    json.member(
      "scores",
      base64(
        scores.flatMap { score -> [UInt8] in
          let bits = score.bitPattern
          return [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: bits >> UInt32($0)) }
        }))
    json.object("thumbnails") {
      for (index, jpeg) in thumbnails.sorted(by: { $0.key < $1.key }) { $0.member(String(index), base64(jpeg)) }
    }
  }
}
