#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Constant {
  /// A tensor of a file. Its declared shape is checked against the data that is there before anything is allocated.
  init(_ tensor: ONNXTensorProto, name: String) throws(GraphError) {
    guard tensor.dataLocation == .default, tensor.externalData.isEmpty else {
      throw .unsupportedModel("tensor '\(name)' is stored in another file; save the model with its weights inside")
    }
    var shape: [Int] = []
    var count = 1
    for size in tensor.dims {
      guard size >= 0, size <= Int32.max else {
        throw .malformed("tensor '\(name)' has the impossible shape \(tensor.dims)")
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: Int(size))
      guard !overflow, product <= ModelFile.largest else {
        throw .malformed("tensor '\(name)' has the impossible shape \(tensor.dims)")
      }
      count = product
      shape.append(Int(size))
    }
    guard shape.count <= 8 else {
      throw .unsupportedModel("tensor '\(name)' has \(shape.count) axes, more than 8")
    }

    func check(_ found: Int, _ unit: String) throws(GraphError) {
      guard found == count else {
        throw .malformed("tensor '\(name)' of shape \(shape) holds \(found) \(unit) instead of \(count)")
      }
    }
    let raw = tensor.rawData
    let isRaw = tensor.hasRawData && !(raw.isEmpty && count > 0)
    func values<Value: BitwiseCopyable>(_: Value.Type) throws(GraphError) -> [Value] {
      let size = MemoryLayout<Value>.stride
      guard raw.count == count * size else {
        throw .malformed(
          "tensor '\(name)' of shape \(shape) holds \(raw.count) bytes instead of \(count * size)")
      }
      return unsafe [Value](unsafeUninitializedCapacity: count) { buffer, filled in
        unsafe raw.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
        filled = count
      }
    }

    func small<Value: FixedWidthInteger>(_: Value.Type) throws(GraphError) -> [Value] {
      try check(tensor.int32Data.count, "numbers")
      guard tensor.int32Data.allSatisfy({ Value(exactly: $0) != nil }) else {
        throw .malformed("tensor '\(name)' holds numbers that do not fit its element type")
      }
      return tensor.int32Data.map { Value(truncatingIfNeeded: $0) }
    }

    switch ONNXTensorProto.DataType(rawValue: Int(tensor.dataType)) {
    case .float:
      if isRaw {
        self.init(try values(Float.self), shape: shape)
      } else {
        try check(tensor.floatData.count, "numbers")
        self.init(tensor.floatData, shape: shape)
      }
    case .double:
      if isRaw {
        self.init(try values(Double.self).map { Float($0) }, shape: shape)
      } else {
        try check(tensor.doubleData.count, "numbers")
        self.init(tensor.doubleData.map { Float($0) }, shape: shape)
      }
    case .int64:
      if isRaw {
        self.init(try values(Int64.self), shape: shape)
      } else {
        try check(tensor.int64Data.count, "numbers")
        self.init(tensor.int64Data, shape: shape)
      }
    case .int32:
      if isRaw {
        self.init(try values(Int32.self), shape: shape)
      } else {
        try check(tensor.int32Data.count, "numbers")
        self.init(tensor.int32Data, shape: shape)
      }
    case .int8:
      self.init(try isRaw ? values(Int8.self) : small(Int8.self), shape: shape)
    case .uint8:
      self.init(try isRaw ? values(UInt8.self) : small(UInt8.self), shape: shape)
    case .bool:
      if isRaw {
        self.init(try values(UInt8.self).map { Int64($0) }, shape: shape)
      } else {
        try check(tensor.int32Data.count, "numbers")
        self.init(tensor.int32Data.map { Int64($0) }, shape: shape)
      }
    default:
      throw .unsupportedModel(
        "tensor '\(name)' has the element type \(tensor.dataType); only float, double, int8, uint8, int32 and int64 are read"
      )
    }
  }

  /// As it is written: little-endian bytes.
  func tensor(named name: String) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.name = name
    tensor.dims = shape.map { Int64($0) }
    func fill<Value: BitwiseCopyable>(_ type: ONNXTensorProto.DataType, _ values: [Value]) {
      tensor.dataType = Int32(type.rawValue)
      tensor.rawData = unsafe values.withUnsafeBytes { unsafe Data($0) }
    }
    switch elements {
    case .float(let values): fill(.float, values)
    case .int64(let values): fill(.int64, values)
    case .int8(let values): fill(.int8, values)
    case .uint8(let values): fill(.uint8, values)
    case .int32(let values): fill(.int32, values)
    }
    return tensor
  }
}
