public import Tensors

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#endif

/// Named arrays of single-precision numbers and a few strings, as a safetensors file (github.com/huggingface/safetensors,
/// format 0.x: eight bytes of header length, a JSON header, the numbers in little endian).
public struct Checkpoint: Sendable, Equatable {
  /// One array.
  public struct Entry: Sendable, Equatable {
    public var shape: [Int]
    /// Row major, as many as the shape holds.
    public var elements: [Float]

    public init(shape: [Int], elements: [Float]) {
      self.shape = shape
      self.elements = elements
    }
  }

  public var tensors: [String: Entry]
  public var metadata: [String: String]

  public init(tensors: [String: Entry] = [:], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// Adds the values of `parameters` under their names, below `prefix`.
  public mutating func add(_ parameters: [(name: String, parameter: Parameter)], prefix: String = "") {
    for (name, parameter) in parameters { add(parameter.value, join(prefix, name)) }
  }

  public mutating func add(_ tensor: Tensor, _ name: String) {
    tensors[name] = Entry(shape: tensor.shape.sizes, elements: tensor.elements)
  }

  /// Overwrites `parameters` with the arrays of their names, below `prefix`.
  ///
  /// - Throws: ``CheckpointError`` where one is missing or has another shape; then nothing is changed.
  public func restore(_ parameters: [(name: String, parameter: Parameter)], prefix: String = "") throws(CheckpointError)
  {
    for (name, parameter) in parameters { _ = try entry(join(prefix, name), like: parameter.value) }
    for (name, parameter) in parameters { try restore(parameter.value, join(prefix, name)) }
  }

  /// Overwrites a tensor with the array called `name`.
  public func restore(_ tensor: Tensor, _ name: String) throws(CheckpointError) {
    let entry = try entry(name, like: tensor)
    tensor.fill(from: entry.elements.span)
  }

  private func entry(_ name: String, like tensor: Tensor) throws(CheckpointError) -> Entry {
    guard let entry = tensors[name] else { throw CheckpointError(name, "is missing") }
    guard entry.shape == tensor.shape.sizes else {
      throw CheckpointError(name, "has the shape \(entry.shape), not \(tensor.shape.sizes)")
    }
    return entry
  }
}

/// A checkpoint cannot be read, written or used.
public struct CheckpointError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file, or the array in it.
  public let subject: String
  public let reason: String

  init(_ subject: String, _ reason: String) {
    self.subject = subject
    self.reason = reason
  }

  public var description: String { "checkpoint \(subject): \(reason)" }
}

extension Checkpoint {
  private struct Header: Codable {
    var dtype: String
    var shape: [Int]
    var dataOffsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case dataOffsets = "data_offsets"
    }
  }

  /// The file's bytes; the same for the same content.
  public func encoded() -> [UInt8] {
    var header: [String: Header] = [:]
    let names = tensors.keys.sorted()
    var offset = 0
    for name in names {
      let size = tensors[name]!.elements.count * 4
      header[name] = Header(dtype: "F32", shape: tensors[name]!.shape, dataOffsets: [offset, offset + size])
      offset += size
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Encoding strings and integers cannot fail.
    var text = (try? encoder.encode(header)).map { [UInt8]($0) } ?? Array("{}".utf8)
    if !metadata.isEmpty, let strings = try? encoder.encode(metadata) {
      let head = Array("{\"__metadata__\":".utf8) + [UInt8](strings)
      text = head + (header.isEmpty ? [] : [UInt8(ascii: ",")]) + text.dropFirst()
    }
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + text.count + offset)
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: text.count >> (8 * shift))) }
    bytes += text
    for name in names {
      // Every machine that Assay runs on is little-endian, as the format.
      unsafe tensors[name]!.elements.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  /// Reads a file's bytes; `name` is what errors call it.
  public init(decoding bytes: [UInt8], name: String) throws(CheckpointError) {
    guard bytes.count >= 8 else { throw CheckpointError(name, "is too short to be a safetensors file") }
    var length: UInt64 = 0
    for i in (0..<8).reversed() { length = length << 8 | UInt64(bytes[i]) }
    guard length <= UInt64(bytes.count - 8) else {
      throw CheckpointError(name, "is cut short or not a safetensors file")
    }
    let body = 8 + Int(length)
    let decoder = JSONDecoder()
    struct Value: Decodable {
      var header: Header?
      var strings: [String: String]?
      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        header = try? container.decode(Header.self)
        strings = header == nil ? try container.decode([String: String].self) : nil
      }
    }
    guard let values = try? decoder.decode([String: Value].self, from: Data(bytes[8..<body])) else {
      throw CheckpointError(name, "has a header that is not that of a safetensors file")
    }
    self.init()
    var ranges: [Range<Int>] = []
    for (key, value) in values {
      if key == "__metadata__" {
        guard let strings = value.strings else { throw CheckpointError(name, "has metadata that are no strings") }
        metadata = strings
        continue
      }
      guard let header = value.header else { throw CheckpointError(name, "describes \(key) in an unknown way") }
      guard header.dtype == "F32" else {
        throw CheckpointError(name, "holds \(key) as \(header.dtype); only F32 is understood")
      }
      var count = 1
      for size in header.shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        guard size >= 0, !overflow else { throw CheckpointError(name, "gives \(key) the shape \(header.shape)") }
        count = product
      }
      guard header.dataOffsets.count == 2, header.dataOffsets[0] >= 0,
        header.dataOffsets[1] <= bytes.count - body, header.dataOffsets[1] >= header.dataOffsets[0],
        (header.dataOffsets[1] - header.dataOffsets[0]) / 4 == count,
        (header.dataOffsets[1] - header.dataOffsets[0]) % 4 == 0
      else { throw CheckpointError(name, "is cut short: \(key) lies outside it") }
      ranges.append(header.dataOffsets[0]..<header.dataOffsets[1])
      let start = body + header.dataOffsets[0]
      let elements = unsafe [Float](unsafeUninitializedCapacity: count) { floats, written in
        unsafe bytes.withUnsafeBytes { bytes in
          unsafe UnsafeMutableRawBufferPointer(floats).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + 4 * count]))
        }
        written = count
      }
      tensors[key] = Entry(shape: header.shape, elements: elements)
    }
    // As the format demands: no array lies over another, nothing lies between or behind them.
    var end = 0
    for range in ranges.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
      guard range.lowerBound == end else { throw CheckpointError(name, "has arrays over each other or gaps") }
      end = range.upperBound
    }
    guard end == bytes.count - body else { throw CheckpointError(name, "has bytes that belong to no array") }
  }

  /// Writes the file whole or not at all: to a neighbour first, synced, then renamed over `path`.
  public func write(to path: String) throws(CheckpointError) {
    let temporary = path + ".part"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw CheckpointError(path, "cannot be written: \(reason())") }
    let bytes = encoded()
    var offset = 0
    while offset < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress! + offset, bytes.count - offset)
      }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else {
        let why = reason()
        close(descriptor)
        unsafe unlink(temporary)
        throw CheckpointError(path, "cannot be written: \(why)")
      }
      offset += written
    }
    let synced = fsync(descriptor) == 0
    close(descriptor)
    guard synced, unsafe rename(temporary, path) == 0 else {
      let why = reason()
      unsafe unlink(temporary)
      throw CheckpointError(path, "cannot be written: \(why)")
    }
  }

  /// Reads a file.
  public init(path: String) throws(CheckpointError) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw CheckpointError(path, "cannot be read: \(reason())") }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw CheckpointError(path, "is not a file")
    }
    let size = Int(status.st_size)
    var bytes = [UInt8](repeating: 0, count: size)
    var offset = 0
    while offset < size {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(descriptor, buffer.baseAddress! + offset, size - offset)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw CheckpointError(path, "cannot be read: \(count < 0 ? reason() : "it shrank")") }
      offset += count
    }
    try self.init(decoding: bytes, name: path)
  }
}

/// What the system says about the last failed call.
private func reason() -> String { unsafe String(cString: strerror(errno)) }
