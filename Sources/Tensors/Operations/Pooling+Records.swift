import CDNN
import CKernels

struct AverageRecord: Record {
  let input: Variable
  let settings: ckernels_pooling

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let x = input.value
    let dy = gradient.inLayout(x.layout)
    let dx = Tensor(uninitialized: x.shape, layout: x.layout, on: tape.engine)
    var settings = settings
    tape.engine.parallel(x.shape.batch * x.shape.channels / x.block) { begin, end in
      unsafe ckernels_average_gradient(&settings, dy.pointer, dx.pointer, begin, end)
    }
    tape.accumulate(dx, into: input)
  }
}

struct MaximumRecord: Record {
  let input: Variable
  /// Where each maximum was.
  let index: Tensor
  let settings: ckernels_pooling

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let x = input.value
    let dy = gradient.inLayout(x.layout)
    let dx = Tensor(uninitialized: x.shape, layout: x.layout, on: tape.engine)
    var settings = settings
    tape.engine.parallel(x.shape.batch * x.shape.channels / x.block) { begin, end in
      unsafe ckernels_maximum_gradient(&settings, index.indices, dy.pointer, dx.pointer, begin, end)
    }
    tape.accumulate(dx, into: input)
  }
}

struct GlobalAverageRecord: Record {
  let input: Variable

  func backward(_ dy: Tensor, _ tape: Tape) {
    let x = input.value
    let dx = Tensor(uninitialized: x.shape, layout: x.layout, on: tape.engine)
    var activation = x.activation
    tape.engine.parallel(x.shape.batch) { begin, end in
      unsafe ckernels_global_average_gradient(&activation, dy.pointer, dx.pointer, begin, end)
    }
    tape.accumulate(dx, into: input)
  }
}

struct GlobalMaximumRecord: Record {
  let input: Variable
  /// Where each maximum was.
  let index: Tensor

  func backward(_ dy: Tensor, _ tape: Tape) {
    let x = input.value
    let dx = Tensor(repeating: 0, shape: x.shape, on: tape.engine, layout: x.layout)
    let block = x.block
    let pixels = x.shape.pixels
    for unit in 0..<index.count {
      // Channel c of image n lies in lane c % block of group c / block.
      let at = unsafe Int(index.indices[unit])
      unsafe dx.pointer[(unit / block * pixels + at) * block + unit % block] = dy.pointer[unit]
    }
    tape.accumulate(dx, into: input)
  }
}

struct NearestRecord: Record {
  let input: Variable
  let settings: ckernels_pooling

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let x = input.value
    let dy = gradient.inLayout(x.layout)
    let dx = Tensor(uninitialized: x.shape, layout: x.layout, on: tape.engine)
    var settings = settings
    tape.engine.parallel(x.shape.batch * x.shape.channels / x.block) { begin, end in
      unsafe ckernels_nearest_gradient(&settings, dy.pointer, dx.pointer, begin, end)
    }
    tape.accumulate(dx, into: input)
  }
}

struct ResamplingRecord: Record {
  let input: Variable

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let x = input.value
    let dy = gradient.inLayout(x.layout)
    let dx = Tensor(uninitialized: x.shape, layout: x.layout, on: tape.engine)
    unsafe tape.engine.run(
      x.resampling(CDNN_BACKWARD_DATA, to: dy.shape),
      Arguments(sourceGradient: dx.pointer, destinationGradient: dy.pointer))
    tape.accumulate(dx, into: input)
  }
}
