public import Imaging

/// One area of a camera's frame, in source pixels: the centre of the first pixel is (0.5, 0.5).
public enum RegionShape: Sendable, Equatable {
  /// Whole pixels; what lies outside the frame does not count.
  case rectangle(PixelRect)
  /// The inside of a closed polygon by the even-odd rule; a pixel belongs to it where its centre does.
  case polygon([Point])
  /// The pixels of a picture of the frame's size that are at least half white.
  ///
  /// - Parameter name: what errors call the picture, usually its file.
  case picture(Image<Gray8>, name: String)

  /// A picture read from an image file: white belongs to the area, black and transparent do not.
  public static func picture(path: String) throws(RegionError) -> RegionShape {
    do {
      return .picture(try ImageFile.read(path: path).gray8(), name: path)
    } catch {
      throw .unreadable(error)
    }
  }
}

/// The part of a frame that is looked at: an area of interest without the areas to ignore.
public struct RegionOfInterest: Sendable, Equatable {
  /// Areas that are looked at, together; empty for the whole frame.
  public var areas: [RegionShape]
  /// Areas that are not, wherever they lie.
  public var ignored: [RegionShape]

  public init(areas: [RegionShape] = [], ignored: [RegionShape] = []) {
    self.areas = areas
    self.ignored = ignored
  }

  /// Whether every frame is looked at whole.
  public var isWholeFrame: Bool { areas.isEmpty && ignored.isEmpty }

  /// The region's pixels in frames of one size. Make it once and use it for every frame.
  public func mask(for size: ImageSize) throws(RegionError) -> RegionMask {
    var marks = Image<UInt8>(width: size.width, height: size.height, repeating: areas.isEmpty ? 1 : 0)
    for shape in areas { try shape.draw(1, on: &marks) }
    for shape in ignored { try shape.draw(0, on: &marks) }
    let mask = RegionMask(marks)
    guard mask.area > 0 else { throw .empty(frame: size) }
    return mask
  }
}

/// Why a region of interest cannot be used.
public enum RegionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A mask's file cannot be read.
  case unreadable(ImageError)
  /// A mask picture was made for frames of another size.
  case size(name: String, mask: ImageSize, frame: ImageSize)
  /// A polygon has fewer than three corners.
  case corners(Int)
  /// A polygon's corner is not a finite position.
  case notFinite(corner: Int)
  /// A rectangle without pixels.
  case flat(PixelRect)
  /// Nothing of the frame is left to look at.
  case empty(frame: ImageSize)

  public var description: String {
    switch self {
    case .unreadable(let error): "the region's mask cannot be read: \(error)"
    case .size(let name, let mask, let frame):
      "\(name): the mask is \(mask) pixels and the frame is \(frame); "
        + "draw the mask on a still of this camera at this resolution"
    case .corners(let count):
      "a region's polygon has \(count) \(count == 1 ? "corner" : "corners"); it needs at least 3"
    case .notFinite(let corner): "corner \(corner + 1) of a region's polygon is not a position; give x and y in pixels"
    case .flat(let rect): "a region's rectangle is \(rect); its width and height must be at least 1"
    case .empty(let frame):
      "the region of interest has no pixels in frames of \(frame); check its coordinates and the ignored areas"
    }
  }
}

extension RegionShape {
  fileprivate func draw(_ value: UInt8, on marks: inout Image<UInt8>) throws(RegionError) {
    let size = ImageSize(width: marks.width, height: marks.height)
    switch self {
    case .rectangle(let rect):
      guard rect.width > 0 && rect.height > 0 else { throw .flat(rect) }
      // Saturating, for a rectangle may be written with huge numbers to mean "to the edge".
      let right = rect.x.addingReportingOverflow(rect.width), bottom = rect.y.addingReportingOverflow(rect.height)
      let columns =
        max(0, rect.x)..<max(max(0, rect.x), min(size.width, right.overflow ? size.width : right.partialValue))
      let rows =
        max(0, rect.y)..<max(max(0, rect.y), min(size.height, bottom.overflow ? size.height : bottom.partialValue))
      for y in rows {
        var row = marks.mutableRow(y)
        for x in columns { row[x] = value }
      }
    case .polygon(let points):
      guard points.count >= 3 else { throw .corners(points.count) }
      if let corner = points.firstIndex(where: { !($0.x.isFinite && $0.y.isFinite) }) {
        throw .notFinite(corner: corner)
      }
      fill(points, value, &marks)
    case .picture(let picture, let name):
      guard picture.width == size.width && picture.height == size.height else {
        throw .size(name: name, mask: ImageSize(width: picture.width, height: picture.height), frame: size)
      }
      for y in 0..<size.height {
        let source = picture.row(y)
        var row = marks.mutableRow(y)
        for x in 0..<size.width where source[x] >= 128 { row[x] = value }
      }
    }
  }

  /// Even-odd at pixel centres: the pixels between the 1st and 2nd, 3rd and 4th ... crossing of each row's centre line.
  private func fill(_ points: [Point], _ value: UInt8, _ marks: inout Image<UInt8>) {
    let width = marks.width
    var crossings: [Double] = []
    for y in 0..<marks.height {
      let line = Double(y) + 0.5
      crossings.removeAll(keepingCapacity: true)
      var from = points[points.count - 1]
      for to in points {
        // Half open, so that a corner on the line counts once.
        if (from.y <= line) != (to.y <= line) {
          crossings.append(from.x + (line - from.y) * (to.x - from.x) / (to.y - from.y))
        }
        from = to
      }
      crossings.sort()
      var row = marks.mutableRow(y)
      for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
        let first = column(crossings[pair], width), last = column(crossings[pair + 1], width)
        for x in first..<max(first, last) { row[x] = value }
      }
    }
  }

  /// The first column whose centre is not left of `x`, within 0...width.
  private func column(_ x: Double, _ width: Int) -> Int {
    Int(min(max((x - 0.5).rounded(.up), 0), Double(width)))
  }
}
