extension Recipe {
  /// The recipe with everything that is in force written out: defaults, what cameras take over from the station,
  /// absolute paths. Two recipes that say the same give the same text, and reading it gives the same recipe.
  public var yaml: String { tree.yaml() }

  /// The same as one JSON object on one line, for a run's head.
  public var json: String { tree.json }

  var tree: RecipeTree {
    .keys([
      "station": .text(station),
      "cameras": .keys(cameras.map { RecipeTree.Member(key: $0.name, value: $0.tree) }),
      "outputs": .list(outputs.map(\.tree)),
      "keep": keep.tree,
      "out": out.map { .text($0) },
    ])
  }
}

extension Recipe.Camera {
  var tree: RecipeTree {
    .keys([
      "device": .text(device),
      "format": format.tree,
      "controls": controls.isEmpty
        ? nil : .keys(controls.map { RecipeTree.Member(key: $0.name, value: $0.value.tree) }),
      "lock": .list(lock.map { .text($0.rawValue) }),
      "settle": .text(Quantities.text(settle)),
      "timeout": .text(Quantities.text(timeout)),
      "checks": checks.tree,
      "trigger": trigger.tree,
      "region": region?.tree,
      "ignore": .list(ignore.map(\.tree), orNil: true),
      "alignment": alignment?.tree,
      "model": .text(model),
      "policy": policy.tree,
    ])
  }
}

extension Recipe.Format {
  var tree: RecipeTree? {
    guard self != Self() else { return nil }
    return .keys([
      "size": size.map { .text("\($0.width)x\($0.height)") },
      "rate": rate.map { .number($0) },
      "pixels": .list(pixels.map { .text(String($0.trimmingBlanks)) }, orNil: true),
    ])
  }
}

extension Recipe.Checks {
  var tree: RecipeTree {
    .keys([
      "frozen": frozen.map { .number($0) } ?? .literal("false"),
      "black": black.map { .number($0) } ?? .literal("false"),
      "overexposed": overexposed.map { .number($0) } ?? .literal("false"),
    ])
  }
}

extension Recipe.ControlValue {
  var tree: RecipeTree {
    switch self {
    case .integer(let value): .number(value)
    case .truth(let value): .literal(value ? "true" : "false")
    case .name(let value): .text(value)
    }
  }
}

extension Recipe.Trigger {
  var tree: RecipeTree {
    switch self {
    case .everyFrame: .text("every frame")
    case .every(let interval): .keys(["every": .text(Quantities.text(interval))])
    case .software(.standardInput): .keys(["software": .text("stdin")])
    case .software(.socket(let path)): .keys(["software": .keys(["socket": .text(path)])])
    case .software(.signal(let signal)): .keys(["software": .keys(["signal": .text(signal.rawValue)])])
    case .presence(let presence):
      .keys([
        "presence": .keys([
          "mode": .text(presence.mode.rawValue),
          "region": presence.region?.tree,
          "on": .number(presence.on), "off": .number(presence.off),
          "hold": .keys([
            "on": .number(presence.hold.on), "off": .number(presence.hold.off), "rest": .number(presence.hold.rest),
          ]),
          "longest": presence.longest.map { .text(Quantities.text($0)) },
          "learn": .number(presence.learn), "contrast": .number(presence.contrast),
          "adapt": .text(Quantities.text(presence.adapt)), "relearn": .text(Quantities.text(presence.relearn)),
        ])
      ])
    }
  }
}

extension Recipe.Rectangle {
  var tree: RecipeTree { .list([x, y, width, height].map { .number($0) }) }
}

extension Recipe.Shape {
  var tree: RecipeTree {
    switch self {
    case .polygon(let corners): .keys(["polygon": .list(corners.map { .list([.number($0.x), .number($0.y)]) })])
    case .rectangle(let rectangle): .keys(["rectangle": rectangle.tree])
    case .mask(let path): .keys(["mask": .text(path)])
    }
  }
}

extension Recipe.Alignment {
  var tree: RecipeTree {
    .keys([
      "template": .text(template), "search": search?.tree, "angle": .number(angle), "least_score": .number(leastScore),
    ])
  }
}

extension Recipe.Policy {
  var tree: RecipeTree? {
    guard self != Self() else { return nil }
    return .keys([
      "reject": thresholds.reject.map { .number($0) }, "review": thresholds.review.map { .number($0) },
      "confidence": confidence.map { .number($0) },
      "classes": classes.isEmpty
        ? nil
        : .keys(
          classes.map {
            RecipeTree.Member(
              key: $0.label,
              value: .keys([
                "reject": $0.thresholds.reject.map { .number($0) }, "review": $0.thresholds.review.map { .number($0) },
              ]))
          }),
    ])
  }
}

extension Recipe.Output {
  var tree: RecipeTree {
    let timeout = RecipeTree.text(Quantities.text(self.timeout))
    switch target {
    case .command(.shell(let line)):
      return .keys(["command": .text(line), "feed": .text(feed.rawValue), "timeout": timeout])
    case .command(.arguments(let words)):
      return .keys(["command": .list(words.map { .text($0) }), "feed": .text(feed.rawValue), "timeout": timeout])
    case .socket(let path): return .keys(["socket": .text(path), "timeout": timeout])
    }
  }
}

extension Recipe.Keep {
  var tree: RecipeTree {
    .keys([
      "rejects": .text(Quantities.text(rejects)), "reviews": .text(Quantities.text(reviews)),
      "accepts": .text(Quantities.text(accepts)),
      "budget": .text(budget.map { Quantities.text(bytes: $0) } ?? "unlimited"),
      "days": days.map { .number($0) }, "raw": .literal(raw ? "true" : "false"),
    ])
  }
}
