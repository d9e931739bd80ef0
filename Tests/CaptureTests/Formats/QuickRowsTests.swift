import CCodecs
import Imaging
import Testing

@testable import Capture

/// JPEG rows made from libjpeg's planes: the same bytes as libjpeg's own rows.
struct QuickRowsTests {
  private func decoded(_ file: [UInt8], isPlain: Bool, _ width: Int, _ height: Int) -> [UInt8] {
    let options = ccodecs_jpeg_options(
      scale_denominator: 1, wants_gray: 0, allows_extraneous_bytes: 0, is_plain: isPlain ? 1 : 0)
    var message = [CChar](repeating: 0, count: Int(CCODECS_MESSAGE_SIZE))
    var info = ccodecs_info()
    var rows = [UInt8](repeating: 0, count: width * height * 3)
    #expect(unsafe ccodecs_jpeg_info(file, file.count, options, &info, &message) == CCODECS_OK)
    #expect(info.width == UInt32(width) && info.height == UInt32(height))
    let status = unsafe ccodecs_jpeg_decode(file, file.count, options, &info, &rows, width * 3, &message)
    #expect(status == CCODECS_OK)
    return rows
  }

  /// Noise, so that chroma differs from sample to sample; our encoder halves it both ways.
  @Test func agreeWithTheLibrary() throws {
    var generator = Seeded(state: 11)
    for width in [1, 2, 4, 5, 6, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100] {
      for height in [1, 2, 3, 8, 15, 16, 17, 18, 31, 32, 33, 34, 49] {
        let bytes = generator.bytes(width * height * 3)
        let pixels = (0..<width * height).map { RGB8(bytes[3 * $0], bytes[3 * $0 + 1], bytes[3 * $0 + 2]) }
        let file = try Image(width: width, height: height, pixels: pixels).jpeg(quality: 95, subsampled: true)
        let plain = decoded(file, isPlain: true, width, height)
        #expect(decoded(file, isPlain: false, width, height) == plain, "4:2:0, \(width) x \(height)")
      }
    }
  }

  // Chroma halved along the rows, and no Huffman tables, as most cameras send it. Pillow 13.0.0, numpy 2.4.6:
  //   rng = np.random.default_rng(5)
  //   for size in [(37, 11), (70, 9)]:
  //       pixels = rng.integers(0, 256, (size[1] // 4 + 1, size[0] // 4 + 1, 3), dtype=np.uint8)
  //       file = io.BytesIO()
  //       Image.fromarray(pixels).resize(size, Image.BICUBIC).save(file, "JPEG", quality=50, subsampling=1)
  //       zlib.crc32(Image.open(file).tobytes())
  // with the segments of marker C4 cut out of the file.
  private static let wide =
    "ffd8ffe000104a46494600010100000100010000ffdb004300100b0c0e0c0a100e0d0e1211101318281a181616183123251d"
    + "283a333d3c3933383740485c4e404457453738506d51575f626768673e4d71797064785c656763ffdb004301111212181518"
    + "2f1a1a2f63423842636363636363636363636363636363636363636363636363636363636363636363636363636363636363"
    + "6363636363636363ffc0001108000b002503012100021101031101ffda000c03010002110311003f00bb0ebad3c0e5971815"
    + "972ea6d710bc48b9cd6d8ac346952d1f54797eff00b6bdbe1d08a0bc996ccd888892d5338966b21672215c77a994a9d4aee4"
    + "df99eb2a14da8d66f542425eda31185c814579d3a751c9b4889626777a108e2d64c7a541a17329cf3cd7a18c6fead3f545cd"
    + "2fac55f546d5aaaff6ea0c0abda9a8f38f02be6e5276479b51bbaf528e060515f73412f651f447b918ab1fffd9"
  private static let wider =
    "ffd8ffe000104a46494600010100000100010000ffdb004300100b0c0e0c0a100e0d0e1211101318281a181616183123251d"
    + "283a333d3c3933383740485c4e404457453738506d51575f626768673e4d71797064785c656763ffdb004301111212181518"
    + "2f1a1a2f63423842636363636363636363636363636363636363636363636363636363636363636363636363636363636363"
    + "6363636363636363ffc00011080009004603012100021101031101ffda000c03010002110311003f0059ae1a5fddc233bb8a"
    + "acf6afa6b02c3e77e40a9a10a2a0a2dea8c706e10a8b97aee0f1b4922cd7436c8bca01deac4b25a5dc78d41ca381850293a7"
    + "1ab28cb0fab88b1c9fb5d3a16b4efdc5ab259fcc87b9aad35a452b6f9890d5386c4daacea4be265493e58ca3f1589c456ff6"
    + "5312312fd8551b7bfbd82e45a246083550854ad19ba8b631c22a76e48bd7766afd9ecdf9bb72b277028ac6187938a68f49d1"
    + "9dfddd8ccd3ffe3e13eb577c47ff001f56df85453f8e479383f8dfc8ada9ff00ac87e9593ab7fae5aebc93e297a33b317fc5"
    + "91d0681ff1e2d4cbaff595e6d3ff00797ea3a7fc68ff008590c1ff001f429a3fe43ab5f40bf8754f3f01fef52f426d53fe3e"
    + "4d158e1ff8513eaa9fc08fffd9"

  @Test func halvedAlongTheRows() throws {
    let frames: [(Int, Int, UInt32, String)] = [(37, 11, 0x83b783cf, Self.wide), (70, 9, 0x3dc9cd6f, Self.wider)]
    for (width, height, crc, hex) in frames {
      let digits = hex.utf8.map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
      let file = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
      #expect(crc32(decoded(file, isPlain: false, width, height)) == crc)
      #expect(crc32(decoded(file, isPlain: true, width, height)) == crc)
      let layout = FrameLayout(format: .mjpeg, width: width, height: height, encoding: limited601)
      let image = try #require(try FrameConverter(layout).convert(file).rgb)
      #expect(crc32(image.pixels.flatMap { [$0.red, $0.green, $0.blue] }) == crc)
    }
  }

  /// As zlib has it.
  private func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }
}
