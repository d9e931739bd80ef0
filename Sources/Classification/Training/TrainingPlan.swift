import Imaging
import Samples

/// What a training does step by step, derived from the set and the settings before the first step.
struct TrainingPlan: Sendable {
  let preprocessing: Preprocessing
  let network: NetworkConfiguration
  /// The pixel head's background channel.
  let background: Int
  let pixelLabels: [String]
  let augmentation: Augmentation
  let batchSize: Int
  /// Windows of the first part of the training; nil where there are no masks.
  let crop: Crop?

  /// Pixels of an input, about: what the balanced network judges in a few milliseconds.
  static let areaWithMasks = 256 * 192
  static let areaWithoutMasks = 128 * 128

  init(_ set: PartSet, _ settings: TrainingSettings, looks: (sizes: [ImageSize], isColor: Bool)) throws(TrainingError) {
    let train = set.parts(in: .train)
    let hasMasks = train.contains { $0.maskPath != nil }
    let multiple = NetworkConfiguration.multiple
    var size = Preprocessing.inputSize(
      for: looks.sizes, area: hasMasks ? Self.areaWithMasks : Self.areaWithoutMasks, multiple: multiple * 2)
    if let given = settings.inputSize {
      guard given.count == 2, given.allSatisfy({ $0 >= 32 && $0 <= 4096 && $0 % multiple == 0 }) else {
        throw .setting("an input of \(given) is not possible: width and height are multiples of 16 from 32 to 4096.")
      }
      size = ImageSize(width: given[0], height: given[1])
    }
    let channels = settings.channels ?? (looks.isColor ? 3 : 1)
    guard channels == 1 || channels == 3 else {
      throw .setting("\(channels) channels are not possible: 1 is grey, 3 is colour.")
    }
    preprocessing = Preprocessing(width: size.width, height: size.height, channels: channels)
    let classes = set.classes.count
    background = set.goodIndex ?? classes
    let pixelClasses = hasMasks ? (set.goodIndex == nil ? classes + 1 : classes) : 0
    pixelLabels = hasMasks ? set.classes + (set.goodIndex == nil ? ["background"] : []) : []
    network =
      switch settings.architecture {
      case .residual:
        NetworkConfiguration(
          preset: settings.preset, inputChannels: channels, classes: classes, pixelClasses: pixelClasses)
      case .vit:
        .vit(
          preset: settings.preset, inputChannels: channels, classes: classes, pixelClasses: pixelClasses,
          height: size.height, width: size.width)
      }
    augmentation = settings.augmentation ?? .suited(to: set.classes, isTexture: set.goodIndex == nil && !hasMasks)
    batchSize = settings.batchSize ?? (hasMasks ? 16 : 32)
    let share = Crop.side(of: size, multiple: multiple)
    crop =
      hasMasks && set.goodIndex != nil && settings.cropShare > 0
      ? Crop(width: share.width, height: share.height) : nil
  }

  /// Steps for a training split of `count` parts.
  func steps(_ settings: TrainingSettings, count: Int) -> Int {
    if let steps = settings.steps { return max(1, steps) }
    if let epochs = settings.epochs { return max(1, Int((epochs * Double(count) / Double(batchSize)).rounded(.up))) }
    // Sets with masks learn two tasks from larger pictures: longer. Small sets need their steps all the same.
    let passes = network.pixelClasses > 0 ? 80 : 30
    let range = network.pixelClasses > 0 ? 800...4000 : 400...2000
    return min(max(passes * count / batchSize, range.lowerBound), range.upperBound)
  }

  /// Share of the steps that crops take.
  func cropSteps(_ settings: TrainingSettings, steps: Int) -> Int {
    crop == nil ? 0 : Int((settings.cropShare * Float(steps)).rounded())
  }

  /// Arithmetic of a step compared with one on whole images.
  func cost(isCrop: Bool) -> Double {
    guard isCrop, let crop else { return 1 }
    return 2 * Double(crop.width * crop.height) / Double(preprocessing.width * preprocessing.height)
  }
}

extension Crop {
  /// Half of each side of an input, as multiples of what the network divides by.
  static func side(of size: ImageSize, multiple: Int) -> ImageSize {
    func half(_ side: Int) -> Int { min(side, max(2 * multiple, (side / 2 + multiple / 2) / multiple * multiple)) }
    return ImageSize(width: half(size.width), height: half(size.height))
  }
}
