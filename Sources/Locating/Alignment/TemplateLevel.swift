internal import CLocating
internal import Glibc
internal import Imaging

/// A template at one level of the pyramid: its pixels, and turned copies of it.
struct TemplateLevel: Sendable {
  let level: Int
  /// Places of the template's pixels from its centre, and their levels.
  let u: [Float]
  let v: [Float]
  /// Planes of `u.count` values: the template with mean 0 and norm 1, then by how much it changes with a shift along x and
  /// y, a turn and (if sizes vary) a growth, each without its share of the template and of a constant.
  let planes: [Float]
  let parameters: Int
  /// Products of the latter with each other.
  private let normal: [Double]
  /// How much a turn shows against shifts, 0 for a disc.
  let turnVisibility: Double
  let image: Image<Float>
  let mask: Image<UInt8>
  /// Exact size: the template's over 2^level.
  let width: Double
  let height: Double

  /// - Parameter image: the template at this level, `mask` its pixels that count.
  init(level: Int, image: Image<Float>, mask: Image<UInt8>, size: ImageSize, variesScale: Bool) {
    self.level = level
    self.image = image
    self.mask = mask
    let factor = Double(1 << level)
    width = Double(size.width) / factor
    height = Double(size.height) / factor
    var u: [Float] = [], v: [Float] = [], t: [Double] = [], changes = [[Double]](repeating: [], count: 4)
    for y in 0..<image.height {
      for x in 0..<image.width where mask[x, y] != 0 {
        let left = max(0, x - 1), right = min(image.width - 1, x + 1)
        let top = max(0, y - 1), bottom = min(image.height - 1, y + 1)
        let gx = Double(image[right, y] - image[left, y]) / Double(max(1, right - left))
        let gy = Double(image[x, bottom] - image[x, top]) / Double(max(1, bottom - top))
        let du = Double(x) + 0.5 - width / 2, dv = Double(y) + 0.5 - height / 2
        u.append(Float(du))
        v.append(Float(dv))
        t.append(Double(image[x, y]))
        for (index, value) in [gx, gy, du * gy - dv * gx, du * gx + dv * gy].enumerated() {
          changes[index].append(value)
        }
      }
    }
    self.u = u
    self.v = v
    let count = Double(max(1, t.count))
    let mean = t.reduce(0, +) / count
    for index in t.indices { t[index] -= mean }
    let norm = max(1e-9, t.reduce(0) { $0 + $1 * $1 }.squareRoot())
    for index in t.indices { t[index] /= norm }
    parameters = variesScale ? 4 : 3
    var planes = t.map { Float($0) }
    for index in 0..<parameters {
      var change = changes[index].map { $0 / norm }
      let mean = change.reduce(0, +) / count
      for at in change.indices { change[at] -= mean }
      var share = 0.0
      for at in change.indices { share += change[at] * t[at] }
      for at in change.indices { change[at] -= share * t[at] }
      changes[index] = change
      planes += change.map { Float($0) }
    }
    self.planes = planes
    var normal: [Double] = []
    for row in 0..<parameters {
      for column in 0..<parameters {
        var sum = 0.0
        for at in t.indices { sum += changes[row][at] * changes[column][at] }
        normal.append(sum)
      }
    }
    self.normal = normal
    let radius = (width * width + height * height) / 12
    turnVisibility = normal[2 * parameters + 2] / max(1e-12, (normal[0] + normal[parameters + 1]) / 2 * radius)
  }

  /// Correlation of the template with a picture at a place, and the step that improves it; nil for a picture without
  /// contrast there.
  func compare(_ pyramid: Pyramid, _ place: Placement) -> (score: Double, step: [Double])? {
    let factor = Double(1 << level)
    let radians = place.degrees * .pi / 180
    let a = cos(radians) * place.scale, b = sin(radians) * place.scale
    let map = [a, -b, place.x / factor, b, a, place.y / factor]
    var sums = [Double](repeating: 0, count: 7)
    let lanes = Int32(1 + parameters), count = u.count
    if level == 0 {
      let image = pyramid.base
      unsafe image.pixels.withUnsafeBufferPointer { pixels in
        unsafe clocating_sample_u8(
          pixels.baseAddress!, Int32(image.width), Int32(image.height), u, v, count, map, planes, lanes, &sums)
      }
    } else {
      let image = pyramid.halves[level - 1]
      unsafe image.pixels.withUnsafeBufferPointer { pixels in
        unsafe clocating_sample_f32(
          pixels.baseAddress!, Int32(image.width), Int32(image.height), u, v, count, map, planes, lanes, &sums)
      }
    }
    let energy = sums[1] - sums[0] * sums[0] / Double(count)
    // A standard deviation of less than half a level is no contrast.
    guard energy > 0.25 * Double(count) else { return nil }
    let score = sums[2] / energy.squareRoot()
    guard sums[2] > 0 else { return (score, [Double](repeating: 0, count: parameters)) }
    return (score, solved(sums[3..<3 + parameters].map { $0 / sums[2] }))
  }

  /// Solves the normal equations by elimination; a parameter that does not show stays.
  private func solved(_ right: [Double]) -> [Double] {
    let n = parameters
    var matrix = normal, right = right
    let scales = (0..<n).map { max(normal[$0 * n + $0], 1e-12) }
    for pivot in 0..<n {
      guard matrix[pivot * n + pivot] > 1e-3 * scales[pivot], scales[pivot] > 1e-12 else {
        for column in 0..<n { matrix[pivot * n + column] = column == pivot ? 1 : 0 }
        right[pivot] = 0
        for row in 0..<n where row != pivot { matrix[row * n + pivot] = 0 }
        continue
      }
      for row in 0..<n where row != pivot {
        let share = matrix[row * n + pivot] / matrix[pivot * n + pivot]
        if share == 0 { continue }
        for column in 0..<n { matrix[row * n + column] -= share * matrix[pivot * n + column] }
        right[row] -= share * right[pivot]
      }
    }
    return (0..<n).map { right[$0] / matrix[$0 * n + $0] }
  }
}

/// A place that a part may have: the template's centre in pixels of the frame.
struct Placement: Sendable {
  var x: Double
  var y: Double
  var degrees: Double
  var scale: Double
  var score: Double
}

/// A template turned and scaled, on whole pixels around its centre, for comparison at many places.
struct TurnedTemplate: Sendable {
  let degrees: Double
  let scale: Double
  let runs: [clocating_run]
  /// With mean 0 and norm 1.
  let values: [Float]
  let ones: [Float]

  /// - Parameter reach: pixels from the centre to each side of the square that holds it.
  init(_ source: TemplateLevel, degrees: Double, scale: Double, reach: Int) {
    self.degrees = degrees
    self.scale = scale
    let radians = -degrees * .pi / 180
    let a = cos(radians) / scale, b = sin(radians) / scale
    var runs: [clocating_run] = [], values: [Float] = []
    for line in 0..<2 * reach {
      var start: Int?
      for column in 0...2 * reach {
        let dx = Double(column) + 0.5 - Double(reach), dy = Double(line) + 0.5 - Double(reach)
        let x = a * dx - b * dy + source.width / 2, y = b * dx + a * dy + source.height / 2
        var value: Float?
        if column < 2 * reach && x >= 0 && y >= 0 && Int(x) < source.image.width && Int(y) < source.image.height
          && source.mask[Int(x), Int(y)] != 0
        {
          value = TurnedTemplate.sample(source.image, x, y)
        }
        if let value {
          if start == nil { start = column }
          values.append(value)
        } else if let first = start {
          let count = column - first
          runs.append(
            clocating_run(
              line: Int32(line), start: Int32(first), count: Int32(count), value: Int32(values.count - count)))
          start = nil
        }
      }
    }
    let mean = values.reduce(0) { $0 + Double($1) } / Double(max(1, values.count))
    let norm = max(1e-9, values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }.squareRoot())
    self.runs = runs
    self.values = values.map { Float((Double($0) - mean) / norm) }
    ones = [Float](repeating: 1, count: values.count)
  }

  private static func sample(_ image: Image<Float>, _ x: Double, _ y: Double) -> Float {
    let px = min(max(x - 0.5, 0), Double(image.width - 1)), py = min(max(y - 0.5, 0), Double(image.height - 1))
    let left = Int(px), top = Int(py)
    let right = min(left + 1, image.width - 1), bottom = min(top + 1, image.height - 1)
    let s = Float(px - Double(left)), t = Float(py - Double(top))
    let upper = image[left, top] + (image[right, top] - image[left, top]) * s
    let lower = image[left, bottom] + (image[right, bottom] - image[left, bottom]) * s
    return upper + (lower - upper) * t
  }
}
