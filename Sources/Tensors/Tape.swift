/// A number array that training changes, with the gradient of the last backward pass.
///
/// A reference: the layer that holds it, the optimiser and the checkpoint all mean the same numbers.
public final class Parameter {
  /// The numbers, always in plain layout; the optimiser writes them in place.
  public var value: Tensor
  /// The gradient of the last ``Tape/backward(from:)``, in plain layout; nil before it, or where nothing flowed.
  public var gradient: Tensor?
  /// Whether training changes it; false for running statistics.
  public let isTrained: Bool
  /// Whether weight decay applies: not to biases and normalisation parameters.
  public let decays: Bool

  public init(_ value: Tensor, isTrained: Bool = true, decays: Bool = true) {
    self.value = value.plain()
    self.isTrained = isTrained
    self.decays = decays
  }
}

/// What reverse-mode differentiation needs to know of one forward pass.
///
/// Operations on ``Variable``s are computed at once and written down here; ``backward(from:)`` walks the list in
/// reverse and releases each record, and the activations it holds, as it goes. The next operation then begins another
/// pass, and the variables of the one before are void. A training keeps one tape for all its steps, which need no more
/// memory than the first: a new tape has to grow again.
public final class Tape {
  public let engine: Engine
  private var gradients: [Tensor?] = []
  private var records = Records()
  private var leaves: [ObjectIdentifier: (index: Int, parameter: Parameter)] = [:]
  private var leafOrder: [Parameter] = []
  /// Whether the backward pass is over.
  private var isDone = false

  public init(on engine: Engine) {
    self.engine = engine
  }

  /// A value that no gradient is wanted for.
  public func constant(_ tensor: Tensor) -> Variable {
    Variable(value: tensor, index: -1, tape: self)
  }

  /// A value whose gradient can be asked for after the backward pass, for tests and saliency.
  public func input(_ tensor: Tensor) -> Variable {
    if isDone { beginAgain() }
    gradients.append(nil)
    return Variable(value: tensor, index: gradients.count - 1, tape: self)
  }

  /// The variable of a parameter, the same one each time.
  public func callAsFunction(_ parameter: Parameter) -> Variable {
    if !parameter.isTrained { return constant(parameter.value) }
    if isDone { beginAgain() }
    if let known = leaves[ObjectIdentifier(parameter)] {
      return Variable(value: parameter.value, index: known.index, tape: self)
    }
    let variable = input(parameter.value)
    leaves[ObjectIdentifier(parameter)] = (variable.index, parameter)
    leafOrder.append(parameter)
    return variable
  }

  /// The variable of an operation's result `value`, after writing down what its gradient needs. (A list of any number of
  /// inputs would be an array each time.)
  func record(
    _ value: Tensor, from first: Variable, _ second: Variable? = nil, _ third: Variable? = nil,
    _ fourth: Variable? = nil, _ fifth: Variable? = nil, with record: some Record
  ) -> Variable {
    func wants(_ variable: Variable?) -> Bool { variable?.wantsGradient ?? false }
    guard first.wantsGradient || wants(second) || wants(third) || wants(fourth) || wants(fifth)
    else { return constant(value) }
    let output = input(value)
    records.append(record, output: output.index)
    return output
  }

  /// Adds a share to the gradient of `variable`.
  func accumulate(_ gradient: @autoclosure () -> Tensor, into variable: Variable) {
    guard variable.wantsGradient else { return }
    let share = gradient()
    precondition(
      share.shape == variable.value.shape, "a gradient of shape \(share.shape) for a value of \(variable.value.shape)")
    guard var sum = gradients[variable.index].take() else {
      gradients[variable.index] = share
      return
    }
    sum.add(share)
    gradients[variable.index] = sum
  }

  /// Computes the gradient of `loss`, a single number, for every parameter that it came from, and stores it there.
  public func backward(from loss: Variable) {
    precondition(loss.value.count == 1, "a loss is one number, not \(loss.value.shape)")
    precondition(loss.tape === self && loss.wantsGradient, "this loss does not depend on any parameter of this tape")
    gradients[loss.index] = Tensor(repeating: 1, shape: loss.value.shape, on: engine)
    while let (stack, output) = records.popLast() { stack.popLast(gradients[output].take(), self) }
    for parameter in leafOrder {
      let index = leaves[ObjectIdentifier(parameter)]!.index
      parameter.gradient = gradients[index]?.plain()
      gradients[index] = nil
    }
    isDone = true
  }

  /// Ends a pass without gradients: what was computed to be looked at, not learned from, is released.
  public func discard() {
    while let (stack, _) = records.popLast() { stack.popLast(nil, self) }
    isDone = true
  }

  private func beginAgain() {
    gradients.removeAll(keepingCapacity: true)
    leaves.removeAll(keepingCapacity: true)
    leafOrder.removeAll(keepingCapacity: true)
    isDone = false
  }

  /// The gradient of an ``input(_:)`` after the backward pass.
  public func gradient(of variable: Variable) -> Tensor? {
    variable.wantsGradient ? gradients[variable.index] : nil
  }
}

/// A tensor on a tape, which must outlive it: whoever runs a forward pass keeps the tape.
public struct Variable {
  public let value: Tensor
  let index: Int
  // Not owned, since the tape's records hold variables: a tape that is dropped without a backward pass would stay for
  // ever, with all activations.
  public unowned let tape: Tape

  var wantsGradient: Bool { index >= 0 }
  public var shape: Shape { value.shape }
  var engine: Engine { value.engine }

  /// The same value with no gradient flowing through it.
  public var detached: Variable { tape.constant(value) }
}
