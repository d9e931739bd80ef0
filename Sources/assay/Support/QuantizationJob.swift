import Capture
import Classification
import Graphs
import Imaging
import Inspection
import Metrics
import Samples

/// One model on its way to 8 bits: observed once, written and judged as often as it takes.
struct QuantizationJob {
  /// What came of one attempt.
  struct Result {
    /// Of the new file.
    var bytes: [UInt8]
    var report: QuantizationReport
    var isRefused: Bool { report.agreement.flips.count > report.allowed }
  }

  let original: ModelFile
  let out: String
  let dataset: String
  let threads: Int
  private var quantizer: Quantizer?
  private var statistics: [String: ValueStatistics] = [:]
  private var calibration: CalibrationParts?
  private var settings = QuantizationSettings()
  private var observedCount = 0
  /// Some of what was observed, for finding out which layers matter.
  private var samples: [[Float]] = []

  /// Inputs that choices are made on: each layer runs them all.
  private static let sampleCount = 64

  init(original: ModelFile, out: String, dataset: String, threads: Int) {
    self.original = original
    self.out = out
    self.dataset = dataset
    self.threads = threads
  }

  private var input: (reader: InputReader, shapes: [String: [Int]]) {
    get throws {
      let reader = InputReader(original.classifier.info.preprocessing)
      guard let name = quantizer?.graph.inputs.first?.name else { throw ModelError(original.path, "has no input") }
      return (reader, [name: reader.shape])
    }
  }

  mutating func observe(
    _ parts: CalibrationParts, settings: QuantizationSettings, _ progress: inout ProgressLine
  ) throws {
    calibration = parts
    self.settings = settings
    do {
      let quantizer = try Quantizer(try original.graph(), settings: settings)
      self.quantizer = quantizer
      let (reader, shapes) = try input
      let observer = try quantizer.observer(inputShapes: shapes, threads: threads)
      let start = Clock.seconds()
      for part in parts.parts {
        if Interruption.isRequested {
          throw InspectionError.interrupted(judged: observer.count, total: parts.parts.count)
        }
        let values: [Float]
        do throws(ImageError) {
          values = try reader.read(part.imagePath)
        } catch {
          Console.note("left out: \(error)")
          continue
        }
        try observer.observe(values.span)
        if samples.count < Self.sampleCount { samples.append(values) }
        progress.show("\(observer.count) of \(parts.parts.count) observed", at: Clock.seconds() - start)
      }
      guard observer.count > 0 else { throw ModelError(original.path, "met no readable part to be observed on") }
      observedCount = observer.count
      statistics = observer.statistics
      try shareOut(shapes)
    } catch let error as GraphError {
      throw ModelError(original.path, "cannot be quantised: \(error)")
    }
  }

  /// Chooses how the 16 bits of two products are shared out between inputs and weights: as changes the outputs least on some
  /// of the parts that were observed.
  private mutating func shareOut(_ shapes: [String: [Int]]) throws {
    guard let graph = quantizer?.graph else { return }
    var least = Double.infinity
    for limit in [220, 180, 255] {
      var candidate = settings
      candidate.inputLimit = limit
      let tried = try Quantizer(graph, settings: candidate)
      let change = try tried.change(by: statistics, inputs: samples, inputShapes: shapes, threads: threads)
      if change < least { (least, quantizer, settings) = (change, tried, candidate) }
    }
  }

  /// Layers by what their quantisation alone changes, the most harmful first.
  func sensitivities(_ progress: inout ProgressLine) throws -> [String] {
    guard let quantizer else { return [] }
    progress.show("finding the layers that matter", at: 0, isMilestone: true)
    let order = try quantizer.sensitivities(
      by: statistics, inputs: samples, inputShapes: try input.shapes, threads: threads,
      isInterrupted: { Interruption.isRequested })
    return order.map(\.product)
  }

  /// Writes the model with some layers in single precision, and judges all parts with both.
  func attempt(
    keeping kept: [String], _ parts: [Part], _ split: Split, _ limit: FlipLimit, _ progress: inout ProgressLine
  ) throws -> Result {
    guard let quantizer, let calibration else { throw ModelError(original.path, "was not observed") }
    var graph: Graph
    do {
      graph = try quantizer.quantized(by: statistics, keptInFloat: Set(kept))
    } catch {
      throw ModelError(original.path, "cannot be quantised: \(error)")
    }
    let counts = QuantizationCard.counts(graph)
    let card = QuantizationCard(
      source: original.identity.sha256, dataset: dataset, split: calibration.split, parts: observedCount,
      settings: settings, kept: kept)
    graph.metadata.merge(card.metadata) { $1 }
    let bytes = try graph.onnx()
    let made = try ModelFile(path: out, bytes: bytes)
    var report = QuantizationReport(
      model: original.path, out: out, card: card, integerLayers: counts.integers, floatLayers: counts.floats,
      heldOut: split, agreement: try judge(made, parts, &progress), sizes: (original.size, bytes.count))
    report.allowed = limit.count(of: report.agreement.count)
    report.limit = limit.description
    let byID = Dictionary(parts.map { ($0.id, $0.label) }) { first, _ in first }
    report.count(truth: { byID[$0] }, good: original.classifier.info.goodIndex, labels: original.classifier.info.labels)
    return Result(bytes: bytes, report: report)
  }

  private func judge(_ made: ModelFile, _ parts: [Part], _ progress: inout ProgressLine) throws -> Agreement {
    let start = Clock.seconds()
    return try Agreement(
      [original, made], parts.map { InspectionInput.Item(id: $0.id, path: $0.imagePath) }, threads: threads
    ) { judged, _ in
      if Interruption.isRequested { throw InspectionError.interrupted(judged: judged, total: parts.count) }
      progress.show("\(judged) of \(parts.count) judged by both", at: Clock.seconds() - start)
    }
  }
}
