import Classification
import FileTestSupport
import Graphs
import Imaging
import Inspection
import Samples

/// A model that is made by hand: bright pixels are a defect. No training, and every number is known.
enum TestModel {
  /// Labels are good, dent and rust. Heat is the pixel head's: 1 - p(good) is near 1 in cells brighter than the middle.
  static func classifier(width: Int = 64, height: Int = 32, fit: Preprocessing.Fit = .stretch) throws -> Classifier {
    try Classifier(classifierGraph(), info: info(width: width, height: height, fit: fit), path: "bright.onnx")
  }

  static func classifierGraph() throws -> Graph {
    var builder = GraphBuilder(name: "bright")
    let image = builder.input("image", shape: ["batch", 1, "height", "width"])
    // v = level / 255 - 0.5: good falls with the brightest pixel, dent rises with it.
    let peak = builder.flatten(builder.globalMaxPooling(image, name: "peak"), name: "flat")
    let logits = builder.dense(
      peak, name: "logits", weights: Constant([-20, 20, 0] as [Float], shape: [3, 1]), bias: [0, 0, -40])
    builder.output(builder.softmax(logits, axis: 1, name: "p"), as: "probabilities")
    let cells = builder.averagePooling(image, name: "cells", Graphs.Pooling(kernel: [8, 8], strides: [8, 8]))
    let map = builder.convolution(
      cells, name: "map", weights: Constant([-20, 20, 0] as [Float], shape: [3, 1, 1, 1]),
      bias: [0, 0, -40])
    builder.output(builder.softmax(map, axis: 1, name: "h"), as: "heat")
    return try builder.build()
  }

  static func info(
    width: Int = 64, height: Int = 32, fit: Preprocessing.Fit = .stretch, hasPixelHead: Bool = true
  ) -> ModelInfo {
    let labels = ["good", "dent", "rust"]
    return ModelInfo(
      name: "bright", labels: labels, goodIndex: 0, pixelLabels: hasPixelHead ? labels : [],
      preprocessing: Preprocessing(width: width, height: height, fit: fit, mean: [0.5], std: [1], fill: 0),
      thresholds: ModelInfo.Thresholds(reject: 0.5, review: 0.25, confidence: 0.5), provenance: nil)
  }
}

/// A dark picture with a bright rectangle, or none.
func picture(_ width: Int, _ height: Int, bright: (x: Range<Int>, y: Range<Int>)? = nil, level: UInt8 = 20) -> Image<
  UInt8
> {
  var pixels = [UInt8](repeating: level, count: width * height)
  if let bright { for y in bright.y { for x in bright.x { pixels[y * width + x] = 240 } } }
  return Image(width: width, height: height, pixels: pixels)
}

extension TestFolder {
  func write(_ image: Image<UInt8>, _ name: String) throws { write(try image.png(), name) }
}
