internal import CLocating
internal import Glibc
public import Imaging

extension PartAligner {
  /// Looks for the part in a frame.
  ///
  /// - Parameter box: where to look, in pixels of the frame: the template's centre is in it; nil for the whole frame.
  public func find(_ image: AnyImage, in box: PixelRect? = nil) -> Alignment { find(image.gray8(), in: box) }

  /// The same in a grey frame.
  public func find(_ image: Image<Gray8>, in box: PixelRect? = nil) -> Alignment {
    let top = coarse.level
    guard image.width >> top >= 2 && image.height >> top >= 2 else { return .notFound(bestScore: 0) }
    let pyramid = Pyramid(image, levels: top)
    var places = coarsePlaces(pyramid, box)
    if let fine { places = places.flatMap { finePlaces(pyramid, fine, $0) } }
    places.sort { $0.score > $1.score }
    // Refined one level at a time; what falls behind is left.
    var level = fine?.level ?? coarse.level
    places = Array(places.prefix(6))
    var best = refined(places, pyramid, level, steps: 6)
    // Pixel noise is no fault of the part: the score is that of the halved picture.
    var scored = best
    while level > 0 && !best.isEmpty {
      level -= 1
      best = refined(Array(best.prefix(level == 0 ? 1 : 2)), pyramid, level, steps: level == 0 ? 4 : 5)
      if level > 0 { scored = best }
      if best.isEmpty { scored = [] }
    }
    guard let place = best.first, let score = scored.first?.score else {
      return .notFound(bestScore: max(0, min(1, places.first?.score ?? 0)))
    }
    let result = max(0, min(1, score))
    guard result >= options.leastScore else { return .notFound(bestScore: result) }
    return .found(
      PartPose(
        x: place.x, y: place.y, degrees: showsAngle ? place.degrees : 0, scale: place.scale, score: result,
        templateSize: templateSize))
  }

  /// The best places at the coarsest level, with the best angle of each.
  private func coarsePlaces(_ pyramid: Pyramid, _ box: PixelRect?) -> [Placement] {
    let plane = pyramid.plane(coarse.level), factor = Double(1 << coarse.level), template = levels[coarse.level]
    // The template's centre stays so far inside that most of it is in view.
    let margin = 0.4 * min(template.width, template.height) * options.scales.lowerBound
    var left = Int(margin), right = plane.width - Int(margin), top = left, bottom = plane.height - Int(margin)
    if let box {
      left = max(left, Int((Double(box.x) / factor).rounded(.down)))
      right = min(right, Int((Double(box.x + box.width) / factor).rounded(.up)))
      top = max(top, Int((Double(box.y) / factor).rounded(.down)))
      bottom = min(bottom, Int((Double(box.y + box.height) / factor).rounded(.up)))
    }
    let columns = right - left + 1, rows = bottom - top + 1
    guard columns > 0 && rows > 0 else { return [] }
    var sheet = Sheet(plane, x: left, y: top, columns: columns, rows: rows, reach: coarse.reach)
    var best = [Float](repeating: -1, count: columns * rows), which = [Int](repeating: 0, count: columns * rows)
    for (index, template) in coarse.templates.enumerated() {
      sheet.correlate(template)
      for row in 0..<rows {
        for column in 0..<columns {
          let score = sheet.scores[row * sheet.outStride + column]
          if score > best[row * columns + column] {
            best[row * columns + column] = score
            which[row * columns + column] = index
          }
        }
      }
    }
    let apart = max(2, Int(0.3 * min(template.width, template.height)))
    var found: [Placement] = []
    while found.count < 4 {
      guard let peak = best.indices.max(by: { best[$0] < best[$1] }), best[peak] > 0.2 else { break }
      if let first = found.first, Double(best[peak]) < 0.75 * first.score { break }
      let x = peak % columns, y = peak / columns
      let template = coarse.templates[which[peak]]
      found.append(
        Placement(
          x: Double(left + x) * factor, y: Double(top + y) * factor, degrees: template.degrees, scale: template.scale,
          score: Double(best[peak])))
      for v in max(0, y - apart)...min(rows - 1, y + apart) {
        for u in max(0, x - apart)...min(columns - 1, x + apart) { best[v * columns + u] = -1 }
      }
    }
    return found
  }

  /// The best angles around one place, one level finer.
  private func finePlaces(_ pyramid: Pyramid, _ set: TurnedSet, _ place: Placement) -> [Placement] {
    let factor = Double(1 << set.level)
    let x = Int((place.x / factor).rounded()) - 3, y = Int((place.y / factor).rounded()) - 2
    var sheet = Sheet(pyramid.plane(set.level), x: x, y: y, columns: 8, rows: 5, reach: set.reach)
    var peaks: [Placement] = []
    for template in set.templates {
      sheet.correlate(template)
      var peak = Placement(x: 0, y: 0, degrees: template.degrees, scale: template.scale, score: -1)
      for row in 0..<5 {
        for column in 0..<8 where Double(sheet.scores[row * sheet.outStride + column]) > peak.score {
          peak.score = Double(sheet.scores[row * sheet.outStride + column])
          (peak.x, peak.y) = (Double(x + column) * factor, Double(y + row) * factor)
        }
      }
      peaks.append(peak)
    }
    peaks.sort { $0.score > $1.score }
    // Neighbouring angles are one peak.
    let template = levels[set.level]
    let step = 2.5 * 1.5 / ((template.width * template.width + template.height * template.height).squareRoot() / 2)
    var kept: [Placement] = []
    for peak in peaks where kept.count < 4 && peak.score > 0.2 {
      let isNew = kept.allSatisfy { other in
        var difference = abs(other.degrees - peak.degrees)
        if difference > 180 { difference = 360 - difference }
        return difference > step * 180 / .pi || abs(log(other.scale / peak.scale)) > step
      }
      if isNew { kept.append(peak) }
    }
    return kept
  }

  /// Places after some steps of improvement at a level, best first; without those that leave the allowed range.
  private func refined(_ places: [Placement], _ pyramid: Pyramid, _ level: Int, steps: Int) -> [Placement] {
    let template = levels[level], factor = Double(1 << level)
    let radius = (template.width * template.width + template.height * template.height).squareRoot() / 2
    var results: [Placement] = []
    for start in places {
      var place = start, best = start
      best.score = -1
      for step in 0...steps {
        guard let (score, change) = template.compare(pyramid, place) else { break }
        if score > best.score {
          best = place
          best.score = score
        } else if step > 1 {
          break
        }
        // A step further than the linear picture of the template holds is cut short.
        let longest = max(abs(change[0]), abs(change[1]), showsAngle ? abs(change[2]) * radius : 0)
        if longest < 0.003 { break }
        let share = min(1, 2 / longest)
        let radians = place.degrees * .pi / 180
        let du = change[0] * share * factor * place.scale, dv = change[1] * share * factor * place.scale
        place.x -= cos(radians) * du - sin(radians) * dv
        place.y -= sin(radians) * du + cos(radians) * dv
        if showsAngle { place.degrees -= change[2] * share * 180 / .pi }
        if change.count > 3 { place.scale /= 1 + change[3] * share }
      }
      if best.degrees > 180 { best.degrees -= 360 }
      if best.degrees <= -180 { best.degrees += 360 }
      if best.score > 0 && isAllowed(best, pyramid.base) { results.append(best) }
    }
    return results.sorted { $0.score > $1.score }
  }

  /// Angle and scale in range, up to what the search's steps may be off, and most of the template in view.
  private func isAllowed(_ place: Placement, _ image: Image<Gray8>) -> Bool {
    guard abs(place.degrees) <= options.maximumAngle + 1 || !showsAngle else { return false }
    guard place.scale > options.scales.lowerBound * 0.98 && place.scale < options.scales.upperBound * 1.02 else {
      return false
    }
    let pose = PartPose(
      x: place.x, y: place.y, degrees: place.degrees, scale: place.scale, score: 0, templateSize: templateSize)
    let map = pose.toSource
    var outside = 0
    for row in 0..<8 {
      for column in 0..<8 {
        let spot = map(
          x: (Double(column) + 0.5) / 8 * Double(templateSize.width),
          y: (Double(row) + 0.5) / 8 * Double(templateSize.height))
        let isIn = spot.x >= 0 && spot.y >= 0 && spot.x <= Double(image.width) && spot.y <= Double(image.height)
        if !isIn { outside += 1 }
      }
    }
    return outside <= 10
  }
}

/// A piece of a level laid out for correlation with turned templates, with its squares beside it.
struct Sheet {
  let columns: Int
  let rows: Int
  let outStride: Int
  private let stride: Int
  private var levels: [Float]
  private var squares: [Float]
  private var sums: [Float]
  private var sumsOfSquares: [Float]
  /// Correlations of the last template, -1...1, `outStride` apart from row to row.
  private(set) var scores: [Float]

  /// Centres of templates at (`x`, `y`) and up to `columns` and `rows` further. Outside the plane its edge is repeated.
  init(_ plane: Image<Float>, x: Int, y: Int, columns: Int, rows: Int, reach: Int) {
    self.columns = columns
    self.rows = rows
    // Kernels read and write whole groups of 32.
    outStride = columns + 32
    let width = columns + 2 * reach, height = rows + 2 * reach
    stride = width + 32
    levels = [Float](repeating: 0, count: stride * height + 32)
    squares = levels
    // Around the middle level the sums keep more of their digits.
    for row in 0..<height {
      let source = plane.row(min(max(y - reach + row, 0), plane.height - 1))
      for column in 0..<width {
        let value = source[min(max(x - reach + column, 0), plane.width - 1)] - 128
        levels[row * stride + column] = value
        squares[row * stride + column] = value * value
      }
    }
    scores = [Float](repeating: 0, count: outStride * rows + 32)
    sums = scores
    sumsOfSquares = scores
  }

  mutating func correlate(_ template: TurnedTemplate) {
    let columns = Int32(columns), rows = Int32(rows), count = Float(max(1, template.values.count))
    unsafe clocating_products(
      levels, stride, template.runs, template.runs.count, template.values, columns, rows, &scores, outStride)
    unsafe clocating_products(
      levels, stride, template.runs, template.runs.count, template.ones, columns, rows, &sums, outStride)
    unsafe clocating_products(
      squares, stride, template.runs, template.runs.count, template.ones, columns, rows, &sumsOfSquares, outStride)
    for at in 0..<outStride * self.rows {
      let energy = sumsOfSquares[at] - sums[at] * sums[at] / count
      // A standard deviation of less than half a level is no contrast.
      scores[at] = energy > 0.25 * count ? scores[at] / energy.squareRoot() : 0
    }
  }
}
