import Glibc
internal import Samples

/// The pictures of an inspection run, in the order that they are judged in.
public struct InspectionInput: Sendable {
  public struct Item: Sendable, Hashable {
    /// Names the part in decisions: the path below the source, without the picture's extension where that stays unique.
    public var id: String
    /// The file, as ``FileName/text(_:)`` writes it.
    public let path: String
    /// What the part is called elsewhere, such as its serial number; nil where nothing says.
    public var part: String?

    /// - Parameter path: the file's path as it is.
    public init(id: String, path: String) {
      self.init(id: id, pathBytes: Array(path.utf8))
    }

    /// - Parameter pathBytes: the file's path as it is, which need not be UTF-8.
    public init(id: String, pathBytes: [UInt8]) {
      self.id = id
      path = FileName.text(pathBytes)
    }

    /// The file's path as the file system has it.
    public var pathBytes: [UInt8] { FileName.bytes(path) }
  }

  /// What was given.
  public var source: String
  /// Their ids differ.
  public var items: [Item]
  /// Files of a folder that were passed over because they are hidden or their names are not those of pictures.
  public var otherFiles: Int

  /// Extensions that name a picture, in lower case.
  public static let extensions: Set<String> = [
    "png", "jpg", "jpeg", "jpe", "jfif", "bmp", "dib", "tif", "tiff",
  ]

  /// Lists a folder (with its subfolders, by name), a single file, or a manifest (CSV with an `image` column).
  ///
  /// Whatever bears a picture's name is an input, also what cannot be read: it becomes a decision, never a gap. Hidden
  /// files and folders are none, as some systems put hidden files beside pictures (`._part.jpg`), nor are the annotated
  /// pictures of a run whose folder lies within the source.
  ///
  /// - Throws: ``InspectionError`` where there is nothing to inspect.
  public init(source: String) throws(InspectionError) {
    self.source = source
    var status = stat()
    guard unsafe stat(source, &status) == 0 else {
      throw .source(source, "cannot be opened (\(unsafe String(cString: strerror(errno))))")
    }
    otherFiles = 0
    if status.st_mode & S_IFMT == S_IFDIR {
      var listing = FolderListing()
      try listing.add(folder: Array(source.utf8), below: [], depth: 0)
      otherFiles = listing.otherFiles
      guard !listing.found.isEmpty else {
        let others = listing.otherFiles
        throw .source(
          source,
          others == 0
            ? "is an empty folder; give one that holds PNG, JPEG, BMP or TIFF pictures"
            : "holds no picture: its \(others) file\(others == 1 ? " is" : "s are") hidden or "
              + "without .png, .jpg, .bmp or .tif at the end")
      }
      items = Self.named(listing.found)
    } else if source.lowercased().hasSuffix(".csv") {
      items = try Self.manifest(source)
    } else {
      let name = source.split(separator: "/").last.map(String.init) ?? source
      items = Self.named([FoundPicture(name: Array(name.utf8), path: Array(source.utf8))])
    }
  }

  /// Items for pictures that are listed elsewhere.
  public init(source: String, items: [Item]) {
    self.source = source
    self.items = items
    otherFiles = 0
  }

  /// Ids without extensions, but for those that would then be the same; what is listed twice gets a number.
  static func named(_ found: [FoundPicture]) -> [Item] {
    let stems = found.map { FileName.text($0.stem) }
    let whole = found.map { FileName.text($0.name) }
    var ids = stems
    // "a.jpg", "a.png" and "a.jpg.png": what takes its extension back may meet another's stem, hence the loop.
    while true {
      var uses: [[UInt8]: Int] = [:]
      for id in ids { uses[Array(id.utf8), default: 0] += 1 }
      let clashes = ids.indices.filter { uses[Array(ids[$0].utf8)]! > 1 && !FileName.isSame(ids[$0], whole[$0]) }
      if clashes.isEmpty { break }
      for index in clashes { ids[index] = whole[index] }
    }
    var taken = PartNames()
    for id in ids { taken.insert(id) }
    var seen = PartNames()
    for index in ids.indices where !seen.insert(ids[index]) {
      var number = 2
      while !taken.insert("\(ids[index])#\(number)") { number += 1 }
      ids[index] += "#\(number)"
    }
    return found.indices.map { Item(id: ids[$0], pathBytes: found[$0].path) }
  }

  private static func manifest(_ path: String) throws(InspectionError) -> [Item] {
    let records: [CSV.Record]
    do {
      records = try CSV.records(contents(path))
    } catch let error as CSV.Malformed {
      throw .source(path, "is not a readable CSV file (line \(error.line): \(error.reason))")
    } catch let error as InspectionError {
      throw error
    } catch {
      throw .source(path, "\(error)")
    }
    guard let header = records.first,
      let column = header.fields.firstIndex(where: { $0.trimmed.lowercased() == "image" })
    else { throw .source(path, "has no column called `image` in its first line") }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    var found: [FoundPicture] = []
    for record in records.dropFirst() {
      guard record.fields.indices.contains(column), !record.fields[column].isEmpty else {
        throw .source(path, "names no image in line \(record.line)")
      }
      let image = record.fields[column]
      found.append(
        FoundPicture(name: Array(image.utf8), path: Array((image.hasPrefix("/") ? image : folder + image).utf8)))
    }
    guard !found.isEmpty else { throw .source(path, "lists no image") }
    var items = named(found)
    // A column of that name traces the parts.
    if let column = header.fields.firstIndex(where: { ["part", "part_id"].contains($0.trimmed.lowercased()) }) {
      for (index, record) in records.dropFirst().enumerated() {
        guard record.fields.indices.contains(column), !record.fields[column].trimmed.isEmpty else {
          throw .source(path, "has a column for the part's id, but none in line \(record.line)")
        }
        items[index].part = record.fields[column].trimmed
      }
    }
    return items
  }

  /// A manifest's bytes. A FIFO of that name would have us wait.
  private static func contents(_ path: String) throws(InspectionError) -> [UInt8] {
    func refuse() -> InspectionError {
      .source(path, "cannot be read (\(unsafe String(cString: strerror(errno))))")
    }
    let file = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw refuse() }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { throw refuse() }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .source(path, "is not a regular file") }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw refuse() }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }
}

extension String {
  fileprivate var trimmed: String {
    var view = self[...]
    while let first = view.first, first.isWhitespace { view.removeFirst() }
    while let last = view.last, last.isWhitespace { view.removeLast() }
    return String(view)
  }
}
