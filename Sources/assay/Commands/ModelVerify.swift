import ArgumentParser
import Classification
import Inspection

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
