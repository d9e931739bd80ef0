internal import Imaging

extension PresenceDetector {
  /// Counts the frames that a thing has not moved in.
  mutating func rest(_ index: Int, _ model: BackgroundModel, _ seconds: Double) {
    guard history.count >= 2 else { return }
    let now = history[history.count - 1], before = history[0], cells = model.cells
    let least = Float(options.minimumContrast) / 2 / min(1, max(0.4, model.gain))
    var changed = 0
    for at in tracks[index].spots {
      for plane in 0..<model.planes {
        let cell = plane * cells + at
        // Where belt moves past, its texture is no motion of the thing.
        guard abs(now[cell] - before[cell]) > max(least, 3.5 * model.deviation(cell)) else { continue }
        changed += 1
        break
      }
    }
    let outline = 2 * (tracks[index].box.width + tracks[index].box.height)
    if changed * 7 <= outline {
      if tracks[index].resting == 0 { tracks[index].restingSince = seconds }
      tracks[index].resting += 1
    } else {
      tracks[index].resting = 0
    }
  }

  /// Holds this frame against the best one so far.
  mutating func consider(
    _ index: Int, _ seconds: Double, _ focus: (PixelRect) -> Double, _ event: inout PresenceEvent
  ) {
    let track = tracks[index]
    let isWhole = !track.isAtEdge
    if isWhole && track.wholeSince == nil { tracks[index].wholeSince = seconds }
    let rests = options.mode == .stands && track.resting >= options.restFrames
    let rank = isWhole ? (rests ? 3 : 2) : rests ? 1 : 0
    if isWhole && (options.mode == .passes || rests) { tracks[index].considered += 1 }
    let box = grid.pixels(track.box)
    // Frames of things cut off compare by how much they show.
    guard rank >= track.best?.rank ?? 0 else { return }
    let sharpness = focus(box)
    let score = isWhole ? sharpness : Double(track.spots.count)
    if let best = track.best, best.rank > rank || best.rank == rank && !(score > best.score) { return }
    release(index, &event)
    event.keepsFrame = true
    tracks[index].best = Track.Candidate(
      frame: frame, rank: rank, score: score, sharpness: sharpness, box: box, isWhole: isWhole)
  }

  /// Why a thing in view is to be judged now, if it is.
  func judgement(_ track: Track, _ seconds: Double) -> PresentPart.Reason? {
    guard track.seen >= options.minimumFramesOn else { return nil }
    switch options.mode {
    case .stands:
      // At the frame where rest is found, its frames are alike; what is cut off may be a hand that waits.
      if track.resting >= options.restFrames && !track.isAtEdge { return .rests }
      if track.resting >= options.restFrames * 5 && track.isAcross { return .rests }
    case .passes:
      if track.wholeSince != nil && track.isAtEdge { return .left }
    }
    if let since = track.wholeSince, let delay = options.maximumDelay, seconds - since >= delay { return .delay }
    return nil
  }

  mutating func judge(_ index: Int, _ reason: PresentPart.Reason, _ event: inout PresenceEvent) {
    guard let best = tracks[index].best else { return }
    number += 1
    event.parts.append(
      PresentPart(
        number: number, bestFrame: best.frame, box: best.box, framesSeen: tracks[index].seen,
        framesConsidered: tracks[index].considered, sharpness: best.sharpness, isWhole: best.isWhole, reason: reason))
    release(index, &event)
    tracks[index].isJudged = true
    tracks[index].best = nil
  }

  /// A thing has gone, or will not be followed further.
  mutating func close(_ index: Int, _ reason: PresentPart.Reason, _ event: inout PresenceEvent) {
    let track = tracks[index]
    if track.isJudged { return }
    // What was seen too briefly was noise.
    if track.seen >= options.minimumFramesOn {
      let hasCrossed =
        track.isAcross || track.travelX * 5 >= Double(grid.columns * 2) || track.travelY * 5 >= Double(grid.rows * 2)
      if track.wholeSince != nil || hasCrossed { return judge(index, reason, &event) }
      event.disturbances.append(Disturbance(kind: .reachedIn, frames: track.firstFrame...track.lastFrame))
    }
    release(index, &event)
    tracks[index].best = nil
  }

  /// Lets go of a thing's best frame. What another still needs is taken out again at the end.
  func release(_ index: Int, _ event: inout PresenceEvent) {
    guard let frame = tracks[index].best?.frame else { return }
    if !event.released.contains(frame) { event.released.append(frame) }
  }

  /// Frames that are still somebody's best are not released.
  func settle(_ event: inout PresenceEvent) {
    if event.released.isEmpty { return }
    let tracks = tracks
    event.released.removeAll { frame in tracks.contains { $0.best?.frame == frame } }
  }
}
