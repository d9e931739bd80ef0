import Glibc
import Imaging
import Inspection
import Metrics
import Reporting

/// Made-up runs that the tests check and that a person can look at: with `ASSAY_SAMPLE_REPORTS=FOLDER` in the
/// environment the tests write the pages there.
enum Sample {
  static let labels = ["good", "scratch", "crack", "stain", "chip", "missing hole"]

  /// Uniform numbers in 0..<1 from a seed (SplitMix64).
  struct Generator {
    var state: UInt64
    mutating func next() -> Double {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((z ^ (z >> 31)) >> 11) / 9_007_199_254_740_992
    }
  }

  static let provenance = Provenance(
    model: ModelIdentity(name: "washers", sha256: String(repeating: "5f3a9c", count: 10) + "abcd"),
    commandLine: ["assay", "inspect", "Datasets/my washers/test", "--model", "Models/washers.onnx", "--out", "run"],
    versions: [("Assay", "0.1.0"), ("oneDNN", "2.6.3"), ("libjpeg", "6.2"), ("libpng", "1.6.39")], threads: 2,
    started: Timestamp(milliseconds: 1_769_850_843_201))

  static var policy: Policy {
    (try? Policy.Thresholds(reject: 0.5, review: 0.2)).map { Policy(thresholds: $0) } ?? Policy()
  }

  static let info = InspectionReport.Info(
    subject: "Datasets/my washers/test", labels: labels, goodLabel: "good", policy: policy, provenance: provenance)

  /// Probabilities of a part whose true class is `truth`; mostly right.
  static func probabilities(_ truth: Int, _ random: inout Generator) -> [Float] {
    let u = random.next()
    let sure = u < 0.9 ? 1 - 0.02 * random.next() * random.next() : 0.25 + 0.7 * random.next()
    var shares = labels.map { _ in pow(random.next(), 4) }
    shares[truth] = 0
    let sum = shares.reduce(0, +)
    return labels.indices.map { Float($0 == truth ? sure : (1 - sure) * shares[$0] / sum) }
  }

  /// Every seventh part has a defect; every 97th input cannot be read.
  static func decision(_ index: Int, _ random: inout Generator) -> (decision: Decision, truth: Int) {
    let truth = index % 7 == 3 ? [1, 1, 1, 2, 3, 3, 4, 5][Int(random.next() * 8)] : 0
    let p = probabilities(truth, &random)
    let id = "\(labels[truth].prefix(4))-\(index)"
    let unreadable = index % 97 == 96
    let judgement =
      unreadable
      ? Policy.unreadable("\(id).jpg ends in the middle of the picture (2,113 of 9,420 bytes)")
      : policy.decide(scores: p, labels: labels, goodIndex: 0)
    let timings = [
      StageTiming("read", 1.2 + random.next() * (index % 50 == 0 ? 9 : 1)),
      StageTiming("prepare", 0.5 + random.next() / 4),
      StageTiming("infer", 1 + random.next() * 0.3), StageTiming("report", 2 + random.next()),
    ]
    let decision = Decision(
      id: id, source: "Datasets/my washers/test/\(id).jpg",
      frame: .init(
        sequence: index, timestamp: Timestamp(milliseconds: 1_769_850_843_201 + Int64(index) * 7),
        width: unreadable ? 0 : 256, height: unreadable ? 0 : 256),
      judgement: judgement,
      scores: unreadable ? [] : zip(labels, p).map { LabelScore($0, $1) },
      regions: judgement.verdict == .reject && !unreadable
        ? [DefectRegion(label: judgement.label, box: Box(x: 88, y: 41, width: 60, height: 12), score: judgement.score)]
        : [],
      model: provenance.model ?? ModelIdentity(name: "", sha256: ""), timings: timings)
    return (decision, truth)
  }

  /// A whole run's report.
  static func inspection(parts: Int, thumbnail: (Int) -> [UInt8]?) -> (
    report: InspectionReport, page: String, store: ThumbnailStore
  ) {
    var random = Generator(state: 7)
    var report = InspectionReport(info)
    var tally = RunTally()
    var store = ThumbnailStore()
    for index in 0..<parts {
      let decision = decision(index, &random).decision
      tally.capture()
      tally.judge(decision)
      report.add(decision)
      if !decision.isUnreadable, store.wants(decision.verdict), let jpeg = thumbnail(index) {
        store.insert(jpeg, id: decision.id, verdict: decision.verdict)
      }
    }
    let page = report.render(summary: tally.summary(seconds: Double(parts) / 412), thumbnails: store).text
    return (report, page, store)
  }

  /// An evaluation's figures with its report.
  static func evaluation(parts: Int, good: Int?, thumbnail: (Int) -> [UInt8]?) -> EvaluationReport {
    var random = Generator(state: 11)
    var table: [Float] = []
    var truth: [Int] = []
    var verdicts: [Verdict] = []
    for index in 0..<parts {
      let t = index % 2 == 0 ? 0 : 1 + Int(random.next() * 5)
      let p = probabilities(t, &random)
      truth.append(t)
      table += p
      verdicts.append(policy.decide(scores: p, labels: labels, goodIndex: good).verdict)
    }
    var hits = RegionHits()
    hits.trueRegions = 140
    hits.hits = 133
    hits.predictedRegions = 151
    hits.falseAlarms = 9
    let evaluation = Evaluation(
      probabilities: table, truth: truth, labels: labels, good: good, judgedGood: verdicts.map { $0 == .accept },
      regions: good == nil ? nil : hits)
    var report = EvaluationReport(
      subject: "my washers, test", evaluation: evaluation, policy: policy, provenance: provenance)
    for index in 0..<parts {
      let p = Array(table[index * labels.count..<(index + 1) * labels.count])
      report.addScore(p, truth: truth[index])
      let predicted = argMax(p)
      let verdict = verdicts[index]
      if predicted != truth[index] || good != nil && (verdict == .accept) != (truth[index] == good) {
        report.add(
          .init(
            id: "\(labels[truth[index]])-\(index)", source: "my washers/test/\(index).png", truth: truth[index],
            predicted: predicted, verdict: verdict, probabilities: p, thumbnail: thumbnail(index)))
      }
    }
    return report
  }

  /// A training of 2000 steps, validated 40 times.
  static func training(thumbnail: (Int) -> [UInt8]?) -> TrainingReport {
    var random = Generator(state: 5)
    let validations = (1...40).map { n -> TrainingReport.Validation in
      let x = Double(n)
      let rate = n < 12 ? 3e-3 * x / 12 : 1.5e-3 * (1 + cos(.pi * (x - 12) / 28))
      return .init(
        step: 50 * n, trainingLoss: 1.7 * exp(-x / 6) + 0.03 + 0.02 * random.next(),
        validationLoss: 1.7 * exp(-x / 6) + 0.09 + 0.05 * random.next(),
        validationMacroF1: 0.97 - 0.85 * exp(-x / 5) + 0.02 * random.next(),
        validationAccuracy: 0.98 - 0.7 * exp(-x / 5) + 0.015 * random.next(), learningRate: rate,
        seconds: 3 + random.next())
    }
    let evaluation = evaluation(parts: 240, good: 0) { _ in nil }.evaluation
    return TrainingReport(
      subject: "washers", labels: labels,
      dataSet: .init(
        name: "my washers",
        splits: [
          ("train", [400, 80, 80, 80, 80, 80]), ("val", [120, 24, 24, 24, 24, 24]),
          ("test", [120, 24, 24, 24, 24, 24]),
        ], notes: ["No near-duplicates across splits were found.", "480 of 1,280 parts have a mask."]),
      validations: validations, chosenStep: 1650, evaluation: evaluation,
      examples: (0..<36).map {
        .init(
          id: "part-\($0).png", truth: labels[$0 % 6], predicted: labels[$0 % 11 == 5 ? 0 : $0 % 6],
          probability: Float(0.6 + 0.4 * random.next()), thumbnail: thumbnail($0))
      },
      settings: [
        ("Preset", "balanced"), ("Input", "256 x 256, grey"), ("Batch", "16, half of it defects"),
        ("Optimiser", "AdamW, one cycle up to 0.003"), ("Seed", "0"), ("Weight averaging", "EMA 0.999"),
        ("Augmentation", "flip, rotate, shift, brightness, contrast, noise"), ("Temperature", "1.21"),
      ],
      card: [
        (
          "What it is for", "Sorting stamped washers seen from above on a dark belt into good and five kinds of defect."
        ),
        (
          "What it is not for",
          "Other parts, other light, or sizes outside 20 to 30 mm. Judge a labelled set from the line before relying "
            + "on it."
        ), ("Made from", "Datasets/washers, rendered with seed 0; no real parts were seen in training."),
      ], provenance: provenance)
  }

  /// A stamped washer on a dark belt, some with a scratch: rough, but a reader sees what the page is about.
  static func part(_ index: Int, side: Int = 160) -> Image<Gray8> {
    var random = Generator(state: UInt64(index) &* 77)
    let centre = Double(side) / 2
    let (x0, y0) = (centre + 8 * (random.next() - 0.5), centre + 8 * (random.next() - 0.5))
    let (angle, light) = (random.next() * .pi, 0.8 + 0.4 * random.next())
    var image = Image<Gray8>(width: side, height: side, repeating: 0)
    for y in 0..<side {
      var row = image.mutableRow(y)
      for x in 0..<side {
        let (dx, dy) = (Double(x) - x0, Double(y) - y0)
        let r = (dx * dx + dy * dy).squareRoot() / Double(side)
        var value = 34 + 10 * random.next()
        if r < 0.4 && r > 0.16 {
          value = 150 + 26 * cos(2 * (atan2(dy, dx) - angle)) + 9 * cos(r * 210) + 10 * random.next()
          let (u, v) = (dx * cos(angle) + dy * sin(angle), dy * cos(angle) - dx * sin(angle))
          if index % 7 == 3 && abs(v - 0.24 * Double(side)) < 1.6 && abs(u) < 0.2 * Double(side) { value = 60 }
        }
        row[x] = UInt8(min(max(value * light, 0), 255))
      }
    }
    return image
  }

  /// Pictures for the samples: real ones where someone wants to look, none otherwise.
  static func thumbnail(_ index: Int) -> [UInt8]? {
    guard unsafe getenv("ASSAY_SAMPLE_REPORTS") != nil else { return [0xFF, 0xD8, UInt8(index & 255)] }
    return try? Thumbnail.jpeg(of: .gray8(part(index)))
  }

  /// Writes a page where `ASSAY_SAMPLE_REPORTS` says, if it is set.
  static func keep(_ page: String, _ name: String) throws { try keep(Array(page.utf8), name) }

  static func keep(_ bytes: [UInt8], _ name: String) throws {
    guard let folder = unsafe getenv("ASSAY_SAMPLE_REPORTS") else { return }
    try AtomicFile.write(bytes, to: unsafe String(cString: folder) + "/" + name)
  }
}
