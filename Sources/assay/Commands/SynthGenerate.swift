import ArgumentParser
import Capture
import Crypto
import Glibc
import Imaging
import Inspection
import Samples
import Synthesis

struct SynthGenerate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Paints defects on good parts, with exact masks.",
    discussion: """
      Examples:
        assay synth generate --model defects.onnx --good parts/ --class crack \\
          --count 500 --out painted/
        assay synth generate --model defects.onnx --good good/ --count 50 --out all/
        assay synth generate --model defects.onnx --good good/ --class crack \\
          --at 120,80 --severity 0.2...1 --count 20 --out here/
        assay synth generate --model paste --from parts/ --good parts/ --count 60 \\
          --out pasted/

      Outside its mask each picture equals its parent to the bit. Writes images/, masks/, manifest.csv, \
      provenance.json and contact-sheet.png. The manifest and every PNG say that it is synthetic, what it was painted on \
      and by what. `assay train --synthetic` takes the folder.

      --model paste (real defects as they are, anywhere), relit (real defects lit as the part, in their places) and \
      procedural (drawn scratches and blobs) need no training, but --from SET. 
      """)

  @Option(help: "A generator that `assay synth train` wrote; or paste, relit, procedural.")
  var model: String
  @Option(
    help: "Good parts to paint on: a folder of pictures, or a part set. A generator of whole pictures needs none.")
  var good: String?
  @Option(name: .customLong("class"), help: "The class to paint. Default: each that the generator knows.")
  var label: String?
  @Option(help: "Pictures of each class.")
  var count = 100
  @Option(help: "The folder for all results.")
  var out: String
  @Option(help: ArgumentHelp("With paste, relit, procedural: the part set to take defects from.", valueName: "set"))
  var from: String?
  @Option(help: ArgumentHelp("How strong defects are, from 0 to 1: a number, or LOW...HIGH.", valueName: "severity"))
  var severity = "1"
  @Option(help: ArgumentHelp("Where the defect's middle is to be, in pixels: X,Y.", valueName: "x,y"))
  var at: String?
  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0
  @Option(help: "Pictures painted side by side. Default: one a processor.")
  var threads: Int?
  @Flag(help: "Replace what an earlier run left in the folder.")
  var overwrite = false
  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func validate() throws {
    if !(1...1_000_000).contains(count) { throw ValidationError("--count is a number from 1 to 1000000.") }
    if let threads, !(1...256).contains(threads) { throw ValidationError("--threads is a number from 1 to 256.") }
    if out.isEmpty { throw ValidationError("--out names a folder.") }
    if severities == nil {
      throw ValidationError("--severity is a number from 0 to 1, or two of them such as 0.2...1.")
    }
    if at != nil, place == nil { throw ValidationError("--at is X,Y in pixels, such as 120,80.") }
    if PlainSource(rawValue: model) != nil {
      if from == nil { throw ValidationError("--model \(model) needs --from SET, the part set to take defects from.") }
    } else if from != nil {
      throw ValidationError("--from goes with --model paste, relit or procedural; a generator has its own defects.")
    }
  }

  private var severities: ClosedRange<Float>? {
    // With dots or with the one character that stands for them.
    let ends = severity.split(separator: "…").flatMap { $0.split(separator: "...", omittingEmptySubsequences: false) }
      .map { Float($0) }
    guard let low = ends.first.flatMap({ $0 }), let high = ends.last.flatMap({ $0 }), ends.count <= 2,
      low > 0 && low <= high && high <= 1
    else { return nil }
    return low...high
  }

  private var place: Point? {
    guard let numbers = at?.split(separator: ",").map({ Double($0) }), numbers.count == 2, let x = numbers[0],
      let y = numbers[1], x.isFinite && y.isFinite
    else { return nil }
    return Point(x, y)
  }

  func run() throws {
    try reporting { try generate() }
  }

  private func generate() throws {
    Interruption.watch()
    let threads = self.threads ?? Machine.processors
    let maker = try SyntheticMaker(model: model, from: from, version: Assay.version)
    let wanted = try maker.classes(named: label)
    if maker.paintsWhole {
      for (name, isGiven) in [("--good", good != nil), ("--at", at != nil), ("--severity", severity != "1")]
      where isGiven {
        throw SynthesisError(
          name, "is of no use here: \(model) paints whole pictures, on no part; leave it out")
      }
    } else if good == nil {
      throw SynthesisError(model, "paints on good parts; name some with --good")
    }
    let good = try good.map { try GoodParts.load(folder: $0) } ?? GoodParts([])
    try prepare()
    var options = SyntheticSampler.Options()
    options.seed = seed
    options.severity = severities!
    options.at = place
    var line = ProgressLine(isQuiet: quiet)
    defer { line.end() }
    let start = Clock.seconds()
    let total = wanted.count * count
    let result = try maker.write(
      wanted, count: count, on: good, options: options, to: out, threads: threads,
      shouldStop: { Interruption.isRequested }
    ) { done in
      let elapsed = Clock.seconds() - start
      let rate = Double(done) / max(elapsed, 1e-3)
      line.show(
        "\(done) of \(total) painted, \(rate.fixed(0)) a second, \((Double(total - done) / rate).duration) left",
        at: elapsed)
    }
    line.end()
    var text = "\(result.count) pictures: \(out)/manifest.csv\n"
    let rejected = result.rejected.sorted { $0.key.rawValue < $1.key.rawValue }
    if !rejected.isEmpty {
      let list = rejected.map { "\($0.value) \($0.key.rawValue)" }.joined(separator: ", ")
      text += "thrown away: \(list)".wrapped(80).joined(separator: "\n") + "\n"
    }
    for note in result.notes { text += note.wrapped(80).joined(separator: "\n") + "\n" }
    text += "look at them: \(out)/contact-sheet.png\n"
    Console.write(text, to: 1)
    if result.isInterrupted {
      Console.note("stopped; the manifest lists what was painted")
      throw Interruption.exitCode
    }
  }

  /// Makes the folder, and sees to it that nothing of another run is mixed with this one's.
  private func prepare() throws {
    for folder in [out, out + "/images", out + "/masks"] { try makeFolder(folder) }
    let manifest = out + "/manifest.csv"
    if unsafe access(manifest, F_OK) == 0 {
      guard overwrite else {
        throw SynthesisError(
          out, "holds synthetic pictures already; replace them with --overwrite, or choose another --out")
      }
      SyntheticSet.clear(out)
    }
    try AtomicFile.check(manifest)
  }
}
