internal import CV4L2
internal import Glibc
internal import Imaging

/// A V4L2 camera with buffers mapped into our memory.
final class V4L2Driver: CameraDriver {
  let info: CameraInfo
  private let device: VideoNode
  private var buffers: [MappedBuffer] = []
  private var isStreaming = false
  /// Values that controls are to keep.
  private var kept: [CameraControl] = []

  /// - Throws: ``CameraError``; nodes that are no cameras are unsuitable.
  init(node: String) throws(CameraError) {
    device = try VideoNode(path: node)
    info = try CameraInfo(device)
  }

  deinit { stop() }

  func modes() -> [CameraMode] { CameraMode.all(device) }
  func controls() -> [CameraControl] { CameraControl.all(device) }

  func configure(_ settings: CameraSettings) throws(CameraError) -> CameraConfiguration {
    stop()
    let mode = try settings.mode.choose(from: modes(), camera: info.node)
    var format = cv4l2_format()
    format.pixelformat = mode.format.rawValue
    format.width = UInt32(mode.size.width)
    format.height = UInt32(mode.size.height)
    try device.call("VIDIOC_S_FMT") { unsafe cv4l2_set_format($0, &format) }
    let layout = FrameLayout(
      format: PixelFormat(rawValue: format.pixelformat), width: Int(format.width), height: Int(format.height),
      bytesPerLine: Int(format.bytes_per_line), byteCount: Int(format.size_image),
      encoding: ColorEncoding(
        format: PixelFormat(rawValue: format.pixelformat), colorspace: format.colorspace,
        ycbcrEncoding: format.ycbcr_encoding, quantization: format.quantization))
    guard layout.format == mode.format, layout.width == mode.size.width, layout.height == mode.size.height else {
      throw CameraError(
        info.node, .unsuitable,
        "lists \(mode.size.width)x\(mode.size.height) \(mode.format) but set \(layout.width)x\(layout.height) "
          + "\(layout.format); ask for that")
    }
    let rate = try setRate(mode.rates.first)
    try set(settings.controls)
    for control in controls() { device.call { cv4l2_subscribe_control($0, control.id) } }
    kept = watched(controls())
    var count = UInt32(max(2, settings.buffers))
    try device.call("VIDIOC_REQBUFS") { unsafe cv4l2_request_buffers($0, &count) }
    guard count >= 2 else { throw CameraError(info.node, .unsuitable, "has memory for \(count) frames, of 2 needed") }
    for index in 0..<count {
      var length: UInt32 = 0
      var offset: UInt32 = 0
      try device.call("VIDIOC_QUERYBUF") { unsafe cv4l2_query_buffer($0, index, &length, &offset) }
      buffers.append(try device.map(length: Int(length), offset: offset))
    }
    return CameraConfiguration(
      camera: info, layout: layout, rate: rate, buffers: buffers.count, controls: controls())
  }

  /// The rate that the driver confirms; nil where it knows of none.
  private func setRate(_ rate: Double?) throws(CameraError) -> Double? {
    var numerator: UInt32 = 0
    var denominator: UInt32 = 0
    if let rate {
      numerator = 1000
      denominator = UInt32((rate * 1000).rounded())
      let isSet = device.optional(0) { (file, _: inout Int) in
        unsafe cv4l2_set_interval(file, &numerator, &denominator)
      }
      if isSet == nil { return nil }
    } else {
      let isKnown = device.optional(0) { (file, _: inout Int) in
        unsafe cv4l2_get_interval(file, &numerator, &denominator)
      }
      if isKnown == nil { return nil }
    }
    return numerator > 0 ? Double(denominator) / Double(numerator) : nil
  }

  /// Sets controls one by one, since some only work once others are set, and compares what is read back.
  private func set(_ wanted: [CameraSettings.ControlValue]) throws(CameraError) {
    for entry in wanted {
      // Setting one may switch another on or off.
      let all = controls()
      guard let control = all.first(where: { $0.name == CameraControl.name(of: entry.name) }) else {
        let there = all.map(\.name).joined(separator: ", ")
        throw CameraError(
          info.node, .unsuitable,
          "has no control `\(entry.name)`; " + (there.isEmpty ? "it has none at all" : "it has \(there)"))
      }
      guard let value = control.value(of: entry.value) else {
        throw CameraError(
          info.node, .unsuitable, "control `\(control.name)` cannot be \"\(entry.value)\"; it takes \(control.range)")
      }
      guard !control.isReadOnly else {
        throw CameraError(info.node, .unsuitable, "control `\(control.name)` cannot be set, only read")
      }
      if control.kind == .integer || control.kind == .bitmask, !(control.minimum...control.maximum).contains(value) {
        throw CameraError(
          info.node, .unsuitable, "control `\(control.name)` cannot be \(value); it takes \(control.range)")
      }
      try control.set(device, to: value)
      if control.kind != .button, let now = control.current(device), now != value {
        throw CameraError(
          info.node, .unsuitable,
          "control `\(control.name)` was set to \(control.words(for: value)) and is \(control.words(for: now))"
            + (control.isInactive ? "; it is inactive, so switch its automatic off first" : ""))
      }
    }
  }

  func start() throws(CameraError) {
    for index in buffers.indices {
      try device.call("VIDIOC_QBUF") { cv4l2_queue_buffer($0, UInt32(index)) }
    }
    try device.call("VIDIOC_STREAMON") { cv4l2_stream($0, 1) }
    isStreaming = true
  }

  func next(seconds: Double, _ take: (FrameHead, Span<UInt8>) -> Void) throws(CameraError) -> Bool {
    let until = Clock.seconds() + seconds
    while true {
      switch device.wait(seconds: until - Clock.seconds()) {
      case .nothing: return false
      // Drifts are looked for by reading values back; the event only wakes us, and must be taken to wait again.
      case .event: while nextEvent() != nil {}
      case .frame, .failure, .hangUp:
        var buffer = cv4l2_buffer()
        do throws(CameraError) {
          try device.call("VIDIOC_DQBUF") { unsafe cv4l2_dequeue_buffer($0, &buffer) }
        } catch {
          guard error.code == EAGAIN else { throw error }
          if Clock.seconds() >= until { return false }
          continue
        }
        try handOver(buffer, take)
        return true
      }
    }
  }

  private func handOver(_ buffer: cv4l2_buffer, _ take: (FrameHead, Span<UInt8>) -> Void) throws(CameraError) {
    let index = Int(buffer.index)
    guard buffers.indices.contains(index) else {
      throw CameraError(info.node, .driver, "hands over a buffer \(index) that it does not have")
    }
    let isMonotonic = buffer.flags & UInt32(CV4L2_TIMESTAMP_MASK) == UInt32(CV4L2_TIMESTAMP_MONOTONIC)
    let head = FrameHead(
      sequence: buffer.sequence,
      nanoseconds: isMonotonic ? buffer.seconds * 1_000_000_000 + buffer.microseconds * 1000 : nil,
      isFlagged: buffer.flags & UInt32(CV4L2_BUFFER_ERROR) != 0)
    let mapped = buffers[index]
    let used = min(Int(buffer.bytes_used), unsafe mapped.bytes.count)
    unsafe take(head, Span(_unsafeBytes: UnsafeRawBufferPointer(rebasing: mapped.bytes[..<used])))
    try device.call("VIDIOC_QBUF") { cv4l2_queue_buffer($0, buffer.index) }
  }

  private func nextEvent() -> UInt32? {
    var id: UInt32 = 0
    var value: Int64 = 0
    return device.optional(0) { (file, _: inout Int) in unsafe cv4l2_next_event(file, &id, &value) }.map { _ in id }
  }

  func lock(_ locks: [CameraSettings.Lock]) throws(CameraError) -> [CameraControl] {
    for lock in locks {
      let all = controls()
      func find(_ names: [String]) -> CameraControl? { names.lazy.compactMap { n in all.first { $0.name == n } }.first }
      guard let automatic = find(lock.automatics) else {
        throw CameraError(
          info.node, .unsuitable,
          "has no automatic \(lock.rawValue) to lock; leave `\(lock.rawValue)` out of the locks")
      }
      // As it stands before the automatic goes off: some cameras fall back to a standard value.
      let values = lock.values.compactMap { find([$0]) }.map { ($0, $0.value) }
      guard let off = automatic.value(of: "off") ?? automatic.value(of: "manual") else {
        throw CameraError(info.node, .unsuitable, "control `\(automatic.name)` has no manual setting")
      }
      try automatic.set(device, to: off)
      for (control, value) in values where !control.isReadOnly {
        if let value { try control.set(device, to: value) }
      }
    }
    let all = controls()
    kept = watched(all)
    return all
  }

  func drifts() -> [ControlDrift] {
    var drifts: [ControlDrift] = []
    for index in kept.indices {
      guard let expected = kept[index].value, let now = kept[index].current(device), now != expected else { continue }
      drifts.append(
        ControlDrift(
          name: kept[index].name, expected: kept[index].words(for: expected), now: kept[index].words(for: now)))
      kept[index].value = now
    }
    return drifts
  }

  /// Controls whose values stay unless somebody sets them.
  private func watched(_ controls: [CameraControl]) -> [CameraControl] {
    controls.filter { $0.value != nil && !$0.isVolatile && !$0.isReadOnly && !$0.isInactive && $0.kind != .button }
  }

  func stop() {
    if isStreaming { device.call { cv4l2_stream($0, 0) } }
    isStreaming = false
    guard !buffers.isEmpty else { return }
    buffers = []
    device.call { file in
      var none: UInt32 = 0
      return unsafe cv4l2_request_buffers(file, &none)
    }
  }
}

extension CameraSettings.Lock {
  /// Names of the control that switches the automatic off, newest kernels' first.
  var automatics: [String] {
    switch self {
    case .exposure: ["auto_exposure", "exposure_auto"]
    case .gain: ["gain_automatic", "autogain"]
    case .whiteBalance: ["white_balance_automatic", "white_balance_temperature_auto", "auto_white_balance"]
    case .focus: ["focus_automatic_continuous", "focus_auto"]
    }
  }

  /// What the automatic governs.
  var values: [String] {
    switch self {
    case .exposure: ["exposure_time_absolute", "exposure_absolute", "exposure"]
    case .gain: ["gain", "analogue_gain"]
    case .whiteBalance: ["white_balance_temperature", "red_balance", "blue_balance"]
    case .focus: ["focus_absolute"]
    }
  }
}
