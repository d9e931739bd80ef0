import Layers
import Tensors

/// The classifier's vision transformer (preset balanced, 128x128 or another size), without a pixel head.
struct VisionTransformer: Network {
  static let channels = 1
  static let classes = 6
  static let features = 128

  let stem: [Unit]
  let patches: PatchEmbedding
  let blocks: [TransformerBlock]
  let norm: LayerNormalization
  let lateral: Unit
  let top: Unit
  let fuse: Unit
  let head: Dense

  init(size: Int, _ random: inout SeededGenerator, _ engine: Engine) {
    stem = [
      Unit(1, 16, kernel: 5, stride: 2, &random, engine), Unit(16, 32, kernel: 3, stride: 2, &random, engine),
      Unit(32, 64, kernel: 3, stride: 2, &random, engine),
    ]
    patches = PatchEmbedding(
      64, Self.features, size: 2, rows: size / 16, columns: size / 16, random: &random, on: engine)
    blocks = (0..<6).map { _ in TransformerBlock(Self.features, heads: 4, random: &random, on: engine) }
    norm = LayerNormalization(Self.features, on: engine)
    lateral = Unit(64, 48, kernel: 1, &random, engine)
    top = Unit(Self.features, 48, kernel: 1, &random, engine)
    fuse = Unit(48, 48, kernel: 3, &random, engine)
    head = Dense(2 * 48 + Self.features, 6, random: &random, on: engine)
  }

  func forward(_ x: Variable, _ pass: inout Pass) -> Variable {
    var y = x
    for unit in stem { y = unit.forward(y, &pass) }
    var tokens = patches.forward(y, &pass)
    for block in blocks { tokens = block.forward(tokens, &pass) }
    tokens = norm.forward(tokens, &pass)
    let deep = tokens.image(height: y.shape.height / 2, width: y.shape.width / 2)
    let up = top.forward(deep, &pass, relu: false)
      .resized(height: y.shape.height, width: y.shape.width, linear: false)
    let neck = fuse.forward(lateral.forward(y, &pass, residual: up), &pass)
    return head.forward(.concatenated([neck.globalAverage(), neck.globalMaximum(), tokens.tokenMean()]), &pass)
  }

  var parameters: Named {
    var list: Named = []
    for (s, unit) in stem.enumerated() { list += unit.parameters("stem.\(s)") }
    list += patches.parameters("patches")
    for (b, block) in blocks.enumerated() { list += block.parameters("blocks.\(b)") }
    return list + norm.parameters("norm") + lateral.parameters("lateral") + top.parameters("top")
      + fuse.parameters("fuse") + head.parameters("head")
  }
}
