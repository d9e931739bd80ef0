import Imaging
import Locating
import Testing

/// What a detector said about a scene.
struct Watched {
  var parts: [(frame: Int, part: PresentPart)] = []
  var disturbances: [Disturbance] = []
  var states: [PresenceEvent.State] = []
  var mostKept = 0
  var left = 0

  /// Runs a scene through a detector, holding its promises against each other: frames asked for were kept, and nothing is
  /// kept in the end.
  init(
    _ scene: BeltScene, frames: Int, region: RegionOfInterest = RegionOfInterest(), options: PresenceOptions,
    rate: Double = 30, image: (Image<Gray8>) -> AnyImage = { .gray8($0) },
    paint: (inout Image<Gray8>, Int) -> Void = { _, _ in }
  ) throws {
    let mask = try region.mask(for: ImageSize(width: scene.width, height: scene.height))
    var detector = PresenceDetector(region: mask, options: options)
    var kept = CandidateFrames<Int>()
    for number in 0..<frames {
      var frame = scene.frame(number)
      paint(&frame, number)
      let event = detector.add(image(frame), at: Double(number) / rate)
      #expect(event.frame == number)
      states.append(event.state)
      disturbances += event.disturbances
      for judged in kept.follow(event, frame: number) {
        #expect(judged.frame == judged.part.bestFrame)
        parts.append((number, judged.part))
      }
      mostKept = max(mostKept, kept.count)
    }
    let event = detector.finish()
    disturbances += event.disturbances
    for judged in kept.follow(event) { parts.append((frames, judged.part)) }
    left = kept.count
    #expect(left == 0)
  }

  /// How often each of the scene's parts was judged, and how many judgements belong to none.
  func tally(_ scene: BeltScene) -> (counts: [Int], strays: Int) {
    var counts = [Int](repeating: 0, count: scene.parts.count), strays = 0
    for (_, part) in parts {
      var best: (index: Int, overlap: Double) = (-1, 0)
      for (index, truth) in scene.parts.enumerated() {
        guard let box = truth.box(part.bestFrame) else { continue }
        let seen = part.box
        let width = min(box.right, Double(seen.x + seen.width)) - max(box.left, Double(seen.x))
        let height = min(box.bottom, Double(seen.y + seen.height)) - max(box.top, Double(seen.y))
        guard width > 0 && height > 0 else { continue }
        let overlap = width * height / (truth.width * truth.height)
        if overlap > best.overlap { best = (index, overlap) }
      }
      if best.overlap > 0.5 { counts[best.index] += 1 } else { strays += 1 }
    }
    return (counts, strays)
  }
}

extension PresenceOptions {
  init(_ mode: Mode, _ change: (inout PresenceOptions) -> Void = { _ in }) {
    self.init(mode: mode)
    change(&self)
  }
}
