public import Tensors

#if canImport(Glibc)
  import Glibc
#endif

func exponential(_ x: Double) -> Double { exp(x) }

extension Twin {
  public static func activated(_ x: [Double], _ activation: Activation) -> [Double] {
    x.map { x in
      switch activation {
      case .relu: max(x, 0)
      case .leakyReLU(let slope): x > 0 ? x : Double(slope) * x
      case .silu: x / (1 + exp(-x))
      case .gelu: x * (1 + erf(x / 2.0.squareRoot())) / 2
      case .sigmoid: 1 / (1 + exp(-x))
      case .tanh: tanh(x)
      }
    }
  }

  /// As PyTorch's `cross_entropy` with probabilities, with class weights and a weight for each position.
  public static func crossEntropy(
    _ x: [Double], _ s: Shape, _ targets: [Float], classWeights: [Float]? = nil, weights: [Float]? = nil
  ) -> [Double] {
    let p = softmax(x, s)
    var total = 0.0
    var normalizer = 0.0
    for i in x.indices {
      let position = i / (s[1] * s.pixels) * s.pixels + i % s.pixels
      let weight = Double(weights?[position] ?? 1)
      total -= weight * Double(classWeights?[i / s.pixels % s[1]] ?? 1) * Double(targets[i]) * log(p[i])
      if i / s.pixels % s[1] == 0 { normalizer += weight }
    }
    return [total / normalizer]
  }

  public static func binaryCrossEntropy(
    _ x: [Double], _ targets: [Float], positiveWeight: Double = 1, weights: [Float]? = nil
  ) -> [Double] {
    mean(x, weights) { i in
      let p = 1 / (1 + exp(-x[i]))
      let t = Double(targets[i])
      return -(positiveWeight * t * log(p) + (1 - t) * log(1 - p))
    }
  }

  public static func focal(_ x: [Double], _ targets: [Float], gamma: Double, alpha: Double, weights: [Float]? = nil)
    -> [Double]
  {
    mean(x, weights) { i in
      let q = 1 / (1 + exp(-x[i]))
      let p = targets[i] > 0.5 ? q : 1 - q
      return -(targets[i] > 0.5 ? alpha : 1 - alpha) * pow(1 - p, gamma) * log(p)
    }
  }

  /// Over planes of `size` elements.
  public static func dice(_ x: [Double], size: Int, _ targets: [Float], smoothing: Double, weights: [Float]? = nil)
    -> [Double]
  {
    var total = 0.0
    var normalizer = 0.0
    for plane in 0..<x.count / size {
      var both = 0.0
      var sum = 0.0
      for i in plane * size..<(plane + 1) * size {
        let p = 1 / (1 + exp(-x[i]))
        both += p * Double(targets[i])
        sum += p + Double(targets[i])
      }
      let weight = Double(weights?[plane] ?? 1)
      total += weight * (1 - (2 * both + smoothing) / (sum + smoothing))
      normalizer += weight
    }
    return [total / normalizer]
  }

  /// The weighted mean of a term for each element.
  public static func mean(_ x: [Double], _ weights: [Float]? = nil, _ term: (Int) -> Double) -> [Double] {
    var total = 0.0
    var normalizer = 0.0
    for i in x.indices {
      total += Double(weights?[i] ?? 1) * term(i)
      normalizer += Double(weights?[i] ?? 1)
    }
    return [total / normalizer]
  }
}

extension Twin {
  /// As PyTorch's `cross_entropy` with class indices; -1 does not count.
  public static func crossEntropy(
    _ x: [Double], _ s: Shape, labels: [Int], smoothing: Float, _ classWeights: [Float], _ weights: [Float]
  ) -> [Double] {
    let p = softmax(x, s)
    let smoothing = Double(smoothing)
    var total = 0.0
    var normalizer = 0.0
    for (position, label) in labels.enumerated() where label >= 0 {
      func term(_ k: Int) -> Double {
        let i = (position / s.pixels * s[1] + k) * s.pixels + position % s.pixels
        return -Double(weights[position]) * Double(classWeights[k]) * log(p[i])
      }
      total += (1 - smoothing) * term(label)
      for k in 0..<s[1] { total += smoothing / Double(s[1]) * term(k) }
      normalizer += Double(weights[position]) * Double(classWeights[label])
    }
    return [total / normalizer]
  }

  /// Kullback-Leibler divergence of softmax(x) from the targets.
  public static func divergence(_ x: [Double], _ s: Shape, _ targets: [Float]) -> [Double] {
    let p = softmax(x, s)
    var total = 0.0
    for i in x.indices { total += Double(targets[i]) * (log(Double(targets[i])) - log(p[i])) }
    return [total / Double(s[0] * s.pixels)]
  }
}
