import Glibc
import Inspection

/// The folder that a command writes its results to.
enum ResultFolder {
  /// Removes what an earlier run wrote, and nothing else: of annotated pictures those that its decisions name.
  static func clear(_ path: String) {
    for name in ["summary.json", "metrics.json", "decisions.csv", "gaps.csv", "run.json", "report.html"] {
      _ = unsafe unlink(path + "/" + name)
    }
    _ = try? DecisionReader.read(path: path + "/decisions.jsonl") { decision in
      guard let annotated = decision.annotated, annotated.hasPrefix("annotated/"), !annotated.contains("/../") else {
        return
      }
      _ = unsafe unlink(path + "/" + annotated)
    }
  }
}
