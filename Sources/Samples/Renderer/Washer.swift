/// One washer under one camera: all that is random about a picture, drawn from the seed before any pixel is made.
///
/// Lengths are in pixels of the picture, angles in turns; x goes right and y down.
struct Washer: Sendable {
  typealias Point = SIMD2<Float>

  struct Hole: Sendable {
    var centre: Point
    var radius: Float
    /// 1 is punched through; a lower value is how deep the mark of a punch is that did not go through.
    var depth: Float
  }

  /// A piece broken out of an edge.
  struct Chip: Sendable {
    var centre: Point
    var radius: Float
    /// Roughness of its outline, in pixels.
    var roughness: Float
    /// Width of the broken face that is seen beside the gap.
    var face: Float
    var faceLevel: Float
    var noise: LatticeNoise
  }

  struct Stain: Sendable {
    var centre: Point
    var radius: Float
    /// Ratio of its axes and the direction of the long one.
    var stretch: Float
    var axis: Point
    /// What is left of the light in its middle.
    var transmission: Float
    /// Where its border begins to fade, as a part of the radius.
    var softness: Float
    /// How much darker the dried rim is.
    var rim: Float
    /// Strength of rust-like grain.
    var grain: Float
    var noise: LatticeNoise
  }

  /// A line on the surface: scratch, scuff or crack.
  struct Stroke: Sendable {
    var points: [Point]
    /// Half-width at each point.
    var halfWidths: [Float]
    /// Grey levels in the middle of the line, and on the side turned to the light (a groove has a lit flank).
    var level: Float
    var flank: Float
    var isDefect: Bool
  }

  enum Finish: Sendable { case rolled, turned }

  var size: Int
  var centre: Point
  var outer: Float
  var bore: Float
  /// The part's own x axis in the picture.
  var axis: Point
  var holes: [Hole]
  var missing: Hole?
  var chip: Chip?
  var stain: Stain?
  var strokes: [Stroke] = []
  var oil: Stain?
  /// Specks of dust: position, radius, level.
  var dust: [(Point, Float, Float)] = []

  var finish: Finish
  var metal: Float
  var grain: Float
  /// Direction of the light in the picture, its slope over the part, and the strength of its reflections.
  var light: Point
  var gradient: Float
  var vignette: Float
  var highlight: Float
  var highlightOffset: Float
  var ring: Float
  var ringRadius: Float
  var rimWidth: Float
  var burr: Float
  var backing: Float
  var shadow: Float
  var blur: Float
  var noiseFloor: Float
  var shotNoise: Float
  var noises: [LatticeNoise]
  var sensor: UInt64

  init(_ kind: WashersRenderer.Kind, size: Int, random: inout SplitMix64) {
    let pixels = Float(size)
    self.size = size
    outer = pixels * random.uniform(0.385, 0.425)
    let room = pixels * 0.5 - outer - pixels * 0.02
    centre = Point(pixels * 0.5, pixels * 0.5) + Point(random.uniform(-room, room), random.uniform(-room, room)) * 0.8
    bore = outer * random.uniform(0.405, 0.425)
    let turn = random.unit()
    axis = Point(Turns.cosine(turn), Turns.sine(turn))
    finish = random.chance(0.6) ? .rolled : .turned
    metal = random.uniform(132, 172)
    grain = random.uniform(4, 9)
    let sun = random.unit()
    light = Point(Turns.cosine(sun), Turns.sine(sun))
    gradient = random.uniform(0.03, 0.2)
    vignette = random.uniform(0.04, 0.14)
    highlight = random.uniform(10, 34)
    highlightOffset = random.uniform(-0.5, 0.5)
    ring = random.chance(0.5) ? random.uniform(6, 20) : 0
    ringRadius = random.uniform(0.55, 0.9)
    rimWidth = pixels * random.uniform(0.009, 0.016)
    burr = random.uniform(0.08, 0.36)
    backing = random.uniform(36, 78)
    shadow = random.uniform(0.35, 0.7)
    blur = random.uniform(0.06, 0.16)
    noiseFloor = random.uniform(0.6, 1.1)
    shotNoise = random.uniform(0.05, 0.09)
    holes = []
    let first = random.index(4)
    for index in 0..<4 {
      let angle = turn + Float(index) * 0.25 + 0.125
      let at = centre + Point(Turns.cosine(angle), Turns.sine(angle)) * (outer * 0.715)
      let hole = Hole(centre: at, radius: outer * 0.088, depth: 1)
      if kind == .missingHole && index == first { missing = hole } else { holes.append(hole) }
    }
    if var mark = missing, random.chance(0.55) {
      // The punch broke short or the slug stayed in: a ring-shaped mark is left.
      mark.depth = random.uniform(0.15, 0.7)
      missing = mark
    } else {
      missing?.depth = 0
    }
    noises = []
    for _ in 0..<8 { noises.append(LatticeNoise(&random)) }
    sensor = random.next()

    addHarmless(&random)
    switch kind {
    case .good, .missingHole: break
    case .scratch: addScratch(&random)
    case .crack: addCrack(&random)
    case .stain: stain = makeStain(&random)
    case .chip: chip = makeChip(&random)
    }
  }

  /// A point on the flat of the washer, away from its holes.
  func surfacePoint(_ random: inout SplitMix64, margin: Float) -> Point {
    var point = centre
    for _ in 0..<40 {
      let angle = random.unit()
      let radius = random.uniform(bore + margin, outer - margin)
      point = centre + Point(Turns.cosine(angle), Turns.sine(angle)) * radius
      let clear = holes.allSatisfy { length(point - $0.centre) > $0.radius + margin }
      if clear { break }
    }
    return point
  }
}

@inline(__always) func length(_ v: SIMD2<Float>) -> Float {
  (v.x * v.x + v.y * v.y).squareRoot()
}

@inline(__always) func dot(_ a: SIMD2<Float>, _ b: SIMD2<Float>) -> Float {
  a.x * b.x + a.y * b.y
}
