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
struct ResidualNetwork: Layer {
  let configuration: NetworkConfiguration
  let stem: NormalizedConvolution
  let stages: [[ResidualBlock]]
  let lateral: NormalizedConvolution
  let top: NormalizedConvolution
  let fuse: NormalizedConvolution
  let pixel: Convolution2D?
  let image: Dense
  let dropout: Dropout

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
    let neck = configuration.neck
    lateral = NormalizedConvolution(widths[2], neck, kernel: 1, random: &random, on: engine)
    top = NormalizedConvolution(widths[3], neck, kernel: 1, random: &random, on: engine)
    fuse = NormalizedConvolution(neck, neck, kernel: 3, random: &random, on: engine)
    pixel =
      configuration.pixelClasses > 0
      ? Convolution2D(
        neck, configuration.pixelClasses, kernel: 1, window: Window(), initializer: .truncatedNormal(0.01),
        random: &random, on: engine) : nil
    image = Dense(
      2 * neck + 2 * widths[3] + 2 * configuration.pixelClasses, configuration.classes,
      initializer: .truncatedNormal(0.01), random: &random, on: engine)
    dropout = Dropout(rate: configuration.dropout)
    Self.blindToBrightness(stem.convolution.weight, share: 0.75)
    if let bias = pixel?.bias {
      var start = bias.value.elements
      start[background] = 2
      bias.value.fill(from: start.span)
    }
  }

  /// Logits of the image head [N, K], and of the pixel head [N, P, H / 8, W / 8].
  func logits(_ x: Variable, _ pass: inout Pass) -> (image: Variable, pixel: Variable?) {
    precondition(
      x.shape.height % NetworkConfiguration.multiple == 0 && x.shape.width % NetworkConfiguration.multiple == 0,
      "an input of \(x.shape)")
    var y = stem.forward(x, &pass, relu: true)
    var maps: [Variable] = []
    for stage in stages {
      for block in stage { y = block.forward(y, &pass) }
      maps.append(y)
    }
    let deep = maps[2]
    let enlarged = top.forward(deep, &pass, relu: false)
      .resized(height: maps[1].shape.height, width: maps[1].shape.width, linear: false)
    let neck = fuse.forward(lateral.forward(maps[1], &pass, residual: enlarged, relu: true), &pass, relu: true)
    let features = dropout.forward(
      .concatenated([
        neck.globalAverage(), neck.globalMaximum(), deep.globalAverage(), deep.globalMaximum(),
      ]), &pass)
    guard let pixel else { return (image.forward(features, &pass), nil) }
    let pixelLogits = pixel.forward(neck, &pass)
    // The image head reads the pixel head's evidence but does not teach it: masks do.
    let evidence = pixelLogits.detached.softmax()
    let all = Variable.concatenated([features, evidence.globalMaximum(), evidence.globalAverage()])
    return (image.forward(all, &pass), pixelLogits)
  }

  func forward(_ x: Variable, _ pass: inout Pass) -> Variable { logits(x, &pass).image }

  func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    stem.visitParameters(join(path, "stem"), visit)
    for (s, stage) in stages.enumerated() {
      for (b, block) in stage.enumerated() { block.visitParameters(join(path, "stage\(s + 1).\(b)"), visit) }
    }
    lateral.visitParameters(join(path, "lateral"), visit)
    top.visitParameters(join(path, "top"), visit)
    fuse.visitParameters(join(path, "fuse"), visit)
    pixel?.visitParameters(join(path, "pixel"), visit)
    image.visitParameters(join(path, "image"), visit)
  }

  /// Takes the mean out of the first filters: most of the stem then starts as edge and texture detectors that do not see
  /// how bright the part is, which learns faster.
  private static func blindToBrightness(_ weight: Parameter, share: Float) {
    let outputs = weight.value.shape[0]
    let taps = weight.value.count / outputs
    var elements = weight.value.elements
    for o in 0..<Int(share * Float(outputs)) {
      let range = o * taps..<(o + 1) * taps
      let mean = elements[range].reduce(0, +) / Float(taps)
      for i in range { elements[i] -= mean }
    }
    weight.value.fill(from: elements.span)
  }
}
