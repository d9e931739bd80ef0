internal import CV4L2

/// One of a camera's controls, such as exposure or gain, with its range and value.
public struct CameraControl: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case integer, boolean, bitmask, button
    /// Names by value.
    case menu([Int64: String])
    /// Numbers by value.
    case integerMenu([Int64: Int64])
  }

  public let id: UInt32
  /// As the driver names it: "Exposure Time, Absolute".
  public let title: String
  public let kind: Kind
  public let minimum: Int64
  public let maximum: Int64
  public let step: Int64
  public let standard: Int64
  /// Cannot be set.
  public let isReadOnly: Bool
  /// Of no effect now, such as the exposure time while exposure is automatic.
  public let isInactive: Bool
  /// Changes by itself, such as a gain that is automatic.
  public let isVolatile: Bool
  /// The value now; nil where it cannot be read.
  public var value: Int64?
  /// The V4L2 type, on which reading and writing depend.
  let type: UInt32

  /// The title as `v4l2-ctl` and recipes write it: small letters, with `_` for everything else.
  public var name: String { Self.name(of: title) }

  static func name(of title: String) -> String {
    var name = ""
    for character in title.lowercased() {
      if character.isLetter || character.isNumber {
        name.append(character)
      } else if !name.isEmpty && name.last != "_" {
        name.append("_")
      }
    }
    while name.last == "_" { name.removeLast() }
    return name
  }

  /// A value as a person reads it: a menu's name, on or off, a number.
  public func words(for value: Int64) -> String {
    switch kind {
    case .menu(let items): items[value] ?? "\(value)"
    case .integerMenu(let items): items[value].map { "\($0)" } ?? "\(value)"
    case .boolean: value != 0 ? "on" : "off"
    case .bitmask: "0x" + String(value, radix: 16)
    case .integer, .button: "\(value)"
    }
  }

  /// The number that a person's word stands for; nil where it stands for none.
  public func value(of words: String) -> Int64? {
    let lower = words.lowercased()
    switch kind {
    case .menu(let items):
      let wanted = Self.name(of: words)
      if let item = items.first(where: { Self.name(of: $0.value) == wanted }) { return item.key }
      // "Manual Mode" and "Auto Mode" are what most cameras call them.
      let starts = items.filter { Self.name(of: $0.value).hasPrefix(wanted + "_") }
      if starts.count == 1 { return starts.first!.key }
      return Int64(words).flatMap { items[$0] != nil ? $0 : nil }
    case .integerMenu(let items):
      guard let number = Int64(words) else { return nil }
      return items.first { $0.value == number }?.key
    case .boolean:
      return switch lower {
      case "on", "true", "yes", "1": 1
      case "off", "false", "no", "0": 0
      default: nil
      }
    case .bitmask: return lower.hasPrefix("0x") ? Int64(lower.dropFirst(2), radix: 16) : Int64(lower)
    case .integer: return Int64(words)
    case .button: return 1
    }
  }

  /// The values that can be set, in words.
  public var range: String {
    switch kind {
    case .menu(let items): items.sorted { $0.key < $1.key }.map(\.value).joined(separator: " | ")
    case .integerMenu(let items): items.sorted { $0.key < $1.key }.map { "\($0.value)" }.joined(separator: " | ")
    case .boolean: "on | off"
    case .button: "push"
    case .bitmask: "0...0x" + String(maximum, radix: 16)
    case .integer: "\(minimum)...\(maximum)" + (step > 1 ? " by \(step)" : "")
    }
  }
}

extension CameraControl {
  static func all(_ device: borrowing VideoNode) -> [CameraControl] {
    var controls: [CameraControl] = []
    var last: UInt32 = 0
    while let found = device.optional(cv4l2_control(), { unsafe cv4l2_next_control($0, last, &$1) }), found.id > last {
      last = found.id
      if found.type != UInt32(CV4L2_CLASS) { controls.append(CameraControl(device, found)) }
    }
    return controls
  }

  private init(_ device: borrowing VideoNode, _ found: cv4l2_control) {
    id = found.id
    type = found.type
    title = text(of: found.name)
    minimum = found.minimum
    maximum = found.maximum
    step = found.step
    standard = found.default_value
    func has(_ flag: UInt32) -> Bool { found.flags & flag != 0 }
    isReadOnly = has(UInt32(CV4L2_CONTROL_READ_ONLY))
    isInactive = has(UInt32(CV4L2_CONTROL_INACTIVE))
    isVolatile = has(UInt32(CV4L2_CONTROL_VOLATILE))
    switch found.type {
    case UInt32(CV4L2_MENU):
      kind = .menu(Self.items(device, found).mapValues(\.name))
    case UInt32(CV4L2_INTEGER_MENU):
      kind = .integerMenu(Self.items(device, found).mapValues(\.number))
    case UInt32(CV4L2_BOOLEAN): kind = .boolean
    case UInt32(CV4L2_BITMASK): kind = .bitmask
    case UInt32(CV4L2_BUTTON): kind = .button
    default: kind = .integer
    }
    let cannotRead = has(UInt32(CV4L2_CONTROL_WRITE_ONLY)) || found.type == UInt32(CV4L2_BUTTON)
    value = cannotRead ? nil : Self.read(device, id: found.id, type: found.type)
  }

  private static func items(
    _ device: borrowing VideoNode, _ found: cv4l2_control
  ) -> [Int64: (name: String, number: Int64)] {
    var items: [Int64: (name: String, number: Int64)] = [:]
    // A menu may have holes.
    for index in max(0, found.minimum)...min(max(0, found.maximum), 255) {
      if let item = device.optional(cv4l2_item(), { unsafe cv4l2_menu_item($0, found.id, UInt32(index), &$1) }) {
        items[index] = (text(of: item.name), item.value)
      }
    }
    return items
  }

  private static func read(_ device: borrowing VideoNode, id: UInt32, type: UInt32) -> Int64? {
    device.optional(Int64(0)) { unsafe cv4l2_get_control($0, id, type, &$1) }
  }

  /// The value now; nil where it cannot be read.
  func current(_ device: borrowing VideoNode) -> Int64? { Self.read(device, id: id, type: type) }

  func set(_ device: borrowing VideoNode, to value: Int64) throws(CameraError) {
    try device.call("VIDIOC_S_EXT_CTRLS") { cv4l2_set_control($0, id, type, value) }
  }
}
