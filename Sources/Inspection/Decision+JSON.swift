import Metrics

extension Decision {
  /// The decision as one line of `decisions.jsonl`, line feed included. The order of the members is fixed.
  public var jsonLine: [UInt8] {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.bytes + [0x0A]
  }

  /// Writes the decision as a JSON object.
  public func write(to writer: inout JSONWriter) {
    writer.object { json in
      json.member("id", id)
      json.member("source", source)
      json.object("frame") {
        $0.member("sequence", frame.sequence)
        $0.member("timestamp", frame.timestamp.description)
        $0.member("width", frame.width)
        $0.member("height", frame.height)
      }
      json.member("decision", verdict.rawValue)
      json.member("label", label)
      json.member("score", score)
      json.object("scores") { for entry in scores { $0.member(entry.label, entry.score) } }
      json.array("regions") { for region in regions { region.write(to: &$0) } }
      json.array("reasons") { for reason in reasons { $0.element(reason) } }
      json.object("model") {
        $0.member("name", model.name)
        $0.member("sha256", model.sha256)
      }
      if let limits {
        json.object("thresholds") {
          $0.member("reject", limits.reject)
          $0.member("review", limits.review)
          $0.member("confidence", limits.confidence)
        }
      }
      json.object("timings_ms") { for timing in timings { $0.member(timing.stage, timing.milliseconds) } }
      if let annotated { json.member("annotated", annotated) } else { json.null("annotated") }
      if let camera { json.member("camera", camera) }
      if let part { json.member("part", part) }
      if let pose {
        json.object("pose") {
          $0.member("x", pose.x)
          $0.member("y", pose.y)
          $0.member("angle", pose.angle)
          $0.member("score", pose.score)
        }
      }
    }
  }

  /// Reads one line of `decisions.jsonl`. Members that are not known are skipped, since later versions may add some.
  ///
  /// - Throws: ``DecisionError`` if the line is not JSON or lacks a member.
  public init(jsonLine line: some Collection<UInt8>) throws(DecisionError) {
    let json: JSON
    do { json = try JSON(parsing: line) } catch { throw DecisionError(reason: error.description) }
    func need<Value>(_ value: Value?, _ name: String) throws(DecisionError) -> Value {
      guard let value else { throw DecisionError(reason: "\"\(name)\" is missing or of the wrong kind") }
      return value
    }
    id = try need(json["id"]?.stringValue, "id")
    source = try need(json["source"]?.stringValue, "source")
    frame = Frame(
      sequence: try need(json["frame"]?["sequence"]?.intValue, "frame.sequence"),
      timestamp: try need((json["frame"]?["timestamp"]?.stringValue).flatMap { Timestamp($0) }, "frame.timestamp"),
      width: try need(json["frame"]?["width"]?.intValue, "frame.width"),
      height: try need(json["frame"]?["height"]?.intValue, "frame.height"))
    verdict = try need((json["decision"]?.stringValue).flatMap { Verdict(rawValue: $0) }, "decision")
    label = try need(json["label"]?.stringValue, "label")
    score = try need(json["score"]?.scoreValue, "score")
    scores = []
    for member in try need(json["scores"]?.objectValue, "scores") {
      scores.append(LabelScore(member.key, try need(member.value.scoreValue, "scores")))
    }
    regions = []
    for region in try need(json["regions"]?.arrayValue, "regions") {
      regions.append(try need(DefectRegion(json: region), "regions"))
    }
    reasons = []
    for reason in try need(json["reasons"]?.arrayValue, "reasons") {
      reasons.append(try need(reason.stringValue, "reasons"))
    }
    model = ModelIdentity(
      name: try need(json["model"]?["name"]?.stringValue, "model.name"),
      sha256: try need(json["model"]?["sha256"]?.stringValue, "model.sha256"))
    limits = json["thresholds"].flatMap { Limits(json: $0) }
    timings = []
    for member in try need(json["timings_ms"]?.objectValue, "timings_ms") {
      timings.append(StageTiming(member.key, try need(member.value.doubleValue, "timings_ms")))
    }
    annotated = json["annotated"]?.stringValue
    camera = json["camera"]?.stringValue
    part = json["part"]?.stringValue
    pose = json["pose"].flatMap { Pose(json: $0) }
  }
}

/// A line that is not a decision.
public struct DecisionError: Error, Sendable, Hashable, CustomStringConvertible {
  public let reason: String
  public var description: String { "not a decision: \(reason)" }
}

extension Decision.Pose {
  fileprivate init?(json: JSON) {
    guard let x = json["x"]?.doubleValue, let y = json["y"]?.doubleValue, let angle = json["angle"]?.doubleValue,
      let score = json["score"]?.doubleValue
    else { return nil }
    self.init(x: x, y: y, angle: angle, score: score)
  }
}

extension Decision.Limits {
  fileprivate init?(json: JSON) {
    guard let reject = json["reject"]?.floatValue, let review = json["review"]?.floatValue,
      let confidence = json["confidence"]?.floatValue
    else { return nil }
    self.reject = reject
    self.review = review
    self.confidence = confidence
  }
}

extension DefectRegion {
  func write(to writer: inout JSONWriter) {
    writer.object {
      $0.member("label", label)
      $0.array("box") { for value in [box.x, box.y, box.width, box.height] { $0.element(value) } }
      $0.member("score", score)
      if let area { $0.member("area", area) }
    }
  }

  init?(json: JSON) {
    guard let label = json["label"]?.stringValue, let score = json["score"]?.scoreValue,
      let box = json["box"]?.arrayValue?.compactMap(\.doubleValue), box.count == 4
    else { return nil }
    self.init(
      label: label, box: Box(x: box[0], y: box[1], width: box[2], height: box[3]), score: score,
      area: json["area"]?.doubleValue)
  }
}

extension JSON {
  /// A score: `null` stands for one that is not finite.
  var scoreValue: Float? { self == .null ? .nan : floatValue }
}
