import ArgumentParser
import Capture
import Classification
import Glibc
import Graphs
import Inspection
import Metrics
import Reporting
import Samples

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Learns a defect classifier from a part set.",
    discussion: """
      Examples:
        assay train parts/ --out parts.onnx
        assay train parts/ --out parts.onnx --minutes 10 --preset fast
        assay train parts/manifest.csv --out parts.onnx --seed 1
        assay train parts/ --out parts.onnx --synthetic painted/
        assay train parts/ --out parts.onnx --architecture residual,vit --folds 5

      A part set is class folders (SET/CLASS/* or SET/{train,val,test}/CLASS/*), a CSV manifest with the columns \
      image,mask,label,split, or the MVTec AD layout.

      Writes parts.onnx, parts.training.html and, while it runs, parts.checkpoint.safetensors: the same command goes \
      on from there after an interruption.

      With --synthetic, painted parts take places of real ones in training, and nothing else: validation and test \
      stay real. Whether they help is what `assay synth evaluate` measures.

      With --folds, no model is written. Instead each architecture is trained on all but one fold of the training and \
      validation parts, for each fold in turn, and judged on the parts left out: a table says which suits these parts, \
      and parts.folds.json keeps each result. The set's own test parts are not touched. Train the model itself \
      afterwards, without --folds.
      """)

  @Argument(help: "The part set: a folder or its manifest.")
  var dataset: String
  @Option(help: "The model file to write, such as parts.onnx.")
  var out: String
  @Option(help: "fast, balanced or accurate.")
  var preset: NetworkConfiguration.Preset = .balanced
  @Option(
    help: ArgumentHelp(
      "residual (convolutions) or vit (a small vision transformer); with --folds several, to compare them.",
      valueName: "architectures"))
  var architecture = Architectures([.residual])
  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0
  @Option(help: "Passes over the training parts. Default: by the set's size.")
  var epochs: Double?
  @Option(help: "Optimiser steps, instead of --epochs.")
  var steps: Int?
  @Option(help: "Wall-clock minutes that training may take.")
  var minutes: Double?
  @Option(
    help: ArgumentHelp(
      "Looks at the validation split without progress that end the training early; 0: never.", valueName: "looks"))
  var patience = 6
  @Option(help: "Input size WIDTHxHEIGHT, multiples of 16. Default: by the pictures.")
  var size: String?
  @Option(help: "Pictures in a step. Default: 16 with masks, 32 without.")
  var batch: Int?
  @Option(help: "Largest learning rate. Default: 0.003, for vit 0.001.")
  var learningRate: Float?
  @Option(help: "The acceptable class. Default: `good` or `ok`.")
  var good: String?
  @Option(
    help: ArgumentHelp(
      "Synthetic parts to learn from too: what `assay synth generate` wrote.", valueName: "folder"))
  var synthetic: String?
  @Option(
    help: ArgumentHelp(
      "Share of the places of a class that its synthetic parts get, 0...0.8.", valueName: "share"))
  var syntheticShare = TrainingSettings.usualSyntheticShare
  @Option(help: "Cross-validate over so many folds and print a table.")
  var folds: Int?
  @Option(help: "With --folds: train a model without this fold, from 0.")
  var fold: Int?
  @Option(help: "Compute threads. Default: one a processor.")
  var threads: Int?
  @Option(help: Precision.help)
  var precision: Precision = .f32
  @Option(help: ArgumentHelp("Seconds between two checkpoints.", valueName: "seconds"))
  var checkpointInterval = 20.0
  @Option(
    help: """
      Also write the probabilities of the test split, as training sees them, to this CSV file; with --folds, those of \
      every part by the network that did not learn from it (of the first architecture).
      """)
  var predictions: String?
  @Flag(help: "Print the folds' results as JSON instead of the table.")
  var json = false
  @Flag(help: "Forget the checkpoint of an interrupted training.")
  var restart = false
  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func validate() throws {
    try precision.validate()
    if let minutes, !(minutes > 0) { throw ValidationError("--minutes is a number above 0.") }
    if let epochs, !(epochs > 0) { throw ValidationError("--epochs is a number above 0.") }
    if let steps, steps < 1 { throw ValidationError("--steps is at least 1.") }
    if let batch, !(2...1024).contains(batch) { throw ValidationError("--batch is a number from 2 to 1024.") }
    if let threads, !(1...256).contains(threads) { throw ValidationError("--threads is a number from 1 to 256.") }
    if let learningRate, !(learningRate > 0 && learningRate <= 1) {
      throw ValidationError("--learning-rate is above 0, at most 1.")
    }
    if !(checkpointInterval >= 0) { throw ValidationError("--checkpoint-interval is a number from 0 on.") }
    if patience < 0 { throw ValidationError("--patience is a number from 0 on.") }
    if !out.hasSuffix(".onnx") || out.hasSuffix("/.onnx") || out == ".onnx" {
      throw ValidationError(
        "--out names an ONNX file, such as \(out.hasSuffix("/") || out.isEmpty ? out + "parts" : out).onnx.")
    }
    if let folds, !(2...100).contains(folds) || fold.map({ !(0..<folds).contains($0) }) ?? false {
      throw ValidationError("--folds is 2 to 100, and --fold from 0 to one less.")
    }
    if fold != nil, folds == nil { throw ValidationError("--fold needs --folds.") }
    if architecture.list.count > 1, !comparesFolds {
      throw ValidationError("Several architectures are compared by --folds, such as --folds 5; without it, name one.")
    }
    if json, !comparesFolds { throw ValidationError("--json prints what --folds found; give --folds.") }
    if !(syntheticShare >= 0 && syntheticShare <= 0.8) {
      throw ValidationError("--synthetic-share is a number from 0 to 0.8.")
    }
    if synthetic != nil, folds != nil {
      throw ValidationError(
        "--synthetic cannot be used with --folds: what was painted may show defects of the fold that is left out.")
    }
    if size != nil, inputSize == nil { throw ValidationError("--size is WIDTHxHEIGHT, such as 256x192.") }
  }

  var inputSize: [Int]? {
    guard let size else { return nil }
    let sides = size.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard sides.count == 2, let width = sides[0], let height = sides[1] else { return nil }
    return [width, height]
  }

  /// Whether folds are to be compared, rather than one model trained.
  private var comparesFolds: Bool { folds != nil && fold == nil }

  func run() throws {
    Machine.limitSpinning()
    try reporting(wayOn: " The same command goes on from there.") {
      if let folds, fold == nil { try compare(folds: folds) } else { try train() }
    }
  }

  func settings(_ architecture: NetworkConfiguration.Architecture) -> TrainingSettings {
    TrainingSettings(
      preset: preset, architecture: architecture, seed: seed, steps: steps, epochs: epochs, minutes: minutes,
      batchSize: batch, patience: patience, inputSize: inputSize, learningRate: learningRate, threads: threads,
      usesBF16: precision == .bf16, syntheticShare: syntheticShare)
  }

  private func train() throws {
    let started = Timestamp.now()
    Interruption.watch()
    let base = String(out.dropLast(5))
    if let slash = out.lastIndex(of: "/"), slash != out.startIndex { try makeFolder(String(out[..<slash])) }
    let checkpoint = base + ".checkpoint.safetensors"
    // What cannot be written is told before the training, not after it.
    for path in [out, base + ".training.html", checkpoint] { try AtomicFile.check(path) }
    if restart { unsafe unlink(checkpoint) }
    var set = try PartSet.load(
      path: dataset, options: PartSetOptions(good: good, folds: folds, fold: fold ?? 0))
    if let synthetic { set = try set.adding(syntheticAt: synthetic) }
    describe(set)
    let trainer = try Trainer(set, settings: settings(architecture.list[0]))
    try run(trainer, checkpoint: checkpoint, saysValidations: true)
    let name = ModelFile.stem(out)
    let model = try trainer.model(name: name, version: Assay.version, dataset: ModelFile.stem(dataset))
    let bytes = try model.graph.onnx()
    try AtomicFile.write(bytes, to: out)
    if let predictions {
      try write(trainer.predictions(of: model, on: set.parts(in: .test)), of: model.info.labels, to: predictions)
    }
    let identity = ModelIdentity(name: name, sha256: ModelFile.sha256(bytes))
    let report = trainingReport(
      model, set, provenance: .run(model: identity, threads: threads ?? Machine.processors, started: started))
    try AtomicFile.write(report.render().bytes, to: base + ".training.html")
    unsafe unlink(checkpoint)
    if let provenance = model.info.provenance {
      Console.write(
        """
        trained in \(model.seconds.duration), \(provenance.steps) steps\(Self.ending(model.history))
        validation: accuracy \(provenance.validation.accuracy.fixed(4)), macro-F1 \
        \(provenance.validation.macroF1.fixed(4))\
        \(provenance.validation.auroc.map { ", AUROC \($0.fixed(4))" } ?? "")
        model: \(out) (\(bytes.count / 1024) KB)
        report: \(base).training.html

        """, to: 1)
    }
  }

  private func write(_ parts: [JudgedPart], of labels: [String], to path: String) throws {
    var table = PredictionTable(labels: labels)
    table.add(parts)
    try table.write(to: path)
  }

  func describe(_ set: PartSet) {
    guard !quiet else { return }
    let counts = Split.allCases.map { "\($0.rawValue) \(set.parts(in: $0).count)" }
    Console.note(
      "\(dataset): \(set.parts.count) parts, \(set.classes.count) classes (\(counts.joined(separator: ", ")))")
    if let good = set.goodIndex {
      Console.note(
        "  good: \(set.classes[good]); defects: "
          + set.classes.indices.filter { $0 != good }.map { set.classes[$0] }.joined(separator: ", "))
    } else {
      Console.note("  all classes are defects: \(set.classes.joined(separator: ", "))")
    }
    let invented = set.parts.count { $0.isSynthetic }
    if invented > 0 {
      Console.note(
        "  synthetic: \(invented) of the training parts, \((100 * syntheticShare).fixed(0)) % of their classes' places")
    }
    for file in set.unreadable.prefix(5) { Console.note("  left out: \(file.path): \(file.reason)") }
    if set.unreadable.count > 5 { Console.note("  left out: \(set.unreadable.count - 5) more files") }
  }

  static func ending(_ history: TrainingHistory) -> String {
    switch history.ending {
    case .time: "; ended early, because its minutes were over"
    case .patience: "; ended early, because validation showed no more progress"
    case nil: ""
    }
  }

  /// Trains with progress on the console, from the checkpoint if there is one.
  ///
  /// - Parameters:
  ///   - label: what each line of progress begins with.
  ///   - saysValidations: whether a look at the validation split gets a line of its own where progress is not a terminal's.
  func run(_ trainer: Trainer, checkpoint: String, label: String = "", saysValidations: Bool) throws {
    var line = ProgressLine(isQuiet: quiet)
    defer { line.end() }
    let clock = Clock.seconds()
    try trainer.run(
      checkpoint: checkpoint, interval: checkpointInterval,
      onResume: { step, steps in if !quiet { Console.note("going on from step \(step) of \(steps)") } },
      shouldStop: { Interruption.isRequested }
    ) { progress in
      line.show(
        label + Self.text(progress), at: Clock.seconds() - clock,
        isMilestone: saysValidations && progress.validation != nil)
    }
  }

  static func text(_ progress: TrainingProgress) -> String {
    var text = "step \(progress.step)/\(progress.steps)  loss \(Double(progress.imageLoss).fixed(3))"
    if let pixel = progress.pixelLoss { text += "  pixel \(Double(pixel).fixed(3))" }
    if let validation = progress.validation {
      text += "  val F1 \(validation.macroF1.fixed(3))"
    }
    return text + "  \(progress.imagesPerSecond.fixed(0)) img/s  \(progress.secondsLeft.duration) left"
  }
}
