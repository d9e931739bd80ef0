public import Imaging

/// What a frame meant for the parts in view. Frames are named by their number, from 0 for the detector's first.
///
/// The detector holds no pictures. The caller keeps a frame where ``keepsFrame`` says so, until ``released`` names it;
/// ``CandidateFrames`` does just that.
public struct PresenceEvent: Sendable, Hashable {
  /// The number of the frame that this is about; the last one's for ``PresenceDetector/finish()``.
  public let frame: Int
  public internal(set) var state: State
  /// This frame is the best of a part so far: keep it.
  public internal(set) var keepsFrame = false
  /// Judge these parts now, each by its best frame: this one or one that was kept.
  public internal(set) var parts: [PresentPart] = []
  /// Kept frames that are needed no more, once ``parts`` have been judged.
  public internal(set) var released: [Int] = []
  /// Things that came and went without being a part, for the record.
  public internal(set) var disturbances: [Disturbance] = []

  /// What the detector sees.
  public enum State: Sendable, Hashable {
    /// It still learns the empty belt, for this many frames at least; nothing is judged meanwhile.
    case learning(remaining: Int)
    /// Empty belt.
    case empty
    /// This many parts are in view, judged ones included.
    case present(Int)
    /// Something fills the region that is either new light or a part as large as the region.
    case uncertain
  }
}

/// One part to judge.
public struct PresentPart: Sendable, Hashable {
  /// Counts from 1.
  public let number: Int
  /// The frame to judge it by.
  public let bestFrame: Int
  /// Where it is in that frame, in source pixels, rounded outwards to whole spots.
  public let box: PixelRect
  /// Frames that it was seen in so far.
  public let framesSeen: Int
  /// Frames among them that were considered: wholly within the region, at rest where it must stand.
  public let framesConsidered: Int
  /// Focus of the best frame within the box (``Tenengrad``).
  public let sharpness: Double
  /// Whether the best frame shows it wholly within the region.
  public let isWhole: Bool
  public let reason: Reason

  /// Why it is judged now.
  public enum Reason: String, Sendable, Hashable {
    /// It stands still.
    case rests
    /// It is leaving or has left.
    case left
    /// The time allowed is over.
    case delay
    /// The camera or the run stopped while it was in view.
    case interrupted
  }
}

/// Something that moved in the region and was no part.
public struct Disturbance: Sendable, Hashable {
  public let kind: Kind
  public let frames: ClosedRange<Int>

  public enum Kind: String, Sendable, Hashable {
    /// It reached in and went back, never wholly within the region: a hand, a tool.
    case reachedIn
    /// The light changed at once.
    case light
    /// What was taken for empty belt at the start was a part, which has gone.
    case uncovered
  }
}

/// The frames that a ``PresenceDetector`` may still ask for.
public struct CandidateFrames<Frame> {
  private var frames: [Int: Frame] = [:]

  public init() {}

  /// Frames held now: at most one per part in view.
  public var count: Int { frames.count }

  /// Follows an event and hands out the parts to judge with their best frames.
  public mutating func follow(_ event: PresenceEvent, frame: Frame) -> [(part: PresentPart, frame: Frame)] {
    if event.keepsFrame { frames[event.frame] = frame }
    return close(event)
  }

  /// The same for an event that comes with no frame.
  public mutating func follow(_ event: PresenceEvent) -> [(part: PresentPart, frame: Frame)] { close(event) }

  private mutating func close(_ event: PresenceEvent) -> [(part: PresentPart, frame: Frame)] {
    let judged = event.parts.map { part in
      guard let frame = frames[part.bestFrame] else {
        preconditionFailure("frame \(part.bestFrame) was not kept: every event must be followed, in order")
      }
      return (part, frame)
    }
    for number in event.released { frames[number] = nil }
    return judged
  }
}

extension CandidateFrames: Sendable where Frame: Sendable {}
