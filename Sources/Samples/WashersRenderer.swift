public import Imaging

/// The built-in part renderer: stamped steel washers on a belt, good ones and five kinds of defect, each with a mask.
///
/// A washer has a bore and four locating holes. Pose, light, finish (rolled or turned), edges, dust, harmless scuffs
/// and oil films, lens blur and sensor noise vary; defects vary in size and contrast down to what is hard to see.
/// **The same seed gives the same pixels on every machine**: only operations that IEEE 754 defines exactly are used,
/// and each picture has its own random stream, whatever else is rendered.
public struct WashersRenderer: Sendable, Hashable {
  /// What is wrong with a washer.
  public enum Kind: String, Sendable, Hashable, CaseIterable, Codable {
    case good, scratch, crack, stain, chip
    case missingHole = "missing-hole"
  }

  /// Pixels along each side of a picture, 64...2048.
  public var size: Int
  public var seed: UInt64

  public init(size: Int = 192, seed: UInt64 = 0) {
    precondition((64...2048).contains(size), "a picture of \(size) pixels a side is outside 64...2048")
    self.size = size
    self.seed = seed
  }

  /// Washer `number` of a kind: an 8-bit grey picture and its mask (255 on the defect, all 0 for a good part).
  ///
  /// - Precondition: `number` is not negative.
  public func part(_ kind: Kind, number: Int) -> (image: Image<UInt8>, mask: Image<UInt8>) {
    let stream = UInt64(Kind.allCases.firstIndex(of: kind)!)
    var random = SplitMix64(seed: seed, stream, UInt64(number))
    // A scratch may fall into a hole, or a nick be too slight: a defect must be there to be found.
    let least = size / 24
    for _ in 0..<16 {
      let picture = Washer(kind, size: size, random: &random).picture()
      if kind == .good || picture.mask.pixels.count(where: { $0 != 0 }) >= least { return picture }
    }
    preconditionFailure("no \(kind.rawValue) of at least \(least) pixels with seed \(seed), number \(number)")
  }
}
