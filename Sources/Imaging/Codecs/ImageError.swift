#if canImport(Glibc)
  import Glibc
#endif

/// Why an image file could not be read or written: the file, the reason and the way out in one sentence.
public struct ImageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The facts behind an ``ImageError``.
  public enum Reason: Hashable, Sendable {
    /// There is no file of that name.
    case missing
    /// A symbolic link whose target does not exist.
    case brokenLink(target: String)
    /// The file, or a folder on the way to it, may not be read.
    case permissionDenied
    /// A directory, FIFO, socket or device (`kind` has its article: "a directory").
    case notRegular(kind: String)
    /// A file of zero bytes.
    case empty
    /// A system call failed with `code` (`errno`).
    case system(call: String, code: Int32)
    /// The content is none of the formats that are read, whatever the name says.
    case unknownFormat
    /// A variant of the format that is not handled.
    case unsupported(ImageFormat, detail: String)
    /// The content breaks its format's rules, or ends too early.
    case corrupt(ImageFormat, detail: String)
    /// The header declares more pixels than the limit allows.
    case tooManyPixels(width: Int, height: Int, limit: Int)
    /// The file is larger than any image within the pixel limit.
    case tooManyBytes(bytes: Int, limit: Int)
    /// The header declares more pixels than so few bytes can hold.
    case impossibleSize(width: Int, height: Int, bytes: Int)
    /// A decoder or encoder ran out of memory.
    case outOfMemory
  }

  /// The file's path, or whatever name the caller gave to the bytes.
  public let name: String
  public let reason: Reason

  public init(name: String, reason: Reason) {
    self.name = name
    self.reason = reason
  }

  public var description: String { "\(name): \(reason.sentence)" }
}

extension ImageError.Reason {
  fileprivate var sentence: String {
    switch self {
    case .missing:
      "no such file; check the path"
    case .brokenLink(let target):
      "a symbolic link to '\(target)', which does not exist; restore the target or remove the link"
    case .permissionDenied:
      "permission denied; let this user read the file and its folders"
    case .notRegular(let kind):
      "\(kind), not a file; name an image file"
    case .empty:
      "the file is empty (0 bytes); copy it again"
    case .system(let call, let code):
      "\(call) failed: \(systemMessage(code))\(systemHint(code))"
    case .unknownFormat:
      "not an image that can be read, by its content; use PNG, JPEG, BMP or TIFF"
    case .unsupported(let format, let detail):
      "this kind of \(format) is not supported (\(detail)); save it as 8-bit or 16-bit grey or RGB"
    case .corrupt(let format, let detail):
      "the \(format) data is damaged or incomplete (\(detail)); copy or export it again"
    case .tooManyPixels(let width, let height, let limit):
      "\(width) x \(height) pixels are more than the limit of \(limit); crop or shrink it, or raise the limit"
    case .tooManyBytes(let bytes, let limit):
      "\(bytes) bytes are more than the limit of \(limit); crop or shrink it, or raise the limit"
    case .impossibleSize(let width, let height, let bytes):
      "the header declares \(width) x \(height) pixels, which \(bytes) bytes cannot hold; copy or export it again"
    case .outOfMemory:
      "out of memory; use a smaller image or free memory"
    }
  }
}

/// The C library's text for an `errno` value.
func systemMessage(_ code: Int32) -> String {
  // A static table in glibc for known codes; never null.
  unsafe String(cString: strerror(code))
}

private func systemHint(_ code: Int32) -> String {
  switch code {
  case ENOSPC, EDQUOT: "; free space or choose another folder"
  case EROFS, EACCES, EPERM: "; choose a folder that this user may write to"
  case ENOENT, ENOTDIR: "; create the folder first"
  case EMFILE, ENFILE: "; close files or raise the limit on open files"
  case EIO: "; check the disk or the connection"
  default: ""
  }
}
