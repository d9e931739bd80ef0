import Testing

@testable import Capture

@Suite struct CameraListTests {
  let left = CameraInfo(
    node: "/dev/video0", card: "HD Webcam", driver: "uvcvideo", busInfo: "usb-0000:00:14.0-1", product: "046d:0825",
    links: ["/dev/v4l/by-path/pci-0000:00:14.0-usb-0:1:1.0-video-index0"])
  let right = CameraInfo(
    node: "/dev/video2", card: "HD Webcam", driver: "uvcvideo", busInfo: "usb-0000:00:14.0-2", product: "046d:0825")
  let other = CameraInfo(
    node: "/dev/video4", card: "Industrial GigE", driver: "uvcvideo", busInfo: "usb-0000:00:14.0-3", serial: "A17",
    product: "199e:8102")
  let otherSecond = CameraInfo(
    node: "/dev/video5", card: "Industrial GigE", driver: "uvcvideo", busInfo: "usb-0000:00:14.0-3", serial: "A17",
    product: "199e:8102", index: 1)
  var list: CameraList { CameraList(cameras: [left, right, other, otherSecond]) }

  @Test(arguments: [
    ("/dev/video4", 4), ("usb-0000:00:14.0-3", 4), ("A17", 4), ("199E:8102", 4), ("industrial gige", 4), ("gige", 4),
    ("usb-0000:00:14.0-2", 2), ("pci-0000:00:14.0-usb-0:1:1.0-video-index0", 0),
    ("/dev/v4l/by-path/pci-0000:00:14.0-usb-0:1:1.0-video-index0", 0),
  ]) func found(words: String, node: Int) throws {
    #expect(try list.find(words).node == "/dev/video\(node)")
  }

  @Test func twoOfANameAreAmbiguous() {
    #expect {
      try list.find("HD Webcam")
    } throws: { error in
      "\(error)" == "HD Webcam names 2 cameras; give one's port: usb-0000:00:14.0-1, usb-0000:00:14.0-2."
    }
  }

  @Test func unknownNamesWhatIsThere() {
    #expect {
      try CameraList(cameras: [other]).find("Basler")
    } throws: { error in
      "\(error)" == "Basler names no camera that is plugged in; there are: \"Industrial GigE\" at usb-0000:00:14.0-3 "
        + "(/dev/video4)."
    }
    #expect {
      try CameraList(cameras: []).find("Basler")
    } throws: { "\($0)" == "Basler names no camera that is plugged in; there is none." }
  }

  @Test func backAtTheSamePortUnderAnotherNode() {
    var back = left
    back.node = "/dev/video7"
    #expect(CameraList(cameras: [right, back]).find(left, others: [right.busInfo])?.node == "/dev/video7")
  }

  @Test func aTwinIsNotTheLostCamera() {
    #expect(CameraList(cameras: [right]).find(left, others: [right.busInfo]) == nil)
  }

  @Test func backInAnotherSocket() {
    var moved = left
    moved.busInfo = "usb-0000:00:14.0-9"
    moved.node = "/dev/video8"
    #expect(CameraList(cameras: [right, moved]).find(left, others: [right.busInfo])?.node == "/dev/video8")
    var twin = moved
    twin.busInfo = "usb-0000:00:14.0-8"
    // Two new ones of the same kind: nobody knows which it is.
    #expect(CameraList(cameras: [moved, twin]).find(left) == nil)
  }

  @Test func theSerialNumberDecides() {
    var moved = other
    moved.busInfo = "usb-0000:00:14.0-9"
    var stranger = other
    stranger.serial = "B18"
    #expect(CameraList(cameras: [stranger, moved]).find(other) == moved)
    #expect(CameraList(cameras: [stranger]).find(other) == nil)
  }

  @Test func aFileIsNoCamera() {
    #expect {
      try CameraList(cameras: []).find("/etc/passwd")
    } throws: { "\($0)" == "/etc/passwd is no device; give a camera such as /dev/video0." }
    #expect {
      try CameraList(cameras: []).find("/dev/no-such-camera")
    } throws: { "\($0)" == "/dev/no-such-camera is not there; `assay cameras` lists those that are." }
    #expect {
      try CameraList(cameras: []).find("/dev/null")
    } throws: { error in (error as? CameraError)?.operation == "VIDIOC_QUERYCAP" }
  }
}
