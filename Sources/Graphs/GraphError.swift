/// Why a model file or a graph cannot be used.
public enum GraphError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A file that cannot be opened, read or written; `code` is `errno`.
  case file(path: String, code: Int32, reason: String)
  /// Bytes that are not an ONNX model, or one that contradicts itself.
  case malformed(String)
  /// An operation, or a form of one, that Assay does not run.
  case unsupported(operation: String, node: String, opset: Int, reason: String)
  /// A model that as a whole lies outside what Assay reads.
  case unsupportedModel(String)
  /// Input of another shape than the network takes.
  case shape(String)
  /// oneDNN could not make or run a kernel.
  case kernel(node: String, function: String, status: Int)
  /// The network needs more memory than is allowed or free.
  case memory(bytes: Int)

  public var description: String {
    switch self {
    case .file(let path, let code, let reason):
      "Cannot use the model file \(path): \(reason)\(code == 0 ? "" : " (errno \(code))")."
    case .malformed(let reason):
      "The model is damaged or not ONNX: \(reason). Export or copy it again."
    case .unsupported(let operation, let node, let opset, let reason):
      "The model uses \(operation) (node '\(node)', opset \(opset)) in a way that is not supported: \(reason)."
    case .unsupportedModel(let reason):
      "The model is not supported: \(reason)."
    case .shape(let reason):
      "The network cannot take this input: \(reason)."
    case .kernel(let node, let function, let status):
      "The network's node '\(node)' cannot be computed: \(function) failed with status \(status)."
    case .memory(let bytes):
      "The network needs \(bytes) bytes of working memory, more than is allowed (4 GiB) or free; "
        + "use a smaller input or batch."
    }
  }
}
