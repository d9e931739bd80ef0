import Imaging
import Testing

@testable import Capture

struct PixelFormatTests {
  @Test func codes() throws {
    #expect(PixelFormat.yuyv.rawValue == 0x5659_5559)
    #expect(PixelFormat.y16.rawValue == 0x2036_3159)
    #expect(PixelFormat.y16be.rawValue == 0xA036_3159)
    for text in ["YUYV", "yuyv", "YuYv"] { #expect(PixelFormat(text) == .yuyv) }
    for text in ["Y16 ", "Y16", "y16"] { #expect(PixelFormat(text) == .y16) }
    for text in ["Y16 -BE", "Y16-BE", "y16-be"] { #expect(PixelFormat(text) == .y16be) }
    // Codes that differ by case alone.
    #expect(PixelFormat("pGAA") == .sgbrg10p)
    #expect(PixelFormat("pgAA") == .sgrbg10p)
    #expect(PixelFormat("PRAA") == .srggb10p)
    #expect(PixelFormat("h264")?.description == "H264")
    for text in ["", "   ", "-BE", "YUYV2", "Y\u{e9}", "Y\n"] { #expect(PixelFormat(text) == nil) }
    for format in FrameConverter.formats { #expect(PixelFormat(format.description) == format) }
    #expect(PixelFormat.y16be.description == "Y16-BE")
    #expect(PixelFormat(rawValue: 0x0102_5559).description == "YU??")
  }

  @Test func listHasNoDoubles() {
    #expect(Set(FrameConverter.formats).count == FrameConverter.formats.count)
    #expect(FrameConverter.formats.first == .rgb24)
    #expect(FrameConverter.canConvert(.mjpeg))
    #expect(!FrameConverter.canConvert(PixelFormat("H264") ?? .yuyv))
  }
}

struct FrameErrorTests {
  @Test func sentences() {
    #expect(
      FrameError(.short(bytes: 10, needed: 20)).description
        == "the frame is short: 10 of 20 bytes; check the cable and the load on the bus")
    #expect(
      FrameError(.overlong(bytes: 30, limit: 20)).description
        == "the frame is too long: 30 bytes where the driver announced at most 20; set the format anew")
    #expect(
      FrameError(.corrupt(reason: "it does not begin as a JPEG does")).description
        == "the frame is damaged: it does not begin as a JPEG does; check the cable and the load on the bus")
    #expect(
      FrameError(.unsupported(PixelFormat(literal: "H264"))).description
        == "frames of format H264 cannot be converted; choose another, such as YUYV or MJPG")
  }

  @Test func impossibleLayouts() {
    func fault(_ format: PixelFormat, _ width: Int, _ height: Int, _ line: Int = 0) -> FrameError.Reason? {
      do throws(FrameError) {
        _ = try FrameConverter(
          FrameLayout(format: format, width: width, height: height, bytesPerLine: line, encoding: full601))
        return nil
      } catch {
        return error.reason
      }
    }
    #expect(fault(PixelFormat(literal: "H264"), 8, 8) == .unsupported(PixelFormat(literal: "H264")))
    #expect(fault(.yuyv, 0, 8) == .corrupt(reason: "the driver announced 0 x 8 pixels"))
    #expect(fault(.yuyv, 8, -1) == .corrupt(reason: "the driver announced 8 x -1 pixels"))
    #expect(fault(.yuyv, 1 << 40, 1 << 40) != nil)
    #expect(
      fault(.yuyv, 8, 8, 15) == .corrupt(reason: "the driver announced 15 bytes per line for 8 pixels of YUYV"))
    #expect(fault(.yuyv, 8, 8, 16) == nil)
    #expect(fault(.yuyv, 8, 8, -16) != nil)
  }
}

struct AnyFrameTests {
  /// Frames of random bytes of any length: a picture of the right size or an error.
  @Test(arguments: FrameConverter.formats) func randomFramesNeverCrash(_ format: PixelFormat) throws {
    var generator = Seeded(state: 9)
    for (width, height) in [(48, 32), (64, 40), (17, 9)] {
      let layout = FrameLayout(format: format, width: width, height: height, encoding: limited601)
      let converter: FrameConverter
      do throws(FrameError) { converter = try FrameConverter(layout) } catch {
        // libv4lconvert wants whole blocks.
        #expect(error.reason == .unsupported(format) && width == 17)
        continue
      }
      let least = converter.leastBytes
      for count in [least, least + 1, least + 4096, Int.random(in: 1...9000, using: &generator), max(1, least) - 1] {
        do throws(FrameError) {
          let image = try converter.convert(generator.bytes(count))
          #expect(count >= least && image.width == width && image.height == height)
        } catch {
          if count < max(1, least) {
            #expect(error.reason == .short(bytes: count, needed: max(1, least)))
          } else {
            #expect(least == 0, "\(error)")
          }
        }
      }
    }
  }

  /// libv4lconvert's M420 holds the numbers of NV12 in another order; its arithmetic is full range and coarser.
  @Test func libraryAgreesWithOurOwn() throws {
    let width = 64, height = 32
    var generator = Seeded(state: 10)
    // Soft colors: coarse factors show less where chroma is small.
    let luma = (0..<width * height).map { UInt8(40 + $0 % width * 2 + Int(generator.next() % 8)) }
    let chroma = (0..<width * height / 2).map { _ in UInt8(118 + generator.next() % 20) }
    var mixed: [UInt8] = []
    for pair in 0..<height / 2 {
      let first = pair * 2 * width
      mixed.append(contentsOf: luma[first..<first + 2 * width])
      mixed.append(contentsOf: chroma[pair * width..<pair * width + width])
    }
    var layout = FrameLayout(
      format: PixelFormat(literal: "M420"), width: width, height: height, encoding: full601)
    let theirs = try #require(try FrameConverter(layout).convert(mixed).rgb)
    layout.format = .nv12
    let ours = try #require(try FrameConverter(layout).convert((luma + chroma)).rgb)
    let error = largestDifference(theirs) { x, y in
      [Double(ours[x, y].red), Double(ours[x, y].green), Double(ours[x, y].blue)]
    }
    #expect(error <= 4)
    let part = PixelRect(x: 5, y: 3, width: 20, height: 11)
    layout.format = PixelFormat(literal: "M420")
    #expect(try FrameConverter(layout, region: part).convert(mixed) == .rgb8(theirs.cropped(part)))
  }
}
