internal import Glibc

extension Recipe {
  /// Reads a recipe's file.
  ///
  /// - Throws: ``RecipeError`` with everything that is wrong: a file that cannot be read or is no YAML, unknown and
  ///   repeated keys, values of the wrong kind, values that cannot be, and what contradicts each other. Whether the
  ///   files that it names are there is asked by ``fileProblems()``.
  public init(contentsOf path: String) throws(RecipeError) {
    let bytes: [UInt8]
    switch RecipeFile.read(path, longest: YAMLReader.longestText) {
    case .success(let read): bytes = read
    case .failure(let reason): throw RecipeError([RecipeProblem(path: path, position: nil, message: reason.message)])
    }
    try self.init(bytes: bytes, path: path)
  }

  /// Reads a recipe's text as if it were the file at `path`.
  ///
  /// - Throws: ``RecipeError``, as ``init(contentsOf:)`` does.
  public init(yaml: String, path: String) throws(RecipeError) {
    try self.init(bytes: Array(yaml.utf8), path: path)
  }

  init(bytes: [UInt8], path: String) throws(RecipeError) {
    let top = try Reading.root(of: bytes, path: path, kind: "recipe")
    let reading = top.reading
    guard let fields = Fields(top, "the station", keys: Self.stationKeys + Section.keys) else {
      try reading.finish()
      preconditionFailure("a root that is no mapping was not reported")
    }
    self.init(path: path, station: "", cameras: [], outputs: [], keep: Keep(), out: nil)
    station = Self.station(fields["station"]) ?? RecipeFile.stem(of: path)
    let defaults = Section(fields)
    cameras = Self.cameras(fields, defaults)
    outputs = Self.outputs(fields["outputs"])
    keep = Keep(fields["keep"])
    out = fields["out"]?.file()
    checkSockets(reading)
    try reading.finish()
    marks = reading.marks
  }

  private static let stationKeys = ["station", "cameras", "outputs", "keep", "out"]

  private static func station(_ field: Field?) -> String? {
    guard let field, let text = field.text(longest: 100) else { return nil }
    return text
  }

  private static func cameras(_ fields: Fields, _ defaults: Section) -> [Camera] {
    guard let field = fields["cameras"] else {
      if !fields.has("cameras") {
        fields.reading.report(fields.mark, "the recipe names no camera; \"cameras\" is missing")
      }
      return []
    }
    guard let all = Fields(field, "cameras", keys: nil) else { return [] }
    if all.all.isEmpty { field.report("\"cameras\" must name at least one camera") }
    var byName: [String: Field] = [:]
    var byDevice: [String: String] = [:]
    var cameras: [Camera] = []
    for field in all.all {
      guard RecipeFile.isPlainName(field.key) else {
        field.reading.report(
          field.keyMark,
          "a camera's name, which also names files, is 1 to 64 letters, digits, \"-\", \"_\" or \".\" and begins with a "
            + "letter or digit, not \(field.name)")
        continue
      }
      if let other = byName.updateValue(field, forKey: field.key.lowercased()) {
        // They would write the same files where file names do not tell case.
        field.reading.report(field.keyMark, "camera \(field.key) differs from camera \(other.key) by case only")
      }
      guard !field.node.isEmpty, let camera = Camera(field, defaults) else { continue }
      if let other = byDevice.updateValue(camera.name, forKey: Camera.plainDevice(camera.device)),
        !camera.device.isEmpty
      {
        let place = field.reading.marks.places[field.path + ".device"] ?? field.node.mark
        field.reading.report(place, "cameras \(other) and \(camera.name) are the same device")
      }
      cameras.append(camera)
    }
    return cameras
  }

  /// One socket cannot both take triggers and hand out decisions.
  private func checkSockets(_ reading: Reading) {
    let decisions = Set(outputs.compactMap { if case .socket(let path) = $0.target { path } else { nil } })
    for camera in cameras {
      guard case .software(.socket(let path)) = camera.trigger, decisions.contains(path) else { continue }
      let own = reading.marks.places["cameras.\(camera.name).trigger"]
      reading.report(
        own ?? reading.marks.places["trigger"],
        "the trigger's socket \(path) is an output's socket too; give it its own")
    }
  }
}
