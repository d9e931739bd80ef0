import CPixels

/// A rectangle of pixels: its top left corner and its size.
public struct PixelRect: Sendable, Hashable, CustomStringConvertible {
  public var x: Int
  public var y: Int
  public var width: Int
  public var height: Int

  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  public var description: String { "\(width) x \(height) at (\(x), \(y))" }
}

/// Resizes images of one size to another: tables are made once, intermediate rows are kept for the next image.
///
/// Two passes with the weights, the order and the 8-bit intermediate of Pillow's `resize`: 8-bit results are those of
/// Pillow 13, bit by bit. 16-bit and floating-point images are mixed in `Float`. Alpha is multiplied in before and
/// divided out after, so that transparent pixels lend no color.
///
/// Not `Sendable`: it reuses its scratch memory. Give each thread its own.
public final class Resampler {
  public let source: ImageSize
  public let target: ImageSize
  public let filter: ResampleFilter
  private let region: PixelRect
  // Wide groups for grey, narrow ones for several channels: what the kernels read at once.
  private var gray: Axes?
  private var color: Axes?
  private var scratch: [UInt8] = []
  private var floatScratch: [Float] = []
  private let level: Int32

  private struct Axes {
    var horizontal: ResampleAxis?
    var vertical: ResampleAxis?
    // Rows of the source that the vertical pass reads.
    var firstRow = 0
    var rowCount: Int
    // Columns first where they shrink by clearly more than the rows do: Pillow's choice, found by trying sizes.
    var isVerticalFirst = false
  }

  /// - Parameters:
  ///   - source: the size of the images to come; at least 1 x 1.
  ///   - target: the size wanted; at least 1 x 1.
  ///   - region: the part of the source to stretch over the target; nil for all of it.
  public convenience init(
    source: ImageSize, target: ImageSize, filter: ResampleFilter = .bilinear, region: PixelRect? = nil
  ) {
    self.init(source: source, target: target, filter: filter, region: region, level: cpixels_level())
  }

  /// - Parameter level: the widest kernel allowed, for tests.
  init(source: ImageSize, target: ImageSize, filter: ResampleFilter, region: PixelRect?, level: Int32) {
    precondition(
      source.width > 0 && source.height > 0 && target.width > 0 && target.height > 0,
      "cannot resize \(source) to \(target)")
    let region = region ?? PixelRect(x: 0, y: 0, width: source.width, height: source.height)
    precondition(
      region.x >= 0 && region.y >= 0 && region.width > 0 && region.height > 0
        && region.x + region.width <= source.width && region.y + region.height <= source.height,
      "\(region) is not inside \(source)")
    self.source = source
    self.target = target
    self.filter = filter
    self.region = region
    self.level = level
  }

  private func axes(channels: Int) -> Axes {
    if let ready = channels == 1 ? gray : color { return ready }
    var axes = Axes(rowCount: source.height)
    if target.width != source.width || region.width != source.width {
      axes.horizontal = ResampleAxis(
        sourceLength: source.width, origin: Double(region.x), extent: Double(region.width), count: target.width,
        filter: filter, group: channels == 1 ? 8 : 4)
    }
    if target.height != source.height || region.height != source.height {
      let vertical = ResampleAxis(
        sourceLength: source.height, origin: Double(region.y), extent: Double(region.height), count: target.height,
        filter: filter, group: 1)
      axes.firstRow = Int(vertical.starts.min() ?? 0)
      axes.rowCount = Int(vertical.starts.max() ?? 0) + vertical.taps - axes.firstRow
      axes.vertical = vertical
      axes.isVerticalFirst =
        target.height < region.height && region.height - target.height > 2 * (region.width - target.width)
    }
    if channels == 1 { gray = axes } else { color = axes }
    return axes
  }

  /// The image at the target size.
  ///
  /// - Precondition: the image has the size that this resampler was made for.
  @specialized(where Pixel == UInt8)
  @specialized(where Pixel == UInt16)
  @specialized(where Pixel == Float)
  @specialized(where Pixel == RGB8)
  @specialized(where Pixel == RGB16)
  @specialized(where Pixel == RGBA8)
  public func resized<Pixel: InterleavedPixel>(_ image: Image<Pixel>) -> Image<Pixel> {
    precondition(
      image.width == source.width && image.height == source.height,
      "a resampler for \(source) was given \(image.width) x \(image.height)")
    if filter == .nearest { return nearest(image) }
    let axes = axes(channels: Pixel.componentCount)
    guard axes.horizontal != nil || axes.vertical != nil else { return image }
    if Pixel.componentCount == 4 {
      if let rgba = image as? Image<RGBA8>, rgba.hasTransparency {
        return run(rgba.premultiplied(), axes).straightened() as! Image<Pixel>
      }
      if let rgba = image as? Image<RGBA16>, rgba.hasTransparency {
        return run(rgba.premultiplied(), axes).straightened() as! Image<Pixel>
      }
    }
    return run(image, axes)
  }

  private func run<Pixel: InterleavedPixel>(_ image: Image<Pixel>, _ axes: Axes) -> Image<Pixel> {
    let count = target.width * target.height
    let pixels = unsafe [Pixel](unsafeUninitializedCapacity: count) { to, initialized in
      unsafe image.storage.withUnsafeBytes { from in
        let to = UnsafeMutableRawBufferPointer(to)
        if Pixel.Component.self == UInt8.self {
          unsafe runBytes(
            from.baseAddress!.assumingMemoryBound(to: UInt8.self), to.baseAddress!.assumingMemoryBound(to: UInt8.self),
            Pixel.componentCount, axes)
        } else {
          unsafe runFloats(
            from.baseAddress!.assumingMemoryBound(to: Pixel.Component.self),
            to.baseAddress!.assumingMemoryBound(to: Pixel.Component.self), Pixel.componentCount, axes)
        }
      }
      initialized = count
    }
    return Image(width: target.width, height: target.height, pixels: pixels)
  }

  private func runBytes(
    _ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<UInt8>, _ channels: Int, _ axes: Axes
  ) {
    let sourceRow = source.width * channels, targetRow = target.width * channels
    guard let horizontal = axes.horizontal else {
      unsafe axes.vertical!.withTable { table in
        unsafe cpixels_vertical_u8(from, sourceRow, to, targetRow, targetRow, table, level)
      }
      return
    }
    guard let vertical = axes.vertical else {
      unsafe horizontal.withTable { table in
        unsafe cpixels_horizontal_u8(from, sourceRow, to, targetRow, source.height, Int32(channels), table, level)
      }
      return
    }
    let middleRow = axes.isVerticalFirst ? sourceRow : targetRow
    let middleRows = axes.isVerticalFirst ? target.height : axes.rowCount
    if scratch.count < middleRows * middleRow { scratch = [UInt8](repeating: 0, count: middleRows * middleRow) }
    unsafe scratch.withUnsafeMutableBufferPointer { middle in
      let middle = middle.baseAddress!
      if axes.isVerticalFirst {
        unsafe vertical.withTable { table in
          unsafe cpixels_vertical_u8(from, sourceRow, middle, middleRow, middleRow, table, level)
        }
        unsafe horizontal.withTable { table in
          unsafe cpixels_horizontal_u8(middle, middleRow, to, targetRow, middleRows, Int32(channels), table, level)
        }
      } else {
        unsafe horizontal.withTable { table in
          unsafe cpixels_horizontal_u8(
            from + axes.firstRow * sourceRow, sourceRow, middle, middleRow, middleRows, Int32(channels), table, level)
        }
        unsafe vertical.withTable(offset: axes.firstRow) { table in
          unsafe cpixels_vertical_u8(middle, middleRow, to, targetRow, targetRow, table, level)
        }
      }
    }
  }

  private func runFloats<Component: PixelComponent>(
    _ from: UnsafePointer<Component>, _ to: UnsafeMutablePointer<Component>, _ channels: Int, _ axes: Axes
  ) {
    let sourceRow = source.width * channels, targetRow = target.width * channels
    let rows = axes.rowCount
    // One source row as floats, the rows at their new width, one row of the result.
    let wanted = sourceRow + rows * targetRow + targetRow
    if floatScratch.count < wanted { floatScratch = [Float](repeating: 0, count: wanted) }
    unsafe floatScratch.withUnsafeMutableBufferPointer { scratch in
      let line = scratch.baseAddress!
      let middle = unsafe line + sourceRow
      let result = unsafe middle + rows * targetRow
      for y in 0..<rows {
        let row = unsafe from + (axes.firstRow + y) * sourceRow
        for x in 0..<sourceRow { unsafe line[x] = row[x].asFloat }
        if let horizontal = axes.horizontal {
          unsafe horizontal.withFloatTable(offset: 0, first: 0, count: horizontal.count) { table in
            unsafe cpixels_horizontal_f32(
              line, sourceRow, middle + y * targetRow, targetRow, 1, Int32(channels), table)
          }
        } else {
          unsafe (middle + y * targetRow).update(from: line, count: targetRow)
        }
      }
      for y in 0..<target.height {
        let row = unsafe to + y * targetRow
        if let vertical = axes.vertical {
          unsafe vertical.withFloatTable(offset: axes.firstRow, first: y, count: 1) { table in
            unsafe cpixels_vertical_f32(middle, targetRow, result, targetRow, targetRow, table)
          }
          for x in 0..<targetRow { unsafe row[x] = Component(nearest: result[x]) }
        } else {
          let source = unsafe middle + y * targetRow
          for x in 0..<targetRow { unsafe row[x] = Component(nearest: source[x]) }
        }
      }
    }
  }

  private func nearest<Pixel>(_ image: Image<Pixel>) -> Image<Pixel> {
    // Pillow adds the step up, so that rounding falls the same way.
    func positions(_ count: Int, _ origin: Int, _ extent: Int, _ length: Int) -> [Int] {
      let step = Double(extent) / Double(count)
      var position = Double(origin) + step * 0.5
      return (0..<count).map { _ in
        defer { position += step }
        return min(Int(position), length - 1)
      }
    }
    let columns = positions(target.width, region.x, region.width, source.width)
    let lines = positions(target.height, region.y, region.height, source.height)
    var pixels: [Pixel] = []
    pixels.reserveCapacity(target.width * target.height)
    for y in lines {
      let row = image.row(y)
      for x in columns { pixels.append(row[x]) }
    }
    return Image(width: target.width, height: target.height, pixels: pixels)
  }
}

extension ResampleAxis {
  /// The fixed-point table; `offset` is taken off the starts, for a source that begins that much later.
  fileprivate func withTable(offset: Int = 0, _ body: (UnsafePointer<cpixels_table>) -> Void) {
    let starts = offset == 0 ? self.starts : self.starts.map { $0 - Int32(offset) }
    unsafe starts.withUnsafeBufferPointer { starts in
      unsafe fixed.withUnsafeBufferPointer { weights in
        unsafe high.withUnsafeBufferPointer { high in
          unsafe low.withUnsafeBufferPointer { low in
            var table = unsafe cpixels_table(
              starts: starts.baseAddress, weights: weights.baseAddress, high: high.baseAddress, low: low.baseAddress,
              taps: Int32(taps), count: Int32(count))
            unsafe body(&table)
          }
        }
      }
    }
  }

  /// The floating-point table of outputs `first ..< first + count`.
  fileprivate func withFloatTable(
    offset: Int, first: Int, count: Int, _ body: (UnsafePointer<cpixels_float_table>) -> Void
  ) {
    // A single start is moved in place; longer tables are only used without an offset.
    var single = starts[first] - Int32(offset)
    unsafe starts.withUnsafeBufferPointer { starts in
      unsafe weights.withUnsafeBufferPointer { weights in
        unsafe withUnsafePointer(to: &single) { single in
          var table = unsafe cpixels_float_table(
            starts: offset == 0 ? starts.baseAddress! + first : single, weights: weights.baseAddress! + first * taps,
            taps: Int32(taps), count: Int32(count))
          unsafe body(&table)
        }
      }
    }
  }
}
