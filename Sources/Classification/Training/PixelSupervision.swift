import Samples

/// What the pixel head is to say about a batch: made from the batch's masks.
///
/// A cell of 8x8 pixels belongs to the defect if the mask covers any noticeable part of it, so that a crack of two pixels
/// marks every cell that it crosses. Cells of small defects weigh more, as there are few of them.
///
/// One serves all batches: its memory stays.
struct PixelSupervision {
  /// [N, P, h, w]: one-hot.
  private(set) var targets: [Float] = []
  /// [N, 1, h, w]
  private(set) var weights: [Float] = []
  /// [N x P]: 1 for the plane of each image's own defect, where it shows.
  private(set) var planes: [Float] = []
  /// Mean weight of the cells that count; the weighted mean loss times this is the plain mean.
  private(set) var meanWeight: Float = 0

  /// The class of each cell of an image.
  private var owners: [Int] = []
  private let classes: Int
  private let pixelClasses: Int
  private let background: Int

  /// Share of a cell that the mask must cover.
  static let leastCoverage: Float = 0.01
  /// A defect's cells weigh (cells of the image / cells of the defect)^power, at most `largestWeight`.
  static let power: Float = 0.75
  static let largestWeight: Float = 64

  /// What no batch has filled yet.
  ///
  /// - Parameters:
  ///   - classes: K of the batches' targets.
  ///   - pixelClasses: P of the pixel head: K with a good class (its channel is the background's), else K + 1.
  ///   - background: the pixel head's background channel.
  init(classes: Int, pixelClasses: Int, background: Int) {
    self.classes = classes
    self.pixelClasses = pixelClasses
    self.background = background
  }

  /// Takes what `batch` says; false where it has no masks.
  mutating func read(_ batch: Batch) -> Bool {
    guard let coverage = batch.pixelTargets else { return false }
    let cells = batch.cellsHigh * batch.cellsWide
    targets.refill(0, count: batch.count * pixelClasses * cells)
    weights.refill(0, count: batch.count * cells)
    planes.refill(0, count: batch.count * pixelClasses)
    var sum: Float = 0
    var valid = 0
    for n in 0..<batch.count where batch.pixelValid[n] > 0 {
      valid += 1
      owners.refill(background, count: cells)
      var marked = 0
      for cell in 0..<cells {
        var most = Self.leastCoverage
        for k in 0..<classes where k != background {
          let share = coverage[(n * classes + k) * cells + cell]
          if share > most { (most, owners[cell]) = (share, k) }
        }
        if owners[cell] != background { marked += 1 }
      }
      let heavy = Self.weight(cells: cells, marked: marked)
      for cell in 0..<cells {
        targets[(n * pixelClasses + owners[cell]) * cells + cell] = 1
        let weight = owners[cell] == background ? 1 : heavy
        weights[n * cells + cell] = weight
        sum += weight
        if owners[cell] != background { planes[n * pixelClasses + owners[cell]] = 1 }
      }
    }
    meanWeight = valid > 0 ? sum / Float(valid * cells) : 0
    return true
  }

  private static func weight(cells: Int, marked: Int) -> Float {
    guard marked > 0 else { return 1 }
    let ratio = Float(cells) / Float(marked)
    return min(max(powf(ratio, power), 1), largestWeight)
  }
}

extension Array {
  fileprivate mutating func refill(_ element: Element, count: Int) {
    removeAll(keepingCapacity: true)
    append(contentsOf: repeatElement(element, count: count))
  }
}

#if canImport(Glibc)
  import func Glibc.powf
#endif
