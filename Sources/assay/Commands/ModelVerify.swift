import ArgumentParser
import Classification
import Imaging
import Inspection
import Samples

extension ModelCommand {
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Proves that two models agree on a part set: probabilities and verdicts.",
      usage: "assay model verify <first> <second> --data <data> [<options>]",
      discussion: """
        Example:
          assay model verify parts.onnx parts.int8.onnx --data parts/

        Prints the largest and the mean difference of a probability and each part whose verdict differs. Exit code 1 \
        where more verdicts differ than --max-flips allows, or a difference is above --tolerance; 3 where pictures \
        could not be read.
        """)

    @Argument(help: "The model that is taken for right.")
    var first: String
    @Argument(help: "The model that is compared with it.")
    var second: String
    @Option(help: "Pictures: a folder, a picture, a part set's manifest.")
    var data: String
    @Option(help: "Verdicts that may differ.")
    var maxFlips = 0
    @Option(help: "Largest difference of a probability that is allowed, 0...1. Default: any.")
    var tolerance: Double?
    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
      if maxFlips < 0 { throw ValidationError("--max-flips is a number from 0 on.") }
      if let tolerance, !(tolerance >= 0 && tolerance <= 1) {
        throw ValidationError("--tolerance is a number from 0 to 1.")
      }
    }

    func run() throws {
      try reporting {
        let files = [try ModelFile(path: first), try ModelFile(path: second)]
        guard files[0].classifier.info.labels == files[1].classifier.info.labels else {
          throw ModelError(
            second, "has other classes than \(first): \(files[1].classifier.info.labels.joined(separator: ", "))")
        }
        let input = try InspectionInput(source: data)
        let agreement = try Agreement(files, input.items)
        Console.write(json ? agreement.json : agreement.text(files.map(\.path)), to: 1)
        if agreement.flips.count > maxFlips { throw ExitCode(1) }
        if let tolerance, !(agreement.largest <= tolerance) { throw ExitCode(1) }
        if !agreement.unreadable.isEmpty { throw ExitCode(3) }
      }
    }
  }
}

/// How far two models agree on some pictures.
private struct Agreement {
  struct Flip {
    var source: String
    var verdicts: [(verdict: Verdict, label: String)]
    var difference: Double
  }

  var count = 0
  var largest = 0.0
  var largestSource = ""
  var flips: [Flip] = []
  var unreadable: [String] = []
  private var sum = 0.0
  private var values = 0

  /// Over all probabilities of all parts.
  var mean: Double { sum / Double(max(1, values)) }

  init(_ files: [ModelFile], _ items: [InspectionInput.Item]) throws {
    let inspectors = try files.map { file in
      try PartInspector(
        file.classifier, policy: Policy(file.classifier.info, reject: nil, review: nil, confidence: nil),
        model: file.identity, threads: Machine.processors, wantsOutlines: false)
    }
    for (index, item) in items.enumerated() {
      let decisions = inspectors.map { $0.inspect(item, sequence: index).decision }
      guard !decisions.contains(where: \.isUnreadable) else {
        unreadable.append(item.path)
        continue
      }
      add(decisions, item.path)
    }
  }

  private mutating func add(_ decisions: [Decision], _ source: String) {
    count += 1
    var worst = 0.0
    for (a, b) in zip(decisions[0].scores, decisions[1].scores) {
      let difference = abs(Double(a.score) - Double(b.score))
      // A score that is not a number agrees with nothing.
      worst = difference.isFinite ? max(worst, difference) : .infinity
      sum += difference
      values += 1
    }
    if worst > largest { (largest, largestSource) = (worst, source) }
    if decisions[0].verdict != decisions[1].verdict || decisions[0].label != decisions[1].label {
      flips.append(Flip(source: source, verdicts: decisions.map { ($0.verdict, $0.label) }, difference: worst))
    }
  }

  func text(_ paths: [String]) -> String {
    var lines = [
      "\(count) pictures judged by both",
      "largest difference  \(Self.short(largest))\(largestSource.isEmpty ? "" : "  \(largestSource)")",
      "mean difference     \(Self.short(mean))", "other verdicts      \(flips.count)",
    ]
    for flip in flips {
      let verdicts = flip.verdicts.map { "\($0.verdict.rawValue) \($0.label)" }.joined(separator: " -> ")
      lines.append("  \(flip.source): \(verdicts)")
    }
    for path in unreadable { lines.append("  could not be read: \(path)") }
    return lines.joined(separator: "\n") + "\n"
  }

  var json: String {
    var writer = JSONWriter(indented: true)
    writer.object { object in
      object.member("judged", count)
      object.member("largest_difference", largest)
      object.member("mean_difference", mean)
      object.member("flips", flips.count)
      object.array("flipped") { array in
        for flip in flips {
          array.object {
            $0.member("source", flip.source)
            $0.member("first", flip.verdicts[0].verdict.rawValue)
            $0.member("second", flip.verdicts[1].verdict.rawValue)
            $0.member("difference", flip.difference)
          }
        }
      }
      object.array("unreadable") { array in for path in unreadable { array.element(path) } }
    }
    return writer.text + "\n"
  }

  /// Three digits, with a power of ten where they would be zeros.
  private static func short(_ value: Double) -> String {
    guard value.isFinite, value > 0 else { return value.fixed(0) }
    var exponent = 0
    var digits = value
    while digits < 1, exponent > -30 { (digits, exponent) = (digits * 10, exponent - 1) }
    return exponent > -3 ? value.fixed(4) : "\(digits.fixed(1))e\(exponent)"
  }
}
