import Foundation
import Glibc
import Graphs
import Layers
import Samples
import Tensors
import Testing

@testable import Classification

/// A folder that exists for one test, or as long as the tests run.
final class TestFolder: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/classification-test-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    precondition(made, "cannot make a folder in /tmp")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { remove(path) }
}

/// Removes a file, or a folder with all that is in it.
func remove(_ path: String) {
  var status = stat()
  guard unsafe lstat(path, &status) == 0 else { return }
  guard status.st_mode & S_IFMT == S_IFDIR, let folder = unsafe opendir(path) else {
    _ = unsafe unlink(path)
    return
  }
  var names: [String] = []
  while let entry = unsafe readdir(folder) {
    names.append(
      unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      })
  }
  _ = unsafe closedir(folder)
  for name in names where name != "." && name != ".." { remove(path + "/" + name) }
  _ = unsafe rmdir(path)
}

/// A set of small washers with masks, rendered once.
enum Washers {
  private static let folder = TestFolder()
  static let path = folder.path + "/washers"
  static let set: PartSet = {
    do {
      try WashersRenderer(size: 64, seed: 5).render(to: path, count: 144)
      return try PartSet.load(path: path)
    } catch {
      preconditionFailure("\(error)")
    }
  }()
}

/// A quick training: as few steps as teach something.
let quick = TrainingSettings(
  preset: .fast, seed: 3, steps: 900, batchSize: 8, inputSize: [64, 64], averageDecay: 0.98, cropShare: 0,
  threads: 1)

/// One finished training for all tests that need a model.
enum Trained {
  static var model: TrainedModel { result.model }
  /// The training parts as the model sees them.
  static var fit: [JudgedPart] { result.fit }

  private static let result: (model: TrainedModel, fit: [JudgedPart]) = {
    do {
      let trainer = try Trainer(Washers.set, settings: quick)
      try trainer.run(checkpoint: nil) { _ in }
      let model = try trainer.model(name: "washers", version: "0", dataset: "washers")
      return (model, try trainer.predictions(of: model, on: Washers.set.parts(in: .train)))
    } catch {
      preconditionFailure("\(error)")
    }
  }()
}

/// A residual network with every parameter drawn at random.
func randomNetwork(
  _ configuration: NetworkConfiguration, seed: UInt64, on engine: Engine
) -> ResidualNetwork {
  var random = SeededGenerator(seed: seed)
  let network = ResidualNetwork(configuration, background: 0, random: &random, on: engine)
  randomize(network, &random)
  return network
}

/// Draws every parameter at random, so that none of them is 0 or 1 by chance of initialisation.
func randomize(_ network: some ClassifierNetwork, _ random: inout SeededGenerator) {
  for (name, parameter) in network.parameters() {
    let isPositive = name.hasSuffix("running_var") || name.hasSuffix("norm.weight")
    let values = parameter.value.elements.map { value -> Float in
      let noise = random.uniform() - 0.5
      return isPositive ? 0.6 + random.uniform() * 0.8 : value + noise * (name.hasSuffix("conv.weight") ? 0.02 : 0.4)
    }
    parameter.value.fill(from: values.span)
  }
}

/// What the tape makes of a normalised convolution that uses its running statistics: written down once more, from the
/// parameters, as a graph must compute it.
func normalized(_ layer: NormalizedConvolution, _ x: Variable, residual: Variable? = nil, relu: Bool) -> Variable {
  let norm = layer.normalization
  let scale = zip(norm.scale.value.elements, norm.runningVariance.value.elements).map {
    $0 / ($1 + norm.epsilon).squareRoot()
  }
  let shift = zip(norm.shift.value.elements, zip(norm.runningMean.value.elements, scale)).map { $0 - $1.0 * $1.1 }
  func constant(_ values: [Float]) -> Variable {
    x.tape.constant(Tensor(values, shape: Shape(values.count), on: x.tape.engine))
  }
  var y = x.convolved(with: x.tape.constant(layer.convolution.weight.value), layer.convolution.window)
    .affine(scale: constant(scale), shift: constant(shift))
  if let residual { y = y + residual }
  return relu ? y.relu() : y
}

func decoded<T: Decodable>(_ type: T.Type, _ text: String) throws -> T {
  try JSONDecoder().decode(type, from: Data(text.utf8))
}

func encoded(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

func noise(_ count: Int, seed: UInt64) -> [Float] {
  var random = SplitMix64(seed: seed)
  return (0..<count).map { _ in Float(random.next() >> 40) / Float(1 << 23) - 1 }
}

/// The largest difference, and nil where the numbers of elements differ or one is not a number.
func distance(_ a: [Float], _ b: [Float]) -> Float? {
  guard a.count == b.count, (a + b).allSatisfy(\.isFinite) else { return nil }
  return zip(a, b).map { abs($0 - $1) }.max() ?? 0
}
