internal import Imaging
public import Samples

/// The real defects of a part set, and its good parts: what a generator learns from and paints on.
public struct DefectLibrary: Sendable {
  /// The set's classes, in its order.
  public let classes: [String]
  /// Real defects by class: of training parts that have masks.
  public let defects: [Int: [RealDefect]]
  /// Whole pictures by class, where no training part of a class of defects has a mask; else empty.
  public let pictures: [Int: [WholePicture]]
  /// Good training parts.
  public let good: GoodParts
  /// ``ContentHash`` of every part that defects were taken from.
  public let sources: [ContentHash]
  /// What was passed over, in words.
  public private(set) var notes: [String] = []

  /// Fewer images of a class than this are learned from with a warning.
  public static let enough = 20

  /// Fewer than this nothing can be learned from.
  public static let fewest = 5

  /// Reads a set. Only its training parts are looked at: nothing of the test split may find its way into training.
  ///
  /// - Parameters:
  ///   - wanted: the classes to learn; nil for all that are defects.
  ///   - fewest: images with a mask that each class must have.
  ///   - takesWhole: whether a set without any mask is taken as whole pictures, rather than refused.
  /// - Throws: ``SynthesisError`` where a class has too few of them, or grey pictures are mixed with coloured ones.
  public init(_ set: PartSet, classes wanted: [String]? = nil, fewest: Int = 1, takesWhole: Bool = false)
    throws(SynthesisError)
  {
    classes = set.classes
    var labels = set.classes.indices.filter { $0 != set.goodIndex }
    if let wanted {
      for name in wanted where !set.classes.contains(name) {
        throw SynthesisError(name, "is no class of this set; it has \(set.classes.joined(separator: ", "))")
      }
      labels = labels.filter { wanted.contains(set.classes[$0]) }
    }
    var found: [Int: [RealDefect]] = [:]
    var notes: [String] = []
    guard !labels.isEmpty else {
      throw SynthesisError(set.root, "has no class of defects; it has \(set.classes.joined(separator: ", "))")
    }
    let parts = set.parts(in: .train)
    let isWhole = takesWhole && !parts.contains { labels.contains($0.label) && $0.maskPath != nil && !$0.isSynthetic }
    var whole: [Int: [WholePicture]] = [:]
    for label in labels {
      let own = parts.filter { $0.label == label }
      let name = set.classes[label]
      guard !own.isEmpty else {
        throw SynthesisError(name, "has no training image; add some, or leave the class out with --classes")
      }
      if isWhole {
        whole[label] = try Self.whole(own, name, fewest, &notes)
        continue
      }
      var defects: [RealDefect] = []
      var images = 0
      for part in own where !part.isSynthetic {
        guard let maskPath = part.maskPath else { continue }
        let pieces = try Self.read(part, maskPath, &notes)
        if !pieces.isEmpty { images += 1 }
        defects += pieces
      }
      guard images > 0 else {
        throw SynthesisError(
          name,
          "has no training image whose mask marks anything (\(own.count) in all); draw masks, or leave the class out "
            + "with --classes")
      }
      guard images >= fewest else {
        throw SynthesisError(
          name,
          "has \(images) training image\(images == 1 ? "" : "s") with a mask, and a generator needs \(fewest); add some, "
            + "leave the class out with --classes, or paste with `assay synth generate --model relit`")
      }
      if images < Self.enough {
        notes.append("\(name) has \(images) images: below \(Self.enough), what is made of them varies little")
      }
      found[label] = defects
    }
    defects = try Self.sameColors(found, { ($0.site.source, $0.levels) }, { $0.with(channels: 1) })
    pictures = try Self.sameColors(whole, { ($0.source, $0.planes) }, { $0.with(channels: 1) })
    let used = Set(found.values.flatMap { $0.map(\.site.source) } + whole.values.flatMap { $0.map(\.source) })
    sources = parts.filter { used.contains($0.id) }.map(\.contentHash).sorted()
    good = GoodParts(parts.filter { $0.label == set.goodIndex })
    self.notes = notes
  }

  private static func whole(_ own: [Part], _ name: String, _ fewest: Int, _ notes: inout [String])
    throws(SynthesisError) -> [WholePicture]
  {
    let own = own.filter { !$0.isSynthetic }
    guard own.count >= fewest else {
      throw SynthesisError(
        name,
        "has \(own.count) training image\(own.count == 1 ? "" : "s"), and a generator needs \(fewest); add some, or leave "
          + "the class out with --classes")
    }
    if own.count < enough {
      notes.append("\(name) has \(own.count) images: below \(enough), what is made of them varies little")
    }
    return try read(whole: own)
  }

  private static func read(whole parts: [Part]) throws(SynthesisError) -> [WholePicture] {
    var pictures: [WholePicture] = []
    for part in parts {
      do {
        pictures.append(
          WholePicture(source: part.id, label: part.label, picture: try ImageFile.load(path: part.imagePath).image))
      } catch {
        throw SynthesisError("\(error)")
      }
    }
    return pictures
  }

  /// Whole pictures of the validation split.
  static func heldWhole(_ set: PartSet, labels: [Int]) throws(SynthesisError) -> [WholePicture] {
    try read(whole: set.parts(in: .val).filter { labels.contains($0.label) })
  }

  /// Grey pictures are often stored as coloured ones: these are grey. Where some do show colour, all must.
  private static func sameColors<Item>(
    _ found: [Int: [Item]], _ look: (Item) -> (source: String, levels: Planes), _ gray: (Item) -> Item
  ) throws(SynthesisError) -> [Int: [Item]] {
    let all = found.sorted { $0.key < $1.key }.flatMap(\.value).map(look)
    guard let colored = all.first(where: { $0.levels.showsColor }) else { return found.mapValues { $0.map(gray) } }
    if let gray = all.first(where: { !$0.levels.isColor }) {
      throw SynthesisError(
        gray.source,
        "is grey, and \(colored.source) is in colour; a generator learns one kind: make all of them grey, or leave some out"
      )
    }
    return found
  }

  /// Defects of the validation split that have a mask, for a look at what was never learned from.
  static func held(_ set: PartSet, labels: [Int]) throws(SynthesisError) -> [RealDefect] {
    var notes: [String] = []
    var held: [RealDefect] = []
    for part in set.parts(in: .val) where labels.contains(part.label) {
      guard let mask = part.maskPath else { continue }
      held += try read(part, mask, &notes)
    }
    return held
  }

  private static func read(_ part: Part, _ maskPath: String, _ notes: inout [String]) throws(SynthesisError)
    -> [RealDefect]
  {
    let picture: AnyImage
    let mask: Image<Gray8>
    do {
      picture = try ImageFile.load(path: part.imagePath).image
      mask = try ImageFile.load(path: maskPath).image.gray8()
    } catch {
      throw SynthesisError(error.description)
    }
    guard mask.width == picture.width && mask.height == picture.height else {
      throw SynthesisError(
        maskPath,
        "is \(mask.width) x \(mask.height), but its image \(part.imagePath) is \(picture.width) x \(picture.height)")
    }
    let defects = RealDefect.pieces(
      source: part.id, label: part.label, picture: Planes(picture), mask: mask.map { $0 > 127 ? 1 : 0 })
    if defects.isEmpty { notes.append("\(maskPath) is empty: \(part.id) is not learned from") }
    return defects
  }
}
