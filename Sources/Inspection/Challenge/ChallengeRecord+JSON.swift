extension ChallengeRecord {
  /// What `challenge.json` holds.
  public var json: [UInt8] {
    var writer = JSONWriter(indented: true)
    writer.object { json in
      json.member("passed", isPassed)
      json.member("time", time.description)
      json.object("model") {
        $0.member("name", model.name)
        $0.member("sha256", model.sha256)
      }
      policy.write("policy", to: &json)
      json.member("set", set)
      json.member("digest", digest)
      json.member("exact", isExact)
      json.member("parts", parts)
      json.member("good_parts", goodParts)
      json.member("defective_parts", defectiveParts)
      json.array("mismatches") { array in
        for mismatch in mismatches {
          array.object {
            $0.member("id", mismatch.id)
            $0.member("source", mismatch.source)
            $0.member("is", mismatch.truth)
            $0.member("decision", mismatch.verdict.rawValue)
            $0.member("label", mismatch.label)
            $0.member("score", mismatch.score)
            $0.array("reasons") { for reason in mismatch.reasons { $0.element(reason) } }
          }
        }
      }
    }
    return writer.bytes + [0x0A]
  }

  /// Reads what ``json`` writes.
  ///
  /// - Parameter path: the file's, for errors.
  /// - Throws: ``InspectionError/source(_:_:)`` where the text is no record, or contradicts itself.
  public init(json bytes: [UInt8], path: String) throws(InspectionError) {
    func fault(_ reason: String) -> InspectionError {
      .source(path, "is no record of a challenge (\(reason)); run the challenge again")
    }
    let json: JSON
    do {
      json = try JSON(parsing: bytes)
    } catch {
      throw fault("\(error)")
    }
    func member<T>(_ name: String, of parent: JSON?, _ value: (JSON) -> T?) throws(InspectionError) -> T {
      guard let found = parent?[name].flatMap(value) else { throw fault("its `\(name)` is missing or of another kind") }
      return found
    }
    let isPassed = try member("passed", of: json) { $0.boolValue }
    time = try member("time", of: json) { $0.stringValue.flatMap { Timestamp($0) } }
    model = ModelIdentity(
      name: try member("name", of: json["model"]) { $0.stringValue },
      sha256: try member("sha256", of: json["model"]) { $0.stringValue })
    let limits: JSON = try member("policy", of: json) { $0.objectValue == nil ? nil : $0 }
    do {
      policy = try Policy(json: limits.text)
    } catch {
      throw fault("its policy: \(error)")
    }
    set = try member("set", of: json) { $0.stringValue }
    digest = try member("digest", of: json) { $0.stringValue }
    isExact = try member("exact", of: json) { $0.boolValue }
    goodParts = try member("good_parts", of: json) { $0.intValue }
    defectiveParts = try member("defective_parts", of: json) { $0.intValue }
    mismatches = []
    for item in try member("mismatches", of: json, { $0.arrayValue }) {
      mismatches.append(
        Mismatch(
          id: try member("id", of: item) { $0.stringValue }, source: try member("source", of: item) { $0.stringValue },
          truth: try member("is", of: item) { $0.stringValue },
          verdict: try member("decision", of: item) { $0.stringValue.flatMap { Verdict(rawValue: $0) } },
          label: try member("label", of: item) { $0.stringValue }, score: item["score"]?.floatValue ?? .nan,
          reasons: item["reasons"]?.arrayValue?.compactMap(\.stringValue) ?? []))
    }
    guard isPassed == self.isPassed else { throw fault("it contradicts itself") }
  }
}

extension JSON {
  /// The value as JSON text.
  fileprivate var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let digits): digits
    case .string(let text): Self.quoted(text)
    case .array(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { Self.quoted($0.key) + ":" + $0.value.text }.joined(separator: ",") + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var writer = JSONWriter()
    writer.array { $0.element(text) }
    return String(writer.text.dropFirst().dropLast())
  }
}
