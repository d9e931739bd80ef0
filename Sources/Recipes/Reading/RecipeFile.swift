internal import Glibc

/// Files and their names.
enum RecipeFile {
  struct Refusal: Error {
    var message: String
  }

  static func read(_ path: String, longest: Int) -> Result<[UInt8], Refusal> {
    func refuse(_ reason: String) -> Result<[UInt8], Refusal> { .failure(Refusal(message: reason)) }
    func cause() -> String { unsafe String(cString: strerror(errno)) }
    // Opening a pipe that nobody writes to must not wait.
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return refuse("cannot be opened (\(cause()))") }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { return refuse("cannot be read (\(cause()))") }
    guard status.st_mode & S_IFMT == S_IFREG else { return refuse("is not a file; name the recipe's YAML file") }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= longest {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return refuse("cannot be read (\(cause()))") }
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return .success(bytes)
  }

  /// The folder that a path lies in, absolute.
  static func folder(of path: String) -> String {
    let end = path.lastIndex(of: "/")
    let folder = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ""
    if folder.hasPrefix("/") { return folder }
    let here = unsafe getcwd(nil, 0)
    defer { unsafe free(here) }
    let current = unsafe here.map { unsafe String(cString: $0) } ?? "."
    if folder.isEmpty || folder == "." { return current }
    return current.hasSuffix("/") ? current + folder : current + "/" + folder
  }

  /// A file's name without `.yaml` or `.yml`.
  static func stem(of path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    for ending in [".yaml", ".yml"] where name.hasSuffix(ending) && name.count > ending.count {
      return String(name.dropLast(ending.count))
    }
    return name
  }

  /// What can name files and stand in a log without quotes.
  static func isPlainName(_ name: String) -> Bool {
    func isWord(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: false
      }
    }
    return (1...64).contains(name.utf8.count) && isWord(name.utf8.first!)
      && name.utf8.allSatisfy { isWord($0) || "-_.".utf8.contains($0) }
  }
}
