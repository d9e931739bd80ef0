/// What a generator and the networks it is trained with look like.
public struct GeneratorConfiguration: Codable, Sendable, Hashable {
  /// Width and height of the window that is painted, in pixels: 4 times a power of two.
  public var side: Int
  /// Planes of the picture: 1 or 3.
  public var channels: Int
  /// Number of classes K.
  public var classes: Int
  /// Whether defects have masks: then a window is painted around one on a good part. Else whole pictures are, as if a mask
  /// covered all of a part that shows nothing.
  public var hasMasks: Bool
  /// Numbers that tell one draw from another.
  public var latent = 64
  /// Numbers that a class is turned into.
  public var embedding = 16

  public init(side: Int, channels: Int, classes: Int, hasMasks: Bool) {
    precondition(side >= 16 && side & (side - 1) == 0, "a window of \(side) pixels")
    precondition(channels == 1 || channels == 3, "\(channels) planes")
    precondition(classes >= 1, "no class")
    self.side = side
    self.channels = channels
    self.classes = classes
    self.hasMasks = hasMasks
  }

  /// Planes that a generator is told about the place: the mask, the part's own factor, and noise.
  public var conditions: Int { 2 + channels }

  /// Planes that a discriminator sees: the picture, and what covers it.
  public var shown: Int { channels + 1 }

  /// Channels at 4x4, 8x8 and so on up to `side`; multiples of 16, for vectors.
  public var widths: [Int] {
    var widths: [Int] = []
    var size = 4
    while size <= side {
      widths.append([128, 96, 64, 48, 32][min(widths.count, 4)])
      size *= 2
    }
    return widths
  }

  /// Channels of the discriminator at side / 2, side / 4 and so on down to 4x4.
  var discriminatorWidths: [Int] {
    var widths: [Int] = []
    var size = side / 2
    while size >= 4 {
      widths.append([32, 64, 96, 128, 128, 128][min(widths.count, 5)])
      size /= 2
    }
    return widths
  }

  /// Largest logarithm of a factor that a generator gives: a defect is at least a twelfth and at most twelve times as
  /// bright as the part.
  static let bound: Float = 2.5

  /// How surely the cover follows the mask before anything is learned, in logits at the mask's inside.
  static let coverGain: Float = 6
}
