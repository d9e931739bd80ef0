/// Sine and cosine of an angle in turns, by polynomial: only operations that IEEE 754 defines to the last bit, so
/// that what is made from them is the same on every machine.
enum Turns {
  /// Error below 1e-6.
  static func sine(_ turns: Float) -> Float {
    var t = turns - turns.rounded(.down)
    // Fold to [-1/4, 1/4], where the series converges fast.
    if t > 0.75 { t -= 1 } else if t > 0.25 { t = 0.5 - t }
    let x = t * 6.283_185_5
    let x2 = x * x
    let tail = x2 * (-0.000_198_412_7 + x2 * (0.000_002_755_731 - x2 * 2.505_21e-8))
    return x * (1 + x2 * (-0.166_666_67 + x2 * (0.008_333_333 + tail)))
  }

  static func cosine(_ turns: Float) -> Float {
    sine(turns + 0.25)
  }
}

/// Value noise on an integer lattice, smooth between its points, in 0...1.
struct LatticeNoise: Sendable {
  var seed: UInt64

  init(_ random: inout SplitMix64) {
    seed = random.next()
  }

  @inline(__always) private func lattice(_ x: Int32, _ y: Int32) -> Float {
    // 32-bit mixing: this runs four times per sample and per pixel.
    var h = UInt32(bitPattern: x) &* 0x9E37_79B1 ^ UInt32(truncatingIfNeeded: seed)
    h = (h ^ (h >> 15)) &* 0x85EB_CA6B
    h ^= UInt32(bitPattern: y) &* 0xC2B2_AE35 ^ UInt32(truncatingIfNeeded: seed >> 32)
    h = (h ^ (h >> 13)) &* 0x27D4_EB2F
    h = (h ^ (h >> 16)) &* 0x85EB_CA6B
    return Float(h >> 8) * 0x1p-24
  }

  func callAsFunction(_ x: Float, _ y: Float) -> Float {
    let fx = x.rounded(.down)
    let fy = y.rounded(.down)
    let ix = Int32(fx)
    let iy = Int32(fy)
    var tx = x - fx
    var ty = y - fy
    tx = tx * tx * (3 - 2 * tx)
    ty = ty * ty * (3 - 2 * ty)
    let a = lattice(ix, iy)
    let b = lattice(ix &+ 1, iy)
    let c = lattice(ix, iy &+ 1)
    let d = lattice(ix &+ 1, iy &+ 1)
    let top = a + (b - a) * tx
    return top + (c + (d - c) * tx - top) * ty
  }

  /// Three octaves, in 0...1.
  func cloud(_ x: Float, _ y: Float) -> Float {
    0.57 * self(x, y) + 0.29 * self(x * 2.03 + 17, y * 2.03 + 5) + 0.14 * self(x * 4.1 + 3, y * 4.1 + 29)
  }
}

@inline(__always) func clamp01(_ x: Float) -> Float {
  min(1, max(0, x))
}

/// 0 below `low`, 1 above `high`, smooth between.
@inline(__always) func smoothStep(_ low: Float, _ high: Float, _ x: Float) -> Float {
  let t = clamp01((x - low) / (high - low))
  return t * t * (3 - 2 * t)
}
