import CKernels

extension Variable {
  /// x scale + shift with a scale and a shift for each channel of each image: [N, C, H, W] with [N, C] twice, as feature
  /// modulation (Perez et al. 2018, arXiv 1709.07871) and skip-layer excitation (Liu et al. 2021, arXiv 2101.04775) want.
  public func modulated(scale: Variable, shift: Variable) -> Variable {
    let wanted = Shape(shape[0], shape[1])
    precondition(
      shape.rank == 4 && scale.shape == wanted && shift.shape == wanted,
      "\(scale.shape) and \(shift.shape) for the channels of \(shape)")
    let engine = self.engine
    let x = value
    let (a, b) = (scale.value.plain(), shift.value.plain())
    let y = Tensor(uninitialized: shape, layout: x.layout, on: engine)
    var activation = x.activation
    engine.parallel(shape[0] * shape[1] / x.block) { begin, end in
      unsafe ckernels_modulate(&activation, x.pointer, a.pointer, b.pointer, y.pointer, begin, end)
    }
    return tape.record(
      y, from: self, scale, shift, with: ModulationRecord(input: self, scale: scale, shift: shift, factor: a))
  }
}

private struct ModulationRecord: Record {
  let input: Variable
  let scale: Variable
  let shift: Variable
  let factor: Tensor

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let x = input.value
    let dy = gradient.inLayout(x.layout)
    let engine = tape.engine
    let dx = Tensor(uninitialized: x.shape, layout: x.layout, on: engine)
    let dscale = Tensor(uninitialized: factor.shape, on: engine)
    let dshift = Tensor(uninitialized: factor.shape, on: engine)
    var activation = x.activation
    engine.parallel(x.shape[0] * x.shape[1] / x.block) { begin, end in
      unsafe ckernels_modulate_gradient(
        &activation, x.pointer, factor.pointer, dy.pointer, dx.pointer, dscale.pointer, dshift.pointer, begin, end)
    }
    tape.accumulate(dscale, into: scale)
    tape.accumulate(dshift, into: shift)
    tape.accumulate(dx, into: input)
  }
}
