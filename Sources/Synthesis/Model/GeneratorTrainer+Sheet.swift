public import Imaging
import Layers
import Samples
import Tensors

extension GeneratorTrainer {
  /// Real windows and painted ones of each class, as what they do to a grey part: a look at how far training has come.
  public func sheet() throws -> Image<RGB8> {
    var sheet = ContactSheet(columns: 12)
    let batch = try sampleBatch(12)
    let shown = painted(batch)
    for (label, name) in classNames.enumerated() {
      let own = batch.labels.indices.filter { batch.labels[$0] == label }
      sheet.add(title: "\(name), real", own.map { window(batch.real, $0) })
      sheet.add(title: "\(name), painted", own.map { window(shown, $0) })
    }
    return sheet.image()
  }

  /// A window's picture, where a part of no texture is at 160.
  private func window(_ planes: [Float], _ n: Int) -> AnyImage {
    let (side, channels) = (configuration.side, configuration.channels)
    let area = side * side
    if !configuration.hasMasks {
      let first = n * configuration.shown * area
      return WholePicture.picture(
        Planes(
          (0..<channels).map { channel in
            Image(
              width: side, height: side, pixels: Array(planes[first + channel * area..<first + (channel + 1) * area]))
          }), size: ImageSize(width: side, height: side))
    }
    func level(_ channel: Int, _ pixel: Int) -> UInt8 {
      let factor = exponential(planes[(n * configuration.shown + channel) * area + pixel])
      return UInt8(min(max((164 * factor - 4).rounded(), 0), 255))
    }
    guard channels == 3 else {
      return .gray8(Image(width: side, height: side, pixels: (0..<area).map { level(0, $0) }))
    }
    return .rgb8(
      Image(width: side, height: side, pixels: (0..<area).map { RGB8(level(0, $0), level(1, $0), level(2, $0)) }))
  }
}
