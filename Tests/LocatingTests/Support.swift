import Glibc
import Imaging

/// Seeded random numbers: SplitMix64 (Steele, Lea and Flood, 2014).
struct Random {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 0 ..< 1.
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * unit()
  }

  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  /// About normal, sigma 1: twelve uniform numbers would do; four are quick and light in the tails.
  mutating func normal() -> Double {
    let bits = next()
    let a = Double(bits & 0xFFFF) + Double(bits >> 16 & 0xFFFF) + Double(bits >> 32 & 0xFFFF) + Double(bits >> 48)
    return (a / 65536 - 2) * 1.7320508
  }
}

func makeImage<Pixel>(_ width: Int, _ height: Int, _ pixel: (Int, Int) -> Pixel) -> Image<Pixel> {
  var pixels: [Pixel] = []
  pixels.reserveCapacity(width * height)
  for y in 0..<height { for x in 0..<width { pixels.append(pixel(x, y)) } }
  return Image(width: width, height: height, pixels: pixels)
}

func byte(_ value: Double) -> UInt8 { UInt8(min(255, max(0, value + 0.5))) }

/// A picture with structure at all scales and no symmetry, the same in Python:
/// `(x * 7 + y * 13 + (x * y) % 31 * 3) % 256`.
func sampleGray(_ width: Int, _ height: Int) -> Image<Gray8> {
  makeImage(width, height) { x, y in UInt8((x * 7 + y * 13 + (x * y) % 31 * 3) % 256) }
}

/// Processor time of the shortest of several runs, in milliseconds: other programs on the machine do not count.
func milliseconds(_ runs: Int = 7, _ body: () -> Void) -> Double {
  func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) * 1e-6
  }
  var best = Double.infinity
  for _ in 0..<runs {
    let start = now()
    body()
    best = min(best, now() - start)
  }
  return best
}
