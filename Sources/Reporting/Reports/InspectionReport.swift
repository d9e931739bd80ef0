public import Inspection
import Metrics

/// The report of an inspection run: `report.html`.
///
/// Made from the decisions one by one in bounded memory, so it is the same after an interrupted and resumed run:
///
/// ```swift
/// try InspectionReport.write(folder: "out", info: info, summary: summary, thumbnails: store)
/// ```
///
/// **Nothing is dropped in silence**: every figure counts all parts; where the gallery does not hold all parts or all
/// pictures, it says how many it holds.
public struct InspectionReport: Sendable {
  /// What is known of the run besides its decisions.
  public struct Info: Sendable {
    /// What was inspected, such as a folder's name.
    public var subject: String
    /// All classes in the model's order.
    public var labels: [String]
    /// The acceptable class, or `nil` where all classes are defects.
    public var goodLabel: String?
    public var policy: Policy
    public var provenance: Provenance
    /// Live cameras with what is in force on them.
    public var cameras: [(name: String, value: String)] = []

    public init(subject: String, labels: [String], goodLabel: String?, policy: Policy, provenance: Provenance) {
      self.subject = subject
      self.labels = labels
      self.goodLabel = goodLabel
      self.policy = policy
      self.provenance = provenance
    }
  }

  public let info: Info
  /// Parts that the gallery can hold; rejected parts and those for review go first.
  public let galleryLimit: Int

  var histogram: ScoreHistogram
  var verdicts: [Verdict: Int] = [:]
  var defects: [String: Int] = [:]
  var unreadableCount = 0
  var unreadable: [(id: String, reason: String)] = []
  var slowest = TopList(limit: 10)
  var leastCertain = TopList(limit: 10)
  private var noticed: [Row] = []
  private var accepted: [Row] = []
  var facetLabels: [String]
  var gaps = GapList()

  struct Row: Sendable {
    let verdict: Verdict
    let item: Gallery.Item
  }

  /// Parts that are listed one by one where they could not be read.
  static let unreadableLimit = 200

  public init(_ info: Info, galleryLimit: Int = 20_000) {
    self.info = info
    self.galleryLimit = galleryLimit
    histogram = ScoreHistogram(series: Verdict.allCases.map { ($0.done.lowercased(), $0.style) })
    facetLabels = info.labels
  }

  /// All parts added.
  public var count: Int { verdicts.values.reduce(0, +) }

  /// Takes in a record of a time without a camera.
  public mutating func add(_ gap: GapRecord) { gaps.add(gap) }

  /// Takes in one decision, in the order of the file.
  public mutating func add(_ decision: Decision) {
    let place = count
    verdicts[decision.verdict, default: 0] += 1
    let score = plottedScore(decision)
    if decision.isUnreadable {
      unreadableCount += 1
      if unreadable.count < Self.unreadableLimit {
        unreadable.append((decision.id, decision.reasons.joined(separator: "; ")))
      }
    } else {
      histogram.add(score, series: Verdict.allCases.firstIndex(of: decision.verdict) ?? 0)
    }
    if decision.verdict != .accept && !decision.isUnreadable { defects[decision.label, default: 0] += 1 }
    let milliseconds = decision.totalMilliseconds
    if !decision.timings.isEmpty { slowest.offer(-milliseconds, decision) }
    let margin = self.margin(decision)
    if margin.isFinite { leastCertain.offer(margin, decision) }

    if !facetLabels.contains(decision.label) { facetLabels.append(decision.label) }
    let row = Row(
      verdict: decision.verdict,
      item: item(decision, place: place, score: score, margin: margin, milliseconds: milliseconds))
    if decision.verdict == .accept {
      if accepted.count < galleryLimit { accepted.append(row) }
    } else if noticed.count < galleryLimit {
      noticed.append(row)
    }
  }

  /// The score on the histogram's axis: the defect score where there is a good class, otherwise the confidence.
  func plottedScore(_ decision: Decision) -> Double {
    guard let good = info.goodLabel else { return Double(decision.score) }
    guard decision.scores.allSatisfy(\.score.isFinite),
      let p = decision.scores.first(where: { $0.label == good })?.score
    else { return .nan }
    return 1 - Double(p)
  }

  /// How far the score is from the nearest threshold; NaN where there is no score.
  private func margin(_ decision: Decision) -> Double {
    let score = plottedScore(decision)
    guard info.goodLabel != nil else { return abs(score - Double(info.policy.minimumConfidence)) }
    let limits = info.policy.perClass[decision.label] ?? info.policy.thresholds
    return min(abs(score - Double(limits.reject)), abs(score - Double(limits.review)))
  }

  private func item(_ decision: Decision, place: Int, score: Double, margin: Double, milliseconds: Double)
    -> Gallery.Item
  {
    let caption =
      decision.isUnreadable
      ? "could not be read"
      : "\(decision.label) " + (decision.score.isFinite ? Format.score(Double(decision.score)) : "without a score")
    let frame = decision.frame
    return Gallery.Item(
      id: decision.id, mark: decision.verdict,
      facets: [
        Verdict.allCases.firstIndex(of: decision.verdict) ?? 0, facetLabels.firstIndex(of: decision.label) ?? 0,
      ],
      caption: caption, link: decision.annotated,
      sortKeys: [Double(place), margin, milliseconds, score],
      details: [
        decision.reasons.joined(separator: "; "),
        decision.scores.map { "\($0.label) \(Format.score(Double($0.score)))" }.joined(separator: ", "),
        decision.regions.isEmpty ? "" : Format.count(decision.regions.count),
        decision.isUnreadable ? "" : "\(frame.width) x \(frame.height)",
        decision.timings.isEmpty ? "" : Format.milliseconds(milliseconds), frame.timestamp.description,
        decision.source,
      ])
  }

  /// The parts of the gallery: rejected ones first, then those for review, then accepted ones as far as there is room,
  /// each kind in the file's order.
  func galleryItems(_ thumbnails: ThumbnailStore) -> [Gallery.Item] {
    let rows =
      noticed.filter { $0.verdict == .reject } + noticed.filter { $0.verdict == .review }
      + accepted.prefix(max(galleryLimit - noticed.count, 0))
    return rows.map { row in
      var item = row.item
      item.thumbnail = thumbnails[item.id]
      return item
    }
  }
}

/// The few decisions with the smallest keys, smallest first; the earlier of equals first.
struct TopList: Sendable {
  let limit: Int
  private(set) var entries: [(key: Double, decision: Decision)] = []

  init(limit: Int) { self.limit = limit }

  mutating func offer(_ key: Double, _ decision: Decision) {
    if entries.count == limit, let last = entries.last, key >= last.key { return }
    let place = entries.firstIndex { key < $0.key } ?? entries.count
    entries.insert((key, decision), at: place)
    if entries.count > limit { entries.removeLast() }
  }
}
