/// A training cannot start or go on.
public enum TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The set has fewer than two classes with training parts.
  case tooFewClasses(root: String, classes: [String])
  /// No parts to validate with.
  case noValidation(root: String)
  /// The checkpoint belongs to another training.
  case otherTraining(path: String)
  /// The checkpoint cannot be read or written.
  case checkpoint(path: String, reason: String)
  /// The training was asked to stop; the checkpoint, where there is one, is saved.
  case interrupted(step: Int)
  /// Losses are no longer numbers.
  case diverged(step: Int)
  /// A setting that cannot be met.
  case setting(String)

  public var description: String {
    switch self {
    case .tooFewClasses(let root, let classes):
      "\(root): training needs parts of at least two classes in the train split, but it has "
        + (classes.isEmpty ? "none" : "only \(classes.joined(separator: ", "))")
        + "; add parts of another class there (`assay dataset check` shows the splits)."
    case .noValidation(let root):
      "\(root): no part is left for validation; add parts, or give the set a `val` folder."
    case .otherTraining(let path):
      "\(path) is the checkpoint of another training (other settings or other parts); "
        + "remove it to start anew, or name another --out."
    case .checkpoint(let path, let reason):
      "\(path) cannot be used as checkpoint: \(reason)."
    case .interrupted(let step):
      "interrupted after step \(step); the checkpoint is saved."
    case .diverged(let step):
      "the training diverged at step \(step): the loss is no longer a number; try a smaller --learning-rate."
    case .setting(let text): text
    }
  }
}
