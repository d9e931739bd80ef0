/// How training images are varied: which changes, how likely, how strong.
///
/// **On by default only where it cannot change a label**: small turns, shifts and changes of light are, while blur (it
/// can wipe out a fine crack), cut-out (it can hide the defect) and mix-up (it makes labels soft) wait to be asked for.
/// ``suited(to:)`` also switches off what the names of the classes speak against. Where an image has a mask, a
/// geometric change that would push most of the defect out of the picture is not made.
///
/// Everything drawn is a pure function of the seed that is given per image.
public struct Augmentation: Codable, Sendable, Hashable {
  /// One change: how likely it is made, and the range that its strength is drawn from, evenly.
  public struct Change: Codable, Sendable, Hashable {
    /// 0...1; 0 switches the change off.
    public var probability: Float
    public var low: Float
    public var high: Float

    public init(_ probability: Float, _ low: Float, _ high: Float) {
      self.probability = probability
      self.low = low
      self.high = high
    }

    public static let off = Change(0, 0, 0)

    func draw(_ random: inout SplitMix64, otherwise: Float) -> Float {
      // Both numbers are always drawn, so that one setting does not shift the randomness of the next.
      let happens = random.chance(probability)
      let strength = random.uniform(low, high)
      return happens ? strength : otherwise
    }
  }

  /// Probability of mirroring left to right, and top to bottom.
  public var flipHorizontal: Float
  public var flipVertical: Float
  /// Probability of a turn by 0, 90, 180 or 270 degrees, each as likely; only where width and height are equal.
  public var quarterTurns: Float
  /// Degrees, counterclockwise.
  public var rotate: Change
  /// Factor of size; above 1 is larger.
  public var scale: Change
  /// Factor that the width is multiplied with and the height divided by.
  public var stretch: Change
  /// Parts of the width and of the height.
  public var shift: Change
  /// Added to the level, where 1 is white.
  public var brightness: Change
  /// Factor on the distance from the image's mean level.
  public var contrast: Change
  /// Exponent on the level in 0...1.
  public var gamma: Change
  /// Standard deviation of added normal noise, where 1 is white.
  public var noise: Change
  /// Standard deviation of a Gaussian blur in pixels, up to 2.
  public var blur: Change
  /// Side of a rectangle that is painted over with the image's mean, as a part of the image's sides.
  public var cutOut: Change
  /// Weight of another image of the batch that is blended in, up to 0.5 (Zhang et al. 2018, arXiv 1710.09412).
  public var mixUp: Change

  public init(
    flipHorizontal: Float = 0.5, flipVertical: Float = 0.5, quarterTurns: Float = 0,
    rotate: Change = Change(0.8, -4, 4), scale: Change = Change(0.8, 0.89, 1.12),
    stretch: Change = Change(0.8, 0.92, 1.09), shift: Change = Change(0.8, -0.05, 0.05),
    brightness: Change = Change(0.5, -0.1, 0.1), contrast: Change = Change(0.5, 0.8, 1.25),
    gamma: Change = Change(0.3, 0.8, 1.25), noise: Change = Change(0.3, 0, 0.02), blur: Change = .off,
    cutOut: Change = .off, mixUp: Change = .off
  ) {
    self.flipHorizontal = flipHorizontal
    self.flipVertical = flipVertical
    self.quarterTurns = quarterTurns
    self.rotate = rotate
    self.scale = scale
    self.stretch = stretch
    self.shift = shift
    self.brightness = brightness
    self.contrast = contrast
    self.gamma = gamma
    self.noise = noise
    self.blur = blur
    self.cutOut = cutOut
    self.mixUp = mixUp
  }

  /// No change at all.
  public static let none = Augmentation(
    flipHorizontal: 0, flipVertical: 0, rotate: .off, scale: .off, stretch: .off, shift: .off, brightness: .off,
    contrast: .off,
    gamma: .off, noise: .off, blur: .off, cutOut: .off, mixUp: .off)

  /// The default without what could turn one of these classes into another: a class called `left` forbids
  /// mirroring, `too-dark` forbids changes of brightness, and so on.
  ///
  /// - Parameter isTexture: whether all classes are kinds of surface, with no part that lies in any way: these may be
  ///   turned by any quarter and varied more.
  public static func suited(to classes: [String], isTexture: Bool = false) -> Augmentation {
    var settings = Augmentation()
    if isTexture {
      settings.quarterTurns = 1
      settings.rotate = Change(1, -15, 15)
      settings.scale = Change(1, 0.8, 1.25)
      settings.shift = Change(1, -0.08, 0.08)
    }
    let words = classes.flatMap { name in
      name.lowercased().split { !$0.isLetter }.map(String.init)
    }
    func names(_ stems: String...) -> Bool {
      words.contains { word in stems.contains { word.hasPrefix($0) } }
    }
    if names("left", "right", "mirror", "flip", "reverse", "orient", "upside", "top", "bottom", "clockwise") {
      settings.flipHorizontal = 0
      settings.flipVertical = 0
    }
    if names("rotat", "skew", "tilt", "misalign", "angle", "orient", "crooked", "horizontal", "vertical") {
      settings.rotate = .off
      settings.quarterTurns = 0
    }
    if names("size", "oversize", "undersize", "large", "small", "thick", "thin", "wide", "narrow", "long", "short") {
      settings.scale = .off
      settings.stretch = .off
    }
    if names("shift", "offset", "misplace", "misalign", "position", "center", "centre", "displace", "eccentric") {
      settings.shift = .off
    }
    if names(
      "dark", "bright", "light", "color", "colour", "discolor", "discolour", "fade", "pale", "overexp", "underexp")
    {
      settings.brightness = .off
      settings.contrast = .off
      settings.gamma = .off
    }
    if names("noise", "noisy", "grain", "rough") { settings.noise = .off }
    return settings
  }

  /// One line per change that is made, for the model's card.
  public var card: [String] {
    var lines: [String] = []
    func percent(_ probability: Float) -> String { "\(Int((probability * 100).rounded())) %" }
    func number(_ value: Float) -> String {
      let thousandths = Int((value * 1000).rounded())
      if thousandths % 1000 == 0 { return "\(thousandths / 1000)" }
      var digits = String(abs(thousandths) % 1000)
      digits = String(repeating: "0", count: 3 - digits.count) + digits
      while digits.hasSuffix("0") { digits.removeLast() }
      return "\(thousandths < 0 ? "-" : "")\(abs(thousandths) / 1000).\(digits)"
    }
    func add(_ name: String, _ change: Change, _ unit: String) {
      guard change.probability > 0 else { return }
      lines.append(
        "\(name): \(number(change.low)) to \(number(change.high))\(unit), in \(percent(change.probability)) of images")
    }
    if flipHorizontal > 0 { lines.append("flip left to right: in \(percent(flipHorizontal)) of images") }
    if flipVertical > 0 { lines.append("flip top to bottom: in \(percent(flipVertical)) of images") }
    if quarterTurns > 0 { lines.append("quarter turns: in \(percent(quarterTurns)) of images") }
    add("rotate", rotate, " degrees")
    add("scale", scale, " times")
    add("stretch", stretch, " times")
    add("shift", shift, " of width and height")
    add("brightness", brightness, " of white added")
    add("contrast", contrast, " times")
    add("gamma", gamma, "")
    add("noise", noise, " of white (standard deviation)")
    add("blur", blur, " pixels (standard deviation)")
    add("cut-out", cutOut, " of width and height")
    add("mix-up", mixUp, " of another image")
    return lines.isEmpty ? ["none"] : lines
  }
}
