import ArgumentParser
import Inspection
import Samples

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset", abstract: "Looks at part sets, and makes one.",
    discussion: """
      Examples:
        assay dataset check parts/
        assay dataset render washers --out washers/
      """,
    subcommands: [Check.self, Render.self])

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Says what Assay sees in a part set, and what is wrong with it.",
      discussion: """
        Example:
          assay dataset check parts/

        Exit code 1 where something would spoil a training or its figures.
        """)

    @Argument(help: "The part set: a folder or its manifest.")
    var dataset: String
    @Option(help: "The acceptable class. Default: `good` or `ok`.")
    var good: String?
    @Flag(help: "Print as JSON.")
    var json = false

    func run() throws {
      try reporting {
        let set = try PartSet.load(path: dataset, options: PartSetOptions(good: good))
        let check = DatasetCheck.run(set)
        if json {
          let encoder = JSONEncoder()
          encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
          Console.write(String(decoding: try encoder.encode(check), as: UTF8.self) + "\n", to: 1)
        } else {
          Console.write(check.text(columns: min(Console.columns, 100)), to: 1)
        }
        if check.hasErrors { throw ExitCode(1) }
      }
    }
  }

  struct Render: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Renders a part set of stamped washers with masks, from a seed.",
      usage: "assay dataset render washers --out <out> [<options>]",
      discussion: """
        Example:
          assay dataset render washers --out Datasets/washers --count 360

        The same seed gives the same bytes on every machine.
        """)

    enum Kind: String, ExpressibleByArgument, CaseIterable { case washers }

    @Argument(help: "What is rendered: washers.")
    var kind: Kind
    @Option(help: "The folder for the set.")
    var out: String
    @Option(help: "Number of parts.")
    var count = 360
    @Option(help: "Width and height in pixels.")
    var size = 192
    @Option(help: "Seed.")
    var seed: UInt64 = 0
    @Flag(help: "Replace what an earlier rendering left in the folder.")
    var overwrite = false

    func validate() throws {
      guard (1...1_000_000).contains(count) else { throw ValidationError("--count is at least 1.") }
      guard (64...2048).contains(size) else { throw ValidationError("--size is a number from 64 to 2048.") }
    }

    func run() throws {
      try reporting {
        try WashersRenderer(size: size, seed: seed).render(to: out, count: count, isReplacing: overwrite)
        Console.write("\(count) washers: \(out)\n", to: 1)
      }
    }
  }
}
