import CDNN

/// Each makes a primitive, or returns nil where oneDNN has none for these sizes.
extension Engine {
  private func make(_ create: (OpaquePointer, inout OpaquePointer?) -> Int32) -> Primitive? {
    var primitive: OpaquePointer?
    guard unsafe create(handle, &primitive) == 0, let handle = unsafe primitive else { return nil }
    return unsafe Primitive(handle)
  }

  func reorder(from source: TensorDescription, to target: TensorDescription) -> Primitive? {
    unsafe make { engine, made in
      unsafe source.withTensor { source in
        unsafe target.withTensor { unsafe cdnn_reorder_create(engine, source, $0, &made) }
      }
    }
  }

  func convolution(
    transposed: Bool, _ source: TensorDescription, _ weights: TensorDescription, bias: TensorDescription?,
    _ result: TensorDescription, _ window: cdnn_window, _ posts: [cdnn_post]
  ) -> Primitive? {
    let count = Int32(posts.count)
    return unsafe make { engine, made in
      unsafe withFour(source, weights, bias, result) { source, weights, bias, result in
        unsafe withUnsafePointer(to: window) { window in
          unsafe posts.withUnsafeBufferPointer { posts in
            unsafe transposed
              ? cdnn_deconvolution_create(
                engine, source, weights, bias, result, window, posts.baseAddress, count, &made)
              : cdnn_convolution_create(
                engine, Int32(CDNN_INFERENCE.rawValue), source, weights, bias, result, window, posts.baseAddress,
                count, &made)
          }
        }
      }
    }
  }

  /// `source weights + bias` of the last two axes.
  func product(
    _ source: TensorDescription, _ weights: TensorDescription, bias: TensorDescription?, _ result: TensorDescription,
    _ posts: [cdnn_post]
  ) -> Primitive? {
    unsafe make { engine, made in
      unsafe withFour(source, weights, bias, result) { source, weights, bias, result in
        unsafe posts.withUnsafeBufferPointer {
          unsafe cdnn_matmul_create(
            engine, source, weights, bias, result, $0.baseAddress, Int32($0.count), &made)
        }
      }
    }
  }

  func pooling(
    _ algorithm: cdnn_pooling, _ source: TensorDescription, _ result: TensorDescription, _ window: cdnn_window
  ) -> Primitive? {
    unsafe make { engine, made in
      unsafe source.withTensor { source in
        unsafe result.withTensor { result in
          unsafe withUnsafePointer(to: window) {
            unsafe cdnn_pooling_create(
              engine, Int32(CDNN_INFERENCE.rawValue), Int32(algorithm.rawValue), source, result, $0, &made)
          }
        }
      }
    }
  }

  func elementwise(_ step: ElementwiseStep, _ data: TensorDescription) -> Primitive? {
    unsafe make { engine, made in
      unsafe data.withTensor {
        unsafe cdnn_elementwise_create(
          engine, Int32(CDNN_INFERENCE.rawValue), Int32(step.algorithm.rawValue), $0, step.alpha, step.beta, &made)
      }
    }
  }

  /// Of two tensors of the same shape and layout.
  func binary(_ algorithm: cdnn_binary, _ data: TensorDescription) -> Primitive? {
    unsafe make { engine, made in
      unsafe data.withTensor {
        unsafe cdnn_binary_create(engine, Int32(algorithm.rawValue), $0, $0, $0, nil, 0, &made)
      }
    }
  }

  func softmax(_ data: TensorDescription, axis: Int) -> Primitive? {
    unsafe make { engine, made in
      unsafe data.withTensor { unsafe cdnn_softmax_create(engine, $0, $0, Int32(axis), &made) }
    }
  }

  private func withFour<Result>(
    _ a: TensorDescription, _ b: TensorDescription, _ c: TensorDescription?, _ d: TensorDescription,
    _ body: (
      UnsafePointer<cdnn_tensor>, UnsafePointer<cdnn_tensor>, UnsafePointer<cdnn_tensor>?, UnsafePointer<cdnn_tensor>
    ) -> Result
  ) -> Result {
    unsafe a.withTensor { a in
      unsafe b.withTensor { b in
        unsafe d.withTensor { d in
          guard let c else { return unsafe body(a, b, nil, d) }
          return unsafe c.withTensor { unsafe body(a, b, $0, d) }
        }
      }
    }
  }
}
