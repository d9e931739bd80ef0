public import Tensors

/// What a layer needs to know of the pass that it is part of.
public struct Pass {
  public let tape: Tape
  /// The source of dropout's masks; its state is part of a checkpoint.
  public var random: SeededGenerator

  public init(tape: Tape, random: SeededGenerator) {
    self.tape = tape
    self.random = random
  }
}

/// A part of a network: parameters, and what it does with an input.
///
/// Layers describe the training pass only. A trained network is judged with through a static graph, which the network
/// builds from the same parameters.
public protocol Layer {
  /// The output for `x` in training.
  func forward(_ x: Variable, _ pass: inout Pass) -> Variable

  /// Calls `visit` with each parameter and its dotted name below `path`, always in the same order.
  func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void)
}

extension Layer {
  /// All parameters with their names, in visiting order.
  public func parameters(_ path: String = "") -> [(name: String, parameter: Parameter)] {
    var list: [(String, Parameter)] = []
    visitParameters(path) { list.append(($0, $1)) }
    return list
  }
}

/// `path.name`, or `name` at the root.
public func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : path + "." + name }
