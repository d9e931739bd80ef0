import Layers
import Tensors

/// torchvision's `resnet18(num_classes=10)` (He et al. 2016, arXiv 1512.03385), with its names.
struct ResNet18: Network {
  static let channels = 3
  static let classes = 10

  struct Convolution {
    let convolution: Convolution2D
    let normalization: BatchNormalization

    init(_ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, _ random: inout SeededGenerator, _ engine: Engine) {
      convolution = Convolution2D(
        inputs, outputs, kernel: kernel, window: Window(stride: stride, padding: kernel / 2), bias: false,
        random: &random, on: engine)
      normalization = BatchNormalization(outputs, on: engine)
    }

    func forward(_ x: Variable, _ pass: inout Pass, residual: Variable? = nil, relu: Bool = true) -> Variable {
      normalization.forward(convolution.forward(x, &pass), &pass, residual: residual, relu: relu)
    }
  }

  struct BasicBlock {
    let first: Convolution
    let second: Convolution
    let downsample: Convolution?

    init(_ inputs: Int, _ outputs: Int, stride: Int, _ random: inout SeededGenerator, _ engine: Engine) {
      first = Convolution(inputs, outputs, kernel: 3, stride: stride, &random, engine)
      second = Convolution(outputs, outputs, kernel: 3, stride: 1, &random, engine)
      downsample =
        stride == 1 && inputs == outputs
        ? nil : Convolution(inputs, outputs, kernel: 1, stride: stride, &random, engine)
    }

    func forward(_ x: Variable, _ pass: inout Pass) -> Variable {
      let side = downsample?.forward(x, &pass, relu: false) ?? x
      return second.forward(first.forward(x, &pass), &pass, residual: side)
    }

    func parameters(_ path: String) -> Named {
      var list = first.convolution.parameters(path + ".conv1") + first.normalization.parameters(path + ".bn1")
      list += second.convolution.parameters(path + ".conv2") + second.normalization.parameters(path + ".bn2")
      if let downsample {
        list += downsample.convolution.parameters(path + ".downsample.0")
        list += downsample.normalization.parameters(path + ".downsample.1")
      }
      return list
    }
  }

  let stem: Convolution
  let layers: [[BasicBlock]]
  let head: Dense

  init(_ random: inout SeededGenerator, _ engine: Engine) {
    stem = Convolution(3, 64, kernel: 7, stride: 2, &random, engine)
    var layers: [[BasicBlock]] = []
    for (inputs, outputs) in [(64, 64), (64, 128), (128, 256), (256, 512)] {
      layers.append([
        BasicBlock(inputs, outputs, stride: inputs == outputs ? 1 : 2, &random, engine),
        BasicBlock(outputs, outputs, stride: 1, &random, engine),
      ])
    }
    self.layers = layers
    head = Dense(512, 10, random: &random, on: engine)
  }

  func forward(_ x: Variable, _ pass: inout Pass) -> Variable {
    var y = stem.forward(x, &pass).pooled(.max, size: 3, stride: 2, padding: 1)
    for block in layers.joined() { y = block.forward(y, &pass) }
    return head.forward(y.globalAverage(), &pass)
  }

  var parameters: Named {
    var list = stem.convolution.parameters("conv1") + stem.normalization.parameters("bn1")
    for (l, layer) in layers.enumerated() {
      for (b, block) in layer.enumerated() { list += block.parameters("layer\(l + 1).\(b)") }
    }
    return list + head.parameters("fc")
  }
}
