public import Imaging
public import Inspection
import Metrics

/// Pictures of judged parts for people: the verdict in a band that reads at a glance, with every region outlined and
/// named.
///
/// Colour never tells alone: each verdict has its colour (Okabe and Ito's palette), its shape, its sign and its word.
public enum AnnotatedImage {
  /// Smaller pictures are enlarged to this width, so that what is drawn on them can be read.
  public static let leastWidth = 480
  /// Larger pictures are reduced so that the longer side fits.
  public static let longestSide = 1600

  /// Draws a decision on its picture.
  ///
  /// - Parameters:
  ///   - source: the picture, or `nil` where the input could not be read: then the reason takes its place. It may be
  ///     smaller than the part's frame (a JPEG decoded at a fraction of its size); regions are placed by the frame.
  ///   - decision: what was decided.
  ///   - heat: how much each place speaks for a defect, 0...1, stretched over the picture; `nil` for none.
  /// - Returns: the picture below its band and above a line with the part's id and the reasons.
  public static func render(source: AnyImage?, decision: Decision, heat: Image<Float>? = nil) -> Image<RGB8> {
    guard let source, source.width > 0, source.height > 0 else { return placeholder(decision) }
    let layout = Layout(width: source.width, height: source.height)
    let margins = layout.width - layout.picture.width
    let canvas = Canvas(
      scaled(source, layout.picture).padded(
        left: layout.picture.x, top: layout.band, right: margins - layout.picture.x, bottom: layout.footer,
        with: RGB8(0x1A, 0x1F, 0x24)))
    // Faint: what was found must stay visible under it, and where there are outlines they say the place.
    if let heat { canvas.overlayHeat(heat, in: layout.picture, opacity: decision.regions.isEmpty ? 0.5 : 0.25) }
    drawRegions(decision, layout, on: canvas)
    drawBand(decision, layout, on: canvas)
    drawFooter(decision, layout, on: canvas)
    return canvas.image()
  }

  /// ``render(source:decision:heat:)`` as a JPEG file's bytes.
  public static func jpeg(
    source: AnyImage?, decision: Decision, heat: Image<Float>? = nil, quality: Int = 88
  ) throws(ImageError) -> [UInt8] {
    try render(source: source, decision: decision, heat: heat)
      .jpeg(quality: quality, subsampled: false, name: decision.id)
  }

  /// Where things go.
  struct Layout: Sendable, Hashable {
    let width: Int
    let height: Int
    let band: Int
    let footer: Int
    /// Where the picture is.
    let picture: PixelRect
    /// Size of ordinary text.
    let text: Double

    init(width sourceWidth: Int, height sourceHeight: Int) {
      let enlarge = max(1, Double(leastWidth) / Double(sourceWidth))
      let scale = min(enlarge, Double(longestSide) / Double(max(sourceWidth, sourceHeight)))
      let pictureWidth = max(Int((Double(sourceWidth) * scale).rounded()), 1)
      let pictureHeight = max(Int((Double(sourceHeight) * scale).rounded()), 1)
      // A tall narrow part gets margins rather than a band too narrow for its words.
      width = max(pictureWidth, leastWidth)
      text = (Double(width) / 40).rounded().clamped(13, 26)
      band = Int((text * 3).rounded())
      footer = Int((text * 2).rounded())
      height = band + pictureHeight + footer
      picture = PixelRect(x: (width - pictureWidth) / 2, y: band, width: pictureWidth, height: pictureHeight)
    }
  }

  static let ground = Color(hex: 0x1A1F24)

  static func color(_ verdict: Verdict) -> Color {
    switch verdict {
    case .accept: .bluishGreen
    case .review: .orange
    case .reject: .vermilion
    }
  }

  /// The picture at its place's size, as 8-bit RGB.
  private static func scaled(_ source: AnyImage, _ place: PixelRect) -> Image<RGB8> {
    source.width == place.width && source.height == place.height
      ? source.rgb8() : source.resized(width: place.width, height: place.height).rgb8()
  }

  // MARK: Regions

  /// Names are drawn at this many regions; a part with more is covered with boxes anyhow.
  private static let namedRegions = 12

  private static func drawRegions(_ decision: Decision, _ layout: Layout, on canvas: Canvas) {
    guard decision.frame.width > 0 && decision.frame.height > 0 else { return }
    let scaleX = Double(layout.picture.width) / Double(decision.frame.width)
    let scaleY = Double(layout.picture.height) / Double(decision.frame.height)
    let (left, top) = (Double(layout.picture.x), Double(layout.picture.y))
    let line = (layout.text / 5).rounded().clamped(3, 5)
    let color = decision.verdict == .accept ? Color.skyBlue : color(decision.verdict)
    var boxes: [(rect: PixelRect, region: DefectRegion)] = []
    for region in decision.regions {
      let box = region.box
      guard box.x.isFinite && box.y.isFinite && box.width.isFinite && box.height.isFinite else { continue }
      for ring in region.outline {
        canvas.strokePolyline(
          ring.map { Point(left + $0.x * scaleX, top + $0.y * scaleY) }, closed: true, color: color, lineWidth: line,
          halo: .black)
      }
      // Clamped before they become whole numbers: a box may be anywhere.
      let right = (left + (box.x + box.width) * scaleX).rounded(.up).clamped(0, Double(layout.width))
      let bottom = (top + (box.y + box.height) * scaleY).rounded(.up).clamped(0, Double(layout.height))
      let x = (left + box.x * scaleX).rounded(.down).clamped(0, Double(layout.width))
      let y = (top + box.y * scaleY).rounded(.down).clamped(0, Double(layout.height))
      let rect = PixelRect(x: Int(x), y: Int(y), width: max(Int(right - x), 2), height: max(Int(bottom - y), 2))
      // An outline says it better than the box around it.
      if region.outline.isEmpty { canvas.strokeRect(rect, color: color, lineWidth: line, halo: .black) }
      boxes.append((rect, region))
    }
    var taken: [PixelRect] = []
    for (rect, region) in boxes.sorted(by: { $0.region.score > $1.region.score }).prefix(namedRegions) {
      let text = region.label + (region.score.isFinite ? " " + Format.score(Double(region.score)) : "")
      let place = labelPlace(text, rect, layout, canvas, avoiding: taken)
      taken.append(
        canvas.label(text, x: place.x, y: place.y, size: layout.text, bold: true, background: color))
    }
  }

  /// Above the region where that is free, else below it, else to its right, else above after all.
  private static func labelPlace(
    _ text: String, _ rect: PixelRect, _ layout: Layout, _ canvas: Canvas, avoiding taken: [PixelRect]
  ) -> (x: Double, y: Double) {
    let metrics = canvas.textMetrics(text, size: layout.text, bold: true)
    let (width, height) = (metrics.width + layout.text, metrics.height + layout.text * 0.3)
    let gap = 6.0
    let x = Double(rect.x).clamped(0, max(Double(layout.width) - width, 0))
    let candidates = [
      (x, Double(rect.y) - height - gap), (x, Double(rect.y + rect.height) + gap),
      (Double(rect.x + rect.width) + gap, Double(rect.y)),
    ]
    let free = candidates.first { place in
      let inside =
        place.1 >= Double(layout.picture.y) && place.1 + height <= Double(layout.height - layout.footer)
        && place.0 + width <= Double(layout.width)
      let clear = taken.allSatisfy { other in
        place.0 + width <= Double(other.x) || place.0 >= Double(other.x + other.width)
          || place.1 + height <= Double(other.y) || place.1 >= Double(other.y + other.height)
      }
      return inside && clear
    }
    let chosen = free ?? candidates[0]
    return (chosen.0, max(chosen.1, Double(layout.picture.y)))
  }

  // MARK: Band and footer

  static func drawBand(_ decision: Decision, _ layout: Layout, on canvas: Canvas) {
    let color = color(decision.verdict)
    let ink = Color.black
    let height = Double(layout.band)
    let middle = height / 2
    canvas.fillRect(x: 0, y: 0, width: Double(layout.width), height: height, color: color)
    drawSign(decision.verdict, x: height * 0.52, y: middle, radius: height * 0.3, on: canvas)
    let big = layout.text * 1.75
    let word = decision.verdict.rawValue.uppercased()
    let metrics = canvas.textMetrics(word, size: big, bold: true)
    let start = height * 1.02
    canvas.text(word, x: start, y: middle - metrics.height / 2, size: big, bold: true, color: ink)

    let score = decision.score.isFinite ? Format.score(Double(decision.score)) : ""
    let end = Double(layout.width) - height * 0.3
    let size = layout.text * 1.35
    let scoreWidth = score.isEmpty ? 0 : canvas.textMetrics(score, size: size, bold: true).width + size * 0.5
    let room = end - scoreWidth - (start + metrics.width + big * 0.6)
    let label = canvas.fitted(decision.label, size: size, width: room)
    let line = canvas.textMetrics("Ag", size: size).height
    canvas.text(label, x: end - scoreWidth, y: middle - line / 2, size: size, color: ink, anchor: .right)
    canvas.text(score, x: end, y: middle - line / 2, size: size, bold: true, color: ink, anchor: .right)
  }

  /// Black on the band: a disc with a check mark, a diamond with a question mark, a square with a cross; the same shapes
  /// as in the reports.
  private static func drawSign(_ verdict: Verdict, x: Double, y: Double, radius r: Double, on canvas: Canvas) {
    let sign = color(verdict)
    let line = max(r * 0.27, 1.5)
    switch verdict {
    case .accept:
      canvas.fillCircle(x: x, y: y, radius: r, color: .black)
      canvas.strokePolyline(
        [Point(x - r * 0.48, y + r * 0.05), Point(x - r * 0.12, y + r * 0.4), Point(x + r * 0.5, y - r * 0.36)],
        color: sign, lineWidth: line)
    case .review:
      let d = r * 1.25
      canvas.fillPolygon([Point(x, y - d), Point(x + d, y), Point(x, y + d), Point(x - d, y)], color: .black)
      let metrics = canvas.textMetrics("?", size: r * 1.6, bold: true)
      canvas.text(
        "?", x: x, y: y - metrics.ascent + r * 0.58, size: r * 1.6, bold: true, color: sign, anchor: .center)
    case .reject:
      canvas.fillRect(x: x - r, y: y - r, width: 2 * r, height: 2 * r, color: .black)
      let arm = r * 0.48
      canvas.strokePolyline([Point(x - arm, y - arm), Point(x + arm, y + arm)], color: sign, lineWidth: line)
      canvas.strokePolyline([Point(x - arm, y + arm), Point(x + arm, y - arm)], color: sign, lineWidth: line)
    }
  }

  private static func drawFooter(_ decision: Decision, _ layout: Layout, on canvas: Canvas) {
    let size = layout.text * 0.95
    let margin = size * 0.7
    let top = Double(layout.height - layout.footer)
    canvas.fillRect(x: 0, y: top, width: Double(layout.width), height: Double(layout.footer), color: ground)
    let line = canvas.textMetrics("Ag", size: size).height
    let y = top + (Double(layout.footer) - line) / 2
    let reasons = canvas.fitted(
      decision.reasons.joined(separator: "; "), size: size, width: Double(layout.width) * 0.6)
    let used = reasons.isEmpty ? 0 : canvas.textMetrics(reasons, size: size).width + size
    canvas.text(reasons, x: Double(layout.width) - margin, y: y, size: size, color: .white, anchor: .right)
    canvas.text(
      canvas.fitted(decision.id, size: size, width: Double(layout.width) - 2 * margin - used), x: margin, y: y,
      size: size, color: Color(hex: 0xB8C2CC))
  }

  /// A card in place of a picture that could not be read: the reason, broken into lines.
  private static func placeholder(_ decision: Decision) -> Image<RGB8> {
    let layout = Layout(width: leastWidth, height: leastWidth / 2)
    let canvas = Canvas(width: layout.width, height: layout.height, color: ground)
    let size = layout.text * 1.1
    let room = Double(layout.width) - 4 * size
    var lines: [String] = []
    for word in decision.reasons.joined(separator: "; ").split(separator: " ") {
      let longer = (lines.last.map { $0 + " " } ?? "") + word
      if !lines.isEmpty, canvas.textMetrics(longer, size: size).width <= room {
        lines[lines.count - 1] = longer
      } else {
        lines.append(String(word))
      }
    }
    let shown = lines.prefix(6)
    var y = Double(layout.picture.y) + (Double(layout.picture.height) - Double(shown.count) * size * 1.5) / 2
    for line in shown {
      canvas.text(
        canvas.fitted(line, size: size, width: room), x: Double(layout.width) / 2, y: y, size: size, color: .white,
        anchor: .center)
      y += size * 1.5
    }
    drawBand(decision, layout, on: canvas)
    drawFooter(decision, layout, on: canvas)
    return canvas.image()
  }
}

extension Comparable {
  fileprivate func clamped(_ low: Self, _ high: Self) -> Self { min(max(self, low), high) }
}
