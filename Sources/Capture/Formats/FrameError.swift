/// Why a frame gave no picture, in one sentence.
public struct FrameError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Reason: Sendable, Hashable {
    /// The buffer holds fewer bytes than a frame has: part of it was lost on the way.
    case short(bytes: Int, needed: Int)
    /// The buffer holds more bytes than the driver announced.
    case overlong(bytes: Int, limit: Int)
    /// The bytes are no whole picture of the agreed kind.
    case corrupt(reason: String)
    /// Nothing here converts this format.
    case unsupported(PixelFormat)
  }

  public let reason: Reason

  public init(_ reason: Reason) { self.reason = reason }

  public var description: String {
    switch reason {
    case .short(let bytes, let needed):
      "the frame is short: \(bytes) of \(needed) bytes; check the cable and the load on the bus"
    case .overlong(let bytes, let limit):
      "the frame is too long: \(bytes) bytes where the driver announced at most \(limit); set the format anew"
    case .corrupt(let reason):
      "the frame is damaged: \(reason); check the cable and the load on the bus"
    case .unsupported(let format):
      "frames of format \(format) cannot be converted; choose another, such as YUYV or MJPG"
    }
  }
}
