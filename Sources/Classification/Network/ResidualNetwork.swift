import Layers
import Tensors

/// The defect classifier's network: a small residual backbone, an image head, and a pixel head where there are masks
/// (mixed supervision: Tabernik et al. 2019, doi 10.1007/s10845-019-01476-x; Bozic et al. 2021, arXiv 2104.06064).
///
/// | part | resolution | what |
/// | --- | --- | --- |
/// | stem | 1/2 | 5x5 convolution, stride 2: learned, so that a crack of two pixels is not averaged away |
/// | stages | 1/4, 1/8, 1/16 | residual blocks |
/// | neck | 1/8 | the 1/8 map plus the 1/16 map enlarged, each through 1x1, then 3x3 |
/// | pixel head | 1/8 | 1x1 to classes and background |
/// | image head | | linear on mean and maximum of neck and 1/16 map, and of the pixel head's probabilities |
///
/// The image head is linear, so that the class activation map is exactly Grad-CAM.
struct ResidualNetwork: ClassifierNetwork {
  let configuration: NetworkConfiguration
  let stem: NormalizedConvolution
  let stages: [[ResidualBlock]]
  let heads: NetworkHeads

  /// - Parameter background: index of the pixel head's background channel, which starts as the likely one.
  init(_ configuration: NetworkConfiguration, background: Int, random: inout SeededGenerator, on engine: Engine) {
    self.configuration = configuration
    let widths = configuration.widths
    stem = NormalizedConvolution(
      configuration.inputChannels, widths[0], kernel: 5, stride: 2, random: &random, on: engine)
    var stages: [[ResidualBlock]] = []
    for (stage, depth) in configuration.depths.enumerated() {
      stages.append(
        (0..<depth).map { block in
          ResidualBlock(
            block == 0 ? widths[stage] : widths[stage + 1], widths[stage + 1], stride: block == 0 ? 2 : 1,
            random: &random, on: engine)
        })
    }
    self.stages = stages
    heads = NetworkHeads(
      configuration, shallow: widths[2], deep: widths[3], pooled: 2 * widths[3], background: background,
      random: &random, on: engine)
    stem.seeEdges(share: 0.75)
  }

  /// Logits of the image head [N, K], and of the pixel head [N, P, H / 8, W / 8].
  func logits(_ x: Variable, _ pass: inout Pass) -> (image: Variable, pixel: Variable?) {
    precondition(
      x.shape.height % NetworkConfiguration.multiple == 0 && x.shape.width % NetworkConfiguration.multiple == 0,
      "an input of \(x.shape)")
    var deep = stem.forward(x, &pass, relu: true)
    var shallow = deep
    for stage in stages {
      shallow = deep
      for block in stage { deep = block.forward(deep, &pass) }
    }
    return heads.logits(
      shallow: shallow, deep: deep, pooled: .concatenated([deep.globalAverage(), deep.globalMaximum()]), &pass)
  }

  func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    stem.visitParameters(join(path, "stem"), visit)
    for (s, stage) in stages.enumerated() {
      for (b, block) in stage.enumerated() { block.visitParameters(join(path, "stage\(s + 1).\(b)"), visit) }
    }
    heads.visitParameters(path, visit)
  }
}
