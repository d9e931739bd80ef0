import Foundation
import Imaging
import Testing

@testable import Samples

@Suite struct PreprocessingTests {
  @Test func preparesByItsFormula() {
    let settings = Preprocessing(width: 8, height: 6, mean: [0.4], std: [0.2])
    let image = picture(8, 6, seed: 1)
    var values = [Float](repeating: 0, count: 48)
    var span = values.mutableSpan
    Preparer(settings).prepare(.gray8(image), into: &span)
    for (value, level) in zip(values, image.pixels) {
      #expect(abs(value - (Float(level) / 255 - 0.4) / 0.2) < 1e-5)
      #expect(value == settings.normalized(Float(level), channel: 0))
    }
  }

  @Test func colorGoesIntoPlanes() {
    let levels: [UInt8] = Array(0..<12)
    let pixels = levels.map { RGB8($0, 100 + $0, 200 + $0) }
    let image = AnyImage.rgb8(Image(width: 4, height: 3, pixels: pixels))
    let planes = Preparer(Preprocessing(width: 4, height: 3, channels: 3)).planes(image)
    #expect(planes == levels + levels.map { $0 + 100 } + levels.map { $0 + 200 })
  }

  @Test func anotherSizeDoesNotLeaveOldPixelsBehind() {
    let preparer = Preparer(Preprocessing(width: 16, height: 16, fit: .letterbox))
    let wide = picture(32, 8, seed: 2)
    let first = preparer.planes(.gray8(wide))
    _ = preparer.planes(.gray8(picture(8, 32, seed: 3)))
    #expect(preparer.planes(.gray8(wide)) == first)
    #expect(first[0] == 128 && first[15 * 16] == 128 && first.prefix(6 * 16).allSatisfy { $0 == 128 })
  }

  @Test func placements() {
    let settings = Preprocessing(width: 64, height: 32, fit: .letterbox)
    func place(_ width: Int, _ height: Int) -> PixelRect {
      settings.placement(of: ImageSize(width: width, height: height))
    }
    #expect(place(200, 100) == PixelRect(x: 0, y: 0, width: 64, height: 32))
    #expect(place(100, 100) == PixelRect(x: 16, y: 0, width: 32, height: 32))
    #expect(place(400, 100) == PixelRect(x: 0, y: 8, width: 64, height: 16))
    #expect(place(10_000, 1) == PixelRect(x: 0, y: 15, width: 64, height: 1))
  }

  @Test func boxesGoBackToTheSource() {
    let stretch = Preprocessing(width: 64, height: 32)
    let source = ImageSize(width: 128, height: 128)
    #expect(
      stretch.sourceBox(x: 8, y: 8, width: 16, height: 8, source: source)
        == PixelRect(x: 16, y: 32, width: 32, height: 32))
    #expect(
      stretch.sourceBox(x: 60, y: -4, width: 16, height: 8, source: source)
        == PixelRect(x: 120, y: 0, width: 8, height: 16))
    let letterbox = Preprocessing(width: 64, height: 32, fit: .letterbox)
    #expect(
      letterbox.sourceBox(x: 16, y: 0, width: 32, height: 32, source: source)
        == PixelRect(x: 0, y: 0, width: 128, height: 128))
    #expect(
      letterbox.sourceBox(x: 0, y: 0, width: 4, height: 4, source: source)
        == PixelRect(x: 0, y: 0, width: 1, height: 16))
  }

  @Test func inputSizes() {
    func size(_ width: Int, _ height: Int) -> ImageSize { ImageSize(width: width, height: height) }
    let square = Array(repeating: size(200, 200), count: 3)
    #expect(Preprocessing.inputSize(for: square, area: 96 * 96) == size(96, 96))
    #expect(Preprocessing.inputSize(for: square, area: 1_000_000) == size(192, 192))
    #expect(Preprocessing.inputSize(for: square, area: 1_000_000, multiple: 8) == size(200, 200))
    #expect(
      Preprocessing.inputSize(for: [size(10, 10), size(640, 480), size(640, 480)], area: 50_000) == size(256, 192))
    #expect(Preprocessing.inputSize(for: [size(4000, 3)], area: 5000) == size(192, 32))
  }

  @Test func jsonKeepsEverything() throws {
    let settings = Preprocessing(
      width: 96, height: 64, channels: 3, fit: .letterbox, filter: .lanczos3, mean: [0.1, 0.2, 0.3],
      std: [0.4, 0.5, 0.6], fill: 7)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json = try encoder.encode(settings)
    #expect(try JSONDecoder().decode(Preprocessing.self, from: json) == settings)
    let text = String(decoding: json, as: UTF8.self)
    #expect(
      text.hasPrefix("{\"channels\":3,\"fill\":7,\"filter\":\"lanczos3\",\"fit\":\"letterbox\",\"height\":64,\"mean\":")
    )
  }

  @Test func badSettingsAreNamed() {
    var settings = Preprocessing(width: 8, height: 8)
    settings.std = [0]
    #expect(settings.problem == "a mean is not finite or a deviation is not above 0")
    settings.mean = []
    #expect(settings.problem == "0 means and 1 deviations do not fit 1 channels")
    settings.channels = 2
    #expect(settings.problem != nil)
  }
}
