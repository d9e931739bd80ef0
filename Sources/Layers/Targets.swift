/// Target distributions for cross entropy.
public enum Targets {
  /// One-hot rows [N, K] for class indices, smoothed: 1 - s + s / K for the class and s / K for the others (Szegedy et
  /// al. 2015, arXiv 1512.00567).
  ///
  /// - Precondition: every label is in 0 ..< classes; 0 <= smoothing < 1.
  public static func oneHot(_ labels: [Int], classes: Int, smoothing: Float = 0) -> [Float] {
    precondition(smoothing >= 0 && smoothing < 1, "a label smoothing of \(smoothing)")
    var rows = [Float](repeating: smoothing / Float(classes), count: labels.count * classes)
    for (n, label) in labels.enumerated() {
      precondition(label >= 0 && label < classes, "label \(label) of \(classes) classes")
      rows[n * classes + label] += 1 - smoothing
    }
    return rows
  }

  /// The same smoothing for target rows [N, K] that may be soft already.
  public static func smoothed(_ rows: [Float], classes: Int, smoothing: Float) -> [Float] {
    rows.map { smoothed($0, classes: classes, smoothing: smoothing) }
  }

  /// The same for one share of a row.
  public static func smoothed(_ share: Float, classes: Int, smoothing: Float) -> Float {
    share * (1 - smoothing) + smoothing / Float(classes)
  }
}
