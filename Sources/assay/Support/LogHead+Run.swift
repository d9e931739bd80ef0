import Classification
import Inspection

extension LogHead {
  /// Of a run over files.
  static func run(
    _ source: String, _ file: ModelFile, _ policy: Policy, policyFile: File? = nil, challenge: File? = nil
  ) -> LogHead {
    LogHead(
      version: Assay.version, source: source,
      stations: [
        Station(
          camera: nil, model: file.identity, policy: policy, good: file.classifier.info.goodLabel,
          promises: file.classifier.info.promiseNames(under: policy))
      ], policyFile: policyFile, challenge: challenge)
  }

  /// Of a run with cameras.
  static func run(_ stations: [LiveStation], recipe: File? = nil, challenge: File? = nil) -> LogHead {
    LogHead(
      version: Assay.version,
      stations: stations.map {
        Station(
          camera: $0.name, model: $0.model, policy: $0.policy, good: $0.classifier.info.goodLabel,
          promises: $0.classifier.info.promiseNames(under: $0.policy))
      }, recipe: recipe, challenge: challenge)
  }
}

extension ModelInfo {
  fileprivate func promiseNames(under policy: Policy) -> [String] {
    promises(under: policy)?.evidence.map(\.promise.description) ?? []
  }
}
