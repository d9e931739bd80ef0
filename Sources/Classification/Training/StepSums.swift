/// Sums over the steps since the last report.
struct StepSums {
  struct Step {
    var imageLoss: Float
    var pixelLoss: Float?
    var learningRate: Float
    var gradientNorm: Float
  }

  private var count: Float = 0
  private var image: Float = 0
  private var pixel: Float?
  private var norm: Float = 0
  private(set) var learningRate: Float = 0

  mutating func add(_ step: Step) {
    count += 1
    image += step.imageLoss
    if let loss = step.pixelLoss { pixel = (pixel ?? 0) + loss }
    norm += step.gradientNorm
    learningRate = step.learningRate
  }

  var imageLoss: Float { image / Swift.max(1, count) }
  var pixelLoss: Float? { pixel.map { $0 / Swift.max(1, count) } }

  func point(step: Int) -> TrainingHistory.Point {
    TrainingHistory.Point(
      step: step, imageLoss: imageLoss, pixelLoss: pixelLoss, learningRate: learningRate,
      gradientNorm: norm / Swift.max(1, count))
  }
}
