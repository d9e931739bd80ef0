internal import Glibc

/// Applies plans to samples; holds the scratch planes, so that one augmenter per thread allocates nothing per image.
struct Augmenter {
  let preprocessing: Preprocessing
  /// Columns and rows of what comes out: those of the input, or of a crop.
  let size: (width: Int, height: Int)
  private var warped: [UInt8]
  /// The mask of the last image, after its geometry.
  private(set) var mask: [UInt8]
  private var blurred: [UInt8]
  private var table = [Float](repeating: 0, count: 256)

  init(_ preprocessing: Preprocessing, size: (width: Int, height: Int)? = nil) {
    self.preprocessing = preprocessing
    self.size = size ?? (preprocessing.width, preprocessing.height)
    let area = self.size.width * self.size.height
    warped = [UInt8](repeating: 0, count: area * preprocessing.channels)
    mask = [UInt8](repeating: 0, count: area)
    blurred = [UInt8](repeating: 0, count: area)
  }

  /// Normal numbers that noise is read from, at random places: making new ones costs more than all else together.
  private static let normals: [Float] = {
    var random = SplitMix64(seed: 0x6E6F_6973_65)
    return (0..<16_384).map { _ in random.normal() }
  }()

  /// Writes the changed and normalised image to `result` (channels x height x width from `offset`) and, where the
  /// sample has a mask, the changed mask to ``mask``.
  ///
  /// - Parameter window: first pixel of the crop in the changed image; nil where the whole of it is wanted.
  mutating func apply(
    _ plan: Augmentation.Plan, to sample: PreparedImage, into result: inout MutableSpan<Float>, at offset: Int,
    window: SIMD2<Int>? = nil
  ) {
    let size = self.size
    let fullWidth = preprocessing.width
    let fullHeight = preprocessing.height
    let whole = fullWidth * fullHeight
    let channels = preprocessing.channels
    let width = size.width
    let height = size.height
    let area = width * height
    precondition(sample.planes.count == whole * channels, "a sample of \(sample.planes.count) bytes, not \(whole)")
    precondition(window != nil || area == whole, "a crop needs a window")
    var map = plan.map
    if let window {
      map = map.windowed(x: Float(window.x), y: Float(window.y))
      if let source = sample.mask {
        var inPlace = mask.mutableSpan
        Warp.plane(
          source.span, width: fullWidth, height: fullHeight, map, into: &inPlace, size: size)
      }
    } else if plan.isGeometric, let source = sample.mask {
      var inPlace = mask.mutableSpan
      Warp.plane(source.span, width: width, height: height, map, into: &inPlace)
      // Turning and shifting must not push the defect out of the picture: then the label would be a lie.
      if map != plan.milder, Self.sum(mask.span) * 2 < Self.sum(source.span) {
        map = plan.milder
        var again = mask.mutableSpan
        Warp.plane(source.span, width: width, height: height, map, into: &again)
      }
    } else if let source = sample.mask {
      mask = source
    }
    var total = 0
    for channel in 0..<channels {
      var target = warped.mutableSpan
      var plane = target._mutatingExtracting(channel * area..<(channel + 1) * area)
      let source = sample.planes.span.extracting(channel * whole..<(channel + 1) * whole)
      Warp.plane(
        source, width: fullWidth, height: fullHeight, map, into: &plane, size: size)
      if plan.blur > 0 { blur(channel * area, width, height, plan.blur) }
      total += Self.sum(warped.span.extracting(channel * area..<(channel + 1) * area))
    }
    let mean = Float(total) / Float(area * channels) / 255
    for channel in 0..<channels {
      fillTable(plan, channel, mean)
      let from = channel * area
      let to = offset + channel * area
      let bytes = warped.span
      let lookup = table.span
      for index in 0..<area {
        // In bounds: the precondition above, and a table of 256.
        unsafe result[unchecked: to &+ index] = lookup[unchecked: Int(bytes[unchecked: from &+ index])]
      }
      if plan.noise > 0 { addNoise(plan.noise / preprocessing.std[channel], seed: plan.noiseSeed, &result, to, area) }
      if let cut = plan.cutOut { paint(cut, table[Int((mean * 255).rounded())], &result, to, width) }
    }
    if let cut = plan.cutOut, sample.mask != nil {
      for y in Int(cut.y)..<Int(cut.y + cut.w) {
        for x in Int(cut.x)..<Int(cut.x + cut.z) { mask[y * width + x] = 0 }
      }
    }
  }

  private mutating func fillTable(_ plan: Augmentation.Plan, _ channel: Int, _ mean: Float) {
    let isPlain = plan.gamma == 1 && plan.contrast == 1 && plan.brightness == 0
    let middle = plan.gamma == 1 ? mean : powf(mean, plan.gamma)
    for value in 0..<256 {
      var level = Float(value)
      if !isPlain {
        level /= 255
        if plan.gamma != 1 { level = powf(level, plan.gamma) }
        level = (level - middle) * plan.contrast + middle + plan.brightness
        level = min(1, max(0, level)) * 255
      }
      table[value] = preprocessing.normalized(level, channel: channel)
    }
  }

  private func addNoise(_ sigma: Float, seed: UInt64, _ result: inout MutableSpan<Float>, _ from: Int, _ count: Int) {
    var random = SplitMix64(seed: seed &+ UInt64(from))
    let normals = Self.normals.span
    var done = 0
    while done < count {
      let run = min(512, count - done)
      let start = random.index(normals.count - run)
      let strength = random.chance(0.5) ? sigma : -sigma
      for index in 0..<run {
        // In bounds: `start + run` is at most the table's size, `from + count` was checked by the caller.
        unsafe result[unchecked: from &+ done &+ index] += strength * normals[unchecked: start &+ index]
      }
      done += run
    }
  }

  private func paint(
    _ cut: SIMD4<Int32>, _ value: Float, _ result: inout MutableSpan<Float>, _ from: Int, _ width: Int
  ) {
    for y in Int(cut.y)..<Int(cut.y + cut.w) {
      for x in Int(cut.x)..<Int(cut.x + cut.z) { result[from + y * width + x] = value }
    }
  }

  /// A separable Gaussian of five taps: enough for a standard deviation of up to about 1.2 pixels, less than exact
  /// beyond.
  private mutating func blur(_ from: Int, _ width: Int, _ height: Int, _ sigma: Float) {
    let near = expf(-0.5 / (sigma * sigma))
    let far = expf(-2 / (sigma * sigma))
    let total = 1 + 2 * near + 2 * far
    let w1 = Int32((near / total * 4096).rounded())
    let w2 = Int32((far / total * 4096).rounded())
    let w0 = 4096 - 2 * w1 - 2 * w2
    func mixed(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, _ e: UInt8) -> UInt8 {
      let sum = w2 * (Int32(a) + Int32(e)) + w1 * (Int32(b) + Int32(d)) + w0 * Int32(c)
      return UInt8(truncatingIfNeeded: (sum + 2048) >> 12)
    }
    for y in 0..<height {
      let row = from + y * width
      for x in 0..<width {
        blurred[y * width + x] = mixed(
          warped[row + max(0, x - 2)], warped[row + max(0, x - 1)], warped[row + x],
          warped[row + min(width - 1, x + 1)],
          warped[row + min(width - 1, x + 2)])
      }
    }
    for y in 0..<height {
      let a = max(0, y - 2) * width
      let b = max(0, y - 1) * width
      let d = min(height - 1, y + 1) * width
      let e = min(height - 1, y + 2) * width
      for x in 0..<width {
        warped[from + y * width + x] = mixed(
          blurred[a + x], blurred[b + x], blurred[y * width + x], blurred[d + x], blurred[e + x])
      }
    }
  }

  static func sum(_ bytes: Span<UInt8>) -> Int {
    var total = 0
    for index in 0..<bytes.count { total &+= Int(bytes[index]) }
    return total
  }
}
