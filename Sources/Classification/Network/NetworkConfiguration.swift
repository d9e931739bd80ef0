/// What a defect classifier's network looks like; kept in the model file and in checkpoints.
public struct NetworkConfiguration: Codable, Sendable, Hashable {
  /// A size of network, for a speed that the line asks for.
  public enum Preset: String, Codable, Sendable, Hashable, CaseIterable {
    case fast, balanced, accurate
  }

  /// A kind of network.
  public enum Architecture: String, Codable, Sendable, Hashable, CaseIterable {
    /// Convolutions with residual connections.
    case residual
    /// A vision transformer behind a few convolutions.
    case vit
  }

  /// What only a vision transformer has.
  public struct Transformer: Codable, Sendable, Hashable {
    /// Heads of each attention; they divide the tokens' features.
    public var heads: Int
    /// Tokens below each other: input rows over 16.
    public var rows: Int
    /// Tokens beside each other: input columns over 16.
    public var columns: Int

    public init(heads: Int, rows: Int, columns: Int) {
      self.heads = heads
      self.rows = rows
      self.columns = columns
    }
  }

  /// 1 (grey) or 3 (colour).
  public var inputChannels: Int
  /// Classes that the image head tells apart, the good one included.
  public var classes: Int
  /// Channels at 1/2, 1/4, 1/8 and 1/16 of the input's resolution; the last are a transformer's features.
  public var widths: [Int]
  /// Residual blocks at 1/4, 1/8 and 1/16, or the transformer's blocks.
  public var depths: [Int]
  /// Channels of the map at 1/8 that both heads look at.
  public var neck: Int
  /// Channels of the pixel head, background included; 0 where there are no masks to train it with.
  public var pixelClasses: Int
  /// Share of the image head's features that training hides.
  public var dropout: Float
  /// Given for a vision transformer. Files that know nothing of it hold residual networks.
  public var transformer: Transformer?

  public var architecture: Architecture { transformer == nil ? .residual : .vit }

  public init(
    inputChannels: Int, classes: Int, widths: [Int], depths: [Int], neck: Int, pixelClasses: Int, dropout: Float = 0.1,
    transformer: Transformer? = nil
  ) {
    self.inputChannels = inputChannels
    self.classes = classes
    self.widths = widths
    self.depths = depths
    self.neck = neck
    self.pixelClasses = pixelClasses
    self.dropout = dropout
    self.transformer = transformer
  }

  public init(preset: Preset, inputChannels: Int, classes: Int, pixelClasses: Int) {
    let (widths, depths, neck): ([Int], [Int], Int) =
      switch preset {
      case .fast: ([16, 16, 32, 64], [1, 1, 1], 32)
      case .balanced: ([16, 32, 48, 96], [1, 2, 2], 48)
      case .accurate: ([32, 48, 96, 160], [2, 2, 3], 96)
      }
    self.init(
      inputChannels: inputChannels, classes: classes, widths: widths, depths: depths, neck: neck,
      pixelClasses: pixelClasses)
  }

  /// A vision transformer of a size, for inputs of one size in pixels (multiples of 16).
  public static func vit(
    preset: Preset, inputChannels: Int, classes: Int, pixelClasses: Int, height: Int, width: Int
  ) -> NetworkConfiguration {
    let (widths, depth, heads, neck): ([Int], Int, Int, Int) =
      switch preset {
      case .fast: ([16, 32, 48, 96], 4, 3, 32)
      case .balanced: ([16, 32, 64, 128], 6, 4, 48)
      case .accurate: ([32, 64, 96, 192], 6, 6, 96)
      }
    return NetworkConfiguration(
      inputChannels: inputChannels, classes: classes, widths: widths, depths: [depth], neck: neck,
      pixelClasses: pixelClasses,
      transformer: Transformer(heads: heads, rows: height / multiple, columns: width / multiple))
  }

  /// The input's sides must be divisible by this, so that halving four times leaves no remainder.
  public static let multiple = 16
  /// Input pixels along each side of a cell of the pixel head and of the heat map.
  public static let cell = 8

  /// What makes a configuration unusable, for those that come from a file; nil when nothing does.
  public var problem: String? {
    guard inputChannels == 1 || inputChannels == 3 else { return "\(inputChannels) input channels" }
    guard (2...4096).contains(classes), (0...4097).contains(pixelClasses) else { return "\(classes) classes" }
    guard widths.count == 4, depths.count == (transformer == nil ? 3 : 1),
      (widths + depths + [neck]).allSatisfy({ (1...4096).contains($0) })
    else { return "widths \(widths), depths \(depths), neck \(neck)" }
    if let transformer {
      guard (1...256).contains(transformer.rows), (1...256).contains(transformer.columns),
        transformer.heads >= 1, widths[3] % transformer.heads == 0
      else { return "\(transformer.heads) heads, \(transformer.rows)x\(transformer.columns) tokens" }
    }
    guard dropout >= 0, dropout < 1 else { return "a dropout of \(dropout)" }
    return nil
  }
}
