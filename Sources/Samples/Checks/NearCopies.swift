internal import Threads

/// Finds images that show the same picture: encoded anew, resized, brightened, mirrored or turned.
///
/// Parts of one kind look alike, so alikeness as a whole proves nothing. Compared is fine detail, less what is common
/// to the whole set: there two shots of different parts agree no more than noise does. Candidates come from 128-bit
/// sign hashes of random projections (Charikar 2002, doi 10.1145/509907.509965) and are confirmed by correlation.
struct NearCopies {
  struct Pair: Sendable, Hashable {
    var first: Int
    var second: Int
    /// Correlation of the details, up to 1.
    var likeness: Float
    /// The second is a mirrored or turned copy.
    var isTurned: Bool
  }

  /// Correlation from which two images count as copies. Unrelated details of 4096 values stay below 0.1.
  static let threshold: Float = 0.75
  /// Differing bits up to which correlation is computed. At the threshold about 29 of 128 differ (standard deviation
  /// 4.8), for unrelated images 64 (5.7).
  private static let candidateBits = 44

  /// All pairs for which `isWanted` holds.
  static func pairs(
    _ details: [[Float]], threads: Int, isWanted: @escaping @Sendable (Int, Int) -> Bool
  ) -> [Pair] {
    guard details.count > 1 else { return [] }
    let count = Look.side * Look.side
    var mean = [Float](repeating: 0, count: count)
    // With few images the mean would hold too much of each of them.
    if details.count >= 20 {
      for detail in details { for index in 0..<count { mean[index] += detail[index] } }
      for index in 0..<count { mean[index] /= Float(details.count) }
    }
    let common = mean
    let projection = Projection()
    // Eight views of each image: as it is, and mirrored and turned.
    let hashes = Parallel.map(details.count, threads: threads) { index in
      (0..<8).map { view in hash(unit(viewed(details[index], view), common), projection) }
    }.flatMap { $0 }
    let found = Parallel.map(details.count, threads: threads) { first -> [Pair] in
      var found: [Pair] = []
      var base: [Float] = []
      for second in first + 1..<details.count {
        var best: Pair?
        for view in 0..<8 {
          let distance = (hashes[first * 8] ^ hashes[second * 8 + view]).nonzeroBitCount
          guard distance <= candidateBits, isWanted(first, second) else { continue }
          if base.isEmpty { base = unit(details[first], common) }
          let likeness = correlation(base, unit(viewed(details[second], view), common))
          if likeness >= threshold && likeness > best?.likeness ?? 0 {
            best = Pair(first: first, second: second, likeness: likeness, isTurned: view != 0)
          }
        }
        if let best { found.append(best) }
      }
      return found
    }
    return found.flatMap { $0 }
  }

  /// Less the common part, with length 1; all 0 where nothing is left (a blank image is no copy of another).
  private static func unit(_ detail: [Float], _ common: [Float]) -> [Float] {
    var result = detail
    var square: Float = 0
    for index in result.indices {
      result[index] -= common[index]
      square += result[index] * result[index]
    }
    // Details have a deviation of at most 1; below a tenth there is only rounding.
    guard square > 0.01 * Float(result.count) else { return [Float](repeating: 0, count: result.count) }
    let factor = 1 / square.squareRoot()
    for index in result.indices { result[index] *= factor }
    return result
  }

  /// View 0 is the image itself; bit 0 mirrors left to right, bit 1 top to bottom, bit 2 exchanges x and y.
  private static func viewed(_ detail: [Float], _ view: Int) -> [Float] {
    guard view != 0 else { return detail }
    let side = Look.side
    var result = detail
    for y in 0..<side {
      for x in 0..<side {
        let (u, v) = view & 4 == 0 ? (x, y) : (y, x)
        result[y * side + x] = detail[(view & 2 == 0 ? v : side - 1 - v) * side + (view & 1 == 0 ? u : side - 1 - u)]
      }
    }
    return result
  }

  /// Signs that values are multiplied with, and the 128 coefficients that give a hash its bits.
  private struct Projection: Sendable {
    var signs: [Float]
    var picks: [Int]

    init() {
      var random = SplitMix64(seed: 0x6861_7368)
      let count = Look.side * Look.side
      signs = (0..<count).map { _ in random.chance(0.5) ? 1 : -1 }
      var all = Array(0..<count)
      random.shuffle(&all)
      picks = Array(all.prefix(128))
    }
  }

  /// Random signs and a Walsh-Hadamard transform: as good as 128 random projections (Ailon and Chazelle 2009,
  /// doi 10.1137/060673096) for the price of twelve additions per value.
  private static func hash(_ values: [Float], _ projection: Projection) -> UInt128 {
    var work = values
    for index in work.indices { work[index] *= projection.signs[index] }
    var half = work.count / 2
    var span = work.mutableSpan
    while half >= 1 {
      for block in stride(from: 0, to: values.count, by: 2 * half) {
        for index in block..<block + half {
          // In bounds: blocks of `2 * half` tile the power of two that `count` is.
          let a = unsafe span[unchecked: index]
          let b = unsafe span[unchecked: index &+ half]
          unsafe span[unchecked: index] = a + b
          unsafe span[unchecked: index &+ half] = a - b
        }
      }
      half /= 2
    }
    var bits: UInt128 = 0
    for (bit, pick) in projection.picks.enumerated() where work[pick] > 0 { bits |= 1 << UInt128(bit) }
    return bits
  }

  private static func correlation(_ a: [Float], _ b: [Float]) -> Float {
    var sums = SIMD8<Float>.zero
    let a = a.span
    let b = b.span
    for index in stride(from: 0, to: a.count, by: 8) {
      for lane in 0..<8 { sums[lane] += a[index + lane] * b[index + lane] }
    }
    return sums.sum()
  }
}
