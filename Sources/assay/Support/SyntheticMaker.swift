import Crypto
import Graphs
import Imaging
import Inspection
import Samples
import Synchronization
import Synthesis
import Threads

/// What paints without having learned.
enum PlainSource: String { case paste, relit, procedural }

/// Paints many parts on several threads and writes them in order.
struct SyntheticMaker {
  struct Result {
    var count = 0
    var rejected: [SyntheticSampler.Rejection: Int] = [:]
    /// Parts that are missing, by class.
    var missing: [Int: [SyntheticSampler.NoDraw]] = [:]
    var isInterrupted = false

    /// A line for each class of which parts are missing.
    var notes: [String] {
      missing.sorted { $0.key < $1.key }.map { "not painted: \($1.count) of \($1[0].label), since \($1[0].reason)" }
    }
  }

  let classes: [String]
  private let maker: SyntheticSet.Maker
  private let learnedFrom: [String]
  private let makeSource: @Sendable () throws -> any DefectSource
  /// Whether it paints whole pictures, on no part.
  let paintsWhole: Bool
  /// Classes that can be painted.
  private let known: [Int]

  /// - Parameters:
  ///   - model: a generator's file, or a ``PlainSource``.
  ///   - from: the part set that a plain source takes defects from.
  init(model: String, from: String?, version: String) throws {
    if let plain = PlainSource(rawValue: model), let from {
      self.init(plain: plain, try DefectLibrary(try PartSet.load(path: from)), version: version)
    } else {
      try self.init(generator: model, version: version)
    }
  }

  init(generator path: String, version: String) throws {
    let sha256: String
    do {
      var digest = SHA256()
      try ONNXFile(contentsOf: path).forEachChunk { digest.update(data: $0) }
      sha256 = ModelFile.text(digest.finalize())
    } catch {
      throw SynthesisError(path, "cannot be used: \(error)")
    }
    let name = ModelFile.stem(path) + ".onnx"
    let first = try LearnedSource(path: path, name: name, threads: 1)
    classes = first.card.classes.map(\.name)
    known = Array(classes.indices)
    maker = SyntheticSet.Maker(name: name, sha256: sha256, version: version)
    learnedFrom = first.card.learnedFrom
    paintsWhole = first.paintsWhole
    makeSource = { try LearnedSource(path: path, name: name, threads: 1) }
  }

  init(plain: PlainSource, _ library: DefectLibrary, version: String) {
    classes = library.classes
    known = library.defects.keys.sorted()
    maker = SyntheticSet.Maker(name: plain.rawValue, sha256: "", version: version)
    learnedFrom = library.sources.map(\.description)
    paintsWhole = false
    let defects = library.defects
    makeSource = {
      switch plain {
      case .paste: PasteSource(defects, isNaive: true)
      case .relit: PasteSource(defects, isNaive: false)
      case .procedural: ProceduralSource(defects)
      }
    }
  }

  /// The number of a class, or of all that can be painted.
  func classes(named name: String?) throws -> [Int] {
    guard let name else { return known }
    guard let index = known.first(where: { classes[$0] == name }) else {
      throw SynthesisError(
        name, "is no class that \(maker.name) knows; it knows \(known.map { classes[$0] }.joined(separator: ", "))")
    }
    return [index]
  }

  /// A class is given up with its third part of which all tries came to nothing, if no more were painted.
  private static let patience = 3

  /// Paints and writes `count` parts of each class, but for those of which all tries came to nothing.
  ///
  /// - Parameter onProgress: called with the number of parts written.
  func write(
    _ labels: [Int], count: Int, on good: GoodParts, options: SyntheticSampler.Options, to folder: String, threads: Int,
    shouldStop: () -> Bool, onProgress: (Int) -> Void
  ) throws -> Result {
    var set = SyntheticSet(folder: folder, maker: maker)
    var result = Result()
    let jobs = labels.flatMap { label in (0..<count).map { (label, $0) } }
    let pool = SamplerPool(classes: classes, good: good, options: options, make: makeSource)
    var painted: [Int: Int] = [:]
    var shown: [Int: [AnyImage]] = [:]
    // In runs, so that a stop is heeded and no more than a few pictures wait to be written.
    let run = max(8, 4 * threads)
    for start in stride(from: 0, to: jobs.count, by: run) {
      if shouldStop() {
        result.isInterrupted = true
        break
      }
      let part = jobs[start..<min(jobs.count, start + run)]
      let draws = Parallel.map(part.count, threads: threads) { index in
        Swift.Result<SyntheticSampler.Draw, any Error> {
          let (label, number) = part[part.startIndex + index]
          return try pool.with { try $0.draw(label, number: number) }
        }
      }
      do {
        for ((label, _), draw) in zip(part, draws) {
          let drawn: SyntheticSampler.Draw
          do { drawn = try draw.get() } catch let none as SyntheticSampler.NoDraw {
            result.missing[label, default: []].append(none)
            result.rejected.merge(none.rejected, uniquingKeysWith: +)
            continue
          }
          try set.add(drawn, label: classes[label], seed: options.seed)
          result.rejected.merge(drawn.rejected, uniquingKeysWith: +)
          if painted[label, default: 0] < 10 { shown[label, default: []].append(drawn.part.image) }
          painted[label, default: 0] += 1
          result.count += 1
        }
        for (label, missing) in result.missing
        where missing.count >= min(Self.patience, count) && missing.count > painted[label, default: 0] {
          throw missing[0]
        }
      } catch {
        // What is painted stays of use.
        try? AtomicFile.write(set.manifest, to: folder + "/manifest.csv")
        throw error
      }
      onProgress(result.count)
    }
    try AtomicFile.write(set.manifest, to: folder + "/manifest.csv")
    let provenance = SyntheticProvenance(
      assayVersion: maker.version, generator: maker.name, generatorSHA256: maker.sha256, seed: options.seed,
      learnedFrom: learnedFrom)
    try AtomicFile.write(provenance.encoded, to: folder + "/" + SyntheticProvenance.fileName)
    var sheet = ContactSheet()
    for label in labels { if let pictures = shown[label] { sheet.add(title: classes[label], pictures) } }
    try AtomicFile.write(sheet.image().png(name: "contact-sheet.png"), to: folder + "/contact-sheet.png")
    return result
  }
}

/// Samplers, each used by one thread at a time: a compiled network belongs to whoever runs it.
private final class SamplerPool: @unchecked Sendable {
  // Everything below is touched under the lock; a sampler that was taken out is its taker's alone.
  private let lock = Mutex<Void>(())
  private var idle: [SyntheticSampler] = []
  private let make: () throws -> SyntheticSampler

  init(
    classes: [String], good: GoodParts, options: SyntheticSampler.Options,
    make: @escaping @Sendable () throws -> any DefectSource
  ) {
    self.make = { SyntheticSampler(classes: classes, good: good, source: try make(), options: options) }
  }

  func with<Value>(_ body: (SyntheticSampler) throws -> Value) throws -> Value {
    let known = lock.withLock { _ in idle.popLast() }
    let sampler = try known ?? make()
    defer { lock.withLock { _ in idle.append(sampler) } }
    return try body(sampler)
  }
}
