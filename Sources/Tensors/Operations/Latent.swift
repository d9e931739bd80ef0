#if canImport(Glibc)
  import Glibc
#endif

extension Variable {
  /// mean + exp(logVariance / 2) noise: a sample of a normal distribution through which its parameters can be learned
  /// (Kingma and Welling 2014, arXiv 1312.6114). Self is the mean; all three have one shape.
  public func sampled(logVariance: Variable, noise: Tensor) -> Variable {
    precondition(logVariance.shape == shape && noise.shape == shape, "\(logVariance.shape) and \(noise.shape)")
    let (mean, spread, draw) = (value.plain(), logVariance.value.plain(), noise.plain())
    let offset = Tensor(shape: shape, on: engine) {
      unsafe expf(spread.pointer[$0] / 2) * draw.pointer[$0]
    }
    var result = mean.copy()
    result.add(offset)
    return tape.record(
      result, from: self, logVariance,
      with: SampleRecord(mean: self, logVariance: logVariance, offset: offset))
  }

  /// The Kullback-Leibler divergence of normal distributions from the standard one, summed over the columns of [N, Z] and
  /// averaged over the rows. Self is the mean.
  public func divergenceFromNormal(logVariance: Variable) -> Variable {
    let (mean, spread) = (value.plain(), logVariance.value.plain())
    let rows = Float(max(1, shape[0]))
    var total = 0.0
    for index in 0..<mean.count {
      let (m, v) = unsafe (mean.pointer[index], spread.pointer[index])
      total += Double(m * m + expf(v) - v - 1) / 2
    }
    return tape.record(
      Tensor(Float(total) / rows, on: engine), from: self, logVariance,
      with: DivergenceRecord(mean: self, logVariance: logVariance, rows: rows))
  }
}

private struct SampleRecord: Record {
  let mean: Variable
  let logVariance: Variable
  let offset: Tensor

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let dy = gradient.plain()
    tape.accumulate(dy.multiplied(by: offset).scaled(by: 0.5), into: logVariance)
    tape.accumulate(dy, into: mean)
  }
}

private struct DivergenceRecord: Record {
  let mean: Variable
  let logVariance: Variable
  let rows: Float

  func backward(_ dy: Tensor, _ tape: Tape) {
    let share = dy.scalar / rows
    let spread = logVariance.value.plain()
    tape.accumulate(mean.value.plain().scaled(by: share), into: mean)
    tape.accumulate(
      Tensor(shape: logVariance.shape, on: tape.engine) { unsafe share * (expf(spread.pointer[$0]) - 1) / 2 },
      into: logVariance)
  }
}
