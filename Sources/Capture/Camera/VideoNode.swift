internal import CV4L2
internal import Glibc

/// An open V4L2 node: the one place that calls the ioctls and turns error numbers into errors.
struct VideoNode: ~Copyable {
  let path: String
  private let file: Int32

  /// Opens without blocking: a frame is waited for with `poll`.
  ///
  /// - Throws: ``CameraError`` also where the file is no device.
  init(path: String) throws(CameraError) {
    let file = unsafe open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw CameraError(path, "open", errno) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFCHR else {
      close(file)
      throw CameraError(path, .unsuitable, "is no device; give a camera such as /dev/video0")
    }
    self.path = path
    self.file = file
  }

  deinit { close(file) }

  /// Calls an ioctl.
  func call(_ operation: String, _ body: (Int32) -> Int32) throws(CameraError) {
    let code = body(file)
    if code != 0 { throw CameraError(path, operation, code) }
  }

  /// Calls an ioctl whose failure changes nothing.
  func call(_ body: (Int32) -> Int32) { _ = body(file) }

  /// Calls an ioctl that may well have no answer; nil then.
  func optional<Value>(_ value: Value, _ body: (Int32, inout Value) -> Int32) -> Value? {
    var value = value
    return body(file, &value) == 0 ? value : nil
  }

  /// Everything an enumeration by index gives.
  func list<Value>(_ empty: Value, limit: UInt32 = 1024, _ body: (Int32, UInt32, inout Value) -> Int32) -> [Value] {
    var values: [Value] = []
    var index: UInt32 = 0
    while index < limit {
      var value = empty
      // A driver that answers with something else than the end's EINVAL has no more to say either.
      guard body(file, index, &value) == 0 else { break }
      values.append(value)
      index += 1
    }
    return values
  }

  /// What `poll` saw.
  enum Readiness { case frame, event, failure, hangUp, nothing }

  /// Waits for a frame or an event, at most so many seconds.
  func wait(seconds: Double) -> Readiness {
    var request = pollfd(fd: file, events: Int16(POLLIN | POLLPRI), revents: 0)
    let until = Clock.seconds() + seconds
    while true {
      let left = max(0, until - Clock.seconds())
      let count = unsafe poll(&request, 1, Int32((left * 1000).rounded(.up)))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return .nothing }
      let seen = Int32(request.revents)
      if seen & Int32(POLLHUP) != 0 { return .hangUp }
      if seen & Int32(POLLIN) != 0 { return .frame }
      if seen & Int32(POLLPRI) != 0 { return .event }
      return .failure
    }
  }

  /// Maps a buffer of the driver into our memory.
  func map(length: Int, offset: UInt32) throws(CameraError) -> MappedBuffer {
    let address = unsafe mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, Int(offset))
    guard let address = unsafe address, unsafe address != MAP_FAILED else { throw CameraError(path, "mmap", errno) }
    return unsafe MappedBuffer(bytes: UnsafeRawBufferPointer(start: address, count: length))
  }
}

/// One of the driver's buffers in our memory; unmapped when it is let go.
@safe final class MappedBuffer {
  let bytes: UnsafeRawBufferPointer

  init(bytes: UnsafeRawBufferPointer) { unsafe self.bytes = unsafe bytes }

  deinit { _ = unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}

/// The clock that never jumps; V4L2 stamps its frames with it.
public enum Clock {
  /// Nanoseconds of CLOCK_MONOTONIC.
  public static func nanoseconds() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Gives the processor away for so many seconds.
  public static func sleep(seconds: Double) {
    var left = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
    var rest = timespec()
    while unsafe nanosleep(&left, &rest) != 0 && errno == EINTR { left = rest }
  }

  /// Seconds of the same.
  public static func seconds() -> Double { Double(nanoseconds()) * 1e-9 }

  /// Milliseconds since 1970 by the wall clock of a moment of the monotonic one.
  public static func wallMilliseconds(of nanoseconds: Int64) -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    let now = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    return now - (Self.nanoseconds() - nanoseconds) / 1_000_000
  }
}
