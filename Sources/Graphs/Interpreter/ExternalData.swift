import Glibc
import Synchronization

/// Weights that lie in files beside the model.
final class ExternalData: Sendable {
  /// So many files may belong to a model; each stays open.
  private static let most = 256

  /// The model's folder.
  private let folder: String
  private let open = Mutex<[String: ByteSource]>([:])

  init(folder: String) { self.folder = folder }

  /// Where the bytes of one tensor lie.
  ///
  /// - Throws: `GraphError.malformed` for a place that leaves the model's folder or a size that contradicts the shape,
  ///   `.file` where it cannot be read.
  func place(
    of tensor: ONNXTensorProto, name: String, count: Int
  ) throws(GraphError) -> (source: ByteSource, offset: Int) {
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
    let source = try open.withLock { sources throws(GraphError) in
      if let known = sources[location] { return known }
      guard sources.count < ExternalData.most else {
        throw .unsupportedModel("its weights lie in more than \(ExternalData.most) files")
      }
      let source = try file(location, parts.map(String.init))
      sources[location] = source
      return source
    }
    guard offset <= source.count, count <= source.count - offset else {
      throw .malformed(
        "tensor '\(name)' needs \(count) bytes from byte \(offset) of '\(location)', which has \(source.count)")
    }
    return (source, offset)
  }

  /// Opens folder by folder and follows no links, for they too could lead outside.
  private func file(_ location: String, _ parts: [String]) throws(GraphError) -> ByteSource {
    let path = "\(folder)/\(location)"
    var descriptor = unsafe folder.withCString { unsafe Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw ModelFile.failure(path) }
    for (index, part) in parts.enumerated() {
      let isLast = index == parts.count - 1
      let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (isLast ? 0 : O_DIRECTORY)
      let next = unsafe part.withCString { unsafe openat(descriptor, $0, flags) }
      let error = ModelFile.failure(path)
      close(descriptor)
      guard next >= 0 else { throw error }
      descriptor = next
    }
    return try ByteSource(descriptor: descriptor, path: path)
  }
}
