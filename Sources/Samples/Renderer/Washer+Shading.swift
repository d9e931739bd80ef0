internal import Imaging

extension Washer {
  /// What geometry says about one pixel.
  private struct Surface {
    /// Signed distance to the nearest edge in pixels, negative on metal.
    var distance: Float
    /// Direction that the nearest edge faces.
    var normal: Point
    /// The nearest edge is a broken one.
    var isBroken: Bool
    /// Inside the bite of the chip, or on its broken face.
    var inChip: Bool
  }

  /// The picture and, for a defect, its mask (255 on the defect).
  func picture() -> (image: Image<UInt8>, mask: Image<UInt8>) {
    var levels = [Float](repeating: 0, count: size * size)
    var mask = [UInt8](repeating: 0, count: size * size)
    let lines = strokeLayer()
    for y in 0..<size {
      for x in 0..<size {
        let at = y * size + x
        let p = Point(Float(x) + 0.5, Float(y) + 0.5)
        let d = p - centre
        let r = length(d)
        let n = d / max(1, r)
        let surface = self.surface(p, r, n)
        let cover = clamp01(0.5 - surface.distance)
        var level: Float = 0
        var isDefect = surface.inChip
        if cover > 0 {
          var metal = metalLevel(d, r, n)
          if let oil { metal *= 1 - stainAlpha(oil, p).alpha * (1 - oil.transmission) }
          if let stain {
            let (alpha, rho) = stainAlpha(stain, p)
            let edge = (rho - 0.86) / 0.07
            metal *= 1 - alpha * (1 - stain.transmission) - alpha * stain.rim / (1 + edge * edge)
            metal *= 1 + stain.grain * alpha * (noises[5](p.x * 0.45, p.y * 0.45) - 0.5) * 2
            if alpha > 0.35 { isDefect = true }
          }
          metal += rim(surface, p)
          if let missing {
            metal += punchMark(missing, p)
            if length(p - missing.centre) < missing.radius + 1 { isDefect = true }
          }
          metal += lines.levels[at]
          if lines.isDefect[at] { isDefect = true }
          level += cover * metal
          if isDefect && cover < 0.5 && !surface.inChip { isDefect = false }
        }
        if cover < 1 { level += (1 - cover) * backingLevel(p, d) }
        if isDefect { mask[at] = 255 }
        levels[at] = level
      }
    }
    addDust(&levels)
    return (Image(width: size, height: size, pixels: sensed(levels)), Image(width: size, height: size, pixels: mask))
  }

  private func surface(_ p: Point, _ r: Float, _ n: Point) -> Surface {
    let ragged = burr * (noises[0](n.x * 24 + 40, n.y * 24 + 40) - 0.5) * 2
    var best = Surface(distance: r - outer + ragged, normal: n, isBroken: false, inChip: false)
    if bore - r + ragged * 0.6 > best.distance {
      best.distance = bore - r + ragged * 0.6
      best.normal = -n
    }
    for hole in holes {
      let to = hole.centre - p
      let far = length(to)
      let distance = hole.radius - far + ragged * 0.4
      if distance > best.distance {
        best.distance = distance
        best.normal = to / max(0.5, far)
      }
    }
    guard let chip else { return best }
    let to = chip.centre - p
    let far = length(to)
    let direction = to / max(0.5, far)
    let bite = chip.radius + chip.roughness * (chip.noise.cloud(direction.x * 1.6 + 9, direction.y * 1.6 + 9) - 0.5) * 2
    let distance = bite - far
    // The part's outline without the chip decides what was broken away.
    if distance > -chip.face && best.distance < 0.5 { best.inChip = true }
    if distance > best.distance {
      best.distance = distance
      best.normal = direction
      best.isBroken = true
    }
    return best
  }

  /// Grey level of the flat metal before edges and defects.
  private func metalLevel(_ d: Point, _ r: Float, _ n: Point) -> Float {
    let u = dot(d, axis) / outer
    let v = (axis.x * d.y - axis.y * d.x) / outer
    let blotch = noises[1].cloud(u * 2.1 + 60, v * 2.1 + 60) - 0.5
    var level = metal + blotch * 16
    let texture: Float
    switch finish {
    case .rolled:
      texture = 0.6 * noises[2](u * 3.5 + 90, v * 30 + 90) + 0.4 * noises[3](u * 8 + 90, v * 62 + 90)
      let band = (v - highlightOffset) / 0.3
      level += highlight / (1 + band * band)
    case .turned:
      let wobble = noises[3](n.x * 1.5 + 20, n.y * 1.5 + 20)
      texture = 0.6 * noises[2](r * 0.42 + wobble * 3, n.x * 1.3 + 50) + 0.4 * noises[3](r * 0.9, n.y * 2.2 + 50)
      // The grooves of a turned face mirror the lamp in two opposite fans.
      let c = dot(n, light)
      let c4 = c * c * c * c
      level += highlight * 1.3 * c4 * c4 - highlight * 0.3
    }
    level += grain * (texture - 0.5) * 2 + 3 * (noises[4](d.x * 0.5 + 200, d.y * 0.5 + 200) - 0.5)
    if ring > 0 {
      let reflection = (r / outer - ringRadius) / 0.05
      level += ring / (1 + reflection * reflection)
    }
    return level * lighting(d)
  }

  private func lighting(_ d: Point) -> Float {
    let half = Float(size) * 0.5
    let away = d + centre - Point(half, half)
    return (1 + gradient * dot(d, light) / outer) * (1 - vignette * dot(away, away) / (half * half))
  }

  /// Rounded edges catch the light on one side and lose it on the other; burrs glint.
  private func rim(_ surface: Surface, _ p: Point) -> Float {
    let depth = -surface.distance
    let facing = dot(surface.normal, light)
    if surface.isBroken, let chip, depth < chip.face {
      let rough = noises[6](p.x * 0.6, p.y * 0.6) - 0.5
      return (1 - smoothStep(chip.face * 0.6, chip.face, depth)) * (chip.faceLevel + rough * 46 + facing * 22)
    }
    let slope = 1 - smoothStep(0, rimWidth, depth)
    let glint = 1 - smoothStep(0, 1.3, depth)
    let along = noises[7](p.x * 0.25, p.y * 0.25)
    return slope * (8 + 46 * facing) + glint * burr * 70 * along * (0.5 + 0.5 * facing)
  }

  private func punchMark(_ hole: Hole, _ p: Point) -> Float {
    guard hole.depth > 0 else { return 0 }
    let to = p - hole.centre
    let far = length(to)
    let line = (far - hole.radius) / 1.1
    var level = -62 * hole.depth / (1 + line * line)
    let inner = (far - hole.radius + 2) / 1.2
    level += 20 * hole.depth * dot(to, light) / max(1, far) / (1 + inner * inner)
    return level
  }

  private func stainAlpha(_ stain: Stain, _ p: Point) -> (alpha: Float, rho: Float) {
    let to = p - stain.centre
    let a = dot(to, stain.axis)
    let b = (stain.axis.x * to.y - stain.axis.y * to.x) * stain.stretch
    let far = (a * a + b * b).squareRoot() / stain.radius
    guard far < 2 else { return (0, 2) }
    let scale = 1.7 / stain.radius
    let rho = far + (stain.noise.cloud(to.x * scale + 30, to.y * scale + 30) - 0.5) * 1.1
    return (1 - smoothStep(stain.softness, 1.02, rho), rho)
  }

  private func backingLevel(_ p: Point, _ d: Point) -> Float {
    let weave = 0.5 * noises[4](p.x * 0.5, p.y * 0.16) + 0.5 * noises[5](p.x * 0.16, p.y * 0.5)
    let blotch = noises[6].cloud(p.x * 0.02 + 7, p.y * 0.02 + 7) - 0.5
    var level = backing + 26 * (weave - 0.5) + 22 * blotch
    let from = length(d + light * (outer * 0.045))
    let outside = max(from - outer, bore - from)
    level *= 1 - shadow * (1 - smoothStep(-outer * 0.03, outer * 0.09, outside))
    return level * lighting(d)
  }

  /// Strokes as grey levels to add, and where they are a defect.
  private func strokeLayer() -> (levels: [Float], isDefect: [Bool]) {
    var levels = [Float](repeating: 0, count: size * size)
    var isDefect = [Bool](repeating: false, count: size * size)
    for stroke in strokes {
      var cover = [Float](repeating: 0, count: size * size)
      var flank = [Float](repeating: 0, count: size * size)
      for index in 1..<stroke.points.count {
        let a = stroke.points[index - 1]
        let b = stroke.points[index]
        let ab = b - a
        let squared = max(dot(ab, ab), 1e-6)
        let side = Point(-ab.y, ab.x) / squared.squareRoot()
        let reach = max(stroke.halfWidths[index - 1], stroke.halfWidths[index]) + 2.5
        let columns = clipped(min(a.x, b.x) - reach)..<clipped(max(a.x, b.x) + reach + 1)
        for y in clipped(min(a.y, b.y) - reach)..<clipped(max(a.y, b.y) + reach + 1) {
          for x in columns {
            let p = Point(Float(x) + 0.5, Float(y) + 0.5) - a
            let t = clamp01(dot(p, ab) / squared)
            let half = stroke.halfWidths[index - 1] * (1 - t) + stroke.halfWidths[index] * t
            let far = length(p - ab * t)
            let at = y * size + x
            // A line thinner than a pixel dims instead of breaking up.
            let covered = clamp01(half + 0.5 - far) * min(1, half * 2)
            if covered > cover[at] { cover[at] = covered }
            let beside = clamp01(half + 1.7 - far) * dot(side, light) * (dot(p, side) > 0 ? 1 : -1)
            if abs(beside) > abs(flank[at]) { flank[at] = beside }
          }
        }
      }
      for at in levels.indices where cover[at] > 0 || flank[at] != 0 {
        levels[at] += stroke.level * cover[at] + stroke.flank * flank[at] * (1 - cover[at])
        // As far as it can be seen: a crack's tail thins out to a fraction of a pixel.
        if stroke.isDefect && (cover[at] > 0.25 || cover[at] * abs(stroke.level) > 5) { isDefect[at] = true }
      }
    }
    return (levels, isDefect)
  }

  private func clipped(_ x: Float) -> Int {
    Int(min(Float(size), max(0, x)))
  }

  private func addDust(_ levels: inout [Float]) {
    for (at, radius, level) in dust {
      for y in clipped(at.y - 3)..<clipped(at.y + 4) {
        for x in clipped(at.x - 3)..<clipped(at.x + 4) {
          let far = length(Point(Float(x) + 0.5, Float(y) + 0.5) - at)
          levels[y * size + x] += level * clamp01(radius + 0.5 - far)
        }
      }
    }
  }

  /// The lens blurs a little, the sensor adds noise and rounds to 8 bits.
  private func sensed(_ levels: [Float]) -> [UInt8] {
    var rows = levels
    for y in 0..<size {
      for x in 0..<size {
        let left = levels[y * size + max(0, x - 1)]
        let right = levels[y * size + min(size - 1, x + 1)]
        rows[y * size + x] = levels[y * size + x] * (1 - 2 * blur) + (left + right) * blur
      }
    }
    var random = SplitMix64(seed: sensor)
    var pixels = [UInt8](repeating: 0, count: size * size)
    for y in 0..<size {
      for x in 0..<size {
        let up = rows[max(0, y - 1) * size + x]
        let down = rows[min(size - 1, y + 1) * size + x]
        let level = min(255, max(0, rows[y * size + x] * (1 - 2 * blur) + (up + down) * blur))
        let noise = (noiseFloor + shotNoise * level.squareRoot()) * random.normal()
        pixels[y * size + x] = UInt8(min(254.5, max(0, level + noise)) + 0.5)
      }
    }
    return pixels
  }
}
