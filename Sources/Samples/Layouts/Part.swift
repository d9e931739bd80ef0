/// What a part is used for.
public enum Split: String, Codable, Sendable, Hashable, CaseIterable {
  /// Parts that weights are fitted to.
  case train
  /// Parts that choose when to stop, the temperature and the thresholds.
  case val
  /// Parts that nothing was ever chosen by: the figures that count.
  case test

  /// The split that a folder or a manifest names, with the spellings people use; nil when it is none of them.
  public init?(name: String) {
    switch name.lowercased() {
    case "train", "training": self = .train
    case "val", "valid", "validation", "dev": self = .val
    case "test", "testing": self = .test
    default: return nil
    }
  }
}

/// How the files of a set are arranged.
public enum PartLayout: String, Codable, Sendable, Hashable {
  /// `SET/CLASS/*`
  case classFolders = "class folders"
  /// `SET/{train,val,test}/CLASS/*`
  case splitClassFolders = "class folders in split folders"
  /// A CSV with the columns `image,mask,label,split`.
  case manifest
  /// `train/good`, `test/CLASS`, `ground_truth/CLASS/STEM_mask.png` (Bergmann et al. 2019,
  /// doi 10.1109/CVPR.2019.00982).
  case mvtec = "MVTec AD"
}

/// One image of a part with what is known about it.
public struct Part: Sendable, Hashable {
  /// The image's path relative to the set's root: unique in the set.
  public var id: String
  public var imagePath: String
  /// An image of the same size whose non-zero pixels are the defect; nil when nobody drew one.
  public var maskPath: String?
  /// Index into ``PartSet/classes``.
  public var label: Int
  public var split: Split
  public var contentHash: ContentHash
  /// Whether nobody ever photographed it: it may be learned from, and nothing may be measured on it.
  public var isSynthetic: Bool

  public init(
    id: String, imagePath: String, maskPath: String? = nil, label: Int, split: Split, contentHash: ContentHash,
    isSynthetic: Bool = false
  ) {
    self.id = id
    self.imagePath = imagePath
    self.maskPath = maskPath
    self.label = label
    self.split = split
    self.contentHash = contentHash
    self.isSynthetic = isSynthetic
  }
}

/// How a set is to be read.
public struct PartSetOptions: Sendable, Hashable {
  /// The class that stands for an acceptable part; nil takes `good`, then `ok`, in any case.
  public var good: String?
  /// The classes that a model knows, in its order; nil takes what the set has. A label outside them is an error.
  public var classes: [String]?
  /// Deal all parts out anew (70 / 15 / 15), whatever split the set names.
  public var resplit: Bool
  /// Number of folds for cross-validation, at least 2; nil for none. See ``PartSet/load(path:options:)``.
  public var folds: Int?
  /// Which fold is held out, `0..<folds`.
  public var fold: Int
  /// Threads that read and hash; nil for one per processor.
  public var threads: Int?

  public init(
    good: String? = nil, classes: [String]? = nil, resplit: Bool = false, folds: Int? = nil, fold: Int = 0,
    threads: Int? = nil
  ) {
    self.good = good
    self.classes = classes
    self.resplit = resplit
    self.folds = folds
    self.fold = fold
    self.threads = threads
  }
}
