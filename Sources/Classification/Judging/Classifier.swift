public import Graphs
import Samples

/// A trained defect classifier, ready to judge: the one inference path of evaluation, folders and live lines.
///
/// The classifier itself can be shared; each thread takes a ``Judge`` of its own from ``judge(threads:)``, all over the
/// same packed weights.
public final class Classifier: Sendable {
  public let info: ModelInfo
  private let compiler: GraphCompiler
  private let path: String

  /// Reads a model file.
  ///
  /// - Parameter usesBF16: whether products may be in bfloat16, as for `GraphCompiler`.
  /// - Throws: ``ModelError`` or `GraphError`, in a sentence that names the file.
  public convenience init(path: String, usesBF16: Bool = false) throws {
    try self.init(ONNXFile(contentsOf: path), path: path, usesBF16: usesBF16)
  }

  /// The classifier of a model file that has been opened.
  public convenience init(_ file: ONNXFile, path: String, usesBF16: Bool = false) throws {
    let info = try ModelInfo(file.metadata, path: path)
    do {
      let graph =
        if let foreign = info.foreign {
          try foreign.graph(try ONNXModel(file), info: info, path: path)
        } else {
          try Graph(file)
        }
      try self.init(graph, info: info, path: path, usesBF16: usesBF16)
    } catch let error as GraphError {
      throw ModelError(path, "cannot be used: \(error)")
    }
  }

  /// - Parameter path: what errors call the model.
  public init(_ graph: Graph, info: ModelInfo, path: String, usesBF16: Bool = false) throws {
    self.info = info
    self.path = path
    // oneDNN's ReLU makes 0 of what is not a number: a broken network would judge as if nothing were wrong.
    for (name, constant) in graph.constants.sorted(by: { $0.key < $1.key }) where !constant.isSound {
      throw ModelError(path, "holds weights that are not numbers (\(name)); train it anew, or take a sound copy")
    }
    compiler = try GraphCompiler(graph, usesBF16: usesBF16)
  }

  /// A judge for the calling thread and `threads` compute threads.
  public func judge(threads: Int) throws -> Judge {
    let input = info.preprocessing
    let compiled = try compiler.compile(
      inputShape: [1, input.channels, input.height, input.width], threads: threads)
    guard let probabilities = compiled.outputIndex(NetworkPort.probabilities),
      compiled.outputs[probabilities].count == info.labels.count
    else {
      throw ModelError(path, "does not give one probability for each of its \(info.labels.count) labels")
    }
    let heat = compiled.outputIndex(NetworkPort.heat)
    if let heat {
      let channels = info.hasPixelHead ? info.pixelLabels.count : info.labels.count
      let shape = compiled.outputs[heat].shape
      guard shape.count == 4, shape[1] == channels else {
        throw ModelError(path, "has a heat map of shape \(shape), not one channel for each of \(channels) labels")
      }
    }
    return Judge(info: info, compiled: compiled, probabilities: probabilities, heat: heat)
  }
}

extension Constant {
  /// Whether all values are numbers. A lone infinity is a bound, such as that of a clamp.
  fileprivate var isSound: Bool {
    guard let floats else { return true }
    return floats.allSatisfy { $0.isFinite } || floats.count == 1 && !floats[0].isNaN
  }
}

/// What a network says of one picture.
public struct Judged: Sendable, Hashable {
  /// One probability a label; they sum to 1. Not finite where the network failed.
  public var probabilities: [Float]
  /// Where the evidence lies, if the model tells.
  public var heat: HeatMap?
}

/// The spatial evidence of a network, for each channel a plane of cells that together cover the input.
public struct HeatMap: Sendable, Hashable {
  public var channels: Int
  public var height: Int
  public var width: Int
  /// channels x height x width
  public var values: [Float]

  public init(channels: Int, height: Int, width: Int, values: [Float]) {
    precondition(values.count == channels * height * width, "\(values.count) values for a heat map")
    self.channels = channels
    self.height = height
    self.width = width
    self.values = values
  }

  /// The plane of one channel, row by row.
  public func plane(_ channel: Int) -> ArraySlice<Float> {
    values[channel * height * width..<(channel + 1) * height * width]
  }
}

/// A compiled network on one thread. Nothing is allocated by the network per picture.
public final class Judge {
  public let info: ModelInfo
  private let compiled: CompiledGraph
  private let probabilities: Int
  private let heat: Int?

  init(info: ModelInfo, compiled: CompiledGraph, probabilities: Int, heat: Int?) {
    self.info = info
    self.compiled = compiled
    self.probabilities = probabilities
    self.heat = heat
  }

  /// Judges a prepared picture: channels x height x width as ``Preprocessing`` makes them.
  public func judge(_ input: Span<Float>, wantsHeat: Bool = true) throws -> Judged {
    try compiled.run(input)
    var scores = compiled.output(probabilities)
    // Whatever somebody else's network calls a probability: beyond 0...1 it must not accept anything.
    if info.foreign != nil, !scores.allSatisfy({ $0 >= -0.001 && $0 <= 1.001 }) {
      for index in scores.indices { scores[index] = .nan }
    }
    guard wantsHeat, let heat else { return Judged(probabilities: scores, heat: nil) }
    let shape = compiled.outputs[heat].shape
    return Judged(
      probabilities: scores,
      heat: HeatMap(channels: shape[1], height: shape[2], width: shape[3], values: compiled.output(heat)))
  }
}
