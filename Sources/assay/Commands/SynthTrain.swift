import ArgumentParser
import Capture
import Glibc
import Graphs
import Imaging
import Inspection
import Reporting
import Samples
import Synthesis

struct SynthTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Learns a part set's defects from the few there are.",
    discussion: """
      Examples:
        assay synth train parts/ --out defects.onnx
        assay synth train parts/ --out defects.onnx --classes crack,fray --minutes 30
        assay synth train parts/ --out simple.onnx --model vae

      Learns from the training split's defects that have masks, and from its good parts. Five images of a class are \
      enough to begin with; below 20 there is a warning. Writes defects.onnx, defects.training.html, a sheet of samples \
      (defects.samples.png) now and then and, while it runs, defects.checkpoint.safetensors: the same command goes on \
      from there after an interruption.
      """)

  @Argument(help: "The part set: a folder or its manifest.")
  var dataset: String
  @Option(help: "The generator to write, such as defects.onnx.")
  var out: String
  @Option(help: "gan (adversarial network) or vae (variational autoencoder, its simple peer).")
  var model: GeneratorSettings.Method = .gan
  @Option(help: ArgumentHelp("Classes to learn, with commas between. Default: all defects.", valueName: "names"))
  var classes: String?
  @Option(help: "Wall-clock minutes that training may take. Default: no limit.")
  var minutes: Double?
  @Option(help: "Steps of both networks.")
  var steps = 4000
  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0
  @Option(help: "Width of the window that is painted: 32, 64 or 128 pixels. Default: 64.")
  var size: Int?
  @Option(help: "Windows in a step.")
  var batch = 16
  @Option(help: "The acceptable class. Default: `good` or `ok`.")
  var good: String?
  @Option(help: "Compute threads. Default: one a processor.")
  var threads: Int?
  @Option(help: ArgumentHelp("Seconds between two checkpoints.", valueName: "seconds"))
  var checkpointInterval = 20.0
  @Flag(help: "Forget the checkpoint of an interrupted training.")
  var restart = false
  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func validate() throws {
    if let minutes, !(minutes > 0) { throw ValidationError("--minutes is a number above 0.") }
    if !(1...1_000_000).contains(steps) { throw ValidationError("--steps is a number from 1 to 1000000.") }
    if let size, ![32, 64, 128].contains(size) { throw ValidationError("--size is 32, 64 or 128.") }
    if !(2...256).contains(batch) { throw ValidationError("--batch is a number from 2 to 256.") }
    if let threads, !(1...256).contains(threads) { throw ValidationError("--threads is a number from 1 to 256.") }
    if !(checkpointInterval >= 0) { throw ValidationError("--checkpoint-interval is a number from 0 on.") }
    if !out.hasSuffix(".onnx") || out.hasSuffix("/.onnx") || out == ".onnx" {
      throw ValidationError(
        "--out names an ONNX file, such as \(out.hasSuffix("/") || out.isEmpty ? out + "defects" : out).onnx.")
    }
  }

  func run() throws {
    Machine.limitSpinning()
    try reporting(wayOn: " The same command goes on from there.") { try train() }
  }

  private func train() throws {
    let started = Timestamp.now()
    Interruption.watch()
    let base = String(out.dropLast(5))
    if let slash = out.lastIndex(of: "/"), slash != out.startIndex { try makeFolder(String(out[..<slash])) }
    let checkpoint = base + ".checkpoint.safetensors"
    // What cannot be written is told before the training, not after it.
    for path in [out, base + ".training.html", checkpoint, base + ".samples.png"] { try AtomicFile.check(path) }
    if restart { unsafe unlink(checkpoint) }
    let set = try PartSet.load(path: dataset, options: PartSetOptions(good: good))
    let settings = GeneratorSettings(
      method: model, seed: seed, steps: steps, minutes: minutes, batchSize: batch, side: size ?? 64,
      threads: threads)
    let trainer = try GeneratorTrainer(
      set, classes: classes.map { $0.split(separator: ",").map(String.init) }, settings: settings)
    describe(trainer.library)
    try run(trainer, checkpoint: checkpoint, samples: base + ".samples.png")
    let name = ModelFile.stem(out)
    let made = try trainer.model(name: name, version: Assay.version, dataset: ModelFile.stem(dataset))
    let bytes = try made.graph.onnx()
    try AtomicFile.write(bytes, to: out)
    let sheet = try trainer.sheet()
    try AtomicFile.write(sheet.png(name: base + ".samples.png"), to: base + ".samples.png")
    let report = report(trainer, made.card, sheet: try sheet.jpeg(quality: 85), started: started)
    try AtomicFile.write(report.render().bytes, to: base + ".training.html")
    unsafe unlink(checkpoint)
    Console.write(
      """
      trained in \(trainer.duration.duration), \(made.card.steps) steps\(Self.ending(trainer.history))
      generator: \(out) (\(bytes.count / 1024) KB)
      samples: \(base).samples.png
      report: \(base).training.html

      """, to: 1)
  }

  private func report(
    _ trainer: GeneratorTrainer, _ card: GeneratorCard, sheet: [UInt8], started: Timestamp
  ) -> GeneratorReport {
    GeneratorReport(
      subject: ModelFile.stem(out), dataSet: card.dataset, isAdversarial: model == .gan, seconds: trainer.duration,
      steps: card.steps, classes: card.classes.map { ($0.name, $0.models.count) }, notes: trainer.library.notes,
      points: trainer.history.points.map {
        GeneratorReport.Point(
          step: $0.step, generatorLoss: Double($0.generatorLoss), otherLoss: Double($0.otherLoss))
      },
      checks: trainer.history.checks.map {
        GeneratorReport.Check(
          step: $0.step, train: Double($0.train), heldOut: $0.heldOut.map(Double.init) ?? .nan,
          painted: Double($0.painted), diversity: Double($0.diversity), chance: Double($0.chance), action: $0.action)
      }, sheet: sheet,
      settings: [
        ("Model", model.rawValue), ("Seed", "\(seed)"), ("Steps", "\(card.steps)\(Self.ending(trainer.history))"),
        (
          "Window",
          "\(card.configuration.side) x \(card.configuration.side), \(card.configuration.channels == 1 ? "grey" : "colour")"
        ),
        ("Windows in a step", "\(batch)"),
      ], provenance: .run(model: nil, threads: threads ?? Machine.processors, started: started))
  }

  private func describe(_ library: DefectLibrary) {
    guard !quiet else { return }
    if library.pictures.isEmpty {
      let counts = library.defects.sorted { $0.key < $1.key }.map { "\(library.classes[$0.key]) \($0.value.count)" }
      Console.note(
        "\(dataset): \(counts.joined(separator: ", ")) defects; \(library.good.items.count) good parts to paint on")
    } else {
      let counts = library.pictures.sorted { $0.key < $1.key }.map { "\(library.classes[$0.key]) \($0.value.count)" }
      Console.note("\(dataset): no masks, so whole pictures are learned: \(counts.joined(separator: ", "))")
    }
    for note in library.notes { Console.note("  " + note) }
  }

  static func ending(_ history: GeneratorHistory) -> String {
    switch history.ending {
    case .time: "; ended early, because its minutes were over"
    case .collapse: "; ended early, because draws became alike: the last good state was kept"
    case nil: ""
    }
  }

  private func run(_ trainer: GeneratorTrainer, checkpoint: String, samples: String) throws {
    var line = ProgressLine(isQuiet: quiet)
    defer { line.end() }
    let clock = Clock.seconds()
    do {
      try trainer.run(
        checkpoint: checkpoint, interval: checkpointInterval,
        onResume: { step, steps in if !quiet { Console.note("going on from step \(step) of \(steps)") } },
        shouldStop: { Interruption.isRequested }
      ) { progress in
        line.show(
          Self.text(progress, model), at: Clock.seconds() - clock, isMilestone: progress.check?.action != nil)
        if let action = progress.check?.action, !quiet { Console.note("  " + action) }
        if progress.check != nil, progress.step * 8 % progress.steps < progress.steps / 40 {
          // A sheet that cannot be written must not end a training: the last one says it.
          if let png = try? trainer.sheet().png(name: samples) { try? AtomicFile.write(png, to: samples) }
        }
      }
    } catch let stop as GeneratorInterruption {
      Console.note("\(stop). The same command goes on from there.")
      throw Interruption.exitCode
    }
  }

  private static func text(_ progress: GeneratorProgress, _ method: GeneratorSettings.Method) -> String {
    let losses =
      method == .gan
      ? "G \(Double(progress.generatorLoss).fixed(2))  D \(Double(progress.otherLoss).fixed(2))"
      : "loss \(Double(progress.generatorLoss).fixed(3))  divergence \(Double(progress.otherLoss).fixed(1))"
    return "step \(progress.step)/\(progress.steps)  \(losses)  "
      + "\(progress.windowsPerSecond.fixed(0)) windows/s  \(progress.secondsLeft.duration) left"
  }
}
