public import Inspection

extension InspectionReport {
  /// Makes the report of a finished run from its `decisions.jsonl` and writes it, whole or not at all.
  ///
  /// Parts whose pictures `thumbnails` lacks, such as those judged before the run was resumed, get theirs from the
  /// source file or else from the annotated image, the rejected ones first, as long as there is room.
  ///
  /// - Parameters:
  ///   - folder: the run's folder: `decisions.jsonl` is in it, annotated images are relative to it, and `report.html`
  ///     goes there.
  ///   - galleryLimit: parts that the gallery can hold.
  /// - Returns: the report's path.
  /// - Throws: `DecisionLogError` if the decisions cannot be read or the report cannot be written.
  @discardableResult
  public static func write(
    folder: String, info: Info, summary: RunSummary, thumbnails: ThumbnailStore, galleryLimit: Int = 20_000
  ) throws -> String {
    var report = InspectionReport(info, galleryLimit: galleryLimit)
    var store = thumbnails
    var missing: [Verdict: [(id: String, source: String, annotated: String?)]] = [:]
    try DecisionReader.read(path: folder + "/decisions.jsonl", onGap: { report.add($0) }) { decision in
      report.add(decision)
      guard !decision.isUnreadable, store[decision.id] == nil,
        missing[decision.verdict, default: []].count < store.capacity
      else { return }
      missing[decision.verdict, default: []].append((decision.id, decision.source, decision.annotated))
    }
    for verdict in [Verdict.reject, .review, .accept] {
      for part in missing[verdict, default: []] where store.wants(verdict) {
        let jpeg =
          Thumbnail.jpeg(ofFile: part.source)
          ?? part.annotated.flatMap { Thumbnail.jpeg(ofFile: folder + "/" + $0) }
        if let jpeg { store.insert(jpeg, id: part.id, verdict: verdict) }
      }
    }
    let path = folder + "/report.html"
    try AtomicFile.write(report.render(summary: summary, thumbnails: store).bytes, to: path)
    return path
  }
}
