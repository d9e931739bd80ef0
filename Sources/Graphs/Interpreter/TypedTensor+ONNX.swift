import SwiftProtobuf

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension TypedTensor {
  /// A tensor of a file. Its declared shape is checked against the data that is there before anything is allocated.
  ///
  /// - Parameter file: where data lies that is not in the message; nil where all of it is.
  init(
    _ tensor: ONNXTensorProto, name: String, file: ONNXFile? = nil
  ) throws(GraphError) {
    guard let type = ElementType(rawValue: tensor.dataType) else {
      throw .unsupportedModel("tensor '\(name)' has the element type \(tensor.dataType), which is not known")
    }
    var shape: [Int] = []
    var count = 1
    for size in tensor.dims {
      guard size >= 0, size <= Int32.max else {
        throw .malformed("tensor '\(name)' has the impossible shape \(tensor.dims)")
      }
      // An axis of no elements counts as one, so that no order of the axes overflows later.
      let (product, overflow) = count.multipliedReportingOverflow(by: max(1, Int(size)))
      guard !overflow, product <= ModelFile.largest else {
        throw .malformed("tensor '\(name)' has the impossible shape \(tensor.dims)")
      }
      count = product
      shape.append(Int(size))
    }
    if shape.contains(0) { count = 0 }
    guard shape.count <= 32 else { throw .unsupportedModel("tensor '\(name)' has \(shape.count) axes, more than 32") }

    if let file, let place = file.stored(tensor) {
      guard place.count == count * type.bytes else {
        throw .malformed(
          "tensor '\(name)' of shape \(shape) holds \(place.count) bytes instead of \(count * type.bytes)")
      }
      try self.init(file.source, place.lowerBound, type, shape, count)
      return
    }
    if tensor.dataLocation == .external || !tensor.externalData.isEmpty {
      guard let external = file?.external else {
        throw .unsupportedModel("tensor '\(name)' is stored in another file; load the model from its folder")
      }
      let place = try external.place(of: tensor, name: name, count: count * type.bytes)
      try self.init(place.source, place.offset, type, shape, count)
      return
    }
    let raw = tensor.rawData
    if tensor.hasRawData && !(raw.isEmpty && count > 0) {
      guard raw.count == count * type.bytes else {
        throw .malformed("tensor '\(name)' of shape \(shape) holds \(raw.count) bytes instead of \(count * type.bytes)")
      }
      self.init(type, shape, try StoredTensor(ByteSource([UInt8](raw)), offset: 0, type: type, count: count).decoded())
      return
    }
    let elements: Elements
    switch type {
    case .float32: elements = .float(tensor.floatData)
    case .float64: elements = .double(tensor.doubleData)
    case .float16:
      elements = .float(tensor.int32Data.map { Float(Float16(bitPattern: UInt16(truncatingIfNeeded: $0))) })
    case .bfloat16: elements = .float(tensor.int32Data.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) })
    case .int64: elements = .signed(tensor.int64Data)
    case .uint32: elements = .signed(tensor.uint64Data.map { type.wrapped(Int64(truncatingIfNeeded: $0)) })
    case .uint64: elements = .unsigned(tensor.uint64Data)
    default:
      guard tensor.int32Data.allSatisfy({ type.wrapped(Int64($0)) == Int64($0) }) else {
        throw .malformed("tensor '\(name)' holds numbers that do not fit its element type")
      }
      elements = .signed(tensor.int32Data.map(Int64.init))
    }
    let found = elements.count
    guard found == count else {
      throw .malformed("tensor '\(name)' of shape \(shape) holds \(found) numbers instead of \(count)")
    }
    self.init(type, shape, elements)
  }

  /// Reads a tensor in the standard's own format, such as its test data.
  ///
  /// - Throws: `GraphError.malformed` for bytes that are no tensor, `.unsupportedModel` for unknown element types.
  public init(tensorProto bytes: [UInt8]) throws(GraphError) {
    let proto: ONNXTensorProto
    do {
      proto = try ONNXTensorProto(serializedBytes: bytes)
    } catch {
      throw .malformed("its bytes are not a protocol buffer of a tensor")
    }
    try self.init(proto, name: proto.name)
  }

  /// Left in the file where that saves memory.
  private init(
    _ source: ByteSource, _ offset: Int, _ type: ElementType, _ shape: [Int], _ count: Int
  ) throws(GraphError) {
    let stored = StoredTensor(source, offset: offset, type: type, count: count)
    if source.isFile, count * type.bytes >= StoredTensor.smallest {
      self.init(stored, shape: shape)
    } else {
      self.init(type, shape, try stored.decoded())
    }
  }
}
