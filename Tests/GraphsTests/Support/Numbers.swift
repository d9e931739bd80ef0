import Glibc
import Graphs

/// Numbers between -1 and 1 that any language can make: `((i * 7919 + seed * 104729) mod 1009) / 504.5 - 1`.
func numbers(_ shape: [Int], seed: Int) -> Constant {
  let count = shape.reduce(1, *)
  return Constant((0..<count).map { Float(($0 * 7919 + seed * 104_729) % 1009) / 504.5 - 1 }, shape: shape)
}

/// The largest difference, infinite where shapes differ or exactly one side is not a number.
func difference(_ a: Constant?, _ b: Constant?) -> Float {
  guard let a, let b, a.shape == b.shape, let first = a.floats, let second = b.floats else { return .infinity }
  return difference(first, second)
}

func difference(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  var largest: Float = 0
  for (x, y) in zip(a, b) {
    if x == y || (x.isNaN && y.isNaN) { continue }
    let distance = abs(x - y)
    if !(distance <= largest) { largest = distance.isNaN ? .infinity : distance }
  }
  return largest
}

func environment(_ name: String) -> String? {
  unsafe getenv(name).map { unsafe String(cString: $0) }
}

func fileExists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

func removeFile(_ path: String) { unsafe unlink(path) }
