/// Where each image of a batch is moved to: whole pixels, so that nothing is blurred.
public struct Relocation: Hashable, Sendable {
  /// To the right, in pixels.
  public var x: Int
  /// Down, in pixels.
  public var y: Int
  /// Left and right change places first.
  public var isMirrored: Bool
  /// Top and bottom change places first.
  public var isFlipped: Bool

  public init(x: Int = 0, y: Int = 0, isMirrored: Bool = false, isFlipped: Bool = false) {
    self.x = x
    self.y = y
    self.isMirrored = isMirrored
    self.isFlipped = isFlipped
  }
}

extension Variable {
  /// Each image of [N, C, H, W] mirrored and moved; what comes in at the edges is 0. Differentiable, as augmentation in
  /// front of a discriminator must be (Zhao et al. 2020, arXiv 2006.10738).
  ///
  /// - Precondition: one relocation an image.
  public func relocated(_ relocations: [Relocation]) -> Variable {
    precondition(shape.rank == 4 && relocations.count == shape[0], "\(relocations.count) relocations of \(shape)")
    return tape.record(
      value.plain().relocated(relocations, isBack: false), from: self,
      with: RelocationRecord(input: self, relocations: relocations))
  }
}

private struct RelocationRecord: Record {
  let input: Variable
  let relocations: [Relocation]

  func backward(_ dy: Tensor, _ tape: Tape) {
    tape.accumulate(dy.plain().relocated(relocations, isBack: true), into: input)
  }
}

extension Tensor {
  /// Moves each image, or brings a gradient back to where its pixels came from.
  fileprivate func relocated(_ relocations: [Relocation], isBack: Bool) -> Tensor {
    let (height, width) = (shape.height, shape.width)
    let result = Tensor(repeating: 0, shape: shape, on: engine)
    for (n, move) in relocations.enumerated() {
      for plane in n * shape[1]..<(n + 1) * shape[1] {
        let base = plane * height * width
        for to in max(0, move.y)..<max(max(0, move.y), min(height, height + move.y)) {
          let row = move.isFlipped ? height - 1 - (to - move.y) : to - move.y
          for x in max(0, move.x)..<max(max(0, move.x), min(width, width + move.x)) {
            let column = move.isMirrored ? width - 1 - (x - move.x) : x - move.x
            let (here, there) = (base + to * width + x, base + row * width + column)
            if isBack {
              unsafe result.pointer[there] = pointer[here]
            } else {
              unsafe result.pointer[here] = pointer[there]
            }
          }
        }
      }
    }
    return result
  }
}
