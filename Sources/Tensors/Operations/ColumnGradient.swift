import CKernels

/// Weight gradients as one product in tiles, with copies of what lies under the window ("im2col"), of blocked tensors: for
/// many channels on small images, whose rows are too short to fill oneDNN's tiles.
struct ColumnGradient {
  private var columns: ckernels_columns
  private let engine: Engine

  /// Nil where oneDNN's way is as quick.
  init?(_ convolution: Convolution) {
    let (x, y, weights, window) = (convolution.x, convolution.y, convolution.weights, convolution.window)
    guard window.groups == 1, y.pixels <= 64, y.pixels.isMultiple(of: 2), x.channels * y.channels >= 128 * 128,
      x.channels.isMultiple(of: 16), y.channels.isMultiple(of: 16)
    else { return nil }
    engine = convolution.engine
    columns = ckernels_columns(
      batch: Int64(x.batch), in_channels: Int64(x.channels), out_channels: Int64(y.channels), height: Int64(x.height),
      width: Int64(x.width), out_height: Int64(y.height), out_width: Int64(y.width), kernel_height: Int64(weights[2]),
      kernel_width: Int64(weights[3]), stride: Int64(window.stride), dilation: Int64(window.dilation),
      padding: Int64(window.padding))
  }

  func weightGradient(_ x: Tensor, _ dy: Tensor, into dw: Tensor) {
    var columns = self.columns
    let outputs = dy.shape.channels
    let width = dw.count / outputs
    let pairs = dy.shape.batch * dy.shape.pixels / 2
    let pixels = x.halvesByPixel()
    let gathered = engine.pool.storage(count: pairs * width)
    engine.parallel(pairs) { begin, end in
      unsafe ckernels_columns_gather(
        &columns, UnsafeRawPointer(pixels.pointer).assumingMemoryBound(to: UInt16.self),
        UnsafeMutableRawPointer(gathered.pointer).assumingMemoryBound(to: UInt32.self), begin, end)
    }
    let channels = engine.pool.storage(count: outputs * pairs)
    let (batch, area) = (Int64(dy.shape.batch), Int64(dy.shape.pixels))
    engine.parallel(outputs / 16) { begin, end in
      unsafe ckernels_columns_channels(
        dy.pointer, batch, Int64(outputs), area,
        UnsafeMutableRawPointer(channels.pointer).assumingMemoryBound(to: UInt32.self), begin, end)
    }
    let sums = Tensor(uninitialized: Shape(outputs, width), on: engine)
    sums.setHalfProduct(channels, rowStride: pairs, pairStride: 1, gathered, pairs: pairs)
    engine.parallel(outputs) { begin, end in
      unsafe ckernels_columns_finish(&columns, sums.pointer, dw.pointer, begin, end)
    }
  }
}
