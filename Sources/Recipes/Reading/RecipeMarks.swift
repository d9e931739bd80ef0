/// Where a recipe's values stand in its file. Places are no part of what a recipe says: all are equal.
struct RecipeMarks: Sendable, Hashable {
  var places: [String: RecipeProblem.Position] = [:]

  static func == (_: RecipeMarks, _: RecipeMarks) -> Bool { true }
  func hash(into: inout Hasher) {}
}

extension Recipe {
  /// Where a value stands, by the path of its keys, such as `cameras.top.controls.gain`: for what turns out to be wrong
  /// only when the camera is there.
  ///
  /// A value that a camera takes over from the station has the station's place, a default that of the nearest key above
  /// it; `nil` if there is none.
  public func position(of keys: String) -> RecipeProblem.Position? {
    func nearest(_ keys: Substring, atLeast depth: Int) -> RecipeProblem.Position? {
      var keys = keys
      while true {
        if let place = marks.places[String(keys)] { return place }
        guard let dot = keys.lastIndex(of: "."), keys.count(where: { $0 == "." }) > depth else { return nil }
        keys = keys[..<dot]
      }
    }
    // Names of cameras may hold dots themselves.
    for camera in cameras where keys.hasPrefix("cameras.\(camera.name).") {
      let own = keys.dropFirst("cameras.\(camera.name).".count)
      let dots = camera.name.count { $0 == "." }
      if let place = nearest(keys[...], atLeast: dots + 2) { return place }
      return nearest(own, atLeast: 0) ?? marks.places["cameras.\(camera.name)"]
    }
    return nearest(keys[...], atLeast: 0)
  }

  /// A problem with the value at this path of keys, to be reported like those found in reading.
  public func problem(at keys: String, _ message: String) -> RecipeProblem {
    RecipeProblem(path: path, position: position(of: keys), message: message)
  }
}
