/// Where frames come from: a camera, a recording, a folder that is played as a camera.
public protocol FrameSource: Sendable {
  /// What it is called: a recipe's name for the camera, or the device.
  var name: String { get }
  /// Puts frames and events into the queue until it is asked to stop or has no more; the last event is
  /// ``FrameEvent/ended(_:)``. Blocks: give it a thread of its own.
  func run(into queue: FrameQueue, shouldStop: @escaping @Sendable () -> Bool)
}
