import Layers
import Tensors

/// What both architectures have behind their maps at 1/8 and 1/16 of the input's resolution: the neck, the pixel head
/// where there are masks, and the image head.
///
/// The image head is linear, so that the class activation map is exactly Grad-CAM.
struct NetworkHeads {
  let lateral: NormalizedConvolution
  let top: NormalizedConvolution
  let fuse: NormalizedConvolution
  let pixel: Convolution2D?
  let image: Dense
  let dropout: Dropout

  /// - Parameters:
  ///   - shallow: channels of the 1/8 map.
  ///   - deep: channels of the 1/16 map.
  ///   - pooled: numbers that the image head gets of the 1/16 map as a whole.
  ///   - background: index of the pixel head's background channel, which starts as the likely one.
  init(
    _ configuration: NetworkConfiguration, shallow: Int, deep: Int, pooled: Int, background: Int,
    random: inout SeededGenerator, on engine: Engine
  ) {
    let neck = configuration.neck
    lateral = NormalizedConvolution(shallow, neck, kernel: 1, random: &random, on: engine)
    top = NormalizedConvolution(deep, neck, kernel: 1, random: &random, on: engine)
    fuse = NormalizedConvolution(neck, neck, kernel: 3, random: &random, on: engine)
    pixel =
      configuration.pixelClasses > 0
      ? Convolution2D(
        neck, configuration.pixelClasses, kernel: 1, window: Window(), initializer: .truncatedNormal(0.01),
        random: &random, on: engine) : nil
    image = Dense(
      2 * neck + pooled + 2 * configuration.pixelClasses, configuration.classes,
      initializer: .truncatedNormal(0.01), random: &random, on: engine)
    dropout = Dropout(rate: configuration.dropout)
    if let bias = pixel?.bias {
      var start = bias.value.elements
      start[background] = 2
      bias.value.fill(from: start.span)
    }
  }

  /// Logits of the image head [N, K], and of the pixel head [N, P, H / 8, W / 8].
  ///
  /// - Parameter pooled: what is known of the deep map as a whole, [N, C].
  func logits(shallow: Variable, deep: Variable, pooled: Variable, _ pass: inout Pass) -> (
    image: Variable, pixel: Variable?
  ) {
    let enlarged = top.forward(deep, &pass, relu: false)
      .resized(height: shallow.shape.height, width: shallow.shape.width, linear: false)
    let neck = fuse.forward(lateral.forward(shallow, &pass, residual: enlarged, relu: true), &pass, relu: true)
    let features = dropout.forward(.concatenated([neck.globalAverage(), neck.globalMaximum(), pooled]), &pass)
    guard let pixel else { return (image.forward(features, &pass), nil) }
    let pixelLogits = pixel.forward(neck, &pass)
    // The image head reads the pixel head's evidence but does not teach it: masks do.
    let evidence = pixelLogits.detached.softmax()
    let all = Variable.concatenated([features, evidence.globalMaximum(), evidence.globalAverage()])
    return (image.forward(all, &pass), pixelLogits)
  }

  func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    lateral.visitParameters(join(path, "lateral"), visit)
    top.visitParameters(join(path, "top"), visit)
    fuse.visitParameters(join(path, "fuse"), visit)
    pixel?.visitParameters(join(path, "pixel"), visit)
    image.visitParameters(join(path, "image"), visit)
  }
}
