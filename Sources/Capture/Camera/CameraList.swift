internal import Glibc

/// The cameras that are plugged in.
public struct CameraList: Sendable {
  public var cameras: [CameraInfo]
  /// Nodes that could not be asked, such as those the user may not open.
  public var refused: [CameraError]

  public init(cameras: [CameraInfo], refused: [CameraError] = []) {
    self.cameras = cameras
    self.refused = refused
  }

  /// Asks every video node. Nodes that are no cameras (metadata, output) are passed over.
  public static func current() -> CameraList {
    var list = CameraList(cameras: [])
    // sysfs knows all nodes; a container may have device files only.
    let known = names(in: "/sys/class/video4linux")
    let nodes = (known.isEmpty ? names(in: "/dev") : known).filter { $0.hasPrefix("video") }
    for name in nodes.sorted(by: { number($0) < number($1) }) {
      do throws(CameraError) {
        list.cameras.append(try CameraInfo(VideoNode(path: "/dev/" + name)))
      } catch {
        if error.cause != .unsuitable && error.cause != .absent && error.cause != .unplugged {
          list.refused.append(error)
        }
      }
    }
    return list
  }

  private static func number(_ name: String) -> Int { Int(name.drop { !$0.isNumber }) ?? Int.max }

  /// The one camera that a user's words name.
  ///
  /// In this order: a device file or a link to one, the port (`usb-0000:00:14.0-3`), a name below `/dev/v4l`, the serial
  /// number, vendor and product (`046d:0825`), the card's whole name, a part of it. Case does not matter for names.
  ///
  /// - Throws: ``CameraError`` where none or several answer.
  public func find(_ words: String) throws(CameraError) -> CameraInfo {
    if words.hasPrefix("/") {
      let real = realPath(words) ?? words
      if let camera = cameras.first(where: { $0.node == words || $0.node == real || $0.links.contains(words) }) {
        return camera
      }
      if let refusal = refused.first(where: { $0.camera == real }) { throw refusal }
      // The node's own words: not there, not a camera, not ours to open.
      return try CameraInfo(VideoNode(path: words))
    }
    let lower = words.lowercased()
    let tests: [(CameraInfo) -> Bool] = [
      { $0.busInfo == words }, { $0.links.contains { $0.hasSuffix("/" + words) } },
      { !$0.serial.isEmpty && $0.serial == words }, { $0.product.lowercased() == lower },
      { $0.card.lowercased() == lower }, { $0.card.lowercased().contains(lower) },
    ]
    for test in tests {
      let found = cameras.filter(test)
      // Of the nodes of one device, the first carries the pictures.
      let first = found.filter { camera in !found.contains { $0.busInfo == camera.busInfo && $0.index < camera.index } }
      if first.count > 1 {
        let ports = first.map { "\($0.busInfo)" }.joined(separator: ", ")
        throw CameraError(words, .ambiguous, "names \(first.count) cameras; give one's port: \(ports)")
      }
      if let camera = first.first { return camera }
    }
    let there = cameras.map { "\"\($0.card)\" at \($0.busInfo) (\($0.node))" }.joined(separator: ", ")
    throw CameraError(
      words, .absent,
      "names no camera that is plugged in; there " + (cameras.isEmpty ? "is none" : "are: \(there)"))
  }

  /// The camera that was there before, wherever it is plugged in now; nil while it is away.
  ///
  /// Of several that could be it, the surest is taken; two equally sure ones are none, since a wrong camera is worse than
  /// a missing one.
  ///
  /// - Parameter others: ports at which other cameras were while this one was there. A twin at one of them is not the
  ///   lost camera in a new socket.
  public func find(_ earlier: CameraInfo, others: Set<String> = []) -> CameraInfo? {
    let graded = cameras.filter { $0.busInfo == earlier.busInfo || !others.contains($0.busInfo) }
      .map { ($0.sameness(as: earlier), $0) }.filter { $0.0 > 0 }
    guard let best = graded.map(\.0).max() else { return nil }
    let surest = graded.filter { $0.0 == best }
    return surest.count == 1 ? surest[0].1 : nil
  }
}
