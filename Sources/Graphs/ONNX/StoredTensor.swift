/// Numbers that stay in a model's file until they are wanted, and are then read anew each time.
struct StoredTensor: Sendable, Hashable {
  /// Smaller tensors are kept in memory: shapes, biases, and what passes look at.
  static let smallest = 1 << 14

  let source: ByteSource
  /// Where they begin.
  let offset: Int
  let type: ElementType
  let count: Int

  /// - Precondition: they lie inside the source.
  init(_ source: ByteSource, offset: Int, type: ElementType, count: Int) {
    precondition(offset >= 0 && count >= 0 && offset <= source.count - count * type.bytes)
    (self.source, self.offset, self.type, self.count) = (source, offset, type, count)
  }

  /// All elements. Where the file was changed meanwhile they are NaN or zeros, and `source.check()` throws.
  var elements: TypedTensor.Elements {
    do {
      return try decoded()
    } catch {
      switch type {
      case .float64: return .double([Double](repeating: .nan, count: count))
      case .uint64: return .unsigned([UInt64](repeating: 0, count: count))
      case _ where type.isFloat: return .float([Float](repeating: .nan, count: count))
      default: return .signed([Int64](repeating: 0, count: count))
      }
    }
  }

  func decoded() throws(GraphError) -> TypedTensor.Elements {
    func values<Value: BitwiseCopyable>(_: Value.Type) throws(GraphError) -> [Value] {
      try source.values(Value.self, at: offset, count: count)
    }
    switch type {
    case .float32: return .float(try values(Float.self))
    case .float64: return .double(try values(Double.self))
    case .float16: return .float(try values(Float16.self).map { Float($0) })
    case .bfloat16: return .float(try values(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) })
    case .int64: return .signed(try values(Int64.self))
    case .int32: return .signed(try values(Int32.self).map { Int64($0) })
    case .int16: return .signed(try values(Int16.self).map { Int64($0) })
    case .int8: return .signed(try values(Int8.self).map { Int64($0) })
    case .uint64: return .unsigned(try values(UInt64.self))
    case .uint32: return .signed(try values(UInt32.self).map { Int64($0) })
    case .uint16: return .signed(try values(UInt16.self).map { Int64($0) })
    case .uint8: return .signed(try values(UInt8.self).map { Int64($0) })
    case .bool: return .signed(try values(UInt8.self).map { $0 == 0 ? 0 : 1 })
    }
  }

  static func == (a: StoredTensor, b: StoredTensor) -> Bool {
    a.source === b.source && a.offset == b.offset && a.type == b.type && a.count == b.count
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(source))
    hasher.combine(offset)
    hasher.combine(count)
  }
}
