public import Imaging
public import Samples

/// Good parts to paint on.
public struct GoodParts: Sendable {
  public struct Item: Sendable, Hashable {
    public var id: String
    public var path: String
    public var size: ImageSize
    public var contentHash: ContentHash
  }

  public let items: [Item]

  /// Parts whose header cannot be read are left out: whoever trains on them is told.
  public init(_ parts: [Part]) {
    var items: [Item] = []
    for part in parts {
      guard let size = try? ImageFile.size(path: part.imagePath) else { continue }
      items.append(Item(id: part.id, path: part.imagePath, size: size, contentHash: part.contentHash))
    }
    self.items = items
  }

  /// The pictures of a folder, or the good training parts of a part set.
  ///
  /// - Throws: ``SynthesisError`` where there is none.
  public static func load(folder: String, good: String? = nil) throws -> GoodParts {
    let pictures = PartSet.pictures(in: folder)
    if !pictures.isEmpty {
      let parts = GoodParts(pictures)
      guard !parts.items.isEmpty else { throw SynthesisError(folder, "holds no picture that can be read") }
      return parts
    }
    let set: PartSet
    do {
      set = try PartSet.load(path: folder, options: PartSetOptions(good: good))
    } catch {
      // A pattern in the catch itself crashes this compiler (Swift 6.3.1).
      guard case .empty = error else { throw error }
      throw SynthesisError(folder, "holds no picture of a good part; give a folder with some, or a part set")
    }
    guard let index = set.goodIndex else {
      throw SynthesisError(
        folder,
        "names none of its classes as good (\(set.classes.joined(separator: ", "))); give the folder of good parts itself"
      )
    }
    let parts = GoodParts(set.parts(in: .train).filter { $0.label == index && !$0.isSynthetic })
    guard !parts.items.isEmpty else { throw SynthesisError(folder, "has no good part in its train split to paint on") }
    return parts
  }

  /// Good parts of a shape like the one that a defect was found on: views differ, and a corner is where a corner was.
  ///
  /// - Parameter count: how many of the nearest, by width and height.
  public func nearest(to size: ImageSize, count: Int = 40) -> [Int] {
    func distance(_ other: ImageSize) -> Double {
      func ratio(_ a: Int, _ b: Int) -> Double { a > b ? Double(a) / Double(b) : Double(b) / Double(a) }
      return ratio(other.width, size.width) * ratio(other.height, size.height)
    }
    let order = items.indices.map { (index: $0, distance: distance(items[$0].size)) }
      .sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }
    return order.prefix(count).map(\.index)
  }
}
