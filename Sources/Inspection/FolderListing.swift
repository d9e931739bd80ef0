import Glibc

/// A picture file as it was found: names are bytes and need not be UTF-8.
struct FoundPicture {
  /// The path below the source.
  var name: [UInt8]
  var path: [UInt8]

  /// The name without the file's extension.
  var stem: ArraySlice<UInt8> {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0, name[dot - 1] != UInt8(ascii: "/"),
      !name[dot...].contains(UInt8(ascii: "/"))
    else { return name[...] }
    return name[..<dot]
  }
}

/// What is in a folder and those below it, in the order of the names' bytes: the same everywhere.
struct FolderListing {
  var found: [FoundPicture] = []
  /// Hidden files, and those whose names are not those of pictures.
  var otherFiles = 0

  /// Folders deeper than this are passed over.
  private static let mostDepth = 32

  mutating func add(folder: [UInt8], below prefix: [UInt8], depth: Int) throws(InspectionError) {
    let slash = UInt8(ascii: "/")
    let entries = try Self.entries(folder)
    // The annotated pictures of a run are no parts, also where the run's folder lies within the source.
    let isRun = entries.contains { $0.name == Array("decisions.jsonl".utf8) }
    for (name, type) in entries {
      let path = folder.last == slash ? folder + name : folder + [slash] + name
      let below = prefix.isEmpty ? name : prefix + [slash] + name
      let isHidden = name.first == UInt8(ascii: ".")
      if Self.isPicture(name) && !isHidden {
        found.append(FoundPicture(name: below, path: path))
      } else if Self.isFolder(path, type) {
        guard !isHidden, depth < Self.mostDepth, !(isRun && name == Array("annotated".utf8)) else { continue }
        try add(folder: path, below: below, depth: depth + 1)
      } else if !isHidden || Self.isPicture(name) {
        otherFiles += 1
      }
    }
  }

  static func isPicture(_ name: [UInt8]) -> Bool {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return false }
    return InspectionInput.extensions.contains(String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased())
  }

  private static func entries(_ folder: [UInt8]) throws(InspectionError) -> [(name: [UInt8], type: UInt8)] {
    func refuse() -> InspectionError {
      .source(FileName.text(folder), "cannot be listed (\(unsafe String(cString: strerror(errno))))")
    }
    guard let directory = unsafe opendir(folder.map { CChar(bitPattern: $0) } + [0]) else { throw refuse() }
    defer { unsafe closedir(directory) }
    var entries: [(name: [UInt8], type: UInt8)] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(directory) else {
        // Half a listing would be a gap that nobody sees.
        guard errno == 0 else { throw refuse() }
        break
      }
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      if name != [UInt8(ascii: ".")] && name != Array("..".utf8) {
        entries.append((name, unsafe entry.pointee.d_type))
      }
    }
    entries.sort { $0.name.lexicographicallyPrecedes($1.name) }
    return entries
  }

  private static func isFolder(_ path: [UInt8], _ type: UInt8) -> Bool {
    if type != UInt8(DT_UNKNOWN) { return type == UInt8(DT_DIR) }
    var status = stat()
    return unsafe lstat(path.map { CChar(bitPattern: $0) } + [0], &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
