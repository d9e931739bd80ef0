/// An inspection cannot begin or go on.
public enum InspectionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is to be inspected is not there, or empty.
  case source(String, String)
  /// The run to be resumed was made with another model.
  case otherModel(path: String, model: String)
  /// The run to be resumed was made with other thresholds.
  case otherThresholds(path: String)
  /// The run to be resumed judged another picture under the same id.
  case otherSource(path: String, earlier: String, now: String)
  /// Something of the run cannot be written.
  case output(String, String)
  /// The run was asked to stop; what was judged is on the disk.
  case interrupted(judged: Int, total: Int)

  /// Whether the run was asked to stop, so that nothing failed.
  public var isInterruption: Bool {
    if case .interrupted = self { true } else { false }
  }

  public var description: String {
    switch self {
    case .source(let source, let reason): "\(source) \(reason)."
    case .otherModel(let path, let model):
      "\(path) was begun with another model (\(model)); resume it with that one, or name another --out."
    case .otherThresholds(let path):
      "\(path) was begun with other thresholds; resume it with those, or name another --out."
    case .otherSource(let path, let earlier, let now):
      "\(path) was begun with other pictures (\(earlier), not \(now)); resume it with those, or name another --out."
    case .output(let path, let reason): "\(path) cannot be written: \(reason)."
    case .interrupted(let judged, let total):
      "interrupted: \(judged) of \(total) are judged and kept."
    }
  }
}
