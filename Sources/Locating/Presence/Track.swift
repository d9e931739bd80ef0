internal import Imaging

/// One thing in view, followed from frame to frame.
struct Track: Sendable {
  /// Where it is, in spots; while it is not seen or merged with another, where it should be.
  var box: CellBox
  var spots: [Int] = []
  /// Spots per frame.
  var velocityX: Double
  var velocityY: Double
  /// Parts of a spot that the box has been moved by since it was last seen.
  private var restX = 0.0
  private var restY = 0.0
  let firstFrame: Int
  var lastFrame: Int
  var seen = 1
  var missing = 0
  /// Frames in a row without motion.
  var resting = 0
  var restingSince = 0.0
  var isJudged = false
  var isAtEdge: Bool
  private let firstX: Double
  private let firstY: Double
  private var sides: Blob.Sides
  private(set) var isAcross: Bool
  /// When it was first wholly within the region.
  var wholeSince: Double?
  var considered = 0
  var best: Candidate?

  /// The frame to judge by, so far.
  struct Candidate: Sendable {
    let frame: Int
    /// What kind of frame comes before how good it is: in part, whole, whole and at rest.
    let rank: Int
    let score: Double
    let sharpness: Double
    let box: PixelRect
    let isWhole: Bool
  }

  init(_ blob: Blob, frame: Int, velocityX: Double, velocityY: Double) {
    box = blob.box
    spots = blob.spots
    self.velocityX = velocityX
    self.velocityY = velocityY
    firstFrame = frame
    lastFrame = frame
    isAtEdge = blob.isAtEdge
    firstX = blob.box.centerX
    firstY = blob.box.centerY
    sides = blob.sides
    isAcross = blob.sides.isAcross
  }

  /// How far it has come, in spots.
  var travelX: Double { abs(box.centerX - firstX) }
  var travelY: Double { abs(box.centerY - firstY) }

  /// Takes the blob that was found for it.
  mutating func follow(_ blob: Blob, frame: Int) {
    // A box that is cut off by the region's edge moves as its free side does.
    func motion(_ low: Int, _ oldLow: Int, _ high: Int, _ oldHigh: Int, _ cutLow: Bool, _ cutHigh: Bool) -> Double? {
      switch (cutLow, cutHigh) {
      case (false, false): Double(low - oldLow + high - oldHigh) / 2
      case (true, false): Double(high - oldHigh)
      case (false, true): Double(low - oldLow)
      case (true, true): nil
      }
    }
    // A first velocity is taken as it is: there is none to smooth it with.
    let weight = seen == 1 ? 1 : 0.5
    let cut = blob.sides.union(sides)
    if missing == 0 {
      if let x = motion(
        blob.box.left, box.left, blob.box.right, box.right, cut.contains(.left), cut.contains(.right))
      {
        velocityX += (x - velocityX) * weight
      }
      if let y = motion(
        blob.box.top, box.top, blob.box.bottom, box.bottom, cut.contains(.top), cut.contains(.bottom))
      {
        velocityY += (y - velocityY) * weight
      }
    }
    box = blob.box
    spots = blob.spots
    (restX, restY) = (0, 0)
    lastFrame = frame
    seen += 1
    missing = 0
    isAtEdge = blob.isAtEdge
    sides = blob.sides
    if blob.sides.isAcross { isAcross = true }
  }

  /// Moves on unseen.
  mutating func drift() {
    restX += velocityX
    restY += velocityY
    let x = Int(restX.rounded()), y = Int(restY.rounded())
    box = CellBox(left: box.left + x, top: box.top + y, right: box.right + x, bottom: box.bottom + y)
    restX -= Double(x)
    restY -= Double(y)
  }
}
