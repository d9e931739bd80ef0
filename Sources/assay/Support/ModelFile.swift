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

  /// Bytes of the file.
  var size: Int { file.byteCount }
  /// All properties of the file.
  var metadata: [String: String] { file.metadata }

  /// - Parameter precision: of the products when it judges.
  init(path: String, precision: Precision = .f32) throws {
    try self.init(path: path, Self.open(path), precision: precision)
  }

  /// - Parameter bytes: what is to lie at `path`.
  init(path: String, bytes: [UInt8]) throws {
    do {
      try self.init(path: path, ONNXFile(bytes))
    } catch let error as GraphError {
      throw ModelError(path, "cannot be used: \(error)")
    }
  }

  private init(path: String, _ file: ONNXFile, precision: Precision = .f32) throws {
    self.path = path
    self.file = file
    classifier = try Classifier(file, path: path, usesBF16: precision == .bf16)
    var digest = SHA256()
    try file.forEachChunk { digest.update(data: $0) }
    let name = classifier.info.name
    identity = ModelIdentity(name: name.isEmpty ? Self.stem(path) : name, sha256: Self.text(digest.finalize()))
  }

  /// The network as Assay runs it, with the properties that it needs when it is written anew.
  func graph() throws -> Graph {
    do {
      guard let foreign = classifier.info.foreign else { return try Graph(file) }
      var info = classifier.info
      var graph = try foreign.graph(try ONNXModel(file), info: info, path: path)
      // Written anew it has our inputs and outputs.
      info.foreign = nil
      graph.metadata = info.metadata()
      return graph
    } catch let error as GraphError {
      throw ModelError(path, "cannot be used: \(error)")
    }
  }

  /// What the model's own policy was promised to keep; nil where there is none, or another policy is in force.
  func promises(under policy: Policy) -> PromiseCard? { classifier.info.promises(under: policy) }

  /// The same network with another policy and its promises.
  func with(_ policy: Policy, _ card: PromiseCard) throws -> [UInt8] {
    var graph = try graph()
    var info = try ModelInfo(graph, path: path)
    info.thresholds = ModelInfo.Thresholds(
      reject: policy.thresholds.reject, review: policy.thresholds.review, confidence: policy.minimumConfidence)
    info.policy = policy.json
    info.promises = card.json
    graph.metadata.merge(info.metadata()) { $1 }
    return try graph.onnx()
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

  static func text(_ digest: SHA256.Digest) -> String {
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}

extension ModelInfo {
  /// What the model's own policy was promised to keep; nil where there is none, or another policy is in force.
  func promises(under policy: Policy) -> PromiseCard? {
    guard let promises, let card = PromiseCard(json: promises),
      let own = self.policy.flatMap({ try? Policy(json: $0) }), own == policy
    else { return nil }
    return card
  }

  /// For a run's report: what the model comes from and what its policy was promised to keep.
  func facts(under policy: Policy) -> [(name: String, value: String)] {
    (provenance.map { [("Trained on", $0.dataset)] } ?? []) + (promises(under: policy)?.facts ?? [])
  }
}

extension Policy {
  /// The thresholds that the model brings, with those that the user gave instead. A user's threshold stands over those of
  /// single classes too.
  init(_ info: ModelInfo, reject: Float?, review: Float?, confidence: Float?) throws {
    if let text = info.policy {
      var policy: Policy
      do { policy = try Policy(json: text) } catch {
        throw ModelError(info.name, "has a policy that cannot be read (\(error)); restore the file")
      }
      if reject != nil || review != nil {
        let rejecting = reject ?? policy.thresholds.reject
        policy.thresholds = try Thresholds(
          reject: rejecting, review: review ?? min(policy.thresholds.review, rejecting))
        policy.perClass = [:]
      }
      policy.minimumConfidence = confidence ?? policy.minimumConfidence
      self = policy
      return
    }
    let rejecting = reject ?? info.thresholds.reject
    let reviewing = review ?? min(info.thresholds.review, rejecting)
    self.init(
      thresholds: try Thresholds(reject: rejecting, review: reviewing),
      minimumConfidence: confidence ?? info.thresholds.confidence)
  }
}
