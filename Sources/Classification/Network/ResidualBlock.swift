import Layers
import Tensors

/// A convolution and the batch normalisation that replaces its bias.
struct NormalizedConvolution {
  let convolution: Convolution2D
  let normalization: BatchNormalization

  init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, scale: Float = 1, random: inout SeededGenerator,
    on engine: Engine
  ) {
    convolution = Convolution2D(
      inputs, outputs, kernel: kernel, window: Window(stride: stride, padding: kernel / 2), bias: false,
      random: &random, on: engine)
    normalization = BatchNormalization(outputs, scale: scale, on: engine)
  }

  func forward(_ x: Variable, _ pass: inout Pass, residual: Variable? = nil, relu: Bool) -> Variable {
    normalization.forward(convolution.forward(x, &pass), &pass, residual: residual, relu: relu)
  }

  func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    convolution.visitParameters(join(path, "conv"), visit)
    normalization.visitParameters(join(path, "norm"), visit)
  }

  /// Takes the mean out of the first filters: most of a stem then starts as edge and texture detectors that do not see
  /// how bright the part is, which learns faster.
  func seeEdges(share: Float) {
    let weight = convolution.weight.value
    let outputs = weight.shape[0]
    let taps = weight.count / outputs
    var elements = weight.elements
    for o in 0..<Int(share * Float(outputs)) {
      let range = o * taps..<(o + 1) * taps
      let mean = elements[range].reduce(0, +) / Float(taps)
      for i in range { elements[i] -= mean }
    }
    weight.fill(from: elements.span)
  }
}

/// A basic residual block (He et al. 2016, arXiv 1512.03385): two 3x3 convolutions beside a shortcut, which averages 2x2
/// pixels and mixes channels by a 1x1 convolution where the sizes change (ResNet-D; He et al. 2019, arXiv 1812.01187).
/// The second normalisation starts at scale 0, so that a new block passes its input on.
struct ResidualBlock {
  let first: NormalizedConvolution
  let second: NormalizedConvolution
  let shortcut: NormalizedConvolution?
  let stride: Int

  init(_ inputs: Int, _ outputs: Int, stride: Int, random: inout SeededGenerator, on engine: Engine) {
    self.stride = stride
    first = NormalizedConvolution(inputs, outputs, kernel: 3, stride: stride, random: &random, on: engine)
    second = NormalizedConvolution(outputs, outputs, kernel: 3, scale: 0, random: &random, on: engine)
    shortcut =
      stride == 1 && inputs == outputs
      ? nil : NormalizedConvolution(inputs, outputs, kernel: 1, random: &random, on: engine)
  }

  func forward(_ x: Variable, _ pass: inout Pass) -> Variable {
    var rest = x
    if let shortcut {
      if stride == 2 { rest = rest.pooled(.average, size: 2, stride: 2) }
      rest = shortcut.forward(rest, &pass, relu: false)
    }
    return second.forward(first.forward(x, &pass, relu: true), &pass, residual: rest, relu: true)
  }

  func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    first.visitParameters(join(path, "first"), visit)
    second.visitParameters(join(path, "second"), visit)
    shortcut?.visitParameters(join(path, "shortcut"), visit)
  }
}
