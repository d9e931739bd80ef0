import Layers
import Tensors

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

  var parameters: [(name: String, parameter: Parameter)] {
    convolution.parameters("convolution") + normalization.parameters("normalization")
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

  var parameters: [(name: String, parameter: Parameter)] {
    first.parameters + second.parameters + (shortcut?.parameters ?? [])
  }
}

/// The network that both sides of the comparison train: the same as in `training_step.py`.
struct Network {
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
    var features = [stem.forward(x, &pass)]
    for stage in blocks {
      features.append(stage.reduce(features.last!) { $1.forward($0, &pass) })
    }
    let (c2, c3) = (features[2], features[3])
    let up = lateral[1].forward(c3, &pass, relu: false)
      .resized(height: c2.shape.height, width: c2.shape.width, linear: false)
    let d = merge.forward(lateral[0].forward(c2, &pass, residual: up), &pass)
    let pooled = Variable.concatenated([
      d.globalAverage(), d.globalMaximum(), c3.globalAverage(), c3.globalMaximum(),
    ])
    return head.forward(pooled, &pass)
  }

  var parameters: [Parameter] {
    var list = stem.parameters + blocks.joined().flatMap(\.parameters) + lateral.flatMap(\.parameters)
    list += merge.parameters + head.parameters("head")
    return list.map(\.parameter)
  }
}
