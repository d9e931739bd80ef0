/// Walks a model's protocol buffer without parsing it, to leave out what need not be in memory.
///
/// What is kept is the same model with large tensors' data replaced by a number, under which ``places`` has where it
/// lies. Fields that are not read are dropped.
struct WireScan {
  /// A message of the standard, as far as tensors lie in it.
  enum Message {
    case model, graph, node, attribute, tensor, plain

    /// The fields that are kept.
    var fields: Set<Int> {
      switch self {
      case .model: [1, 2, 7, 8, 14]
      case .graph: [1, 2, 5, 11, 12]
      case .node: [1, 2, 3, 4, 5, 7]
      case .attribute: [1, 2, 3, 4, 5, 7, 8, 9, 20, 21]
      case .tensor: [1, 2, 4, 5, 7, 8, 9, 10, 11, 13, 14]
      case .plain: []
      }
    }

    func child(_ field: Int) -> Message {
      switch (self, field) {
      case (.model, 7): .graph
      case (.graph, 1): .node
      case (.graph, 5), (.attribute, 5): .tensor
      case (.node, 5): .attribute
      default: .plain
      }
    }
  }

  /// One field of a message.
  struct Field {
    var number: Int
    /// The wire type.
    var type: Int
    /// From its tag to its end.
    var whole: Range<Int>
    /// Without tag and length.
    var payload: Range<Int>
  }

  /// Parsed messages take a few hundred bytes each, however short they are in the file.
  static let mostPieces = 1 << 20
  /// Bytes that are left to parse; a tenfold of it is what a hostile file can make of them.
  static let mostKept = 256 << 20

  private let source: ByteSource
  private var window: [UInt8] = []
  private var windowStart = 0
  private var pieces = 0
  /// Where the data of tensors lies that were left out, by their number.
  private(set) var places: [Range<Int>] = []
  /// The model without them.
  private(set) var kept: [UInt8] = []

  /// - Throws: `GraphError.malformed` for bytes that are no protocol buffer, `.unsupportedModel` for one of absurdly many
  ///   parts.
  init(_ source: ByteSource) throws(GraphError) {
    self.source = source
    kept = try copy(.model, 0..<source.count)
  }

  /// For walking fields alone.
  init(fieldsOf source: ByteSource) throws(GraphError) { self.source = source }

  static var notProtobuf: GraphError { .malformed("its bytes are not a protocol buffer of a model") }

  // MARK: Messages

  private mutating func copy(_ message: Message, _ range: Range<Int>) throws(GraphError) -> [UInt8] {
    var result: [UInt8] = []
    let large = message == .tensor && range.count >= StoredTensor.smallest ? try data(of: range) : nil
    var position = range.lowerBound
    while position < range.upperBound {
      let field = try self.field(at: position, end: range.upperBound)
      position = field.whole.upperBound
      guard message.fields.contains(field.number), field.whole != large?.whole else { continue }
      let child = message.child(field.number)
      if child != .plain, field.type == 2 {
        let inner = try copy(child, field.payload)
        WireScan.append(UInt64(field.number << 3 | 2), to: &result)
        WireScan.append(UInt64(inner.count), to: &result)
        result += inner
      } else {
        result += try bytes(field.whole)
      }
      guard result.count <= WireScan.mostKept else {
        throw .unsupportedModel("beside its weights it holds more than \(WireScan.mostKept >> 20) MB")
      }
    }
    if let large {
      WireScan.append(1000 << 3, to: &result)
      WireScan.append(UInt64(places.count), to: &result)
      places.append(large.payload)
    }
    return result
  }

  /// The one field that holds a large tensor's data as it lies in memory; nil where there is none, or several.
  private mutating func data(of tensor: Range<Int>) throws(GraphError) -> Field? {
    var found: Field?
    var holders = 0
    var isSingle = false
    var position = tensor.lowerBound
    while position < tensor.upperBound {
      let field = try self.field(at: position, end: tensor.upperBound)
      position = field.whole.upperBound
      switch field.number {
      case 2: isSingle = field.type == 0 ? try bytes(field.payload) == [1] : false
      case 4, 5, 7, 9, 10, 11, 13:
        holders += 1
        if field.type == 2, field.number == 9 || field.number == 4 { found = field }
      default: break
      }
    }
    guard holders == 1, let found, found.payload.count >= StoredTensor.smallest, found.number == 9 || isSingle else {
      return nil
    }
    return found
  }

  // MARK: Fields

  /// The field that begins at `position`.
  mutating func field(at position: Int, end: Int) throws(GraphError) -> Field {
    pieces += 1
    guard pieces <= WireScan.mostPieces else {
      throw .unsupportedModel("it has more than \(WireScan.mostPieces) parts")
    }
    var next = position
    let tag = try varint(&next, end)
    let type = Int(tag & 7)
    guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw WireScan.notProtobuf }
    let start: Int
    var size: UInt64
    switch type {
    case 0:
      start = next
      _ = try varint(&next, end)
      size = UInt64(next - start)
    case 1: (start, size) = (next, 8)
    case 2:
      size = try varint(&next, end)
      start = next
    case 5: (start, size) = (next, 4)
    default: throw WireScan.notProtobuf
    }
    guard size <= UInt64(end - start) else { throw WireScan.notProtobuf }
    let after = start + Int(size)
    return Field(number: Int(tag >> 3), type: type, whole: position..<after, payload: start..<after)
  }

  private mutating func varint(_ position: inout Int, _ end: Int) throws(GraphError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard position < end else { throw WireScan.notProtobuf }
      let byte = try byte(position)
      position += 1
      // What lies beyond 64 bits is cut off, as everywhere.
      value |= shift < 64 ? UInt64(byte & 0x7f) << UInt64(shift) : 0
      if byte < 0x80 { return value }
    }
    throw WireScan.notProtobuf
  }

  static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(value & 0x7f) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }

  // MARK: Bytes

  private mutating func byte(_ position: Int) throws(GraphError) -> UInt8 {
    if position < windowStart || position >= windowStart + window.count {
      windowStart = position
      window = try source.bytes(position..<min(source.count, position + 1 << 14))
    }
    return window[position - windowStart]
  }

  private mutating func bytes(_ range: Range<Int>) throws(GraphError) -> [UInt8] {
    if range.lowerBound >= windowStart, range.upperBound <= windowStart + window.count {
      return Array(window[range.lowerBound - windowStart..<range.upperBound - windowStart])
    }
    guard range.count <= WireScan.mostKept else {
      throw .unsupportedModel("beside its weights it holds more than \(WireScan.mostKept >> 20) MB")
    }
    return try source.bytes(range)
  }
}
