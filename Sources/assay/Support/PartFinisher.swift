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

  /// - Throws: where the picture cannot be written. One that cannot be drawn only goes without.
  func finish(_ outcome: inout PartInspector.Outcome, thumbnails: borrowing Mutex<ThumbnailStore>) throws {
    var clock = StageClock()
    let decision = outcome.decision
    let wanted = wantsThumbnail && thumbnails.withLock { $0.wants(decision.verdict) }
    guard folder != nil || wanted else { return }
    let image = picture(of: outcome)
    // One that cannot be read gets a card with the reason: who looks through the folder must not miss it.
    guard image != nil || decision.isUnreadable else { return }
    if wanted, let image, let jpeg = try? Thumbnail.jpeg(of: image) {
      thumbnails.withLock { $0.insert(jpeg, id: decision.id, verdict: decision.verdict) }
    }
    if let folder, let bytes = try? AnnotatedImage.jpeg(source: image, decision: decision, heat: outcome.heat) {
      outcome.decision.annotated = try Self.write(bytes, of: decision.id, below: folder)
    }
    clock.end("report")
    outcome.decision.timings += clock.timings
  }

  /// Writes an annotated picture.
  ///
  /// - Returns: its path from the folder of all results, of which `folder` is the part for annotated pictures.
  static func write(_ bytes: [UInt8], of id: String, below folder: String) throws -> String {
    let name = relativePath(id)
    if let slash = name.lastIndex(of: "/") { try makeFolder(folder + "/" + name[..<slash]) }
    try AtomicFile.write(bytes, to: folder + "/" + name)
    return "annotated/" + name
  }

  /// The annotated picture's path below a folder, which it cannot lead out of, with names that file systems take.
  static func relativePath(_ id: String) -> String {
    let names = id.utf8.split(separator: UInt8(ascii: "/")).map { name -> String in
      let text = String(decoding: name, as: UTF8.self)
      if text == ".." { return "%2E%2E" }
      if text == "." { return "%2E" }
      // A name may take 255 bytes, and ".jpg.part" is added while the file is written.
      guard name.count > 240 else { return text }
      var kept = name.prefix(220)
      while let byte = kept.last, byte & 0xC0 == 0x80 { kept.removeLast() }
      if let byte = kept.last, byte >= 0xC0 { kept.removeLast() }
      return String(decoding: kept, as: UTF8.self) + "-" + ModelFile.sha256(Array(name)).prefix(12)
    }
    return names.joined(separator: "/") + ".jpg"
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
    let decoded = try? ImageFile.load(
      pathBytes: FileName.bytes(outcome.decision.source), name: outcome.decision.id,
      options: DecodeOptions(target: target))
    return decoded?.image ?? image
  }
}
