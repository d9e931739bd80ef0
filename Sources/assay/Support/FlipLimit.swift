import ArgumentParser

/// How many verdicts may differ: a number of parts, or a share of those that are judged.
enum FlipLimit: ExpressibleByArgument, CustomStringConvertible {
  case parts(Int)
  case percent(Double)

  init?(argument: String) {
    if argument.hasSuffix("%") {
      guard let share = Double(argument.dropLast().filter { $0 != " " }), (0...100).contains(share) else { return nil }
      self = .percent(share)
    } else {
      guard let count = Int(argument), count >= 0 else { return nil }
      self = .parts(count)
    }
  }

  /// Parts that may differ of so many judged.
  func count(of judged: Int) -> Int {
    switch self {
    case .parts(let count): count
    // A little more than rounding errors take away: 0.5 % of 200 is one part.
    case .percent(let share): Int(Double(judged) * share / 100 + 1e-9)
    }
  }

  var description: String {
    switch self {
    case .parts(let count): "\(count)"
    case .percent(let share): share == share.rounded() ? "\(Int(share))%" : "\(share)%"
    }
  }

  var defaultValueDescription: String { description }
}
