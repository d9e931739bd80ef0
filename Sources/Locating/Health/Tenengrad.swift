internal import CLocating
public import Imaging

/// Focus by the Tenengrad measure: the mean of the squared Sobel gradient, higher where the picture is sharper.
///
/// Krotkov, "Focusing", International Journal of Computer Vision 1 (1987); operator 1 of the gradient family in Pertuz,
/// Puig and Garcia, "Analysis of focus measure operators for shape-from-focus", Pattern Recognition 46 (2013). It is
/// divided by the squared mean level here: brightness of the light, exposure and gain scale both alike, so the figure
/// compares pictures of one scene while the light changes. Figures of different scenes do not compare.
public enum Tenengrad {
  /// The figure for a region, or for the whole frame; 0 for a flat or black picture and for regions without an inner
  /// pixel. Sobel's gradients are divided by 8, so that they are levels per pixel.
  ///
  /// - Parameters:
  ///   - rowStep: every which row is looked at, from 1; 0 takes every row of small regions, fewer of large ones (about
  ///     200 000 pixels).
  /// - Precondition: the region has the frame's size.
  public static func focus(_ image: Image<Gray8>, region: RegionMask? = nil, rowStep: Int = 0) -> Double {
    precondition(rowStep >= 0, "a row step of \(rowStep) is negative")
    region?.requireSize(image.width, image.height)
    let area = region?.area ?? image.width * image.height
    let step = rowStep > 0 ? rowStep : max(1, area / 200_000)
    let box = region?.box ?? PixelRect(x: 0, y: 0, width: image.width, height: image.height)
    var sum = EnergySum()
    for y in stride(from: box.y + step / 2, to: box.y + box.height, by: step) {
      if let region {
        for run in region.runs(inRow: y) { sum.add(image, y, run.columns) }
      } else {
        sum.add(image, y, 0..<image.width)
      }
    }
    return sum.figure
  }

  /// The figure for a rectangle; what lies outside the frame does not count.
  public static func focus(_ image: Image<Gray8>, in box: PixelRect, rowStep: Int = 0) -> Double {
    precondition(rowStep >= 0, "a row step of \(rowStep) is negative")
    let columns = max(0, box.x)..<max(max(0, box.x), min(image.width, box.x + box.width))
    let rows = max(0, box.y)..<max(max(0, box.y), min(image.height, box.y + box.height))
    let step = rowStep > 0 ? rowStep : max(1, columns.count * rows.count / 200_000)
    var sum = EnergySum()
    for y in stride(from: rows.lowerBound + min(step / 2, rows.count / 2), to: rows.upperBound, by: step) {
      sum.add(image, y, columns)
    }
    return sum.figure
  }
}

/// Gradients and levels of the pixels so far.
private struct EnergySum {
  var energy: UInt64 = 0
  var levels: UInt64 = 0
  var count = 0

  mutating func add(_ image: Image<Gray8>, _ y: Int, _ columns: Range<Int>) {
    // The frame's outermost pixels lack neighbours.
    let first = max(1, columns.lowerBound), last = min(image.width - 1, columns.upperBound)
    guard y >= 1 && y + 1 < image.height && first < last else { return }
    let width = image.width
    count += last - first
    unsafe image.pixels.withUnsafeBufferPointer { pixels in
      let at = unsafe pixels.baseAddress! + y * width + first
      unsafe energy += clocating_sobel_energy(at - width, at, at + width, last - first, &levels)
    }
  }

  var figure: Double {
    guard count > 0 && levels > 0 else { return 0 }
    let mean = Double(levels) / Double(count)
    return Double(energy) / 64 / Double(count) / (mean * mean)
  }
}
