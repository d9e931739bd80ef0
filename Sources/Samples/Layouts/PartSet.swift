internal import Synchronization
internal import Threads

/// The parts of a data set, with their classes, masks and splits.
public struct PartSet: Sendable {
  /// A file of the set that no part could be made of.
  public struct Unreadable: Sendable, Hashable, Codable {
    public var path: String
    public var reason: String
  }

  /// The folder that part ids are relative to.
  public var root: String
  public var layout: PartLayout
  /// The good class first where there is one, then the others in byte order.
  public var classes: [String]
  /// Index of the acceptable class; nil where every class is a defect (or nothing says which one is good).
  public var goodIndex: Int?
  /// In the order of the manifest, or of their ids.
  public var parts: [Part]
  /// Files that look like images but cannot be opened; they are not among the parts.
  public var unreadable: [Unreadable]
  /// Splits that the set did not name and that were dealt by content hash.
  public var dealtSplits: [Split]

  public init(
    root: String, layout: PartLayout, classes: [String], goodIndex: Int?, parts: [Part],
    unreadable: [Unreadable] = [], dealtSplits: [Split] = []
  ) {
    self.root = root
    self.layout = layout
    self.classes = classes
    self.goodIndex = goodIndex
    self.parts = parts
    self.unreadable = unreadable
    self.dealtSplits = dealtSplits
  }

  /// The parts of one split, in order.
  public func parts(in split: Split) -> [Part] {
    parts.filter { $0.split == split }
  }

  /// Number of parts per class, as `classes` orders them.
  public func counts(in split: Split) -> [Int] {
    var counts = Array(repeating: 0, count: classes.count)
    for part in parts where part.split == split { counts[part.label] += 1 }
    return counts
  }

  /// Reads the set at `path`: a folder in one of the three layouts, or a manifest.
  ///
  /// A folder that holds `manifest.csv` is read by it; one with `ground_truth` beside `train` or `test` is taken
  /// for MVTec AD; else its children are split folders or class folders.
  ///
  /// **Splits that the set names are kept.** What it does not name is dealt by content hash within each class, so
  /// that adding images elsewhere, renaming files or changing the machine changes nothing: without `val`, a tenth
  /// of `train`; with no split at all, 70 / 15 / 15. A class of at least three images (five for `val` alone) has
  /// at least one in each. Files with the same bytes always go to the same split.
  ///
  /// Synthetic parts, which their files or a manifest's column `synthetic` give away, are never dealt: they stay where
  /// they are named, or in `train`.
  ///
  /// With `folds`, a named `test` is left alone and fold `fold` of all other parts becomes `val`; where no `test`
  /// is named (or with `resplit`), the fold becomes `test` and a tenth of the others `val`.
  ///
  /// Files that cannot be opened are in ``unreadable``, so that the caller decides whether to go on without them.
  public static func load(path: String, options: PartSetOptions = PartSetOptions()) throws(PartSetError) -> PartSet {
    if let folds = options.folds, folds < 2 || options.fold < 0 || options.fold >= folds {
      throw .fold(fold: options.fold, folds: folds)
    }
    let draft = try Draft.scan(path)
    guard !draft.entries.isEmpty else { throw .empty(path: path) }
    let (classes, good) = try resolveClasses(draft, options)
    let labels = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    let hashes = Parallel.map(draft.entries.count, threads: options.threads ?? Parallel.processors) { index in
      Result { () throws(Files.Failure) in
        let bytes = try Files.read(draft.entries[index].image)
        return (hash: ContentHash(of: bytes), isMarked: SyntheticMark.isIn(bytes))
      }
    }

    var parts: [Part] = []
    var named: [Split?] = []
    var unreadable = draft.unreadable
    for (entry, hash) in zip(draft.entries, hashes) {
      switch hash {
      case .failure(let failure):
        unreadable.append(Unreadable(path: failure.path, reason: failure.reason))
      case .success(let file):
        guard let label = labels[entry.label] else {
          throw .unknownLabel(label: entry.label, image: entry.image, classes: classes)
        }
        named.append(entry.split)
        parts.append(
          Part(
            id: entry.id, imagePath: entry.image, maskPath: entry.mask, label: label, split: entry.split ?? .train,
            contentHash: file.hash, isSynthetic: entry.isSynthetic || file.isMarked))
      }
    }
    guard !parts.isEmpty else {
      throw .unreadable(path: unreadable[0].path, reason: unreadable[0].reason)
    }
    let dealt = Dealer.deal(&parts, named: named, classes: classes.count, options: options)
    return PartSet(
      root: draft.root, layout: draft.layout, classes: classes, goodIndex: good, parts: parts, unreadable: unreadable,
      dealtSplits: dealt)
  }

  private static func resolveClasses(
    _ draft: Draft, _ options: PartSetOptions
  ) throws(PartSetError) -> (classes: [String], good: Int?) {
    let known = options.classes ?? Set(draft.entries.map(\.label)).union(draft.emptyClasses).sorted(by: Files.byteOrder)
    let good: String?
    if let name = options.good {
      good = known.first { $0 == name } ?? known.first { $0.lowercased() == name.lowercased() }
      guard good != nil else { throw .unknownGood(name: name, classes: known) }
    } else {
      good = known.first { $0.lowercased() == "good" } ?? known.first { $0.lowercased() == "ok" }
    }
    // A model's classes keep the model's order.
    guard let good, options.classes == nil else { return (known, good.flatMap(known.firstIndex(of:))) }
    return ([good] + known.filter { $0 != good }, 0)
  }
}

/// What a layout reader finds, before files are opened.
struct Draft: Sendable {
  struct Entry: Sendable {
    var id: String
    var image: String
    var mask: String?
    var label: String
    var split: Split?
    var isSynthetic = false
  }

  var root: String
  var layout: PartLayout
  var entries: [Entry] = []
  var emptyClasses: [String] = []
  var unreadable: [PartSet.Unreadable] = []

  static func scan(_ path: String) throws(PartSetError) -> Draft {
    switch Files.kind(path) {
    case nil: throw .notFound(path: path)
    case .regular?: return try manifest(path)
    case .other?: throw .unreadable(path: path, reason: "it is neither a folder nor a CSV file")
    case .directory?: break
    }
    let manifest = Files.join(path, "manifest.csv")
    if Files.kind(manifest) == .regular { return try self.manifest(manifest) }
    let children = try folders(path)
    let splits = children.compactMap { name in Split(name: name).map { (name, $0) } }
    if children.contains("ground_truth"), splits.contains(where: { $0.1 != .val }) {
      return try mvtec(path, splits)
    }
    return splits.isEmpty ? try classFolders(path, children) : try splitFolders(path, splits)
  }

  static func list(_ path: String) throws(PartSetError) -> [String] {
    do throws(Files.Failure) {
      return try Files.list(path)
    } catch {
      throw .unreadable(path: error.path, reason: error.reason)
    }
  }

  static func folders(_ path: String) throws(PartSetError) -> [String] {
    try list(path).filter { Files.kind(Files.join(path, $0)) == .directory }
  }
}
