public import Imaging

/// Pictures in rows, each row under its title: what there is of a class, at a glance.
public struct ContactSheet {
  /// Width and height that a picture is fitted into.
  public static let cell = 128
  private static let gap = 6
  private static let title = 22

  private var rows: [(title: String, pictures: [AnyImage])] = []
  private let columns: Int

  /// - Parameter columns: pictures in a row at most.
  public init(columns: Int = 10) { self.columns = columns }

  public mutating func add(title: String, _ pictures: [AnyImage]) {
    rows.append((title, Array(pictures.prefix(columns))))
  }

  /// The sheet; pictures keep their shape, none is enlarged by more than four.
  public func image() -> Image<RGB8> {
    let step = Self.cell + Self.gap
    let width = columns * step + Self.gap
    let height = rows.count * (Self.title + step) + Self.gap
    var pixels = [RGB8](repeating: RGB8(246, 246, 244), count: width * max(height, 1))
    for (row, (_, pictures)) in rows.enumerated() {
      let top = row * (Self.title + step) + Self.gap
      for (column, picture) in pictures.enumerated() {
        let fitted = Self.fitted(picture.rgb8())
        let x = Self.gap + column * step + (Self.cell - fitted.width) / 2
        let y = top + Self.title + (Self.cell - fitted.height) / 2
        for line in 0..<fitted.height {
          let from = line * fitted.width
          pixels.replaceSubrange(
            (y + line) * width + x..<(y + line) * width + x + fitted.width,
            with: fitted.pixels[from..<from + fitted.width])
        }
      }
    }
    let canvas = Canvas(Image(width: width, height: max(height, 1), pixels: pixels))
    for (row, (title, _)) in rows.enumerated() {
      canvas.text(
        title, x: Double(Self.gap), y: Double(row * (Self.title + step) + Self.gap), size: 14,
        color: Color(0.15, 0.15, 0.15))
    }
    return canvas.image()
  }

  private static func fitted(_ image: Image<RGB8>) -> Image<RGB8> {
    let scale = min(4, Double(cell) / Double(max(image.width, image.height)))
    let width = max(1, Int((Double(image.width) * scale).rounded()))
    let height = max(1, Int((Double(image.height) * scale).rounded()))
    return image.resized(width: width, height: height)
  }
}
