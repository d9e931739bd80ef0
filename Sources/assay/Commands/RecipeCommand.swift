import ArgumentParser
import Inspection
import Recipes

struct RecipeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recipe",
    abstract: "Checks a station's recipe, or shows one with every key.",
    discussion: """
      Examples:
        assay recipe example > line.yaml
        assay recipe check line.yaml
        assay inspect --recipe line.yaml --out run/
      """, subcommands: [Check.self, Example.self])

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Says in sentences what a recipe means, and what is wrong with it.",
      discussion: "Example:\n  assay recipe check line.yaml")
    @Argument(help: "The recipe, a YAML file.")
    var file: String
    @Flag(help: "Print the recipe as JSON, with all defaults filled in.")
    var json = false

    func run() throws {
      try RecipeFile.reporting {
        let recipe = try Recipe(contentsOf: file)
        Console.write((json ? recipe.json : recipe.sentences.joined(separator: "\n")) + "\n", to: 1)
        let problems = recipe.fileProblems()
        for problem in problems { Console.error("\(problem)") }
        if !problems.isEmpty { throw ExitCode(1) }
      }
    }
  }

  struct Example: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints a recipe with every key, to begin with.",
      discussion: "Example:\n  assay recipe example > line.yaml")

    func run() { Console.write(Recipe.example, to: 1) }
  }
}

/// Reads recipes for commands.
enum RecipeFile {
  /// Prints all that is wrong with a recipe, a sentence each, and exits with 1.
  static func reporting(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as RecipeError {
      for problem in error.problems { Console.error("\(problem)") }
      throw ExitCode(1)
    }
  }
}
