public import Graphs
import Samples

/// What a model file cannot say of a network that Assay did not make: which input takes the picture, and what its
/// outputs mean.
///
/// Stored in the file's metadata beside labels and preprocessing; the graph itself stays as its maker left it.
public struct ForeignNetwork: Codable, Sendable, Hashable {
  /// What the scores are.
  public enum Scores: String, Codable, Sendable, Hashable, CaseIterable {
    /// Numbers of any size, of which softmax makes probabilities; of a single one the logistic function does.
    case logits
    /// Probabilities already. A single one is that of a defect.
    case probabilities
  }

  /// The input that takes the picture, `[1, channels, height, width]` or `[1, height, width, channels]`.
  public var input: String
  /// The output with a number for each class, or with a single one where there are two.
  public var output: String
  public var scores: Scores
  /// The output with a map of anomaly scores 0...1, `[1, 1, height, width]` or without the second axis.
  public var map: String?

  public init(input: String, output: String, scores: Scores, map: String? = nil) {
    self.input = input
    self.output = output
    self.scores = scores
    self.map = map
  }

  /// Cells on a side of the map that is told; a larger one is reduced, keeping its peaks.
  private static let mostCells = 64

  private typealias Port = NetworkPort

  /// The network as a ``Classifier`` takes it: a picture in planes in, probabilities and perhaps a heat map out.
  ///
  /// - Throws: ``ModelError`` where the network does not fit the labels and the preprocessing, `GraphError` for what
  ///   cannot be run.
  public func graph(_ model: ONNXModel, info: ModelInfo, path: String) throws -> Graph {
    let picture = info.preprocessing
    guard let declared = model.inputs.first(where: { $0.name == input }) else {
      throw ModelError(path, "has no input '\(input)', but \(Self.list(model.inputs.map(\.name)))")
    }
    let others = model.inputs.filter { $0.name != input }.map(\.name)
    guard others.isEmpty else {
      throw ModelError(path, "needs more than a picture: \(Self.list(others)); export it with one input")
    }
    let isChannelsLast = try isChannelsLast(declared, picture, path)
    let planes = [1, picture.channels, picture.height, picture.width]
    let shape = isChannelsLast ? [1, picture.height, picture.width, picture.channels] : planes
    var graph: Graph
    do {
      let wanted = map == nil || map == output ? [output] : [output, map!]
      graph = try model.reduced(to: wanted).specialized(for: [input: shape])
    } catch {
      throw ModelError(path, "cannot be used: \(error)")
    }
    graph.inputs = [GraphValue(name: isChannelsLast ? Port.image : input, shape: planes.map { .fixed($0) })]
    if isChannelsLast {
      let turn = Node(
        name: "assay.channels_last", operation: .transpose(permutation: [0, 2, 3, 1]), inputs: [Port.image],
        output: input)
      graph.nodes.insert(turn, at: 0)
    }
    let shapes = try graph.inferShapes([graph.inputs[0].name: planes])
    try addProbabilities(&graph, count: shapes[output]!.reduce(1, *), info, path)
    graph.outputs = [GraphValue(name: Port.probabilities, shape: nil)]
    if let map {
      try addHeat(&graph, from: map, shapes[map]!, info, path)
      graph.outputs.append(GraphValue(name: Port.heat, shape: nil))
    }
    graph.metadata = info.metadata()
    try graph.validate()
    return graph
  }

  private func isChannelsLast(_ value: ONNXModel.Value, _ picture: Preprocessing, _ path: String) throws -> Bool {
    guard value.type == nil || value.type!.isFloat else {
      throw ModelError(path, "takes \(value.type!) pictures, not floating-point numbers")
    }
    guard let shape = value.shape else { return false }
    guard shape.count == 4 else {
      throw ModelError(path, "takes an input of \(shape.count) axes, which is no picture")
    }
    if case .fixed(let batch) = shape[0], batch != 1 {
      throw ModelError(path, "takes \(batch) pictures at a time; export it with a batch of 1 or an open one")
    }
    func fits(_ sizes: [Int]) -> Bool {
      zip(shape, sizes).allSatisfy { if case .fixed(let size) = $0 { size == $1 } else { true } }
    }
    if fits([1, picture.channels, picture.height, picture.width]) { return false }
    if fits([1, picture.height, picture.width, picture.channels]) { return true }
    let text = shape.map { if case .fixed(let size) = $0 { "\(size)" } else { "?" } }.joined(separator: "x")
    throw ModelError(
      path, "takes \(text), not \(picture.channels) channels of \(picture.height) rows and \(picture.width) columns")
  }

  private func addProbabilities(_ graph: inout Graph, count: Int, _ info: ModelInfo, _ path: String) throws {
    func add(_ name: String, _ operation: Operation, _ inputs: [String]) {
      graph.nodes.append(Node(name: name, operation: operation, inputs: inputs, output: name))
    }
    add("assay.scores", .reshape(shape: [1, -1], allowsZero: false), [output])
    if count == info.labels.count {
      let last = scores == .logits ? Operation.softmax(axis: 1) : .identity
      add(Port.probabilities, last, ["assay.scores"])
      return
    }
    guard count == 1, info.labels.count == 2, let good = info.goodIndex else {
      let hint = count == 1 ? "; one score needs two labels, one of them good" : ""
      throw ModelError(
        path, "gives \(count) score\(count == 1 ? "" : "s"), but there are \(info.labels.count) labels\(hint)")
    }
    add("assay.defect", scores == .logits ? .activation(.sigmoid) : .identity, ["assay.scores"])
    add("assay.good", .activation(.linear(scale: -1, shift: 1)), ["assay.defect"])
    let both = ["assay.good", "assay.defect"]
    add(Port.probabilities, .concatenation(axis: 1), good == 0 ? both : both.reversed())
  }

  /// Two planes, what is good and what is not, in the labels' order.
  private func addHeat(
    _ graph: inout Graph, from map: String, _ shape: [Int], _ info: ModelInfo, _ path: String
  ) throws {
    let sides = Array(shape.suffix(2))
    guard shape.count >= 2, shape.reduce(1, *) == sides.reduce(1, *), info.labels.count == 2, let good = info.goodIndex
    else {
      throw ModelError(path, "has a map of shape \(shape) for \(info.labels.count) labels, not one plane for two")
    }
    func add(_ name: String, _ operation: Operation, _ inputs: [String]) {
      graph.nodes.append(Node(name: name, operation: operation, inputs: inputs, output: name))
    }
    add("assay.map", .reshape(shape: [1, 1] + sides, allowsZero: false), [map])
    let factor = (max(sides[0], sides[1]) + Self.mostCells - 1) / Self.mostCells
    let kernel = sides.map { min($0, factor) }
    add("assay.cells", .maxPooling(Pooling(kernel: kernel, ceilMode: true)), ["assay.map"])
    add("assay.intact", .activation(.linear(scale: -1, shift: 1)), ["assay.cells"])
    let both = ["assay.intact", "assay.cells"]
    add(Port.heat, .concatenation(axis: 1), good == 0 ? both : both.reversed())
  }

  private static func list(_ names: [String]) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }
}

extension ForeignNetwork {
  /// What can be told from the file itself; the rest must be given.
  ///
  /// - Throws: ``ModelError`` where the file leaves a choice, naming the option that makes it.
  public init(
    guessing model: ONNXModel, input: String?, output: String?, map: String?, scores: Scores?, path: String
  ) throws(ModelError) {
    func names(_ values: [ONNXModel.Value]) -> String { Self.list(values.map(\.name)) }
    for (name, values, option) in [(input, model.inputs, "input"), (output, model.outputs, "output")] {
      if let name, !values.contains(where: { $0.name == name }) {
        throw ModelError(path, "has no \(option) '\(name)', but \(names(values))")
      }
    }
    guard let input = input ?? (model.inputs.count == 1 ? model.inputs[0].name : nil) else {
      throw ModelError(path, "has the inputs \(names(model.inputs)); name the one that takes the picture with --input")
    }
    // As anomalib calls them.
    let isKnown = { (name: String) in model.outputs.contains { $0.name == name } }
    let score = isKnown("pred_score") ? "pred_score" : model.outputs.count == 1 ? model.outputs[0].name : nil
    guard let output = output ?? score else {
      throw ModelError(path, "has the outputs \(names(model.outputs)); name the one with the scores with --output")
    }
    if let map, !isKnown(map) { throw ModelError(path, "has no output '\(map)', but \(names(model.outputs))") }
    let ownMap = output == "pred_score" && isKnown("anomaly_map") ? "anomaly_map" : nil
    self.init(
      input: input, output: output, scores: scores ?? Self.scores(of: output, in: model), map: map ?? ownMap)
  }

  /// Probabilities where a node that makes such is the last to change the numbers.
  private static func scores(of output: String, in model: ONNXModel) -> Scores {
    if output == "pred_score" { return .probabilities }
    var value = output
    while let node = model.nodes.last(where: { $0.outputs.contains(value) }) {
      switch node.operation {
      case "Softmax", "Sigmoid": return .probabilities
      case "Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze": value = node.inputs[0]
      default: return .logits
      }
    }
    return .logits
  }
}
