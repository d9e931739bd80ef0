public import Imaging

/// Tells from a camera's frames when a part is in view, and by which frame to judge it: once for each part.
///
/// ```
///             enough frames                 something differs, twice
///  learning ────────────────▶ empty ◀──────────────────────────────▶ present
///     ▲                         │            all have left
///     └──────── uncertain ◀─────┘ all of the region differs at once
/// ```
///
/// The region is reduced to spots of some pixels. For each the model of the empty belt (``BackgroundModel``) holds level
/// and variation; the light's gain is measured in each frame, so flicker and drift are no parts. Spots that differ are
/// joined to blobs, blobs without an outline (shadows) are left out, the rest is followed from frame to frame by where
/// it should be next, so that parts close one behind the other stay apart. A part's frames are compared by their
/// sharpness (``Tenengrad``) in its box. The detector holds no pictures: see ``PresenceEvent``.
///
/// **One judgement per part**, whatever the part does: it may stop, stand for minutes, flicker at the limit of contrast
/// or leave without ever being wholly in view. Things that reach in and go back are reported, not judged.
public struct PresenceDetector: Sendable {
  public let options: PresenceOptions
  let grid: CellGrid
  private var model: BackgroundModel?
  private var samples: [[Float]] = []
  private var learningFrames: Int
  var frame = -1
  private var lastSeconds: Double?
  private var previous: [Float] = []
  private var isBusy: [Bool]
  /// Levels in constant light of the last frames, oldest first.
  private var history: [[Float]] = []
  private var lastShare: Float = 0
  private var uncertainFrames = 0
  var tracks: [Track] = []
  /// How parts move here: the velocity that a new one is first thought to have.
  var beltX = 0.0
  var beltY = 0.0
  private var number = 0
  /// Blobs of this frame that belong to nothing followed so far.
  var newBlobs: [Blob] = []

  /// - Parameter region: where parts are looked for, for frames of one size.
  /// - Precondition: the region is not empty; the options are in their ranges.
  public init(region: RegionMask, options: PresenceOptions) {
    options.check()
    precondition(region.area > 0, "a region without pixels shows no parts")
    self.options = options
    grid = CellGrid(region, side: options.cell)
    learningFrames = options.learningFrames
    isBusy = [Bool](repeating: false, count: grid.columns * grid.rows)
  }

  /// Side of the spots that frames are reduced to, in pixels.
  public var cellSide: Int { grid.side }

  /// Takes the next frame.
  ///
  /// - Parameter seconds: when it was taken, by a clock that does not jump; a step back or of more than a second counts
  ///   as none or one second.
  /// - Precondition: the frame has the region's size.
  public mutating func add(_ image: AnyImage, at seconds: Double) -> PresenceEvent {
    add(grid.levels(image), seconds) { box in
      if case .gray8(let image) = image { return Tenengrad.focus(image, in: box) }
      let cut = image.crop(box).gray8()
      return Tenengrad.focus(cut, in: PixelRect(x: 0, y: 0, width: cut.width, height: cut.height))
    }
  }

  /// The same for a grey frame.
  public mutating func add(_ image: Image<Gray8>, at seconds: Double) -> PresenceEvent {
    add(.gray8(image), at: seconds)
  }

  /// Ends the parts in view: those wholly seen are judged by their best frame. For the end of a run, and for a camera
  /// that was gone: what comes after has no connection with what came before. The empty belt stays known.
  public mutating func finish() -> PresenceEvent {
    var event = PresenceEvent(frame: max(0, frame), state: model == nil ? .learning(remaining: remaining) : .empty)
    for index in tracks.indices {
      close(index, .interrupted, &event)
      tracks[index].best = nil
    }
    settle(&event)
    tracks = []
    previous = []
    history = []
    lastSeconds = nil
    for at in isBusy.indices { isBusy[at] = false }
    return event
  }

  /// Forgets the empty belt and learns it again: after the station was changed.
  public mutating func relearn() -> PresenceEvent {
    let event = finish()
    learn(options.learningFrames)
    return event
  }

  private var remaining: Int { max(0, learningFrames - samples.count) }

  private mutating func learn(_ frames: Int) {
    model = nil
    samples = []
    learningFrames = frames
    tracks = []
    uncertainFrames = 0
    lastShare = 0
    for at in isBusy.indices { isBusy[at] = false }
  }

  private mutating func add(_ levels: [Float], _ seconds: Double, focus: (PixelRect) -> Double) -> PresenceEvent {
    frame += 1
    // Written so that a time that is no number counts as none.
    let passed = lastSeconds.map { seconds - $0 > 0 ? min(seconds - $0, 1) : 0 } ?? 0
    lastSeconds = seconds
    var event = PresenceEvent(frame: frame, state: .empty)
    guard var model else {
      samples.append(levels)
      previous = levels
      event.state = .learning(remaining: remaining)
      if remaining == 0 {
        self.model = BackgroundModel(grid, samples: samples)
        samples = []
      }
      return event
    }
    // The model's arrays must have one owner while they are changed.
    self.model = nil
    if !previous.isEmpty && previous.count == levels.count
      && model.follow(levels, previous: previous, isBusy: isBusy, seconds: passed)
    {
      event.disturbances.append(Disturbance(kind: .light, frames: frame...frame))
    }
    previous = levels
    var differences = model.differences(levels, options)
    model.restore(levels, &differences, options)
    var blobs = Blob.find(differences, grid)
    var isLight: [Bool]?
    blobs.removeAll { blob in
      guard blob.isSoft(levels, model, grid) else { return false }
      if isLight == nil { isLight = [Bool](repeating: false, count: differences.count) }
      for at in blob.spots { isLight![at] = true }
      return true
    }
    let share = Float(blobs.reduce(0) { $0 + $1.spots.count }) / Float(max(1, grid.count))
    if share > 0.9 && (uncertainFrames > 0 || lastShare < 0.3 && tracks.isEmpty) {
      // No part comes from nothing into all of the region; new light does.
      uncertainFrames += 1
      event.state = .uncertain
      lastShare = share
      if uncertainFrames >= max(options.restFrames, 5) {
        event.disturbances.append(Disturbance(kind: .light, frames: frame - uncertainFrames + 1...frame))
        learn(max(3, options.learningFrames / 3))
        samples = [levels]
        event.state = .learning(remaining: remaining)
        return event
      }
      self.model = model
      return event
    }
    uncertainFrames = 0
    lastShare = share

    remember(levels, model.gain)
    match(blobs)
    update(levels, &model, seconds, focus, &event)
    markBusy(blobs)
    model.adapt(levels, isBusy: isBusy, isLight: isLight, seconds: passed, options)
    self.model = model
    let count = tracks.count { $0.seen >= options.minimumFramesOn }
    event.state = count > 0 ? .present(count) : .empty
    return event
  }

  /// Keeps the levels of the last frames, to see what moves.
  private mutating func remember(_ levels: [Float], _ gain: Float) {
    let scale = 1 / gain
    history.append(levels.map { $0 * scale })
    if history.count > 4 { history.removeFirst() }
  }

  /// Spots of blobs and around them show no belt.
  private mutating func markBusy(_ blobs: [Blob]) {
    for at in isBusy.indices { isBusy[at] = false }
    for blob in blobs {
      for at in blob.spots {
        let x = at % grid.columns, y = at / grid.columns
        for v in max(0, y - 2)...min(grid.rows - 1, y + 2) {
          for u in max(0, x - 2)...min(grid.columns - 1, x + 2) { isBusy[v * grid.columns + u] = true }
        }
      }
    }
  }

  /// Judges, lets go or keeps each thing in view.
  private mutating func update(
    _ levels: [Float], _ model: inout BackgroundModel, _ seconds: Double, _ focus: (PixelRect) -> Double,
    _ event: inout PresenceEvent
  ) {
    var isOver = [Bool](repeating: false, count: tracks.count)
    for index in tracks.indices {
      if tracks[index].lastFrame != frame {
        isOver[index] = hasGone(tracks[index])
        if isOver[index] { close(index, .left, &event) }
        continue
      }
      rest(index, model, seconds)
      let track = tracks[index]
      // What was learned as belt at the start and has gone leaves a hole that stands still.
      if track.resting >= options.restFrames, (track.resting - options.restFrames) % 16 == 0,
        let blob = whole(track), blob.isHole(levels, model, grid)
      {
        model.absorb(track.spots, levels, isRemembered: false)
        event.disturbances.append(Disturbance(kind: .uncovered, frames: track.firstFrame...frame))
        release(index, &event)
        tracks[index].best = nil
        isOver[index] = true
        continue
      }
      if !track.isJudged { consider(index, seconds, focus, &event) }
      if !tracks[index].isJudged, let reason = judgement(tracks[index], seconds) { judge(index, reason, &event) }
      if tracks[index].resting > 0, seconds - tracks[index].restingSince > options.relearnAfter {
        if !tracks[index].isJudged { judge(index, .delay, &event) }
        model.absorb(tracks[index].spots, levels, isRemembered: true)
        isOver[index] = true
      }
    }
    startTracks(model, seconds, focus, &event)
    for index in isOver.indices.reversed() where isOver[index] { tracks.remove(at: index) }
    settle(&event)
  }

  /// A track's spots of this frame as a blob.
  private func whole(_ track: Track) -> Blob? {
    track.spots.isEmpty ? nil : Blob(spots: track.spots, box: track.box, strong: 0, sides: [], isAtEdge: false)
  }

  /// Not seen for long enough, or moved out of the region.
  private func hasGone(_ track: Track) -> Bool {
    if track.missing >= options.minimumFramesOff { return true }
    let box = track.box
    return box.right < 0 || box.left >= grid.columns || box.bottom < 0 || box.top >= grid.rows
  }

  /// Counts the frames that a thing has not moved in.
  private mutating func rest(_ index: Int, _ model: BackgroundModel, _ seconds: Double) {
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
  private mutating func close(_ index: Int, _ reason: PresentPart.Reason, _ event: inout PresenceEvent) {
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
  private func release(_ index: Int, _ event: inout PresenceEvent) {
    guard let frame = tracks[index].best?.frame else { return }
    if !event.released.contains(frame) { event.released.append(frame) }
  }

  /// Frames that are still somebody's best are not released.
  private func settle(_ event: inout PresenceEvent) {
    if event.released.isEmpty { return }
    let tracks = tracks
    event.released.removeAll { frame in tracks.contains { $0.best?.frame == frame } }
  }
}
