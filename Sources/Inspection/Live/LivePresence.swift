internal import Capture
internal import Imaging
internal import Locating

/// Follows the parts that come by, and keeps the frames that they may be judged by.
struct LivePresence {
  /// A part's best frame, to be judged now.
  struct Ready {
    let frame: Frame
    let image: AnyImage
    /// The frame has been handed out before, for another part that it shows best too.
    let isRepeat: Bool
  }

  private let options: PresenceOptions
  private let region: RegionOfInterest
  private var detector: PresenceDetector?
  private var size: ImageSize?
  private var candidates = CandidateFrames<(frame: Frame, image: AnyImage)>()
  /// The last frames that were judged; those that could still come again are never many.
  private var judged: [Int] = []

  /// nil for a station with another trigger.
  init?(_ station: LiveStation) {
    guard case .presence(let options, let region) = station.trigger else { return nil }
    self.options = options
    self.region = region ?? station.region
  }

  /// Whether the other looks for the same parts in the same place.
  func isLike(_ other: LivePresence?) -> Bool { options == other?.options && region == other?.region }

  /// - Returns: the parts that are ready.
  mutating func add(_ frame: Frame, _ image: AnyImage) -> [Ready] {
    let size = ImageSize(width: image.width, height: image.height)
    var ready: [Ready] = []
    if self.size != size {
      ready = finish()
      self.size = size
      let mask = (try? region.mask(for: size)) ?? RegionMask(whole: size)
      detector = PresenceDetector(region: mask, options: options)
      candidates = CandidateFrames()
    }
    let event = detector!.add(image, at: Double(frame.nanoseconds) * 1e-9)
    return ready + hand(candidates.follow(event, frame: (frame, image)))
  }

  /// Ends the parts in view.
  mutating func finish() -> [Ready] {
    guard let event = detector?.finish() else { return [] }
    return hand(candidates.follow(event))
  }

  private mutating func hand(_ parts: [(part: PresentPart, frame: (frame: Frame, image: AnyImage))]) -> [Ready] {
    parts.map { entry in
      let number = entry.frame.frame.number
      let isRepeat = judged.contains(number)
      judged.append(number)
      if judged.count > 64 { judged.removeFirst() }
      return Ready(frame: entry.frame.frame, image: entry.frame.image, isRepeat: isRepeat)
    }
  }
}
