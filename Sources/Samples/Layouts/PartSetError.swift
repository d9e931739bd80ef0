/// Why a part set cannot be used. Each case's text is one sentence that names the file and the way out.
public enum PartSetError: Error, Sendable, Hashable, CustomStringConvertible {
  /// There is nothing at the path.
  case notFound(path: String)
  /// The system refused a file or folder.
  case unreadable(path: String, reason: String)
  /// A folder with nothing in it that Assay could take for parts.
  case empty(path: String)
  /// Images lie where class folders were expected.
  case imagesOutsideClasses(folder: String, example: String)
  /// A manifest that is not well-formed at a line.
  case manifest(path: String, line: Int, reason: String)
  /// A label that is none of the expected classes.
  case unknownLabel(label: String, image: String, classes: [String])
  /// `--good` names a class that the set does not have.
  case unknownGood(name: String, classes: [String])
  /// A mask that should be there is not.
  case maskMissing(image: String, expected: String)
  /// A mask of another size than its image.
  case maskSize(image: String, imageSize: [Int], mask: String, maskSize: [Int])
  /// A fold number outside the folds, or fewer than two folds.
  case fold(fold: Int, folds: Int)
  /// A split that a job needs holds nothing.
  case emptySplit(path: String, split: Split)
  /// An image or mask that cannot be decoded.
  case undecodable(path: String, reason: String)
  /// A synthetic part where only real ones may be, or the other way round.
  case synthetic(path: String, reason: String)
  /// A file that could not be written.
  case unwritable(path: String, reason: String)

  public var description: String {
    switch self {
    case .notFound(let path):
      "there is nothing at \(path); check the path of the data set"
    case .unreadable(let path, let reason):
      "\(path) cannot be read: \(reason); check its permissions and the disk"
    case .empty(let path):
      "\(path) holds no images (PNG, JPEG, BMP or TIFF); give a folder with one folder of images per class, "
        + "or a manifest.csv"
    case .imagesOutsideClasses(let folder, let example):
      "\(folder) holds images (such as \(example)) but no class folders; "
        + "move them into one folder per class, such as \(folder)/good"
    case .manifest(let path, let line, let reason):
      "\(path), line \(line): \(reason)"
    case .unknownLabel(let label, let image, let classes):
      "\(image) is labelled \(label), which is none of the classes \(classes.joined(separator: ", ")); "
        + "correct the label or use a model that knows it"
    case .unknownGood(let name, let classes):
      "no class is named \(name) as --good asks; the classes are \(classes.joined(separator: ", "))"
    case .maskMissing(let image, let expected):
      "\(image) has no mask at \(expected); add the mask or remove the entry that asks for it"
    case .maskSize(let image, let imageSize, let mask, let maskSize):
      "\(mask) is \(maskSize[0]) x \(maskSize[1]) but its image \(image) is \(imageSize[0]) x \(imageSize[1]); "
        + "draw the mask on the image's own pixels"
    case .fold(let fold, let folds):
      "fold \(fold) of \(folds) does not exist; use at least 2 folds, counted from 0"
    case .emptySplit(let path, let split):
      "\(path) has no parts in its \(split.rawValue) split; add some or have Assay deal the parts out anew"
    case .undecodable(let path, let reason):
      "\(path) cannot be decoded: \(reason); replace the file or remove it from the set"
    case .synthetic(let path, let reason):
      "\(path) cannot be taken: \(reason)"
    case .unwritable(let path, let reason):
      "\(path) cannot be written: \(reason); choose another folder or free some space"
    }
  }
}
