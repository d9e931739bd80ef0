import ArgumentParser
import Classification
import Inspection
import Metrics
import Reporting
import Samples

/// A share of parts: `3%` or `0.03`.
struct Share: ExpressibleByArgument, Hashable {
  var value: Double

  init?(argument: String) {
    let isPercent = argument.hasSuffix("%")
    guard let number = Double(isPercent ? String(argument.dropLast()) : argument) else { return nil }
    value = isPercent ? number / 100 : number
    guard (0...1).contains(value) else { return nil }
  }
}

/// What `assay evaluate` chooses thresholds by.
struct PromiseOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Choose the thresholds so that a rate is kept: escape<=1%@95%, overkill<=2%@90%, or that of a class, \
      crack<=0.1%@95%. May be repeated.
      """, valueName: "promise"))
  var promise: [String] = []
  @Option(help: ArgumentHelp("Share of all parts that may go to a person, such as 3%.", valueName: "share"))
  var reviewBudget: Share?
  @Option(help: "The split that thresholds are chosen on.")
  var calibrate: Split = .val
  @Option(
    help: ArgumentHelp(
      "Choose on training parts too: their probabilities by `assay train --folds 5 --predictions FILE`.",
      valueName: "file"))
  var calibration: String?
  @Option(
    help: ArgumentHelp(
      "Share of defective parts in production, for shares and costs. Default: as in the set.",
      valueName: "share"))
  var defectRate: Share?
  @Option(
    help: ArgumentHelp("Where the model with these thresholds goes. Default: its name below --out.", valueName: "model")
  )
  var save: String?

  var isUsed: Bool { !promise.isEmpty || reviewBudget != nil }

  func validate() throws {
    do {
      for text in promise { _ = try Promise(parsing: text) }
    } catch {
      throw ValidationError("\(error).")
    }
    guard !isUsed else { return }
    if calibration != nil || save != nil {
      throw ValidationError("--calibration and --save need --promise or --review-budget.")
    }
  }
}

/// Chooses the thresholds that keep promises.
struct PromiseJob {
  let options: PromiseOptions
  let set: PartSet
  let file: ModelFile
  let threads: Int
  let out: String
  /// The split that is measured on.
  let measured: Split

  struct Result {
    var policy: Policy
    var card: PromiseCard
    /// The model with it.
    var path: String
  }

  /// Judges the calibration parts, chooses, and writes the model.
  func run(base: Policy, shouldStop: @escaping () -> Bool, onProgress: (InspectionRun.Progress) -> Void) throws
    -> Result
  {
    let info = file.classifier.info
    guard let good = info.goodIndex else {
      throw PromiseError(
        options.promise.first ?? "review budget", "cannot be made for \(file.path), which knows no good part")
    }
    guard options.calibrate != measured else {
      throw InspectionError.source(
        set.root,
        "cannot be measured on its \(measured.rawValue) split: the thresholds are chosen on that; give --split")
    }
    guard options.calibrate != .train else {
      throw InspectionError.source(
        set.root,
        "has a train split that the model learned from; choose on val, or give --calibration for training parts")
    }
    let chosen = set.parts(in: options.calibrate)
    var parts: [CalibrationPart] = []
    var used: [Part] = []
    let others = try table()
    guard !chosen.isEmpty || !others.isEmpty else {
      throw InspectionError.source(
        set.root, "has no part in its \(options.calibrate.rawValue) split to choose the thresholds on; give --calibrate"
      )
    }
    if !chosen.isEmpty {
      let byID = chosen.byID
      let run = InspectionRun(
        InspectionInput(
          source: set.root, items: chosen.map { InspectionInput.Item(id: $0.id, path: $0.imagePath) }),
        classifier: file.classifier, policy: base, model: file.identity,
        settings: InspectionRun.Settings(
          threads: threads, log: out + "/calibration.jsonl", start: .replace, wantsOutlines: false,
          head: .run(set.root, file, base)))
      var unread: String?
      _ = try run.run(
        shouldStop: shouldStop,
        onDecision: { decision in
          guard let part = byID[Array(decision.id.utf8)] else { return }
          guard !decision.isUnreadable, decision.scores.count == info.labels.count else {
            unread = unread ?? decision.source
            return
          }
          parts.append(CalibrationPart(id: part.id, truth: part.label, scores: decision.scores.map(\.score)))
          used.append(part)
        }, onProgress: onProgress)
      if let unread {
        throw InspectionError.source(unread, "cannot be read: nothing is promised on parts that were passed over")
      }
    }
    for (part, scores) in others {
      parts.append(CalibrationPart(id: part.id, truth: part.label, scores: scores))
      used.append(part)
    }
    let promised = try PromisedPolicy(
      try options.promise.map { try Promise(parsing: $0) }, budget: options.reviewBudget?.value,
      mix: PromisedPolicy.Mix(defects: options.defectRate?.value), parts: parts, labels: info.labels, good: good,
      base: base)
    let digest = ModelFile.sha256(
      Array(used.map { "\($0.contentHash) \(info.labels[$0.label])" }.sorted().joined(separator: "\n").utf8))
    let card = PromiseCard(
      evidence: promised.evidence,
      split: (chosen.isEmpty ? [] : [options.calibrate.rawValue]).joined()
        + (others.isEmpty ? "" : (chosen.isEmpty ? "" : " and ") + "folds of train"),
      parts: parts.count, digest: digest, reviewShare: promised.reviewShare)
    let path = options.save ?? out + "/" + ModelFile.stem(file.path) + ".onnx"
    try AtomicFile.write(try file.with(promised.policy, card), to: path)
    return Result(policy: promised.policy, card: card, path: path)
  }

  /// Training parts with the probabilities of networks that did not learn from them.
  private func table() throws -> [(Part, [Float])] {
    guard let path = options.calibration else { return [] }
    let table = try PredictionTable(path: path, labels: file.classifier.info.labels)
    let byID = set.parts.byID
    var found: [(Part, [Float])] = []
    for row in table.rows {
      guard let part = byID[Array(row.id.utf8)] else {
        throw InspectionError.source(path, "names \(row.id), which is no part of \(set.root)")
      }
      guard part.split != .test, part.split != measured else {
        throw InspectionError.source(
          path, "holds \(row.id) of the \(part.split.rawValue) split, which nothing may be chosen on")
      }
      if part.split == .train { found.append((part, row.probabilities)) }
    }
    return found
  }
}

extension PromiseCard {
  /// For the console, in at most 80 columns.
  func lines(_ policy: Policy) -> [String] {
    var lines = ["chosen on \(parts) parts (\(split)):"]
    for one in evidence {
      let bound = (one.bound * 100).fixed(2)
      lines.append("  \(one.promise)")
      lines.append("    \(one.errors) of \(one.trials) judged wrong: at most \(bound) % at that confidence")
    }
    lines.append(
      "  reject from \(Double(policy.thresholds.reject).fixed(4)), review from \(Double(policy.thresholds.review).fixed(4))"
        + "; \((reviewShare * 100).fixed(1)) % go to a person")
    for (label, own) in policy.perClass.sorted(by: { $0.key < $1.key }) {
      lines.append(
        "  \(label): reject from \(Double(own.reject).fixed(4)), review from \(Double(own.review).fixed(4))")
    }
    return lines
  }

  /// For reports: a fact each.
  var facts: [(name: String, value: String)] {
    evidence.map { ("Promise", $0.sentence) }
      + [("Promised on", "\(parts) parts (\(split)), digest \(digest.prefix(16))")]
  }
}

extension Promise {
  /// Whether a measured set bears the promise out, for people; nil where the set has nothing that it is about.
  func outcome(_ counts: VerdictCounts) -> String? {
    let (errors, trials) = counts.errors(subject)
    guard trials > 0 else { return nil }
    let rate = Rate(successes: errors, trials: trials)
    let share = Double(errors) / Double(trials)
    let words =
      share <= self.rate.limit
      ? "kept" : rate.low > self.rate.limit ? "BROKEN" : "exceeded, within what chance allows"
    return "\(self): \(errors) of \(trials) (\((share * 100).fixed(2)) %), \(words)"
  }
}

/// Verdicts beside the truth.
struct VerdictCounts {
  let labels: [String]
  let good: Int
  /// By class and by verdict.
  private(set) var counts: [[Verdict: Int]]

  init(labels: [String], good: Int) {
    self.labels = labels
    self.good = good
    counts = Array(repeating: [:], count: labels.count)
  }

  mutating func add(_ truth: Int, _ verdict: Verdict) { counts[truth][verdict, default: 0] += 1 }

  /// Errors and trials of what a promise is about.
  func errors(_ subject: Promise.Subject) -> (Int, Int) {
    func total(_ label: Int) -> Int { counts[label].values.reduce(0, +) }
    let defects = labels.indices.filter { $0 != good }
    switch subject {
    case .escape:
      return (defects.reduce(0) { $0 + counts[$1][.accept, default: 0] }, defects.reduce(0) { $0 + total($1) })
    case .overkill: return (counts[good][.reject, default: 0], total(good))
    case .escapeOf(let label):
      return labels.firstIndex(of: label).map { (counts[$0][.accept, default: 0], total($0)) } ?? (0, 0)
    }
  }

  /// Parts that go to a person, of all.
  var reviewed: (Int, Int) {
    (counts.reduce(0) { $0 + $1[.review, default: 0] }, counts.reduce(0) { $0 + $1.values.reduce(0, +) })
  }
}
