import Classification
import Crypto
import Glibc
import Graphs
import Inspection

/// A model as it lies on disk: the classifier and the digest that decisions name it by.
struct ModelFile {
  let path: String
  let classifier: Classifier
  let identity: ModelIdentity
  /// Bytes of the file.
  let size: Int
  /// All properties of the file.
  let metadata: [String: String]

  init(path: String) throws {
    try self.init(path: path, bytes: Self.read(path))
  }

  /// - Parameter bytes: what lies, or is to lie, at `path`.
  init(path: String, bytes: [UInt8]) throws {
    self.path = path
    let graph = try Self.graph(bytes, path: path)
    size = bytes.count
    metadata = graph.metadata
    let info = try ModelInfo(graph, path: path)
    classifier = try Classifier(graph, info: info, path: path)
    let name = info.name.isEmpty ? Self.stem(path) : info.name
    identity = ModelIdentity(name: name, sha256: Self.sha256(bytes))
  }

  /// The network itself, as the file has it.
  func graph() throws -> Graph { try Self.graph(Self.read(path), path: path) }

  /// Any ONNX file, also one that is not a classifier of ours.
  static func foreign(path: String) throws -> ONNXModel {
    _ = try read(path)
    do {
      return try ONNXModel(contentsOf: path)
    } catch {
      throw ModelError(path, "cannot be used: \(error)")
    }
  }

  private static func graph(_ bytes: [UInt8], path: String) throws -> Graph {
    do {
      return try Graph(onnx: bytes)
    } catch {
      throw ModelError(path, "cannot be used: \(error)")
    }
  }

  static func stem(_ path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
  }

  static func sha256(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(SHA256.hash(data: bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  static func read(_ path: String) throws -> [UInt8] {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      throw ModelError(path, "cannot be opened: \(unsafe String(cString: strerror(errno)))")
    }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ModelError(path, "is not a file; give the ONNX file that `assay train` wrote")
    }
    // A protocol buffer's limit.
    guard status.st_size < 1 << 31 else { throw ModelError(path, "is larger than any model: 2 GB") }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(file, buffer.baseAddress! + offset, buffer.count - offset)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw ModelError(path, "cannot be read to its end") }
      offset += count
    }
    return bytes
  }
}

extension Policy {
  /// The thresholds that the model brings, with those that the user gave instead.
  init(_ info: ModelInfo, reject: Float?, review: Float?, confidence: Float?) throws {
    let rejecting = reject ?? info.thresholds.reject
    let reviewing = review ?? min(info.thresholds.review, rejecting)
    self.init(
      thresholds: try Thresholds(reject: rejecting, review: reviewing),
      minimumConfidence: confidence ?? info.thresholds.confidence)
  }
}
