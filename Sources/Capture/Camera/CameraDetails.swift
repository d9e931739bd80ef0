/// All that a camera tells about itself.
public struct CameraDetails: Sendable {
  public let info: CameraInfo
  public let modes: [CameraMode]
  public let controls: [CameraControl]

  /// - Parameter words: see ``CameraList/find(_:)-(String)``.
  /// - Throws: ``CameraError``
  public init(_ words: String) throws(CameraError) {
    let driver = try V4L2Driver(node: try CameraList.current().find(words).node)
    info = driver.info
    modes = driver.modes()
    controls = driver.controls()
  }
}
