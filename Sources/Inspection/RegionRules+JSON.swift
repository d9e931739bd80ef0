import Imaging
import Metrics

extension RegionRules {
  /// Writes the rules as members of an object.
  func write(to json: inout JSONWriter) {
    json.object("zones") { all in
      for (name, zone) in zones.sorted(by: { $0.key < $1.key }) { all.object(name) { zone.write(to: &$0) } }
    }
    json.object("rules") { all in
      for (label, rule) in rules.sorted(by: { $0.key < $1.key }) { all.object(label) { rule.write(to: &$0) } }
    }
    if let other { json.object("other") { other.write(to: &$0) } }
  }

  /// Reads what ``write(to:)`` writes; nil for anything else.
  init?(json: JSON) {
    var zones: [String: Zone] = [:]
    for member in json["zones"]?.objectValue ?? [] {
      guard let zone = Zone(json: member.value) else { return nil }
      zones[member.key] = zone
    }
    var rules: [String: Rule] = [:]
    for member in json["rules"]?.objectValue ?? [] {
      guard let rule = Rule(json: member.value) else { return nil }
      rules[member.key] = rule
    }
    var other: Rule?
    if let value = json["other"] {
      guard let rule = Rule(json: value) else { return nil }
      other = rule
    }
    self.init(zones: zones, rules: rules, other: other)
  }
}

extension RegionRules.Zone {
  fileprivate func write(to json: inout JSONWriter) {
    switch self {
    case .rectangle(let box):
      json.array("rectangle") { for value in [box.x, box.y, box.width, box.height] { $0.element(value) } }
    case .polygon(let corners):
      json.array("polygon") { all in
        for corner in corners {
          all.array {
            $0.element(corner.x)
            $0.element(corner.y)
          }
        }
      }
    }
  }

  fileprivate init?(json: JSON) {
    if let box = json["rectangle"]?.arrayValue?.compactMap(\.doubleValue), box.count == 4 {
      self = .rectangle(Box(x: box[0], y: box[1], width: box[2], height: box[3]))
      return
    }
    guard let pairs = json["polygon"]?.arrayValue?.map({ $0.arrayValue?.compactMap(\.doubleValue) ?? [] }),
      pairs.count >= 3, pairs.allSatisfy({ $0.count == 2 })
    else { return nil }
    self = .polygon(pairs.map { Point($0[0], $0[1]) })
  }
}

extension RegionRules.Rule {
  fileprivate func write(to json: inout JSONWriter) {
    if let zones { json.array("zones") { for zone in zones { $0.element(zone) } } }
    if let smallestArea { json.member("smallest_area", smallestArea) }
    if let longestSide { json.member("longest_side", longestSide) }
    if let count { json.member("count", count) }
  }

  fileprivate init?(json: JSON) {
    guard case .object = json else { return nil }
    self.init(
      zones: json["zones"]?.arrayValue?.compactMap(\.stringValue), smallestArea: json["smallest_area"]?.doubleValue,
      longestSide: json["longest_side"]?.doubleValue, count: json["count"]?.intValue)
  }
}
