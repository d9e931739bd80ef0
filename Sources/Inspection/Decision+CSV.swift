import Metrics

extension Decision {
  /// The first line of `decisions.csv`, ended by CR LF.
  public static let csvHeader =
    "id,source,sequence,timestamp,width,height,decision,label,score,scores,regions,reasons,model,model_sha256,"
    + "total_ms,annotated,camera,part\r\n"

  /// The decision as one line of CSV (RFC 4180: fields with a comma, quote or line break are quoted, quotes doubled,
  /// lines end with CR LF). Scores are `label=score` and regions `label@x:y:w:h=score`, both joined by blanks;
  /// reasons are joined by `; `.
  public var csvLine: String {
    let fields = [
      id, source, frame.sequence.description, frame.timestamp.description, frame.width.description,
      frame.height.description, verdict.rawValue, label, number(score),
      scores.map { "\($0.label)=\(number($0.score))" }.joined(separator: " "),
      regions.map {
        let box = [$0.box.x, $0.box.y, $0.box.width, $0.box.height].map { Self.short($0.description) }
        return "\($0.label)@\(box.joined(separator: ":"))=\(number($0.score))"
      }.joined(separator: " "),
      reasons.joined(separator: "; "), model.name, model.sha256,
      Self.short(((totalMilliseconds * 1000).rounded() / 1000).description), annotated ?? "", camera ?? "",
      part ?? "",
    ]
    return fields.map(csvField).joined(separator: ",") + "\r\n"
  }

  private func number(_ value: Float) -> String { value.isFinite ? Self.short(value.description) : "" }

  private static func short(_ digits: String) -> String {
    digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits
  }
}

/// A CSV field, quoted where RFC 4180 asks for it.
public func csvField(_ text: String) -> String {
  // By scalar: "\r\n" is one character and would hide both.
  guard text.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }) else {
    return text
  }
  var quoted = "\""
  for scalar in text.unicodeScalars {
    if scalar == "\"" { quoted.unicodeScalars.append("\"") }
    quoted.unicodeScalars.append(scalar)
  }
  return quoted + "\""
}
