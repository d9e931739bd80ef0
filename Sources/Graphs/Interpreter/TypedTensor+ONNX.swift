import SwiftProtobuf

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension TypedTensor {
  /// A tensor of a file. Its declared shape is checked against the data that is there before anything is allocated.
  ///
  /// - Parameter external: finds data that lies in another file; nil refuses such tensors.
  init(
    _ tensor: ONNXTensorProto, name: String, external: ExternalData? = nil
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

    if tensor.dataLocation == .external || !tensor.externalData.isEmpty {
      guard let external else {
        throw .unsupportedModel("tensor '\(name)' is stored in another file; load the model from its folder")
      }
      let bytes = try external.bytes(of: tensor, name: name, count: count * type.bytes)
      self.init(type, shape, TypedTensor.decode(bytes[...], type))
      return
    }
    let raw = tensor.rawData
    if tensor.hasRawData && !(raw.isEmpty && count > 0) {
      guard raw.count == count * type.bytes else {
        throw .malformed("tensor '\(name)' of shape \(shape) holds \(raw.count) bytes instead of \(count * type.bytes)")
      }
      self.init(type, shape, TypedTensor.decode([UInt8](raw)[...], type))
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
    default: elements = .signed(tensor.int32Data.map { type.wrapped(Int64($0)) })
    }
    let found =
      switch elements {
      case .float(let values): values.count
      case .double(let values): values.count
      case .signed(let values): values.count
      case .unsigned(let values): values.count
      }
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

  /// Elements from little-endian bytes, as many as there are.
  static func decode(_ bytes: ArraySlice<UInt8>, _ type: ElementType) -> Elements {
    func values<Value: BitwiseCopyable>(_: Value.Type) -> [Value] {
      let count = bytes.count / MemoryLayout<Value>.stride
      return unsafe [Value](unsafeUninitializedCapacity: count) { buffer, filled in
        unsafe bytes.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
        filled = count
      }
    }
    switch type {
    case .float32: return .float(values(Float.self))
    case .float64: return .double(values(Double.self))
    case .float16: return .float(values(Float16.self).map { Float($0) })
    case .bfloat16: return .float(values(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) })
    case .int64: return .signed(values(Int64.self))
    case .int32: return .signed(values(Int32.self).map { Int64($0) })
    case .int16: return .signed(values(Int16.self).map { Int64($0) })
    case .int8: return .signed(values(Int8.self).map { Int64($0) })
    case .uint64: return .unsigned(values(UInt64.self))
    case .uint32: return .signed(values(UInt32.self).map { Int64($0) })
    case .uint16: return .signed(values(UInt16.self).map { Int64($0) })
    case .uint8: return .signed(values(UInt8.self).map { Int64($0) })
    case .bool: return .signed(values(UInt8.self).map { $0 == 0 ? 0 : 1 })
    }
  }
}
