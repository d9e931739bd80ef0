import CKernels

/// Copies of tensors in bfloat16, as products read them: two numbers in each 32 bits of a storage.
extension Tensor {
  /// The elements as they lie.
  func halves() -> Storage {
    let storage = engine.pool.storage(count: (count + 1) / 2)
    let to = unsafe UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: UInt16.self)
    engine.parallel(count) { begin, end in unsafe ckernels_to_half(pointer, to, begin, end) }
    return storage
  }

  /// The elements of a blocked image with the channels of a pixel side by side.
  func halvesByPixel() -> Storage {
    let storage = engine.pool.storage(count: (count + 1) / 2)
    let to = unsafe UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: UInt16.self)
    let (channels, pixels) = (Int64(shape.channels), Int64(shape.pixels))
    engine.parallel(shape.batch * shape.pixels) { begin, end in
      unsafe ckernels_to_half_pixels(pointer, channels, pixels, to, begin, end)
    }
    return storage
  }

  /// Sets self, a blocked image, to what lies with the channels of a pixel side by side, or adds it.
  func setByPixel(_ other: Storage, adds: Bool) {
    let (channels, pixels) = (Int64(shape.channels), Int64(shape.pixels))
    engine.parallel(shape.batch * shape.pixels) { begin, end in
      unsafe ckernels_from_pixels(other.pointer, channels, pixels, pointer, adds ? 1 : 0, begin, end)
    }
  }

  /// A matrix of rows along the last axis, each number beside the one below it.
  func halfPairs() -> Storage {
    let (rows, width) = (shape.rows, shape.features)
    let pairs = (rows + 1) / 2
    let storage = engine.pool.storage(count: pairs * width)
    let to = unsafe UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: UInt32.self)
    engine.parallel(pairs) { begin, end in
      unsafe ckernels_to_half_pairs(pointer, Int64(rows), Int64(width), to, begin, end)
    }
    return storage
  }

  /// The transposed matrix, each number beside the one below it.
  func transposedHalfPairs() -> Storage {
    let (rows, width) = (shape.rows, shape.features)
    let pairs = (width + 1) / 2
    let storage = engine.pool.storage(count: pairs * rows)
    let to = unsafe UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: UInt32.self)
    engine.parallel(pairs) { begin, end in
      unsafe ckernels_to_half_columns(pointer, Int64(rows), Int64(width), to, begin, end)
    }
    return storage
  }

  /// The transposed matrix, each number beside the next of its row.
  func transposedHalves() -> Storage {
    let (rows, width) = (shape.rows, shape.features)
    let storage = engine.pool.storage(count: width * ((rows + 1) / 2))
    let to = unsafe UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: UInt32.self)
    engine.parallel((width + 15) / 16) { begin, end in
      unsafe ckernels_to_half_rows(pointer, Int64(rows), Int64(width), to, begin, end)
    }
    return storage
  }

  /// Sets self, a matrix of rows along the last axis, to the product of two such copies, or adds it.
  ///
  /// - Parameters:
  ///   - rowStride: 32-bit numbers from a pair of `a` to the same pair of the next row.
  ///   - pairStride: and to the next pair of the same row.
  func setHalfProduct(
    _ a: Storage, rowStride: Int, pairStride: Int, _ b: Storage, pairs: Int, adds: Bool = false
  ) {
    var product = ckernels_half_product(
      columns: Int64(shape.features), pairs: Int64(pairs), a_row: Int64(rowStride), a_pair: Int64(pairStride),
      adds: adds ? 1 : 0)
    let multiply = unsafe engine.usesTiles && pairStride == 1 ? ckernels_half_multiply_tiles : ckernels_half_multiply
    engine.parallel(shape.rows) { begin, end in
      unsafe multiply(
        &product, UnsafeRawPointer(a.pointer).assumingMemoryBound(to: UInt32.self),
        UnsafeRawPointer(b.pointer).assumingMemoryBound(to: UInt32.self), pointer, begin, end)
    }
  }
}
