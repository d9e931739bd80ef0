extension Recipe {
  /// The recipe in plain English, one fact a sentence, with the defaults that are in force.
  public var sentences: [String] {
    let names = Self.list(cameras.map(\.name))
    var all = ["Station \(station) has \(cameras.count == 1 ? "one camera" : "\(cameras.count) cameras"): \(names)."]
    for camera in cameras { all += camera.sentences }
    if outputs.isEmpty { all.append("Decisions go to the run's folder only.") }
    all += outputs.map(\.sentence)
    all += keep.sentences
    all.append(out.map { "The run is written to \($0)." } ?? "The recipe names no folder for the run: --out must.")
    return all
  }

  /// `a, b and c`
  static func list(_ words: [String], _ last: String = "and") -> String {
    words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " \(last) " + words.last!
  }
}

extension Recipe.Camera {
  var sentences: [String] {
    var all = [identity, format.sentence]
    if controls.isEmpty {
      all.append("Its controls stay as the camera has them.")
    } else {
      let settings = controls.map { "\($0.name) to \($0.value.words)" }
      all.append("At the start, controls are set in this order: " + settings.joined(separator: ", ") + ".")
    }
    all.append(lockSentence)
    all.append("Without a frame for \(Quantities.text(timeout)) it counts as stalled.")
    all.append(checks.sentence)
    all += trigger.sentences
    all.append(
      region.map { "Only what lies in \($0.words) is judged." } ?? "The whole picture is judged.")
    if !ignore.isEmpty { all.append("Not looked at is what lies in \(Recipe.list(ignore.map(\.words), "or")).") }
    if let alignment { all += alignment.sentences }
    all.append("The model is \(model).")
    all += policy.sentences
    return all
  }

  private var identity: String {
    if device.hasPrefix("/dev/video") {
      return "Camera \(name) is whatever camera is at \(device), which may be another one after a replug."
    }
    if device.hasPrefix("usb-") { return "Camera \(name) is the device at USB port \(device)." }
    return "Camera \(name) is the device named \(device)."
  }

  private var lockSentence: String {
    guard !lock.isEmpty else { return "None of its automatics is locked." }
    let names = lock.map { $0.rawValue.split(separator: "_").joined(separator: " ") }
    let time = settle == .zero ? "are" : "settle for \(Quantities.text(settle)) at the start and are then"
    let text = Recipe.list(names)
    return text.prefix(1).uppercased() + text.dropFirst() + " \(time) held."
  }
}

extension Recipe.Format {
  var sentence: String {
    var text = "It delivers "
    text += size.map { "\($0.width) x \($0.height)" } ?? "pictures of a size that Assay chooses"
    text += rate.map { " at \(Quantities.text($0)) frames a second" } ?? " at the highest frame rate that it has"
    let codes = pixels.map { String($0.trimmingBlanks) }
    return text
      + (codes.isEmpty ? " in a pixel format that Assay chooses." : " as \(codes.joined(separator: ", or else ")).")
  }
}

extension Recipe.Checks {
  var sentence: String {
    var on: [String] = []
    var off: [String] = []
    func tell(_ name: String, _ limit: String?) { if let limit { on.append(name + limit) } else { off.append(name) } }
    tell("frozen", frozen.map { " (\($0) equal frames)" })
    tell("black", black.map { " (nothing brighter than grey level \($0))" })
    tell("overexposed", overexposed.map { " (more than \(Recipe.percent($0)) clipped)" })
    let rejected = on.isEmpty ? "No picture" : "A picture that is " + Recipe.list(on, "or")
    let rest = off.isEmpty ? "" : "; whether it is \(Recipe.list(off, "or")) is not checked"
    return rejected + " is rejected without a judgement" + rest + "."
  }
}

extension Recipe.ControlValue {
  var words: String {
    switch self {
    case .integer(let value): "\(value)"
    case .truth(let value): value ? "on" : "off"
    case .name(let value): value
    }
  }
}

extension Recipe.Trigger {
  var sentences: [String] {
    switch self {
    case .everyFrame: return ["Every frame is judged."]
    case .every(let interval): return ["One frame is judged every \(Quantities.text(interval))."]
    case .software(.standardInput): return ["One frame is judged for each line on standard input."]
    case .software(.socket(let path)): return ["One frame is judged for each line on the socket \(path)."]
    case .software(.signal(let signal)): return ["One frame is judged for each signal \(signal.rawValue)."]
    case .presence(let presence):
      let area = presence.region?.words ?? "the judged area"
      let (on, off) = (Recipe.percent(presence.on), Recipe.percent(presence.off))
      let hold = presence.hold
      var all = [
        presence.mode == .passes
          ? "One frame of each part that comes by is judged, the sharpest that shows it whole."
          : "Each part is judged once it stands, which is without motion in \(Recipe.frames(hold.rest)).",
        "A part has come when \(on) of \(area) differs from the empty belt in \(Recipe.frames(hold.on)), and has gone "
          + "when less than \(off) does in \(Recipe.frames(hold.off)).",
      ]
      if let longest = presence.longest {
        all.append("It is judged at the latest \(Quantities.text(longest)) after it came.")
      }
      return all + [
        "A spot differs when it is \(Quantities.text(presence.contrast)) grey levels off, or more where the belt is noisy.",
        "The empty belt is learned from the first \(Recipe.frames(presence.learn)), and followed over "
          + "\(Quantities.text(presence.adapt)).",
        "What stands for \(Quantities.text(presence.relearn)) after it was judged becomes part of the scene.",
      ]
    }
  }
}

extension Recipe {
  static func frames(_ count: Int) -> String { count == 1 ? "one frame" : "\(count) frames" }
}

extension Recipe.Rectangle {
  var words: String { "the rectangle of \(width) x \(height) pixels at (\(x), \(y))" }
}

extension Recipe.Shape {
  var words: String {
    switch self {
    case .rectangle(let rectangle): rectangle.words
    case .mask(let path): "the mask \(path)"
    case .polygon(let corners):
      corners.count <= 8
        ? "the polygon " + corners.map { "(\($0.x), \($0.y))" }.joined(separator: " ")
        : "the polygon of \(corners.count) corners from (\(corners[0].x), \(corners[0].y))"
    }
  }
}

extension Recipe.Alignment {
  var sentences: [String] {
    let turned = angle == 0 ? "not turned" : "turned by up to \(Quantities.text(angle)) degrees either way"
    return [
      "Each part is looked for by the template \(template), \(turned), in \(search?.words ?? "the judged area").",
      "Below a score of \(Quantities.text(leastScore)) it is rejected as not found.",
    ]
  }
}

extension Recipe.Policy {
  var sentences: [String] {
    var all = ["\(thresholds.words ?? "Thresholds are the model's own")."]
    for own in classes {
      all.append("For \(own.label): \((own.thresholds.words ?? "thresholds are the model's own").lowercasingFirst).")
    }
    if let confidence { all.append("Without a good class, a defect is named from a probability of \(confidence) on.") }
    return all
  }
}

extension Recipe.Policy.Thresholds {
  var words: String? {
    switch (reject, review) {
    case (nil, nil): nil
    case (let reject?, nil): "A part is rejected from a score of \(reject) on, and reviewed as the model says"
    case (nil, let review?): "A part is reviewed from a score of \(review) on, and rejected as the model says"
    case (let reject?, let review?):
      review == reject
        ? "A part is rejected from a score of \(reject) on, and none is reviewed"
        : "A part is rejected from a score of \(reject) on, and reviewed from \(review) on"
    }
  }
}

extension String {
  var lowercasingFirst: String { prefix(1).lowercased() + dropFirst() }
}

extension Recipe.Output {
  var sentence: String {
    let time = Quantities.text(timeout)
    switch target {
    case .command(.shell(let line)): return feed.sentence("the command `\(line)`", time)
    case .command(.arguments(let words)): return feed.sentence("the program \(words.joined(separator: " "))", time)
    case .socket(let path):
      return "Each decision goes as one JSON line to all who read the socket \(path); "
        + "one who takes none for \(time) is disconnected."
    }
  }
}

extension Recipe.Feed {
  fileprivate func sentence(_ command: String, _ time: String) -> String {
    switch self {
    case .each: "Each decision goes as one JSON line to \(command), which is run for it and has \(time)."
    case .lines: "Decisions go, one JSON line each, to \(command), which keeps running and has \(time) to take one."
    case .acknowledged:
      "Decisions go, one JSON line each, to \(command), which keeps running and has \(time) to answer each with a line."
    }
  }
}

extension Recipe.Keep {
  var sentences: [String] {
    let (all, none) = (Recipe.Sampling.all, Recipe.Sampling.none)
    var kept: [String] = []
    var lost: [String] = []
    for (sampling, name) in [(rejects, "rejects"), (reviews, "reviews"), (accepts, "accepts")] {
      switch sampling {
      case all: kept.append("all \(name)")
      case none: lost.append("no \(name)")
      default: kept.append("\(Quantities.text(sampling)) \(name)")
      }
    }
    let pictures = kept.isEmpty ? "No pictures are kept." : "Pictures are kept of \(Recipe.list(kept + lost))."
    guard !kept.isEmpty else { return [pictures] }
    var sentences = [
      pictures,
      raw ? "With each goes the raw frame, which can be judged again." : "Raw frames are not kept.",
      budget.map { "Pictures may take \(Quantities.text(bytes: $0)); then the oldest go first." }
        ?? "Pictures may fill the disk: they have no budget.",
    ]
    if let days { sentences.append("After \(days == 1 ? "one day" : "\(days) days") accepted and reviewed ones go.") }
    return sentences
  }
}
