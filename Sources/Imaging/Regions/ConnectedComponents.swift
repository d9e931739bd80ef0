/// One connected set of mask pixels.
public struct Region: Sendable, Hashable {
  /// The value of this region's pixels in ``ConnectedComponents/labels``, from 1.
  public let label: Int32
  /// Pixels.
  public let area: Int
  /// The smallest rectangle around it.
  public let box: PixelRect
  /// Mean position of its pixel centres, in pixels from the top left corner of the image.
  public let centroidX: Double
  public let centroidY: Double
}

/// The connected regions of a mask; pixels that touch at a side or a corner belong together (8-connectivity).
public struct ConnectedComponents: Sendable {
  /// Per pixel: 0 for the ground, otherwise its region's label.
  public let labels: Image<Int32>
  /// In the order of their first pixels, row by row: region `label` is `regions[label - 1]`.
  public let regions: [Region]

  /// Finds the regions of pixels that are not 0.
  public static func label(_ mask: Image<UInt8>) -> ConnectedComponents { ConnectedComponents(mask) { $0 != 0 } }

  /// Finds the regions of pixels that are true.
  public static func label(_ mask: Image<Bool>) -> ConnectedComponents { ConnectedComponents(mask) { $0 } }

  /// Finds the regions of pixels of at least `threshold`; NaN belongs to none.
  public static func label(_ scores: Image<Float>, atLeast threshold: Float) -> ConnectedComponents {
    ConnectedComponents(scores) { $0 >= threshold }
  }

  /// Highest and mean value of `scores` in each region, in the order of ``regions``.
  ///
  /// - Precondition: `scores` has the size of the mask.
  public func scores(in scores: Image<Float>) -> [(max: Float, mean: Float)] {
    precondition(
      scores.width == labels.width && scores.height == labels.height,
      "scores of \(scores.width) x \(scores.height) for labels of \(labels.width) x \(labels.height)")
    var highest = [Float](repeating: -.infinity, count: regions.count)
    var sums = [Double](repeating: 0, count: regions.count)
    let values = scores.storage.span, marks = labels.storage.span
    for index in 0..<marks.count where marks[index] > 0 {
      let region = Int(marks[index]) - 1
      highest[region] = max(highest[region], values[index])
      sums[region] += Double(values[index])
    }
    return regions.indices.map { (highest[$0], Float(sums[$0] / Double(regions[$0].area))) }
  }

  /// Two passes with union-find: provisional labels from the neighbours above and to the left, then their roots.
  private init<Pixel>(_ mask: Image<Pixel>, _ isSet: (Pixel) -> Bool) {
    let width = mask.width, height = mask.height
    var provisional = [Int32](repeating: 0, count: width * height)
    var parents: [Int32] = [0]

    func root(_ label: Int32) -> Int32 {
      var label = label
      while parents[Int(label)] != label {
        parents[Int(label)] = parents[Int(parents[Int(label)])]
        label = parents[Int(label)]
      }
      return label
    }

    for y in 0..<height {
      let row = mask.row(y)
      for x in 0..<width where isSet(row[x]) {
        let at = y * width + x
        var label: Int32 = 0
        func join(_ neighbour: Int32) {
          guard neighbour != 0 else { return }
          let other = root(neighbour)
          if label == 0 {
            label = other
          } else if other != label {
            // The smaller label is the older one and stays the root.
            let (old, new) = (min(label, other), max(label, other))
            parents[Int(new)] = old
            label = old
          }
        }
        if x > 0 { join(provisional[at - 1]) }
        if y > 0 {
          if x > 0 { join(provisional[at - width - 1]) }
          join(provisional[at - width])
          if x + 1 < width { join(provisional[at - width + 1]) }
        }
        if label == 0 {
          label = Int32(parents.count)
          parents.append(label)
        }
        provisional[at] = label
      }
    }

    var final = [Int32](repeating: 0, count: parents.count)
    var tallies: [Tally] = []
    for y in 0..<height {
      for x in 0..<width where provisional[y * width + x] != 0 {
        let top = Int(root(provisional[y * width + x]))
        if final[top] == 0 {
          tallies.append(Tally(x: x, y: y))
          final[top] = Int32(tallies.count)
        }
        let label = final[top]
        provisional[y * width + x] = label
        tallies[Int(label) - 1].add(x, y)
      }
    }
    labels = Image(width: width, height: height, pixels: provisional)
    regions = tallies.enumerated().map { $1.region(label: Int32($0 + 1)) }
  }
}

private struct Tally {
  var area = 0, sumX = 0, sumY = 0
  var left: Int, right: Int, top: Int, bottom: Int

  init(x: Int, y: Int) {
    (left, right, top, bottom) = (x, x, y, y)
  }

  mutating func add(_ x: Int, _ y: Int) {
    area += 1
    sumX += x
    sumY += y
    left = min(left, x)
    right = max(right, x)
    bottom = y
  }

  func region(label: Int32) -> Region {
    Region(
      label: label, area: area, box: PixelRect(x: left, y: top, width: right - left + 1, height: bottom - top + 1),
      centroidX: Double(sumX) / Double(area) + 0.5, centroidY: Double(sumY) / Double(area) + 0.5)
  }
}
