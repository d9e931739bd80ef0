import Glibc
internal import Samples

/// The pictures of an inspection run, in the order that they are judged in.
public struct InspectionInput: Sendable {
  public struct Item: Sendable, Hashable {
    /// Names the part in decisions: the path below the source, without the picture's extension where that stays unique.
    public var id: String
    public var path: String

    public init(id: String, path: String) {
      self.id = id
      self.path = path
    }
  }

  /// What was given.
  public var source: String
  public var items: [Item]
  /// Files of a folder that were passed over because their names are not those of pictures.
  public var otherFiles: Int

  /// Extensions that name a picture, in lower case.
  public static let extensions: Set<String> = [
    "png", "jpg", "jpeg", "jpe", "jfif", "bmp", "dib", "tif", "tiff",
  ]

  /// Lists a folder (with its subfolders, by name), a single file, or a manifest (CSV with an `image` column).
  ///
  /// Whatever bears a picture's name is an input, also what cannot be read: it becomes a decision, never a gap.
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
      var found: [(id: String, path: String)] = []
      var others = 0
      try Self.list(source, below: "", depth: 0, &found, &others)
      otherFiles = others
      guard !found.isEmpty else {
        throw .source(
          source,
          others == 0
            ? "is an empty folder; give one that holds PNG, JPEG, BMP or TIFF pictures"
            : "holds no picture: its \(others) file\(others == 1 ? " has" : "s have") other extensions than .png, .jpg, "
              + ".bmp and .tif")
      }
      items = Self.named(found)
    } else if source.lowercased().hasSuffix(".csv") {
      items = try Self.manifest(source)
    } else {
      let name = source.split(separator: "/").last.map(String.init) ?? source
      items = Self.named([(name, source)])
    }
  }

  /// Items for pictures that are listed elsewhere.
  public init(source: String, items: [Item]) {
    self.source = source
    self.items = items
    otherFiles = 0
  }

  private static func isPicture(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return false }
    return extensions.contains(name[name.index(after: dot)...].lowercased())
  }

  private static func list(
    _ folder: String, below prefix: String, depth: Int, _ found: inout [(id: String, path: String)],
    _ others: inout Int
  ) throws(InspectionError) {
    guard let directory = unsafe opendir(folder) else {
      throw .source(folder, "cannot be listed (\(unsafe String(cString: strerror(errno))))")
    }
    var names: [(name: String, type: UInt8)] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { names.append((name, unsafe entry.pointee.d_type)) }
    }
    _ = unsafe closedir(directory)
    // By bytes: the same order everywhere.
    names.sort { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    for (name, type) in names {
      let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
      let id = prefix.isEmpty ? name : prefix + "/" + name
      if isPicture(name) {
        found.append((id, path))
      } else if isFolder(path, type), !name.hasPrefix("."), depth < 32 {
        try list(path, below: id, depth: depth + 1, &found, &others)
      } else if !name.hasPrefix(".") {
        others += 1
      }
    }
  }

  private static func isFolder(_ path: String, _ type: UInt8) -> Bool {
    if type != UInt8(DT_UNKNOWN) { return type == UInt8(DT_DIR) }
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Ids without extensions, but for those that would then be the same.
  private static func named(_ found: [(id: String, path: String)]) -> [Item] {
    func stem(_ id: String) -> String { id.lastIndex(of: ".").map { String(id[..<$0]) } ?? id }
    var uses: [[UInt8]: Int] = [:]
    for (id, _) in found { uses[Array(stem(id).utf8), default: 0] += 1 }
    return found.map { id, path in
      Item(id: uses[Array(stem(id).utf8)] == 1 ? stem(id) : id, path: path)
    }
  }

  private static func manifest(_ path: String) throws(InspectionError) -> [Item] {
    var bytes: [UInt8] = []
    let file = unsafe fopen(path, "re")
    guard let file = unsafe file else {
      throw .source(path, "cannot be opened (\(unsafe String(cString: strerror(errno))))")
    }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    _ = unsafe fclose(file)
    let records: [CSV.Record]
    do {
      records = try CSV.records(bytes)
    } catch {
      throw .source(path, "is not a readable CSV file (line \(error.line): \(error.reason))")
    }
    guard let header = records.first,
      let column = header.fields.firstIndex(where: { $0.trimmed.lowercased() == "image" })
    else { throw .source(path, "has no column called `image` in its first line") }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    var found: [(id: String, path: String)] = []
    for record in records.dropFirst() {
      guard record.fields.indices.contains(column), !record.fields[column].isEmpty else {
        throw .source(path, "names no image in line \(record.line)")
      }
      let image = record.fields[column]
      found.append((image, image.hasPrefix("/") ? image : folder + image))
    }
    guard !found.isEmpty else { throw .source(path, "lists no image") }
    return named(found)
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

/// An inspection cannot begin or go on.
public enum InspectionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is to be inspected is not there, or empty.
  case source(String, String)
  /// The run to be resumed was made with another model.
  case otherModel(path: String, model: String)
  /// Something of the run cannot be written.
  case output(String, String)

  public var description: String {
    switch self {
    case .source(let source, let reason): "\(source) \(reason)."
    case .otherModel(let path, let model):
      "\(path) was begun with another model (\(model)); resume it with that one, or name another --out."
    case .output(let path, let reason): "\(path) cannot be written: \(reason)."
    }
  }
}
