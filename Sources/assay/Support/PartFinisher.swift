import Classification
import Imaging
import Inspection
import Reporting
import Samples
import Synchronization

/// Draws judged parts on the worker that judged them.
struct PartFinisher: Sendable {
  /// Where annotated pictures go; nil for none.
  let folder: String?
  let wantsThumbnail: Bool
  let info: ModelInfo

  /// Longer side that a picture is worth drawing at.
  private static let drawingSide = 800

  func finish(
    _ outcome: inout PartInspector.Outcome, thumbnails: borrowing Mutex<ThumbnailStore>,
    troubles: borrowing Mutex<[String]>
  ) {
    var clock = StageClock()
    let decision = outcome.decision
    let wanted = wantsThumbnail && thumbnails.withLock { $0.wants(decision.verdict) }
    guard folder != nil || wanted, let image = picture(of: outcome) else { return }
    if wanted, let jpeg = try? Thumbnail.jpeg(of: image) {
      thumbnails.withLock { $0.insert(jpeg, id: decision.id, verdict: decision.verdict) }
    }
    if let folder {
      let name = Self.relativePath(decision.id) + ".jpg"
      do {
        let bytes = try AnnotatedImage.jpeg(source: image, decision: decision, heat: outcome.heat)
        if let slash = name.lastIndex(of: "/") { try makeFolder(folder + "/" + name[..<slash]) }
        try AtomicFile.write(bytes, to: folder + "/" + name)
        outcome.decision.annotated = "annotated/" + name
      } catch {
        troubles.withLock { $0.append("\(error)") }
      }
    }
    clock.end("report")
    outcome.decision.timings += clock.timings
  }

  /// The id as a path below a folder, which it cannot lead out of.
  static func relativePath(_ id: String) -> String {
    id.split(separator: "/").map { $0 == ".." ? "%2E%2E" : $0 == "." ? "%2E" : String($0) }.joined(separator: "/")
  }

  /// The picture to draw on: the one that was judged, or a larger one where that was decoded too small to look at. The
  /// judged one is never decoded larger for it: what is drawn must not change a verdict.
  private func picture(of outcome: PartInspector.Outcome) -> AnyImage? {
    guard let image = outcome.image, let size = outcome.sourceSize else { return nil }
    let isReduced = image.width < size.width && max(image.width, image.height) < Self.drawingSide
    let isGrayed = info.preprocessing.channels == 1
    guard folder != nil, isReduced || isGrayed else { return image }
    let long = max(size.width, size.height)
    let target = ImageSize(
      width: max(1, size.width * Self.drawingSide / long), height: max(1, size.height * Self.drawingSide / long))
    return (try? ImageFile.load(path: outcome.decision.source, options: DecodeOptions(target: target)))?.image ?? image
  }
}
