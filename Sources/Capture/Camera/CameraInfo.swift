internal import CV4L2
internal import Glibc

/// A camera as the system knows it now, with what it is known by after it was plugged in again.
public struct CameraInfo: Sendable, Hashable {
  /// The device file, such as `/dev/video0`. Changes with every replug.
  public var node: String
  /// The product's name.
  public var card: String
  /// The kernel driver, such as `uvcvideo`.
  public var driver: String
  /// The port, such as `usb-0000:00:14.0-3`: stays as long as the camera stays in its socket.
  public var busInfo: String
  /// The device's own serial number; empty where it has none.
  public var serial: String
  /// USB vendor and product, such as `046d:0825`; empty for other buses.
  public var product: String
  /// Names below `/dev/v4l/by-id` and `/dev/v4l/by-path`, where udev makes them.
  public var links: [String]
  /// Place among the nodes of one device, from 0; a camera's second node often carries metadata or another stream.
  public var index: Int

  public init(
    node: String, card: String, driver: String, busInfo: String, serial: String = "", product: String = "",
    links: [String] = [], index: Int = 0
  ) {
    self.node = node
    self.card = card
    self.driver = driver
    self.busInfo = busInfo
    self.serial = serial
    self.product = product
    self.links = links
    self.index = index
  }

  /// What the camera is called in messages and records.
  public var name: String { "\(card) (\(busInfo))" }

  /// How surely this is the same camera as `earlier`, which may have been plugged into another socket since.
  ///
  /// - Returns: 4 by serial number and socket, 3 by the serial number, 2 by the socket, 1 by the product's name alone, 0
  ///   not the same. A serial number that differs says no, whatever the rest says; many products share one number, so
  ///   the socket decides between several.
  public func sameness(as earlier: CameraInfo) -> Int {
    guard card == earlier.card, driver == earlier.driver, product == earlier.product, index == earlier.index else {
      return 0
    }
    guard serial == earlier.serial else { return 0 }
    if busInfo == earlier.busInfo { return serial.isEmpty ? 2 : 4 }
    return serial.isEmpty ? 1 : 3
  }
}

extension CameraInfo {
  /// Asks a node what it is.
  ///
  /// - Throws: ``CameraError``; a node that does not capture video, such as one for metadata, is unsuitable.
  init(_ device: borrowing VideoNode) throws(CameraError) {
    var found = cv4l2_capability()
    try device.call("VIDIOC_QUERYCAP") { unsafe cv4l2_query_capability($0, &found) }
    let path = device.path
    guard found.caps & UInt32(CV4L2_CAP_CAPTURE) != 0 else {
      let isPlanar = found.caps & UInt32(CV4L2_CAP_CAPTURE_MPLANE) != 0
      throw CameraError(
        path, .unsuitable,
        isPlanar
          ? "sends its frames in several planes (the multi-planar interface), which is not supported yet"
          : "captures no video: it is another kind of node; `assay cameras` lists the cameras")
    }
    guard found.caps & UInt32(CV4L2_CAP_STREAMING) != 0 else {
      throw CameraError(path, .unsuitable, "cannot stream through mapped memory")
    }
    let system = SystemNode(node: path)
    self.init(
      node: path, card: text(of: found.card), driver: text(of: found.driver),
      busInfo: text(of: found.bus_info), serial: system.serial, product: system.product, links: system.links,
      index: system.index)
  }
}

/// The text of a C array of characters, up to its NUL.
func text<Characters>(of characters: Characters) -> String {
  unsafe withUnsafeBytes(of: characters) { bytes in
    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// What sysfs and udev tell of a node.
private struct SystemNode {
  var serial = ""
  var product = ""
  var index = 0
  var links: [String] = []

  init(node: String) {
    // A link such as /dev/v4l/by-id/... leads to the node.
    let real = realPath(node) ?? node
    let name = real.split(separator: "/").last.map(String.init) ?? real
    let folder = "/sys/class/video4linux/" + name
    index = firstLine(folder + "/index").flatMap { Int($0) } ?? 0
    // The node's device is the USB interface; its parent is the USB device.
    if let device = realPath(folder + "/device") {
      for place in [device, device + "/.."] {
        if let vendor = firstLine(place + "/idVendor"), let product = firstLine(place + "/idProduct") {
          self.product = vendor + ":" + product
          serial = firstLine(place + "/serial") ?? ""
          break
        }
      }
    }
    for folder in ["/dev/v4l/by-id", "/dev/v4l/by-path"] {
      links += names(in: folder).filter { realPath(folder + "/" + $0) == real }.map { folder + "/" + $0 }
    }
  }
}

/// The absolute path without links; nil where there is no such file.
func realPath(_ path: String) -> String? {
  guard let real = unsafe realpath(path, nil) else { return nil }
  defer { unsafe free(real) }
  return unsafe String(cString: real)
}

/// A small file's first line; nil where it cannot be read.
func firstLine(_ path: String) -> String? {
  let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: 4096)
  let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
  guard count >= 0 else { return nil }
  return String(decoding: bytes[..<count].prefix { $0 != 0x0A }, as: UTF8.self)
}

/// The names in a folder, sorted; none where it cannot be read.
func names(in folder: String) -> [String] {
  guard let directory = unsafe opendir(folder) else { return [] }
  defer { unsafe closedir(directory) }
  var found: [String] = []
  while let entry = unsafe readdir(directory) {
    let name = unsafe text(of: entry.pointee.d_name)
    if name != "." && name != ".." { found.append(name) }
  }
  return found.sorted()
}
