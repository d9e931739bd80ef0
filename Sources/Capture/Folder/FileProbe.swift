internal import Glibc

/// A look at one file: what it is, and whether somebody is still writing it.
struct FileProbe {
  enum Writing {
    case finished, writing
    /// The system does not tell: not our file, or a network's.
    case unknown
  }

  var size: Int64
  /// Nanoseconds since 1970.
  var modified: Int64
  var inode: UInt64
  var writing: Writing
  /// Came to its name by `link` or `symlink`, which no closing follows.
  var isLinked: Bool

  /// `nil` unless there is a regular file that can be opened, or a symbolic link to one.
  init?(_ path: [UInt8], asksForLease: Bool) {
    let name = path.map { CChar(bitPattern: $0) } + [0]
    var own = stat()
    guard unsafe lstat(name, &own) == 0 else { return nil }
    let isSymbolic = own.st_mode & S_IFMT == S_IFLNK
    guard isSymbolic || own.st_mode & S_IFMT == S_IFREG else { return nil }
    var status = own
    if isSymbolic {
      guard unsafe stat(name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    }
    writing = .unknown
    if asksForLease {
      let file = unsafe open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
      if file >= 0 {
        // First the size, then the question: a file that is not empty has been opened by whoever writes it, while one
        // that has only just been made may not have been yet.
        if unsafe fstat(file, &status) == 0 { writing = Self.writing(file) }
        close(file)
      }
    }
    size = Int64(status.st_size)
    modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    inode = UInt64(status.st_ino)
    isLinked = isSymbolic || own.st_nlink > 1
  }

  /// The kernel grants a lease for reading only while nobody has the file open for writing (fcntl(2), F_SETLEASE).
  private static func writing(_ file: Int32) -> Writing {
    // Whoever opens the file while the lease is held waits for a moment, and this process gets a signal, which unlike
    // the usual SIGIO must not end it.
    _ = fcntl(file, linuxSetSignal, SIGURG)
    if fcntl(file, linuxSetLease, Int32(F_RDLCK)) == 0 {
      _ = fcntl(file, linuxSetLease, Int32(F_UNLCK))
      return .finished
    }
    return errno == EAGAIN ? .writing : .unknown
  }

  // Only declared with _GNU_SOURCE; the numbers are the kernel's interface.
  private static let linuxSetSignal: Int32 = 10
  private static let linuxSetLease: Int32 = 1024

  /// Whether the folder's files are on another machine or behind a program, where leases and events say little.
  static func isRemote(_ folder: [UInt8]) -> Bool {
    var status = stat()
    guard unsafe stat(folder.map { CChar(bitPattern: $0) } + [0], &status) == 0 else { return false }
    let device = status.st_dev
    // makedev(3)
    let major = (device >> 8) & 0xfff | (device >> 32) & ~0xfff
    let minor = device & 0xff | (device >> 12) & ~0xff
    guard let type = mountType("\(major):\(UInt32(truncatingIfNeeded: minor))") else { return false }
    return remote.contains(type) || type.hasPrefix("fuse.")
  }

  private static let remote: Set<String> = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse", "fuseblk", "9p", "virtiofs", "ceph", "afs", "coda", "lustre",
    "gpfs", "glusterfs", "vboxsf", "prl_fs", "davfs",
  ]

  /// By /proc/self/mountinfo: `36 35 98:0 /root /mnt rw shared:1 - ext4 /dev/sda1 rw`, see proc(5).
  private static func mountType(_ device: String) -> String? {
    guard let file = unsafe fopen("/proc/self/mountinfo", "re") else { return nil }
    defer { unsafe fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var room = 0
    defer { unsafe free(line) }
    while unsafe getline(&line, &room, file) > 0, let text = unsafe line {
      let words = unsafe String(cString: text).split(separator: " ")
      guard words.count > 2, words[2] == device, let dash = words.firstIndex(of: "-"), dash + 1 < words.count else {
        continue
      }
      return String(words[dash + 1])
    }
    return nil
  }
}
