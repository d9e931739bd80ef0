import ArgumentParser
import Inspection
import Reporting
import Threads

/// What `assay evaluate` counts the cost of its verdicts by.
struct CostOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      What a wrong verdict and a look cost for each part, in any unit: escape=200,overkill=1.5,review=0.4. Prints the \
      cost of 1000 parts, and begins the report's explorer with it.
      """, valueName: "costs"))
  var cost: String?

  func costs() throws(DecisionCostsError) -> DecisionCosts? {
    guard let cost else { return nil }
    return try DecisionCosts(parsing: cost)
  }

  func validate() throws {
    do {
      _ = try costs()
    } catch {
      throw ValidationError("\(error).")
    }
  }
}

extension JudgedParts {
  /// Small pictures of parts that were judged right, as many as the page has room for.
  mutating func keepPictures(of paths: [String], policy: Policy, threads: Int) {
    let order = pictureOrder(policy)
    // A batch at a time: what is past the room is not read.
    let batch = 64
    for first in stride(from: 0, to: order.count, by: batch) {
      let indices = Array(order[first..<min(first + batch, order.count)])
      let pictures = Parallel.map(indices.count, threads: threads) {
        Thumbnail.jpeg(
          ofFile: paths[indices[$0]], side: JudgedParts.thumbnailSide, quality: JudgedParts.thumbnailQuality)
      }
      for (index, picture) in zip(indices, pictures) {
        guard let picture else { continue }
        guard keep(picture, of: index) else { return }
      }
    }
  }

  /// The cost with the policy in force and with the cheapest thresholds, for the console in at most 80 columns.
  func line(_ costs: DecisionCosts, defectRate: Double?) -> String? {
    guard let counts, let sweep else { return "  cost of 1000   unknown: the model knows no good part" }
    guard let now = costs.cost(of: counts, defectRate: defectRate),
      let best = sweep.cheapest(costs, defectRate: defectRate)
    else { return "  cost of 1000   unknown: the set lacks good or defective parts" }
    let thresholds = "--reject \(best.thresholds.reject) --review \(best.thresholds.review)"
    return "  cost of 1000   \((1000 * now).fixed(2)), at best \((1000 * best.cost).fixed(2)) by \(thresholds)"
  }
}
