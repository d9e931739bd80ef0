/// One thing that a new version of a recipe says differently.
public struct RecipeChange: Sendable, Hashable, CustomStringConvertible {
  /// What has to be done for it, from the least to the most.
  public enum Effect: Int, Sendable, Hashable, Comparable, CaseIterable {
    /// Holds from the next frame on.
    case nextFrame
    /// An output is closed and opened anew.
    case output
    /// The model is loaded; the camera goes on.
    case model
    /// The camera is stopped, set up as at the start, and started again.
    case camera
    /// A camera comes or goes.
    case cameras
    /// Only a new run can do this.
    case run

    public static func < (a: Effect, b: Effect) -> Bool { a.rawValue < b.rawValue }
  }

  /// `nil` for what belongs to the whole station.
  public let camera: String?
  /// The keys below the camera or the station, with dots: `policy.reject`.
  public let keys: String
  /// On one line each, as the recipe would have it; `nil` where it says nothing.
  public let old: String?
  public let new: String?
  public let effect: Effect

  /// `top: policy.reject 0.5 -> 0.6`
  public var description: String {
    switch (old, new) {
    case (nil, nil): "\(camera ?? "station"): \(keys)"
    case (nil, let new?): "\(camera ?? "station"): \(keys) added: \(new)"
    case (let old?, nil): "\(camera ?? "station"): \(keys) removed, was \(old)"
    case (let old?, let new?): "\(camera ?? "station"): \(keys) \(old) -> \(new)"
    }
  }
}

extension Recipe {
  /// What `new` says differently, the station first, then each camera, in the recipe's order.
  ///
  /// A camera that has another name is another camera: the old one goes and the new one comes.
  public func changes(to new: Recipe) -> [RecipeChange] {
    var changes: [RecipeChange] = []
    func compare(_ camera: String?, _ keys: String, _ old: RecipeTree?, _ new: RecipeTree?) {
      guard old != new else { return }
      func inner(_ tree: RecipeTree?) -> [RecipeTree.Member]? {
        if case .keys(let members)? = tree { members } else { nil }
      }
      func append() {
        changes.append(
          RecipeChange(
            camera: camera, keys: keys, old: old?.flow, new: new?.flow, effect: Self.effect(camera != nil, keys)))
      }
      guard let a = inner(old), let b = inner(new), !Self.wholes.contains(keys) else { return append() }
      let before = changes.count
      let order = a.map(\.key) + b.map(\.key).filter { key in !a.contains { $0.key == key } }
      for key in order {
        compare(
          camera, keys.isEmpty ? key : keys + "." + key, a.first { $0.key == key }?.value,
          b.first { $0.key == key }?.value)
      }
      // The same values in another order, which for controls is a difference.
      if changes.count == before { append() }
    }
    func station(_ recipe: Recipe) -> RecipeTree {
      .keys([
        "station": .text(recipe.station), "outputs": .list(recipe.outputs.map(\.tree)), "keep": recipe.keep.tree,
        "out": recipe.out.map { .text($0) },
      ])
    }
    compare(nil, "", station(self), station(new))
    for camera in cameras {
      if let other = new[camera: camera.name] {
        compare(camera.name, "", camera.tree, other.tree)
      } else {
        changes.append(RecipeChange(camera: camera.name, keys: "camera removed", old: nil, new: nil, effect: .cameras))
      }
    }
    for camera in new.cameras where self[camera: camera.name] == nil {
      changes.append(RecipeChange(camera: camera.name, keys: "camera added", old: nil, new: nil, effect: .cameras))
    }
    return changes
  }

  /// Keys whose values make sense only together.
  private static let wholes: Set<String> = ["trigger", "region"]

  private static func effect(_ isCamera: Bool, _ keys: String) -> RecipeChange.Effect {
    let first = keys.prefix { $0 != "." }
    guard isCamera else { return first == "outputs" ? .output : first == "keep" ? .nextFrame : .run }
    switch first {
    case "device", "format", "controls", "lock", "settle", "timeout": return .camera
    case "checks": return keys == "checks.frozen" ? .camera : .nextFrame
    case "model": return .model
    default: return .nextFrame
    }
  }
}
