import Samples
import Tensors

/// The same random changes for real and painted windows in front of the discriminator, through which gradients flow: with
/// few images it would learn them by heart otherwise (Zhao et al. 2020, arXiv 2006.10738).
struct DifferentiableAugmentation {
  /// Chance of each kind of change for each window, 0...1; adapted as in Karras et al. 2020 (arXiv 2006.06676).
  var chance: Float

  /// Shifts, mirroring, another strength of the defect, and a blank square.
  func apply(_ x: Variable, channels: Int, _ random: inout SplitMix64) -> Variable {
    let (batch, planes) = (x.shape[0], x.shape[1])
    let side = x.shape[2]
    var moves: [Relocation] = []
    var factor = [Float](repeating: 1, count: x.value.count)
    let area = side * side
    for n in 0..<batch {
      var move = Relocation()
      if random.chance(chance) {
        let most = side / 8
        move.x = random.index(2 * most + 1) - most
        move.y = random.index(2 * most + 1) - most
      }
      if random.chance(chance) { move.isMirrored = random.chance(0.5) }
      moves.append(move)
      if random.chance(chance) {
        let gain = 1 + 0.3 * random.uniform(-1, 1)
        for at in n * planes * area..<(n * planes + channels) * area { factor[at] *= gain }
      }
      if random.chance(chance) {
        let width = side / 4 + random.index(side / 8)
        let (left, top) = (random.index(side) - width / 2, random.index(side) - width / 2)
        for plane in 0..<planes {
          for y in max(0, top)..<min(side, top + width) {
            for x in max(0, left)..<min(side, left + width) { factor[((n * planes + plane) * side + y) * side + x] = 0 }
          }
        }
      }
    }
    return x.relocated(moves) * x.tape.constant(Tensor(factor, shape: x.shape, on: x.tape.engine))
  }
}
