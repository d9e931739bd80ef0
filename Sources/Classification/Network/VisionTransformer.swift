import Layers
import Tensors

/// A small vision transformer (Dosovitskiy et al. 2021, arXiv 2010.11929) that begins with convolutions, which lets it
/// learn from few pictures (Xiao et al. 2021, arXiv 2106.14881).
///
/// | part | resolution | what |
/// | --- | --- | --- |
/// | stem | 1/2, 1/4, 1/8 | convolutions of stride 2: the first 5x5, as in the residual network, then 3x3 |
/// | patches | 1/16 | 2x2 cells of the stem's map become tokens, with learned positions |
/// | blocks | 1/16 | attention and a hidden layer, each behind a layer normalisation |
/// | neck and heads | 1/8 | as in the residual network, so that heat maps and regions are the same |
///
/// The positions belong to one size of input: crops, in training, get them resampled, and the graph takes no other size.
struct VisionTransformer: ClassifierNetwork {
  let configuration: NetworkConfiguration
  let stem: [NormalizedConvolution]
  let patches: PatchEmbedding
  let blocks: [TransformerBlock]
  let norm: LayerNormalization
  let heads: NetworkHeads

  /// - Parameter background: index of the pixel head's background channel, which starts as the likely one.
  init(_ configuration: NetworkConfiguration, background: Int, random: inout SeededGenerator, on engine: Engine) {
    guard let transformer = configuration.transformer else {
      preconditionFailure("this is the configuration of no transformer")
    }
    self.configuration = configuration
    let widths = configuration.widths
    let features = widths[3]
    stem = [
      NormalizedConvolution(configuration.inputChannels, widths[0], kernel: 5, stride: 2, random: &random, on: engine),
      NormalizedConvolution(widths[0], widths[1], kernel: 3, stride: 2, random: &random, on: engine),
      NormalizedConvolution(widths[1], widths[2], kernel: 3, stride: 2, random: &random, on: engine),
    ]
    stem[0].seeEdges(share: 0.75)
    patches = PatchEmbedding(
      widths[2], features, size: 2, rows: transformer.rows, columns: transformer.columns, random: &random, on: engine)
    blocks = (0..<configuration.depths[0]).map { _ in
      TransformerBlock(features, heads: transformer.heads, random: &random, on: engine)
    }
    norm = LayerNormalization(features, on: engine)
    heads = NetworkHeads(
      configuration, shallow: widths[2], deep: features, pooled: features, background: background, random: &random,
      on: engine)
  }

  func logits(_ x: Variable, _ pass: inout Pass) -> (image: Variable, pixel: Variable?) {
    precondition(
      x.shape.height % NetworkConfiguration.multiple == 0 && x.shape.width % NetworkConfiguration.multiple == 0,
      "an input of \(x.shape)")
    var y = x
    for convolution in stem { y = convolution.forward(y, &pass, relu: true) }
    var tokens = patches.forward(y, &pass)
    for block in blocks { tokens = block.forward(tokens, &pass) }
    tokens = norm.forward(tokens, &pass)
    let deep = tokens.image(height: y.shape.height / 2, width: y.shape.width / 2)
    return heads.logits(shallow: y, deep: deep, pooled: tokens.tokenMean(), &pass)
  }

  func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    for (s, convolution) in stem.enumerated() { convolution.visitParameters(join(path, "stem.\(s)"), visit) }
    patches.visitParameters(join(path, "patches"), visit)
    for (b, block) in blocks.enumerated() { block.visitParameters(join(path, "blocks.\(b)"), visit) }
    norm.visitParameters(join(path, "norm"), visit)
    heads.visitParameters(path, visit)
  }
}
