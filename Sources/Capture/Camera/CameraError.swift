import Glibc

/// Something that a camera, or the system for it, refused.
public struct CameraError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What went wrong, as far as the way on depends on it.
  public enum Cause: String, Sendable, Hashable, CaseIterable {
    /// Nothing like it is plugged in.
    case absent
    /// Several cameras answer to the name.
    case ambiguous
    /// Not a camera, or one that cannot do what was asked.
    case unsuitable
    /// The user may not open it.
    case forbidden
    /// Another program holds it.
    case busy
    /// It was pulled out while it was in use.
    case unplugged
    /// The driver gave up (EIO); a new start may help.
    case driver
    /// No frame came in time.
    case timeout
    /// Any other refusal of the system.
    case system
  }

  /// What the user calls the camera.
  public let camera: String
  public let cause: Cause
  /// The reason and the way out, after the camera's name, without a full stop.
  public let reason: String
  /// The ioctl or call that failed; empty where none did.
  public let operation: String
  /// `errno`; 0 where no call failed.
  public let code: Int32

  public init(_ camera: String, _ cause: Cause, _ reason: String, operation: String = "", code: Int32 = 0) {
    self.camera = camera
    self.cause = cause
    self.reason = reason
    self.operation = operation
    self.code = code
  }

  /// A call on the device failed.
  init(_ camera: String, _ operation: String, _ code: Int32) {
    let (cause, reason): (Cause, String) =
      switch code {
      case ENODEV, ENXIO: (.unplugged, "is gone: it was unplugged, or its driver was removed")
      case ENOENT: (.absent, "is not there; `assay cameras` lists those that are")
      case EBUSY: (.busy, "is in use by another program; end that program, or give another camera")
      case EACCES, EPERM:
        (.forbidden, "may not be opened; add the user to the group video (`sudo usermod -aG video $USER`)")
      case EIO, EPIPE, EPROTO:
        (.driver, "reports an error of its driver or cable (\(operation): \(Self.text(code)))")
      default: (.system, "refuses \(operation): \(Self.text(code))")
      }
    self.init(camera, cause, reason, operation: operation, code: code)
  }

  public var description: String { "\(camera) \(reason)." }

  static func text(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
