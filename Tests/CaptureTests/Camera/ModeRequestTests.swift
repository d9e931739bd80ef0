import Imaging
import Testing

@testable import Capture

@Suite struct ModeRequestTests {
  let modes = [
    CameraMode(format: .yuyv, size: ImageSize(width: 640, height: 480), rates: [30, 15]),
    CameraMode(format: .yuyv, size: ImageSize(width: 1280, height: 720), rates: [10, 5]),
    CameraMode(format: .mjpeg, size: ImageSize(width: 1280, height: 720), rates: [60, 30]),
    CameraMode(format: .mjpeg, size: ImageSize(width: 1920, height: 1080), rates: [30]),
  ]

  private func chosen(_ request: ModeRequest) throws -> String {
    let mode = try request.choose(from: modes, camera: "cam")
    return "\(mode.size.width)x\(mode.size.height) \(mode.format) \(mode.rates.first ?? 0)"
  }

  @Test func nothingAskedTakesAUsefulMode() throws {
    // 1280x720 uncompressed comes at 10 a second only.
    #expect(try chosen(ModeRequest()) == "1280x720 MJPG 60.0")
  }

  @Test func whatIsAskedIsKept() throws {
    #expect(try chosen(ModeRequest(size: ImageSize(width: 640, height: 480))) == "640x480 YUYV 30.0")
    #expect(try chosen(ModeRequest(size: ImageSize(width: 1280, height: 720), rate: 10)) == "1280x720 YUYV 10.0")
    #expect(try chosen(ModeRequest(size: ImageSize(width: 1280, height: 720), rate: 25)) == "1280x720 MJPG 30.0")
    #expect(try chosen(ModeRequest(formats: [.mjpeg, .yuyv])) == "1280x720 MJPG 60.0")
  }

  @Test(arguments: [
    (ModeRequest(size: ImageSize(width: 800, height: 600)), "cam has no frames of 800x600; it has"),
    (ModeRequest(rate: 120), "cam cannot send 120 frames a second; at most 60."),
    (ModeRequest(formats: [.grey]), "cam does not send GREY; it has YUYV, MJPG."),
    (
      ModeRequest(size: ImageSize(width: 640, height: 480), formats: [.mjpeg]),
      "cam has no frames of 640x480 as MJPG; it has 1280x720, 1920x1080."
    ),
  ]) func whatIsNotThereIsSaid(request: ModeRequest, message: String) {
    #expect {
      try request.choose(from: modes, camera: "cam")
    } throws: { "\($0)".hasPrefix(message) }
  }

  @Test func aRangeOfSizes() throws {
    let range = [
      CameraMode(
        format: .yuyv, size: ImageSize(width: 16, height: 16), rates: [],
        largest: ImageSize(width: 2592, height: 1944))
    ]
    let mode = try ModeRequest(size: ImageSize(width: 1000, height: 500)).choose(from: range, camera: "cam")
    #expect(mode.size == ImageSize(width: 1000, height: 500) && mode.rates.isEmpty)
    #expect(try ModeRequest().choose(from: range, camera: "cam").size == ImageSize(width: 1280, height: 720))
  }
}
