/// A product's weights as integers with a scale for each output channel.
struct RoundedWeights {
  var scales: [Float]
  /// As the weights lie.
  var integers: [Int8]

  /// - Parameters:
  ///   - product: whose weights these are.
  ///   - inputLimit: what the unsigned integers that they are multiplied with come to.
  ///   - leastScale: of each output channel.
  init(_ product: QuantizedProduct, inputLimit: Int, leastScale: [Float]) {
    scales = [Float](repeating: 1, count: product.channels)
    integers = [Int8](repeating: 0, count: product.values.count)
    let positions = product.positions
    for channel in scales.indices {
      let own = positions[channel]
      let values = own.map { product.values[$0] }
      let scale = max(
        RoundedWeights.scale(values, inputs: product.inputs, inputLimit: inputLimit), leastScale[channel])
      scales[channel] = scale
      let rounded = RoundedWeights.round(values.map { $0 / scale }, inputs: product.inputs)
      for (position, integer) in zip(own, rounded) { integers[position] = Int8(min(max(integer, -127), 127)) }
    }
  }

  /// The least scale with which no two neighbouring products leave 16 bits.
  ///
  /// Processors without VNNI multiply unsigned by signed bytes with `vpmaddubsw`, which adds two neighbouring products in
  /// 16 bits and saturates. Neighbours are two of four weights in a row, in the order of taps and then input channels that
  /// integer kernels take them in, by which four make a step. Where there are fewer channels, kernels differ: any two.
  private static func scale(_ values: [Float], inputs: Int, inputLimit: Int) -> Float {
    let largest = values.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else { return 1 }
    // Rounding can add nearly one to each of the two.
    let budget = Float(Int(Int16.max) / inputLimit - 2)
    var pair: Float = 0
    if inputs < 4 {
      pair = largestPair(values[...])
    } else {
      for start in stride(from: 0, to: values.count, by: 4) {
        pair = max(pair, largestPair(values[start..<min(start + 4, values.count)]))
      }
      // Other kernels begin anew at each tap.
      for tap in stride(from: 0, to: inputs.isMultiple(of: 4) ? 0 : values.count, by: inputs) {
        for start in stride(from: tap, to: tap + inputs, by: 4) {
          pair = max(pair, largestPair(values[start..<min(start + 4, tap + inputs)]))
        }
      }
    }
    return max(largest / 127, pair / budget, Quantization.leastScale)
  }

  /// The largest sum of two weights of one sign.
  private static func largestPair(_ values: ArraySlice<Float>) -> Float {
    var (positive, negative) = ((first: Float(0), second: Float(0)), (first: Float(0), second: Float(0)))
    for value in values {
      if value > positive.first {
        positive = (value, positive.first)
      } else if value > positive.second {
        positive.second = value
      }
      if -value > negative.first {
        negative = (-value, negative.first)
      } else if -value > negative.second {
        negative.second = -value
      }
    }
    return max(positive.first + positive.second, negative.first + negative.second)
  }

  /// Rounds so that each input channel's sum over the taps is the nearest to what it was: the weights that are nearest to
  /// the other neighbour go there.
  ///
  /// Neighbouring pixels are much alike, so what a window's weights sum to is what most of its result comes from. Rounded
  /// each to the nearest, they shift a result by as much as the brightness of the place: on the NEU surface set this
  /// halves the mean change of a probability. Adaptive rounding (Nagel et al. 2020, arXiv 2004.10568) has the same aim,
  /// with optimisation over data.
  ///
  /// - Parameter values: in steps, `[taps, inputs]`.
  static func round(_ values: [Float], inputs: Int) -> [Int] {
    var result = values.map { Int($0.rounded(.toNearestOrEven)) }
    let taps = values.count / max(1, inputs)
    guard taps > 1 else { return result }
    for input in 0..<inputs {
      let places = (0..<taps).map { $0 * inputs + input }
      let rest = places.reduce(Float(0)) { $0 + values[$1] - Float(result[$1]) }
      let count = Int(rest.rounded(.toNearestOrEven))
      guard count != 0 else { continue }
      let sign = count > 0 ? 1 : -1
      // The earlier tap where two are as near, so that the result is the same every time.
      let order = places.sorted {
        let (a, b) = (values[$0] - Float(result[$0]), values[$1] - Float(result[$1]))
        return a == b ? $0 < $1 : (sign > 0 ? a > b : a < b)
      }
      for place in order.prefix(abs(count)) { result[place] += sign }
    }
    return result
  }
}
