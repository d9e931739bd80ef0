import Classification
import Crypto
import Graphs
import Inspection

/// A model as it lies on disk: the classifier and the digest that decisions name it by.
struct ModelFile {
  let path: String
  let file: ONNXFile
  let classifier: Classifier
  let identity: ModelIdentity

  init(path: String) throws {
    self.path = path
    file = try Self.open(path)
    classifier = try Classifier(file, path: path)
    var digest = SHA256()
    try file.forEachChunk { digest.update(data: $0) }
    let name = classifier.info.name
    identity = ModelIdentity(name: name.isEmpty ? Self.stem(path) : name, sha256: Self.text(digest.finalize()))
  }

  /// Any ONNX file, also one that is not a classifier of ours.
  static func open(_ path: String) throws -> ONNXFile {
    do {
      return try ONNXFile(contentsOf: path)
    } catch .file(_, _, let reason) {
      throw ModelError(path, "cannot be read: \(reason); give an ONNX file")
    } catch {
      throw ModelError(path, "cannot be used: \(error)")
    }
  }

  static func stem(_ path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
  }

  static func sha256(_ bytes: [UInt8]) -> String { text(SHA256.hash(data: bytes)) }

  private static func text(_ digest: SHA256.Digest) -> String {
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
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
