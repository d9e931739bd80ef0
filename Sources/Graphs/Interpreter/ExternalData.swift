import Glibc

/// Weights that lie in files beside the model.
struct ExternalData {
  /// The model's folder.
  let folder: String

  /// The bytes of one tensor.
  ///
  /// - Throws: `GraphError.malformed` for a place that leaves the model's folder or a size that contradicts the shape,
  ///   `.file` where it cannot be read.
  func bytes(of tensor: ONNXTensorProto, name: String, count: Int) throws(GraphError) -> [UInt8] {
    var entries: [String: String] = [:]
    for entry in tensor.externalData { entries[entry.key] = entry.value }
    let location = entries["location"] ?? ""
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    // A model must not be able to read files of the machine that it was brought to.
    guard !location.isEmpty, !location.hasPrefix("/"), !location.utf8.contains(0),
      parts.allSatisfy({ !$0.isEmpty && $0 != ".." && $0 != "." })
    else { throw .malformed("tensor '\(name)' is stored at '\(location)', outside the model's folder") }
    guard let offset = Int(entries["offset"] ?? "0"), let length = Int(entries["length"] ?? "\(count)"), offset >= 0,
      length == count, length <= ModelFile.largest
    else { throw .malformed("tensor '\(name)' claims a part of '\(location)' that does not fit its \(count) bytes") }
    return try read(location, parts.map(String.init), name: name, offset: offset, count: count)
  }

  /// Opens folder by folder and follows no links, for they too could lead outside.
  private func read(
    _ location: String, _ parts: [String], name: String, offset: Int, count: Int
  ) throws(GraphError) -> [UInt8] {
    let path = "\(folder)/\(location)"
    var descriptor = unsafe folder.withCString { unsafe open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw ModelFile.failure(path) }
    defer { close(descriptor) }
    for (index, part) in parts.enumerated() {
      let isLast = index == parts.count - 1
      let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (isLast ? 0 : O_DIRECTORY)
      let next = unsafe part.withCString { unsafe openat(descriptor, $0, flags) }
      guard next >= 0 else { throw ModelFile.failure(path) }
      close(descriptor)
      descriptor = next
    }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw ModelFile.failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .file(path: path, code: 0, reason: "it is not a regular file")
    }
    guard offset <= status.st_size, count <= status.st_size - offset else {
      throw .malformed(
        "tensor '\(name)' needs \(count) bytes from byte \(offset) of '\(location)', which has \(status.st_size)")
    }
    let source = descriptor
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = unsafe pread(source, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
        if got < 0 && errno == EINTR { continue }
        if got <= 0 { break }
        filled += got
      }
    }
    guard bytes.count == count else {
      throw .file(path: path, code: 0, reason: "it became shorter while it was read")
    }
    return bytes
  }
}
