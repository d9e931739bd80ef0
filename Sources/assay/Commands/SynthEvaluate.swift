import ArgumentParser
import Capture
import Classification
import Glibc
import Imaging
import Inspection
import Metrics
import Reporting
import Samples
import Synthesis

struct SynthEvaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measures whether synthetic parts make the classifier better on real ones.",
    discussion: """
      Examples:
        assay synth evaluate parts/ --generator defects.onnx --out useful/
        assay synth evaluate parts/ --synthetic painted/ --out useful/ --seeds 5
        assay synth evaluate parts/ --generator defects.onnx --out useful/ \\
          --steps 800 --seeds 3

      Trains the classifier on the real parts alone, with pasted defects, with drawn ones and with the synthetic ones, \
      from the same seeds and with the same number of steps, and measures all of them on the real test split. The \
      verdict is `helps`, `no difference` or `hurts`, by the 95 % interval of the difference in macro-F1.

      Writes results.json after each training, so that the same command goes on after an interruption, and report.html. \
      With another generator into the same folder only that one's trainings are made anew, and the first on real parts \
      alone, whose features compare pictures. \
      Exit code 4 with --fail-unless-helps where the verdict is another.
      """)

  @Argument(help: "The part set: a folder or its manifest.")
  var dataset: String
  @Option(help: ArgumentHelp("Synthetic parts: what `assay synth generate` wrote.", valueName: "folder"))
  var synthetic: String?
  @Option(help: ArgumentHelp("Or a generator, to paint them with.", valueName: "model"))
  var generator: String?
  @Option(help: "The folder for all results.")
  var out: String
  @Option(help: "With --generator: pictures of each class; of the peers as many.")
  var count = 60
  @Option(help: "Trainings of each kind.")
  var seeds = 3
  @Option(help: "The first seed.")
  var seed: UInt64 = 1
  @Option(help: "Steps of each training. Default: by the set's size.")
  var steps: Int?
  @Option(help: "fast, balanced or accurate.")
  var preset: NetworkConfiguration.Preset = .balanced
  @Option(help: ArgumentHelp("Share of the places of a class that synthetic parts get, 0...0.8.", valueName: "share"))
  var syntheticShare = TrainingSettings.usualSyntheticShare
  @Option(help: "The acceptable class. Default: `good` or `ok`.")
  var good: String?
  @Option(help: "Compute threads. Default: one a processor.")
  var threads: Int?
  @Option(
    help: ArgumentHelp(
      "What to compare with beside real parts alone, with commas between: paste, relit, procedural, or none.",
      valueName: "kinds"))
  var peers = "paste,procedural"
  @Flag(help: "Exit code 4 unless synthetic parts help.")
  var failUnlessHelps = false
  @Flag(help: "Forget earlier results.")
  var restart = false
  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func validate() throws {
    if (synthetic == nil) == (generator == nil) { throw ValidationError("Give either --synthetic or --generator.") }
    if !(1...100).contains(seeds) { throw ValidationError("--seeds is a number from 1 to 100.") }
    if !(1...100_000).contains(count) { throw ValidationError("--count is a number from 1 to 100000.") }
    if let steps, steps < 1 { throw ValidationError("--steps is at least 1.") }
    if let threads, !(1...256).contains(threads) { throw ValidationError("--threads is a number from 1 to 256.") }
    if !(syntheticShare > 0 && syntheticShare <= 0.8) {
      throw ValidationError("--synthetic-share is above 0, at most 0.8.")
    }
    if out.isEmpty { throw ValidationError("--out names a folder.") }
    for name in peerNames where !Self.peerKinds.contains(where: { $0.source.rawValue == name }) {
      throw ValidationError("--peers takes paste, relit and procedural, with commas between, or none; not \"\(name)\".")
    }
  }

  private static let peerKinds: [(diet: Usefulness.Diet, source: PlainSource)] = [
    (.paste, .paste), (.relit, .relit), (.procedural, .procedural),
  ]

  private var peerNames: [String] {
    peers == "none" ? [] : peers.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }

  func run() throws {
    Machine.limitSpinning()
    try reporting(wayOn: " The same command goes on from there.") { try evaluate() }
  }

  private func evaluate() throws {
    let started = Timestamp.now()
    Interruption.watch()
    try makeFolder(out)
    let path = out + "/results.json"
    try AtomicFile.check(path)
    if restart { unsafe unlink(path) }
    let set = try PartSet.load(path: dataset, options: PartSetOptions(good: good))
    try set.checkHeldOut()
    guard !set.parts(in: .test).isEmpty else {
      throw SynthesisError(dataset, "has no part in its test split: there is nothing real to measure on")
    }
    let sets = try diets(set)
    var settings = TrainingSettings(preset: preset, steps: steps, threads: threads)
    settings.syntheticShare = syntheticShare
    var digests: [Usefulness.Diet: String] = [:]
    for (diet, set) in sets { digests[diet] = Self.digest(set) }
    var usefulness = Usefulness(set, dataset: ModelFile.stem(dataset), settings: settings, synthetic: digests)
    if unsafe access(path, F_OK) == 0, !usefulness.resume(path: path) {
      throw SynthesisError(
        path,
        "holds the results of another measurement (other parts, pictures or settings); "
          + "--restart forgets them, or name another --out")
    }
    var likeness: [UsefulnessReport.Likeness] = []
    for number in 0..<seeds {
      settings.seed = seed + UInt64(number)
      for diet in Usefulness.Diet.allCases {
        guard let set = sets[diet] else { continue }
        // The features of the first classifier that saw real parts alone compare pictures.
        let compares = diet == .real && number == 0
        if usefulness.run(diet, seed: settings.seed) == nil || compares {
          let trainer = try Trainer(set, settings: settings)
          let label = "\(diet.rawValue), seed \(settings.seed)"
          let digest = digests[diet].map { "-" + $0.prefix(8) } ?? ""
          let checkpoint = "\(out)/\(diet.rawValue)-\(settings.seed)\(digest).checkpoint.safetensors"
          let isKnown = usefulness.run(diet, seed: settings.seed) != nil
          // A classifier that is known is trained again only where its features were not kept.
          if isKnown, let kept = Self.read(out + "/likeness.json", of: digests) {
            likeness = kept
          } else {
            try train(trainer, checkpoint: checkpoint, label: label)
            let model = try trainer.model(name: label, version: Assay.version, dataset: usefulness.dataset)
            if !isKnown {
              usefulness.add(try trainer.usefulness(of: model, diet: diet))
              try AtomicFile.write(usefulness.encoded(), to: path)
            }
            if compares {
              likeness = try self.likeness(trainer, model, sets)
              try Self.write(likeness, of: digests, to: out + "/likeness.json")
            }
            unsafe unlink(checkpoint)
          }
        }
        if !quiet, let run = usefulness.run(diet, seed: settings.seed) { Console.note(Self.text(run)) }
      }
    }
    let report = self.report(usefulness, sets, likeness, settings, started: started)
    try AtomicFile.write(report.render().bytes, to: out + "/report.html")
    Console.write(Self.table(usefulness) + "report: \(out)/report.html\n", to: 1)
    if failUnlessHelps, usefulness.verdict != .helps { throw ExitCode(4) }
  }

  /// The set as each kind of training sees it.
  private func diets(_ set: PartSet) throws -> [Usefulness.Diet: PartSet] {
    var sets: [Usefulness.Diet: PartSet] = [.real: set]
    let hasMasks = set.parts(in: .train).contains { $0.maskPath != nil && !$0.isSynthetic }
    if !peerNames.isEmpty, !hasMasks, !quiet { Console.note("without masks nothing can be pasted: no such peers") }
    if !peerNames.isEmpty, hasMasks {
      let library = try DefectLibrary(set)
      for (diet, plain) in Self.peerKinds where peerNames.contains(plain.rawValue) {
        let maker = SyntheticMaker(plain: plain, library, version: Assay.version)
        sets[diet] = try set.adding(syntheticAt: try painted(maker, diet.rawValue, on: library.good))
      }
    }
    if let synthetic {
      sets[.synthetic] = try set.adding(syntheticAt: synthetic)
    } else if let generator {
      let parts = GoodParts(set.parts(in: .train).filter { $0.label == set.goodIndex && !$0.isSynthetic })
      let maker = try SyntheticMaker(generator: generator, version: Assay.version)
      guard maker.paintsWhole || !parts.items.isEmpty else {
        throw SynthesisError(dataset, "has no good training part to paint on")
      }
      sets[.synthetic] = try set.adding(syntheticAt: try painted(maker, "generated", on: parts))
    }
    return sets
  }

  /// Paints `count` pictures of each class into a folder below --out; the same ones each time.
  private func painted(_ maker: SyntheticMaker, _ name: String, on good: GoodParts) throws -> String {
    let folder = out + "/" + name
    for folder in [folder, folder + "/images", folder + "/masks"] { try makeFolder(folder) }
    SyntheticSet.clear(folder)
    var options = SyntheticSampler.Options()
    options.seed = seed
    if !quiet { Console.note("painting \(count) pictures of each class: \(folder)") }
    let result = try maker.write(
      try maker.classes(named: nil), count: count, on: good, options: options, to: folder,
      threads: threads ?? Machine.processors, shouldStop: { Interruption.isRequested }, onProgress: { _ in })
    for note in result.notes { Console.note(note) }
    if result.isInterrupted {
      Console.note("stopped. The same command goes on from there.")
      throw Interruption.exitCode
    }
    return folder
  }

  private static func digest(_ set: PartSet) -> String {
    let parts = set.parts.filter(\.isSynthetic).map { "\($0.contentHash) \($0.label)" }.sorted()
    return ContentHash(of: Array(parts.joined(separator: "\n").utf8)).description
  }

  private func train(_ trainer: Trainer, checkpoint: String, label: String) throws {
    var line = ProgressLine(isQuiet: quiet, interval: 30)
    defer { line.end() }
    let clock = Clock.seconds()
    try trainer.run(checkpoint: checkpoint, shouldStop: { Interruption.isRequested }) { progress in
      line.show(label + "  " + TrainCommand.text(progress), at: Clock.seconds() - clock)
    }
  }

  static func text(_ run: Usefulness.Run) -> String {
    "\(run.diet.rawValue), seed \(run.seed): macro-F1 \(run.macroF1.fixed(4))"
      + (run.auroc.map { ", AUROC \($0.fixed(4))" } ?? "")
      + (run.escapeRate.map { ", escapes \($0.fixed(3)) at 2 % overkill" } ?? "")
  }
}
