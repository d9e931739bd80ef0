import ArgumentParser
import Classification
import Glibc
import Graphs
import Inspection
import Samples

extension ModelCommand {
  struct Quantize: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a model compute with 8-bit integers, and proves that its verdicts stay.",
      usage: "assay model quantize <model> --data <set> --out <out> [<options>]",
      discussion: """
        Example:
          assay model quantize parts.onnx --data parts/ --out parts.int8.onnx

        Observes the model on training parts, then judges every part of the test split (of the validation split where \
        there is none) with both models. Prints each verdict that differs and the change of escapes and overkills. \
        Exit code 1, and no file, where more verdicts differ than --max-flips allows; 3 where parts could not be read. \
        The file is standard ONNX (QuantizeLinear, DequantizeLinear) and keeps labels, preparation and thresholds.
        """)

    @Argument(help: "The model: an ONNX file that `assay train` wrote.")
    var model: String
    @Option(help: "The part set: a folder or its manifest.")
    var data: String
    @Option(help: "The ONNX file to write.")
    var out: String
    @Option(help: "Verdicts that may differ: a number of parts, or a share such as 0.5%.")
    var maxFlips = FlipLimit.percent(0.5)
    @Option(help: "Training parts to observe, as many of each class as there are.")
    var calibrationParts = 512
    @Option(help: "What 8 bits cover of a value's range: extremes, error (least squared error) or a percentile: 99.99.")
    var range = QuantizationRange.extremes
    @Option(help: "Layers that may stay in single precision, the most sensitive first, where too many verdicts differ.")
    var keepFloat = 0
    @Option(help: "Compute threads. Default: one a processor.")
    var threads: Int?
    @Flag(help: "Print the report as JSON.")
    var json = false
    @Flag(name: .shortAndLong, help: "No progress.")
    var quiet = false

    func validate() throws {
      if out.isEmpty { throw ValidationError("--out names a file.") }
      if calibrationParts < 1 { throw ValidationError("--calibration-parts is a number from 1 on.") }
      if keepFloat < 0 { throw ValidationError("--keep-float is a number from 0 on.") }
      if let threads, !(1...256).contains(threads) { throw ValidationError("--threads is a number from 1 to 256.") }
    }

    func run() throws {
      Machine.limitSpinning()
      try reporting {
        Interruption.watch()
        try quantize()
      }
    }

    private func quantize() throws {
      let original = try ModelFile(path: model)
      guard !Self.isSameFile(model, out) else { throw ModelError(out, "is the model itself; give --out another name") }
      guard original.metadata[QuantizationCard.Key.source] == nil else {
        throw ModelError(model, "is quantised already; give the model that it was made from")
      }
      try AtomicFile.check(out)
      let info = original.classifier.info
      let set = try PartSet.load(
        path: data, options: PartSetOptions(good: info.goodIndex.map { info.labels[$0] }, classes: info.labels))
      guard let calibration = CalibrationParts(set, count: calibrationParts) else {
        throw InspectionError.source(data, "has no part in its train and val splits to observe the model on")
      }
      guard
        let heldOut = [Split.test, .val].first(where: { $0 != calibration.split && !set.parts(in: $0).isEmpty })
      else {
        throw InspectionError.source(data, "has no part in a test split (or beside train, val) to judge both models on")
      }

      var progress = ProgressLine(isQuiet: quiet || json)
      defer { progress.end() }
      var job = QuantizationJob(
        original: original, out: out, dataset: ModelFile.stem(data), threads: threads ?? Machine.processors)
      try job.observe(calibration, settings: range.settings, &progress)
      var result = try job.attempt(keeping: [], set.parts(in: heldOut), heldOut, maxFlips, &progress)
      if result.isRefused, keepFloat > 0 {
        let order = try job.sensitivities(&progress)
        for count in 1...keepFloat where result.isRefused && count <= order.count {
          result = try job.attempt(
            keeping: Array(order.prefix(count)), set.parts(in: heldOut), heldOut, maxFlips, &progress)
        }
      }
      progress.end()
      if !result.isRefused { try AtomicFile.write(result.bytes, to: out) }
      Console.write(json ? result.report.json : result.report.text, to: 1)
      if result.isRefused {
        Console.error(
          "\(out) was not written: \(result.report.agreement.flips.count) verdicts differ, \(result.report.allowed) may "
            + "(--max-flips \(maxFlips)); --keep-float \(max(2, keepFloat * 2)) leaves sensitive layers as they are")
        throw ExitCode(1)
      }
      if !result.report.agreement.unreadable.isEmpty { throw ExitCode(3) }
    }

    private static func isSameFile(_ a: String, _ b: String) -> Bool {
      var (first, second) = (stat(), stat())
      guard unsafe stat(a, &first) == 0, unsafe stat(b, &second) == 0 else { return false }
      return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }
  }
}

/// The choice of ``QuantizationSettings/Clipping`` on the command line.
enum QuantizationRange: ExpressibleByArgument, CustomStringConvertible {
  case extremes
  case error
  case percentile(Double)

  init?(argument: String) {
    switch argument {
    case "extremes": self = .extremes
    case "error": self = .error
    default:
      guard let percent = Double(argument), percent > 50, percent < 100 else { return nil }
      self = .percentile(percent)
    }
  }

  var settings: QuantizationSettings {
    switch self {
    case .extremes: QuantizationSettings(clipping: .extremes)
    case .error: QuantizationSettings(clipping: .squaredError)
    case .percentile(let percent): QuantizationSettings(clipping: .percentile(1 - percent / 100))
    }
  }

  var description: String {
    switch self {
    case .extremes: "extremes"
    case .error: "error"
    case .percentile(let percent): "\(percent)"
    }
  }

  var defaultValueDescription: String { description }
}
