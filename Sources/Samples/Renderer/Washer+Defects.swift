extension Washer {
  /// What good parts show as well: dust, faint scuffs, a thin film of oil.
  mutating func addHarmless(_ random: inout SplitMix64) {
    let unit = Float(size) / 192
    for _ in 0..<random.index(9) {
      let at = Point(random.uniform(0, Float(size)), random.uniform(0, Float(size)))
      dust.append((at, unit * random.uniform(0.4, 0.9), random.chance(0.6) ? random.uniform(8, 26) : -18))
    }
    for _ in 0..<random.index(4) {
      let level = random.uniform(-5, 6)
      strokes.append(
        line(
          &random, length: outer * random.uniform(0.15, 0.6), bend: 0.15, halfWidth: unit * random.uniform(0.35, 0.6),
          level: level, flank: 0, isDefect: false))
    }
    if random.chance(0.3) {
      oil = Stain(
        centre: surfacePoint(&random, margin: outer * 0.1), radius: outer * random.uniform(0.25, 0.5),
        stretch: random.uniform(1, 2), axis: axis, transmission: random.uniform(0.94, 1.04), softness: 0.2, rim: 0,
        grain: 0,
        noise: LatticeNoise(&random))
    }
  }

  /// One to three grooves side by side, a few pixels to most of the part long.
  mutating func addScratch(_ random: inout SplitMix64) {
    let unit = Float(size) / 192
    let isBright = random.chance(0.7)
    let level = isBright ? random.uniform(24, 64) : -random.uniform(22, 50)
    func groove() -> Stroke {
      line(
        &random, length: outer * random.uniform(0.22, 0.95), bend: random.uniform(-0.3, 0.3),
        halfWidth: unit * random.uniform(0.45, 1.15), level: level, flank: -level * random.uniform(0.1, 0.5),
        isDefect: true)
    }
    var main = groove()
    // A dark line that runs into an edge would be taken for a crack, and rightly.
    for _ in 0..<40 where !isBright && !main.points.allSatisfy({ edgeDistance($0) > outer * 0.03 }) { main = groove() }
    strokes.append(main)
    guard random.chance(0.35) else { return }
    let along = main.points[main.points.count - 1] - main.points[0]
    let across = Point(-along.y, along.x) / max(1, length(along))
    for index in 1...(1 + random.index(2)) {
      var other = main
      let shift = across * (unit * random.uniform(2.5, 5) * Float(index))
      for at in other.points.indices { other.points[at] += shift }
      other.level *= random.uniform(0.5, 1)
      other.flank *= random.uniform(0.5, 1)
      strokes.append(other)
    }
  }

  /// A jagged dark line that starts at an edge, where stamping tears, and may fork.
  mutating func addCrack(_ random: inout SplitMix64) {
    let unit = Float(size) / 192
    var start: Point
    var heading: Float
    let place = random.unit()
    if place < 0.3 && !holes.isEmpty {
      let hole = holes[random.index(holes.count)]
      heading = random.unit()
      start = hole.centre + Point(Turns.cosine(heading), Turns.sine(heading)) * (hole.radius * 0.95)
    } else {
      var angle = random.unit()
      for _ in 0..<20 {
        let edge = centre + Point(Turns.cosine(angle), Turns.sine(angle)) * (outer * 0.8)
        if holes.allSatisfy({ length(edge - $0.centre) > $0.radius * 2.2 }) { break }
        angle = random.unit()
      }
      let inward = place < 0.65
      start = centre + Point(Turns.cosine(angle), Turns.sine(angle)) * (inward ? outer * 0.995 : bore * 1.005)
      heading = inward ? angle + 0.5 : angle
    }
    heading += random.uniform(-0.08, 0.08)
    let level = -random.uniform(34, 105)
    let halfWidth = unit * random.uniform(0.5, 1.15)
    let span = outer * random.uniform(0.12, 0.5)
    let trunk = walk(&random, from: start, heading: heading, span: span, halfWidth: halfWidth, level: level)
    strokes.append(trunk)
    if random.chance(0.45), trunk.points.count > 4 {
      let fork = trunk.points[trunk.points.count / 2]
      let side: Float = random.chance(0.5) ? 0.1 : -0.1
      strokes.append(
        walk(
          &random, from: fork, heading: heading + side, span: span * random.uniform(0.25, 0.5),
          halfWidth: halfWidth * 0.7, level: level * 0.85))
    }
  }

  func makeStain(_ random: inout SplitMix64) -> Stain {
    let turn = random.unit()
    let rusty = random.chance(0.4)
    return Stain(
      centre: surfacePoint(&random, margin: outer * 0.06), radius: outer * random.uniform(0.09, 0.3),
      stretch: random.uniform(1, 1.9), axis: Point(Turns.cosine(turn), Turns.sine(turn)),
      transmission: rusty ? random.uniform(0.5, 0.78) : random.uniform(0.62, 0.88),
      softness: random.uniform(0.35, 0.85), rim: random.chance(0.5) ? random.uniform(0.04, 0.2) : 0,
      grain: rusty ? random.uniform(0.12, 0.3) : 0.03, noise: LatticeNoise(&random))
  }

  func makeChip(_ random: inout SplitMix64) -> Chip {
    var angle = random.unit()
    let fromBore = random.chance(0.25)
    let radius = outer * random.uniform(0.055, 0.15)
    for _ in 0..<20 {
      let at = centre + Point(Turns.cosine(angle), Turns.sine(angle)) * (outer * 0.85)
      if holes.allSatisfy({ length(at - $0.centre) > $0.radius + outer * 0.1 }) { break }
      angle = random.unit()
    }
    // The bite's centre lies near the edge line, so that its depth goes from a nick to a half disc.
    let depth = radius * random.uniform(-0.2, 0.55)
    let at = fromBore ? bore + depth * 0.6 : outer - depth * 0.6
    return Chip(
      centre: centre + Point(Turns.cosine(angle), Turns.sine(angle)) * at, radius: radius,
      roughness: radius * random.uniform(0.25, 0.5), face: Float(size) / 192 * random.uniform(1.2, 4.5),
      faceLevel: random.uniform(-48, 40), noise: LatticeNoise(&random))
  }

  /// Pixels from a point on the flat to the nearest edge; negative off the metal.
  private func edgeDistance(_ point: Point) -> Float {
    let radius = length(point - centre)
    let toHoles = holes.lazy.map { length(point - $0.centre) - $0.radius }.min() ?? outer
    return min(outer - radius, radius - bore, toHoles)
  }

  private func line(
    _ random: inout SplitMix64, length: Float, bend: Float, halfWidth: Float, level: Float, flank: Float,
    isDefect: Bool
  ) -> Stroke {
    let middle = surfacePoint(&random, margin: outer * 0.08)
    let turn = random.unit()
    let along = Point(Turns.cosine(turn), Turns.sine(turn)) * (length * 0.5)
    let across = Point(-along.y, along.x) * bend
    let steps = 12
    var stroke = Stroke(points: [], halfWidths: [], level: level, flank: flank, isDefect: isDefect)
    for step in 0...steps {
      let t = Float(step) / Float(steps) * 2 - 1
      stroke.points.append(middle + along * t + across * (1 - t * t))
      // Pressure comes and goes: thin at both ends.
      stroke.halfWidths.append(halfWidth * (0.35 + 0.65 * (1 - t * t)) * random.uniform(0.8, 1.1))
    }
    return stroke
  }

  private func walk(
    _ random: inout SplitMix64, from start: Point, heading: Float, span: Float, halfWidth: Float, level: Float
  ) -> Stroke {
    let step = Float(size) / 192 * 3.2
    let steps = max(3, Int(span / step))
    var stroke = Stroke(points: [start], halfWidths: [halfWidth], level: level, flank: 0, isDefect: true)
    var at = start
    var turn: Float = 0
    for index in 1...steps {
      turn = turn * 0.6 + random.uniform(-0.11, 0.11)
      let angle = heading + turn
      at += Point(Turns.cosine(angle), Turns.sine(angle)) * (step * random.uniform(0.7, 1.3))
      stroke.points.append(at)
      stroke.halfWidths.append(halfWidth * (1 - 0.75 * Float(index) / Float(steps)) * random.uniform(0.75, 1.2))
    }
    return stroke
  }
}
