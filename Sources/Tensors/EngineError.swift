import CDNN

/// oneDNN refused an operation.
public struct EngineError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The function that failed.
  public let function: String
  /// oneDNN's `dnnl_status_t`.
  public let status: Int32

  public var description: String {
    unsafe "\(function) failed: \(String(cString: cdnn_status_name(status))) (oneDNN status \(status))"
  }
}

/// The one place where a status becomes an error.
func check(_ function: StaticString, _ status: Int32) throws(EngineError) {
  guard status == 0 else { throw EngineError(function: "\(function)", status: status) }
}
