import Classification
import Imaging
import Samples

/// The parts that a quantisation observes a network on.
struct CalibrationParts {
  let split: Split
  let parts: [Part]

  /// So many parts of the training split, or where there is none of the validation split, as equally many of each class as
  /// there are: rare defects are what a network reacts to most. The same ones every time, whatever the files are called.
  ///
  /// Parts that nothing may be chosen by are left alone: nil where there are no others.
  init?(_ set: PartSet, count: Int) {
    guard let split = [Split.train, .val].first(where: { !set.parts(in: $0).isEmpty }) else { return nil }
    self.split = split
    var classes = [[Part]](repeating: [], count: set.classes.count)
    for part in set.parts(in: split) { classes[part.label].append(part) }
    for index in classes.indices {
      classes[index].sort { ($0.contentHash, $0.id) < ($1.contentHash, $1.id) }
    }
    var chosen: [Part] = []
    var round = 0
    while chosen.count < count, classes.contains(where: { $0.count > round }) {
      for parts in classes where parts.count > round && chosen.count < count { chosen.append(parts[round]) }
      round += 1
    }
    parts = chosen
  }
}

/// Reads pictures as a model's input, on the path that inspection takes.
final class InputReader {
  private let preprocessing: Preprocessing
  private let preparer: Preparer

  init(_ preprocessing: Preprocessing) {
    self.preprocessing = preprocessing
    preparer = Preparer(preprocessing)
  }

  var shape: [Int] { [1, preprocessing.channels, preprocessing.height, preprocessing.width] }

  /// channels x height x width
  func read(_ path: String) throws(ImageError) -> [Float] {
    let decoded = try ImageFile.load(path: path, options: preprocessing.decodeOptions)
    var values = [Float](repeating: 0, count: preprocessing.valueCount)
    var span = values.mutableSpan
    preparer.prepare(decoded.image, into: &span)
    return values
  }
}
