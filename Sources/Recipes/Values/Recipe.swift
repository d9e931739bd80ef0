/// What one inspection station does, as its YAML file says: cameras with their settings, models, outputs, retention.
///
/// Every value is the one in force: defaults of the station and of Assay are filled in, and relative paths are resolved
/// against the recipe's folder. Two recipes are equal if they say the same, wherever in the file they say it.
public struct Recipe: Sendable, Hashable {
  /// The file, as it was named.
  public var path: String
  /// The station's name; without one the file's, less `.yaml`.
  public var station: String
  /// At least one, in the file's order, with different names and different devices.
  public var cameras: [Camera]
  public var outputs: [Output]
  public var keep: Keep
  /// The run's folder, absolute; `nil` leaves it to the command line.
  public var out: String?
  /// Where each key stands, by its path.
  var marks = RecipeMarks()

  /// The camera of that name.
  public subscript(camera name: String) -> Camera? { cameras.first { $0.name == name } }
}

extension Recipe {
  /// One camera with all that is done with its pictures.
  public struct Camera: Sendable, Hashable {
    /// Names its decisions: letters, digits, `-`, `_`, `.`; at most 64 characters.
    public var name: String
    /// Bus information, a by-id or by-path name, a serial number, a card's name, or a device node.
    public var device: String
    public var format: Format
    /// In the file's order, in which they are set: a control may only be writable once another is off.
    public var controls: [Control]
    /// Automatics that settle at the start and are then held, in the order of ``Automatic``'s cases.
    public var lock: [Automatic]
    /// How long the automatics have at the start; 0...60 s.
    public var settle: Duration
    /// Without a frame for so long, the camera counts as stalled; 10 ms...1 h.
    public var timeout: Duration
    public var checks: Checks
    public var trigger: Trigger
    /// What is judged; `nil` is the whole picture.
    public var region: Shape?
    /// What within the region is not looked at.
    public var ignore: [Shape]
    public var alignment: Alignment?
    /// The model's file, absolute.
    public var model: String
    public var policy: Policy
  }

  /// What makes a picture one that is not judged but rejected; `nil` is not checked.
  public struct Checks: Sendable, Hashable {
    /// So many frames in a row with the very same bytes; 2...10000.
    public var frozen: Int? = 10
    /// Nothing in it brighter than this grey level; 1...255.
    public var black: Int? = 20
    /// More than this share of its pixels at the upper end, more than 0 and less than 1.
    public var overexposed: Double? = 0.8

    public init() {}
  }

  /// What the camera is asked for; what is `nil` is left to Assay and the camera.
  public struct Format: Sendable, Hashable {
    public var size: Size?
    /// Frames a second, more than 0 and at most 1000.
    public var rate: Double?
    /// V4L2's four-character codes, the preferred one first, such as `YUYV`, `MJPG`, `Y10 `.
    public var pixels: [String]

    public init(size: Size? = nil, rate: Double? = nil, pixels: [String] = []) {
      self.size = size
      self.rate = rate
      self.pixels = pixels
    }
  }

  /// In pixels, each 1...16384.
  public struct Size: Sendable, Hashable {
    public var width: Int
    public var height: Int

    public init(_ width: Int, _ height: Int) {
      self.width = width
      self.height = height
    }
  }

  /// A V4L2 control, named as `v4l2-ctl` does, and what it is to be.
  public struct Control: Sendable, Hashable {
    public var name: String
    public var value: ControlValue
  }

  public enum ControlValue: Sendable, Hashable {
    case integer(Int64)
    /// `on`, `off`, `true`, `false`, `yes` or `no` without quotes.
    case truth(Bool)
    /// The name of a menu's item, or text.
    case name(String)

    /// Whether this names a menu's item: without regard to case, blanks and punctuation, and with or without "Mode", so
    /// that `manual` is `Manual Mode` and `aperture_priority` is `Aperture Priority Mode`. Truth is an item that is
    /// called on, yes, enabled or true, or the opposite; a number is not compared with names.
    public func matches(menuItem: String) -> Bool {
      func plain(_ text: String) -> String {
        let word = String(text.lowercased().filter { $0.isLetter || $0.isNumber })
        return word.hasSuffix("mode") && word.count > 4 ? String(word.dropLast(4)) : word
      }
      return switch self {
      case .integer: false
      case .truth(true): ["on", "yes", "enabled", "true"].contains(plain(menuItem))
      case .truth(false): ["off", "no", "disabled", "false", "none"].contains(plain(menuItem))
      case .name(let name): plain(name) == plain(menuItem)
      }
    }
  }

  /// What a camera regulates by itself.
  public enum Automatic: String, Sendable, Hashable, CaseIterable {
    case exposure, gain, whiteBalance = "white_balance", focus
  }

  /// An area of the picture, in the camera's own pixels before any scaling.
  public enum Shape: Sendable, Hashable {
    /// At least three corners, not all on one line.
    case polygon([Point])
    case rectangle(Rectangle)
    /// A picture's file of the frame's size, absolute: what is white belongs to the area.
    case mask(String)
  }

  public struct Point: Sendable, Hashable {
    public var x: Int
    public var y: Int

    public init(_ x: Int, _ y: Int) {
      self.x = x
      self.y = y
    }
  }

  /// The left upper corner, 0 or more, and the size, 1 or more.
  public struct Rectangle: Sendable, Hashable {
    public var x: Int
    public var y: Int
    public var width: Int
    public var height: Int

    public init(_ x: Int, _ y: Int, _ width: Int, _ height: Int) {
      self.x = x
      self.y = y
      self.width = width
      self.height = height
    }
  }

  /// How a part is found before it is judged. A part that is not found is rejected for that.
  public struct Alignment: Sendable, Hashable {
    /// A picture of the part as it lies when it is straight, absolute.
    public var template: String
    /// Where the template's middle is looked for; `nil` is everywhere in the region.
    public var search: Rectangle?
    /// Degrees by which a part may be turned either way, 0...180.
    public var angle: Double
    /// Correlation under which nothing was found, more than 0 and at most 1.
    public var leastScore: Double
  }

  /// Thresholds that replace the model's own; what is `nil` is the model's.
  public struct Policy: Sendable, Hashable {
    /// All in 0...1, review not above reject.
    public struct Thresholds: Sendable, Hashable {
      public var reject: Float?
      public var review: Float?

      public init(reject: Float? = nil, review: Float? = nil) {
        self.reject = reject
        self.review = review
      }
    }

    public var thresholds: Thresholds
    /// Without a good class: the least probability that names a defect with no person looking, 0...1.
    public var confidence: Float?
    /// By the class's label, in the order of the labels.
    public var classes: [ClassThresholds]

    public struct ClassThresholds: Sendable, Hashable {
      public var label: String
      public var thresholds: Thresholds
    }

    public init(thresholds: Thresholds = Thresholds(), confidence: Float? = nil, classes: [ClassThresholds] = []) {
      self.thresholds = thresholds
      self.confidence = confidence
      self.classes = classes
    }
  }
}
