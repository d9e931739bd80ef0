public import Tensors

/// The operations once more, as plain loops over doubles, with nothing in common with the quick ones.
public enum Twin {
  /// x [N, I, H, W], w [O, I / groups, h, w], bias [O] or empty.
  public static func convolution(
    _ x: [Double], _ s: Shape, _ w: [Double], _ k: Shape, bias: [Double] = [], _ window: Window
  ) -> [Double] {
    let height = (s[2] + 2 * window.padding - window.dilation * (k[2] - 1) - 1) / window.stride + 1
    let width = (s[3] + 2 * window.padding - window.dilation * (k[3] - 1) - 1) / window.stride + 1
    let outputs = k[0] / window.groups
    var y: [Double] = []
    for n in 0..<s[0] {
      for o in 0..<k[0] {
        for r in 0..<height {
          for c in 0..<width {
            var sum = bias.isEmpty ? 0 : bias[o]
            for i in 0..<k[1] {
              let channel = o / outputs * k[1] + i
              for a in 0..<k[2] {
                let row = r * window.stride + a * window.dilation - window.padding
                if row < 0 || row >= s[2] { continue }
                for b in 0..<k[3] {
                  let column = c * window.stride + b * window.dilation - window.padding
                  if column < 0 || column >= s[3] { continue }
                  sum +=
                    x[((n * s[1] + channel) * s[2] + row) * s[3] + column] * w[((o * k[1] + i) * k[2] + a) * k[3] + b]
                }
              }
            }
            y.append(sum)
          }
        }
      }
    }
    return y
  }

  /// x [N, I, H, W], w [I, O / groups, h, w], bias [O] or empty: each input pixel stamps the kernel on the output.
  public static func transposedConvolution(
    _ x: [Double], _ s: Shape, _ w: [Double], _ k: Shape, bias: [Double] = [], _ window: Window, extra: Int = 0
  ) -> [Double] {
    let height = (s[2] - 1) * window.stride - 2 * window.padding + window.dilation * (k[2] - 1) + 1 + extra
    let width = (s[3] - 1) * window.stride - 2 * window.padding + window.dilation * (k[3] - 1) + 1 + extra
    let outputs = k[1] * window.groups
    let inputs = s[1] / window.groups
    var y = [Double](repeating: 0, count: s[0] * outputs * height * width)
    for n in 0..<s[0] {
      for i in 0..<s[1] {
        for r in 0..<s[2] {
          for c in 0..<s[3] {
            let value = x[((n * s[1] + i) * s[2] + r) * s[3] + c]
            for o in 0..<k[1] {
              let channel = i / inputs * k[1] + o
              for a in 0..<k[2] {
                for b in 0..<k[3] {
                  let row = r * window.stride + a * window.dilation - window.padding
                  let column = c * window.stride + b * window.dilation - window.padding
                  if row < 0 || row >= height || column < 0 || column >= width { continue }
                  y[((n * outputs + channel) * height + row) * width + column] +=
                    value * w[((i * k[1] + o) * k[2] + a) * k[3] + b]
                }
              }
            }
          }
        }
      }
    }
    if !bias.isEmpty {
      for i in y.indices { y[i] += bias[i / (height * width) % outputs] }
    }
    return y
  }

  /// a [m, k] times b [k, n].
  public static func matrixProduct(_ a: [Double], _ b: [Double], _ m: Int, _ k: Int, _ n: Int) -> [Double] {
    var y = [Double](repeating: 0, count: m * n)
    for i in 0..<m { for j in 0..<n { for l in 0..<k { y[i * n + j] += a[i * k + l] * b[l * n + j] } } }
    return y
  }

  /// x [N, I], w [O, I], bias [O] or empty.
  public static func dense(_ x: [Double], _ s: Shape, _ w: [Double], outputs: Int, bias: [Double] = []) -> [Double] {
    var y: [Double] = []
    for n in 0..<s[0] {
      for o in 0..<outputs {
        var sum = bias.isEmpty ? 0 : bias[o]
        for i in 0..<s[1] { sum += x[n * s[1] + i] * w[o * s[1] + i] }
        y.append(sum)
      }
    }
    return y
  }

  /// Mean and biased variance of each channel.
  public static func moments(_ x: [Double], _ s: Shape) -> (mean: [Double], variance: [Double]) {
    var mean = [Double](repeating: 0, count: s[1])
    var variance = mean
    let count = Double(s[0] * s.pixels)
    for i in x.indices { mean[i / s.pixels % s[1]] += x[i] / count }
    for i in x.indices {
      let d = x[i] - mean[i / s.pixels % s[1]]
      variance[i / s.pixels % s[1]] += d * d / count
    }
    return (mean, variance)
  }

  public static func batchNormalization(
    _ x: [Double], _ s: Shape, scale: [Double], shift: [Double], residual: [Double] = [], relu: Bool,
    epsilon: Double = 1e-5
  ) -> [Double] {
    let (mean, variance) = moments(x, s)
    return x.indices.map { i in
      let c = i / s.pixels % s[1]
      let y = (x[i] - mean[c]) / (variance[c] + epsilon).squareRoot() * scale[c] + shift[c]
      let z = residual.isEmpty ? y : y + residual[i]
      return relu ? max(z, 0) : z
    }
  }

  public static func standardized(_ x: [Double], rows: Int, epsilon: Double = 1e-5) -> [Double] {
    let size = x.count / rows
    return batchNormalization(
      x, Shape(1, rows, 1, size), scale: [Double](repeating: 1, count: rows),
      shift: [Double](repeating: 0, count: rows), relu: false, epsilon: epsilon)
  }

  public static func pooled(_ x: [Double], _ s: Shape, _ kind: Pooling, size: Int, stride: Int, padding: Int)
    -> [Double]
  {
    let height = (s[2] + 2 * padding - size) / stride + 1
    let width = (s[3] + 2 * padding - size) / stride + 1
    var y: [Double] = []
    for plane in 0..<s[0] * s[1] {
      for r in 0..<height {
        for c in 0..<width {
          var inside: [Double] = []
          for a in 0..<size {
            for b in 0..<size {
              let row = r * stride + a - padding
              let column = c * stride + b - padding
              if row < 0 || row >= s[2] || column < 0 || column >= s[3] { continue }
              inside.append(x[(plane * s[2] + row) * s[3] + column])
            }
          }
          y.append(kind == .max ? inside.max()! : inside.reduce(0, +) / Double(inside.count))
        }
      }
    }
    return y
  }

  /// Half-pixel centres, edges repeated.
  public static func resized(_ x: [Double], _ s: Shape, height: Int, width: Int, linear: Bool) -> [Double] {
    func sources(_ i: Int, _ from: Int, _ to: Int) -> [(Int, Double)] {
      let at = (Double(i) + 0.5) * Double(from) / Double(to) - 0.5
      // Ties go up, as in PyTorch's nearest-exact and oneDNN.
      if !linear { return [(min(from - 1, Int(((Double(i) + 0.5) * Double(from) / Double(to)).rounded(.down))), 1)] }
      let low = at.rounded(.down)
      let share = at - low
      return [(max(0, Int(low)), 1 - share), (min(from - 1, Int(low) + 1), share)]
    }
    var y: [Double] = []
    for plane in 0..<s[0] * s[1] {
      for r in 0..<height {
        for c in 0..<width {
          var sum = 0.0
          for (row, a) in sources(r, s[2], height) {
            for (column, b) in sources(c, s[3], width) { sum += a * b * x[(plane * s[2] + row) * s[3] + column] }
          }
          y.append(sum)
        }
      }
    }
    return y
  }

  /// Along the second axis.
  public static func concatenated(_ parts: [[Double]], batch: Int) -> [Double] {
    var y: [Double] = []
    for n in 0..<batch {
      for part in parts { y += part[n * part.count / batch..<(n + 1) * part.count / batch] }
    }
    return y
  }

  /// Over the classes of [N, K, ...].
  public static func softmax(_ x: [Double], _ s: Shape) -> [Double] {
    var y = x.map(exponential)
    var sums = [Double](repeating: 0, count: s[0] * s.pixels)
    for i in y.indices { sums[i / (s[1] * s.pixels) * s.pixels + i % s.pixels] += y[i] }
    for i in y.indices { y[i] /= sums[i / (s[1] * s.pixels) * s.pixels + i % s.pixels] }
    return y
  }
}
