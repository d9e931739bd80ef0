import CKernels

extension Tensor {
  /// The tensor as channels of pixels: [N, C, H, W], or [N, C] with one pixel each.
  var activation: ckernels_activation {
    precondition(shape.rank == 4 || shape.rank == 2, "\(shape) has no channels")
    return ckernels_activation(
      batch: Int64(shape[0]), channels: Int64(shape[1]), pixels: Int64(shape[2] * shape[3]), block: Int64(block))
  }

  /// The sum of each channel, [C].
  func channelSums() -> Tensor {
    let result = Tensor(uninitialized: Shape(shape[1]), on: engine)
    var activation = self.activation
    engine.parallel(shape[1] / block) { begin, end in
      unsafe ckernels_channel_sums(&activation, pointer, result.pointer, begin, end)
    }
    return result
  }

  /// x scale + shift for each channel.
  func affine(scale: Tensor?, shift: Tensor?) -> Tensor {
    let scale = scale ?? Tensor(repeating: 1, shape: Shape(shape[1]), on: engine)
    let shift = shift ?? Tensor(repeating: 0, shape: Shape(shape[1]), on: engine)
    precondition(scale.count == shape[1] && shift.count == shape[1], "\(scale.shape) for the channels of \(shape)")
    let result = Tensor(uninitialized: shape, layout: layout, on: engine)
    var activation = self.activation
    engine.parallel(shape[1] / block) { begin, end in
      unsafe ckernels_scale_shift(
        &activation, pointer, scale.pointer, shift.pointer, nil, 0, result.pointer, begin, end)
    }
    return result
  }
}

extension Variable {
  /// x scale + shift, each of shape [C], for the channels of [N, C, H, W] or the columns of [N, C].
  public func affine(scale: Variable, shift: Variable) -> Variable {
    tape.record(
      value.affine(scale: scale.value, shift: shift.value), from: self, scale, shift,
      with: AffineRecord(input: self, scale: scale, shift: shift))
  }

  /// Some of the channels of [N, C, H, W], in plain layout.
  public func channels(_ range: Range<Int>) -> Variable {
    precondition(
      shape.rank == 4 && range.lowerBound >= 0 && range.upperBound <= shape[1] && !range.isEmpty,
      "the channels \(range) of \(shape)")
    let part = Shape(shape[0], range.count, shape[2], shape[3])
    return tape.record(
      value.plainChannels(from: range.lowerBound, shape: part), from: self,
      with: ChannelsRecord(input: self, first: range.lowerBound))
  }

  /// The channels of several [N, C, H, W] (or columns of [N, C]) one after the other: `.concatenated([a, b])`.
  public static func concatenated<let count: Int>(_ parts: InlineArray<count, Variable>) -> Variable {
    precondition(count > 0, "nothing to concatenate")
    let first = parts[0]
    var channels = 0
    var blocked = true
    var source = first
    for index in parts.indices {
      let part = parts[index]
      channels += part.shape[1]
      if part.value.layout != .blocked { blocked = false }
      if part.wantsGradient { source = part }
    }
    let shape =
      first.shape.rank == 4
      ? Shape(first.shape.batch, channels, first.shape.height, first.shape.width) : Shape(first.shape[0], channels)
    let layout: Layout = blocked ? .blocked : .plain
    let result = Tensor(uninitialized: shape, layout: layout, on: first.engine)
    var offset = 0
    for index in parts.indices {
      let part = parts[index]
      precondition(
        part.shape[0] == shape[0] && part.shape.pixels == shape.pixels, "\(part.shape) beside \(first.shape)")
      result.copyChannels(of: part.value.inLayout(layout), to: offset)
      offset += part.shape[1]
    }
    return first.tape.record(result, from: source, with: ConcatenationRecord(parts: parts, layout: layout))
  }
}

private struct AffineRecord: Record {
  let input: Variable
  let scale: Variable
  let shift: Variable

  func backward(_ dy: Tensor, _ tape: Tape) {
    tape.accumulate(dy.multiplied(by: input.value).channelSums(), into: scale)
    tape.accumulate(dy.channelSums(), into: shift)
    tape.accumulate(dy.affine(scale: scale.value, shift: nil), into: input)
  }
}

private struct ChannelsRecord: Record {
  let input: Variable
  let first: Int

  func backward(_ dy: Tensor, _ tape: Tape) {
    tape.accumulate(dy.plain().spread(to: input.shape, layout: input.value.layout, from: first), into: input)
  }
}

private struct ConcatenationRecord<let count: Int>: Record {
  let parts: InlineArray<count, Variable>
  let layout: Layout

  func backward(_ dy: Tensor, _ tape: Tape) {
    let gradient = dy.inLayout(layout)
    var offset = 0
    for index in parts.indices {
      let part = parts[index]
      tape.accumulate(gradient.channels(from: offset, shape: part.shape), into: part)
      offset += part.shape[1]
    }
  }
}

extension Tensor {
  /// Writes all channels of `other`, in the same layout, over our channels from `first` on.
  fileprivate func copyChannels(of other: Tensor, to first: Int) {
    let row = other.shape[1] * shape.pixels
    let stride = shape[1] * shape.pixels
    for n in 0..<shape[0] {
      unsafe (pointer + n * stride + first * shape.pixels).update(from: other.pointer + n * row, count: row)
    }
  }

  /// The channels from `first` on, as many as `part` has, in plain layout; only they are read.
  fileprivate func plainChannels(from first: Int, shape part: Shape) -> Tensor {
    if layout == .plain { return channels(from: first, shape: part) }
    let result = Tensor(uninitialized: part, on: engine)
    let (pixels, block) = (shape.pixels, block)
    engine.parallel(part[0] * part[1]) { begin, end in
      for unit in Int(begin)..<Int(end) {
        let (n, c) = unit.quotientAndRemainder(dividingBy: part[1])
        let (blocks, lane) = (first + c).quotientAndRemainder(dividingBy: block)
        let from = unsafe pointer + (n * shape[1] + blocks * block) * pixels + lane
        let to = unsafe result.pointer + unit * pixels
        for pixel in 0..<pixels { unsafe to[pixel] = from[pixel * block] }
      }
    }
    return result
  }

  /// A plain tensor's channels as those from `first` on of a larger one, whose others are 0.
  fileprivate func spread(to larger: Shape, layout: Layout, from first: Int) -> Tensor {
    let result = Tensor(uninitialized: larger, layout: layout, on: engine)
    let (pixels, block, count) = (larger.pixels, result.block, shape[1])
    engine.parallel(larger[0]) { begin, end in
      for n in Int(begin)..<Int(end) {
        let image = unsafe result.pointer + n * larger[1] * pixels
        unsafe image.update(repeating: 0, count: larger[1] * pixels)
        for c in 0..<count {
          let (blocks, lane) = (first + c).quotientAndRemainder(dividingBy: block)
          let from = unsafe pointer + (n * count + c) * pixels
          let to = unsafe image + blocks * block * pixels + lane
          for pixel in 0..<pixels { unsafe to[pixel * block] = from[pixel] }
        }
      }
    }
    return result
  }

  /// A copy of the channels from `first` on, as many as `part` has.
  fileprivate func channels(from first: Int, shape part: Shape) -> Tensor {
    let result = Tensor(uninitialized: part, layout: layout, on: engine)
    let row = part[1] * shape.pixels
    let stride = shape[1] * shape.pixels
    for n in 0..<shape[0] {
      unsafe (result.pointer + n * row).update(from: pointer + n * stride + first * shape.pixels, count: row)
    }
    return result
  }
}
