import Classification
import Imaging
import Inspection
import Metrics
import Recipes

extension ModelInfo {
  var goodLabel: String? { goodIndex.map { labels[$0] } }
}

extension Policy {
  /// The model's policy with what a file says instead.
  ///
  /// - Throws: `RecipeError` where the file names classes that the model does not have.
  init(_ file: PolicyFile, _ info: ModelInfo) throws {
    let problems = file.problems(labels: info.labels, good: info.goodLabel)
    guard problems.isEmpty else { throw RecipeError(problems) }
    self = try Policy(info, reject: nil, review: nil, confidence: nil).with(file)
  }

  /// This policy with what a file says instead.
  func with(_ file: PolicyFile) throws -> Policy {
    var policy = self
    let own = file.thresholds
    if own.thresholds.reject != nil || own.thresholds.review != nil {
      policy.perClass = [:]
      policy.thresholds = try Thresholds(over: policy.thresholds, own.thresholds)
    }
    if let confidence = own.confidence { policy.minimumConfidence = confidence }
    for entry in own.classes {
      policy.perClass[entry.label] = try Thresholds(over: policy.thresholds, entry.thresholds)
    }
    policy.regions = RegionRules(file)
    return policy
  }
}

extension Policy.Thresholds {
  /// Thresholds of which some are said anew.
  init(over old: Policy.Thresholds, _ new: Recipe.Policy.Thresholds) throws {
    let reject = new.reject ?? max(old.reject, new.review ?? 0)
    try self.init(reject: reject, review: new.review ?? min(old.review, reject))
  }
}

extension RegionRules {
  /// The rules of a policy's file, in pixels; nil where it has none.
  init?(_ file: PolicyFile) {
    guard !file.regions.isEmpty else { return nil }
    func rule(_ rule: PolicyFile.RegionRule) -> Rule {
      Rule(
        zones: rule.zones, smallestArea: rule.smallestArea?.pixels(file.millimetersPerPixel, power: 2),
        longestSide: rule.longestSide?.pixels(file.millimetersPerPixel, power: 1), count: rule.count)
    }
    var zones: [String: Zone] = [:]
    for zone in file.zones {
      switch zone.shape {
      case .rectangle(let box):
        zones[zone.name] = .rectangle(
          Box(x: Double(box.x), y: Double(box.y), width: Double(box.width), height: Double(box.height)))
      case .polygon(let corners): zones[zone.name] = .polygon(corners.map { Point(Double($0.x), Double($0.y)) })
      case .mask: continue
      }
    }
    let any = PolicyFile.RegionRule.any
    self.init(
      zones: zones,
      rules: Dictionary(
        file.regions.filter { $0.label != any }.map { ($0.label, rule($0)) }, uniquingKeysWith: { first, _ in first }),
      other: file.regions.first { $0.label == any }.map(rule))
  }
}
