import Layers
import Tensors

public typealias Named = [(name: String, parameter: Parameter)]

/// A network that both sides of the comparison train: the same as in `training_step.py`, with the same names.
public protocol Network {
  static var channels: Int { get }
  static var classes: Int { get }
  func forward(_ x: Variable, _ pass: inout Pass) -> Variable
  var parameters: Named { get }
}

/// The network called `neu`, `vit` or `resnet18`, with random weights; nil for any other name.
public func makeNetwork(
  _ name: String, size: Int, random: inout SeededGenerator, on engine: Engine
) -> (any Network)? {
  switch name {
  case "neu": NEUNetwork(&random, engine)
  case "vit": VisionTransformer(size: size, &random, engine)
  case "resnet18": ResNet18(&random, engine)
  default: nil
  }
}

/// Convolution without bias and the batch normalisation after it.
struct Unit {
  let convolution: Convolution2D
  let normalization: BatchNormalization

  init(_ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, _ random: inout SeededGenerator, _ engine: Engine) {
    convolution = Convolution2D(
      inputs, outputs, kernel: kernel, window: Window(stride: stride, padding: kernel / 2), bias: false,
      random: &random, on: engine)
    normalization = BatchNormalization(outputs, on: engine)
  }

  func forward(_ x: Variable, _ pass: inout Pass, residual: Variable? = nil, relu: Bool = true) -> Variable {
    normalization.forward(convolution.forward(x, &pass), &pass, residual: residual, relu: relu)
  }

  /// Named as PyTorch names those of `nn.Sequential(Conv2d, BatchNorm2d)`.
  func parameters(_ path: String) -> Named {
    convolution.parameters(path + ".0") + normalization.parameters(path + ".1")
  }
}

/// Two 3x3 units and a shortcut, which is pooled and mixed where the shape changes.
struct Block {
  let first: Unit
  let second: Unit
  let shortcut: Unit?
  let stride: Int

  init(_ inputs: Int, _ outputs: Int, stride: Int, _ random: inout SeededGenerator, _ engine: Engine) {
    first = Unit(inputs, outputs, kernel: 3, stride: stride, &random, engine)
    second = Unit(outputs, outputs, kernel: 3, &random, engine)
    shortcut = stride == 1 && inputs == outputs ? nil : Unit(inputs, outputs, kernel: 1, &random, engine)
    self.stride = stride
  }

  func forward(_ x: Variable, _ pass: inout Pass) -> Variable {
    var side = x
    if let shortcut {
      if stride == 2 { side = side.pooled(.average, size: 2, stride: 2) }
      side = shortcut.forward(side, &pass, relu: false)
    }
    return second.forward(first.forward(x, &pass), &pass, residual: side)
  }

  func parameters(_ path: String) -> Named {
    first.parameters(path + ".first") + second.parameters(path + ".second")
      + (shortcut?.parameters(path + ".shortcut") ?? [])
  }
}

/// The residual network of the classifier, without a pixel head: grey pictures, 6 classes.
struct NEUNetwork: Network {
  static let channels = 1
  static let classes = 6

  let stem: Unit
  let blocks: [[Block]]
  let lateral: [Unit]
  let merge: Unit
  let head: Dense

  init(_ random: inout SeededGenerator, _ engine: Engine) {
    stem = Unit(1, 16, kernel: 5, stride: 2, &random, engine)
    blocks = [
      [Block(16, 32, stride: 2, &random, engine)],
      [Block(32, 48, stride: 2, &random, engine), Block(48, 48, stride: 1, &random, engine)],
      [Block(48, 96, stride: 2, &random, engine), Block(96, 96, stride: 1, &random, engine)],
    ]
    lateral = [Unit(48, 48, kernel: 1, &random, engine), Unit(96, 48, kernel: 1, &random, engine)]
    merge = Unit(48, 48, kernel: 3, &random, engine)
    head = Dense(2 * (48 + 96), 6, random: &random, on: engine)
  }

  func forward(_ x: Variable, _ pass: inout Pass) -> Variable {
    var c3 = stem.forward(x, &pass)
    var c2 = c3
    for stage in blocks {
      c2 = c3
      for block in stage { c3 = block.forward(c3, &pass) }
    }
    let up = lateral[1].forward(c3, &pass, relu: false)
      .resized(height: c2.shape.height, width: c2.shape.width, linear: false)
    let d = merge.forward(lateral[0].forward(c2, &pass, residual: up), &pass)
    let pooled = Variable.concatenated([
      d.globalAverage(), d.globalMaximum(), c3.globalAverage(), c3.globalMaximum(),
    ])
    return head.forward(pooled, &pass)
  }

  var parameters: Named {
    var list = stem.parameters("stem")
    for (s, stage) in blocks.enumerated() {
      for (b, block) in stage.enumerated() { list += block.parameters("stage\(s + 1).\(b)") }
    }
    return list + lateral[0].parameters("lateral2") + lateral[1].parameters("lateral3") + merge.parameters("merge")
      + head.parameters("head")
  }
}
