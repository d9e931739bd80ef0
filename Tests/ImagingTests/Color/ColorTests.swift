import Imaging
import Testing

@Suite struct ColorTests {
  /// `zlib.crc32(np.asarray(Image.fromarray(sample(64, 64, 3)).convert("L")).tobytes())`, `sample` as for resampling.
  @Test func lumaIsPillows() {
    #expect(crc32(sampleRGB(64, 64).gray8()) == 0x2AF3_61F6)
  }

  @Test("luma by its formula", arguments: [1, 7, 31, 100])
  func luma(_ width: Int) {
    var random = SplitMix64(seed: UInt64(width))
    let picture = makeImage(width, 3) { _, _ in
      RGB8(
        UInt8.random(in: 0...255, using: &random), UInt8.random(in: 0...255, using: &random),
        UInt8.random(in: 0...255, using: &random))
    }
    let expected = picture.map { pixel -> UInt8 in
      let red = Int(pixel.red) * 19595, green = Int(pixel.green) * 38470, blue = Int(pixel.blue) * 7471
      return UInt8((red + green + blue + 32768) >> 16)
    }
    #expect(picture.gray8() == expected)
  }

  @Test func sixteenBitsAreRounded() {
    let values: [UInt16] = [0, 128, 129, 257, 32767, 32768, 65406, 65407, 65535]
    let expected: [UInt8] = [0, 0, 1, 1, 127, 128, 254, 255, 255]
    #expect(Image(width: 9, height: 1, pixels: values).gray8().pixels == expected)
  }

  @Test func everyFormatBecomesGreyAndRGB() {
    let images: [AnyImage] = [
      .gray8(Image(width: 1, height: 1, repeating: 200)), .gray16(Image(width: 1, height: 1, repeating: 51400)),
      .rgb8(Image(width: 1, height: 1, repeating: RGB8(200, 200, 200))),
      .rgb16(Image(width: 1, height: 1, repeating: RGB16(51400, 51400, 51400))),
      .rgba8(Image(width: 1, height: 1, repeating: RGBA8(200, 200, 200, 255))),
      .rgba16(Image(width: 1, height: 1, repeating: RGBA16(51400, 51400, 51400, 65535))),
    ]
    for image in images {
      #expect(image.gray8()[0, 0] == 200)
      #expect(image.rgb8()[0, 0] == RGB8(200, 200, 200))
      #expect(abs(image.grayPlane()[0, 0] - 200.0 / 255) < 1e-6)
    }
    #expect(images.map(\.isGray) == [true, true, false, false, false, false])
  }

  @Test func transparencyOverABackground() {
    let pixels = [RGBA8(200, 100, 0, 255), RGBA8(200, 100, 0, 0), RGBA8(200, 100, 0, 128)]
    let image = Image(width: 3, height: 1, pixels: pixels)
    #expect(image.rgb8().pixels == [RGB8(200, 100, 0), RGB8(0, 0, 0), RGB8(100, 50, 0)])
    #expect(image.rgb8(over: RGB8(0, 0, 255)).pixels == [RGB8(200, 100, 0), RGB8(0, 0, 255), RGB8(100, 50, 127)])
  }

  @Test func planesAndBack() {
    let gray = sampleGray(16, 16)
    #expect(gray.plane().gray8() == gray)
    let deep = gray.map { UInt16($0) * 257 }
    #expect(deep.plane().gray16() == deep)
    let odd = Image<Float>(width: 4, height: 1, pixels: [.nan, -1, 2, .infinity])
    #expect(odd.gray8().pixels == [0, 0, 255, 255])
    let (red, green, blue) = sampleRGB(5, 5).planes()
    #expect(red.gray8() == sampleRGB(5, 5).map(\.red))
    #expect(green.gray8() == sampleRGB(5, 5).map(\.green))
    #expect(blue.gray8() == sampleRGB(5, 5).map(\.blue))
  }
}
