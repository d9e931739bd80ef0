/// Axes as operations name them: negative ones are counted from the end.
enum Axes {
  struct Problem: Error {
    let reason: String
  }

  /// The axis counted from the front, or nil where there is none; `rank` itself is allowed where something can stand
  /// behind the last axis.
  static func position(_ axis: Int, rank: Int, includingEnd: Bool = false) -> Int? {
    let position = axis < 0 ? axis + rank : axis
    return position >= 0 && (position < rank || includingEnd && position == rank) ? position : nil
  }

  /// The axes counted from the front, each named once, in the order given: that of slices' starts and pads.
  static func positions(_ list: [Int], rank: Int) -> Result<[Int], Problem> {
    var result: [Int] = []
    for entry in list {
      guard let position = position(entry, rank: rank) else {
        return .failure(Problem(reason: "names axis \(entry) of a tensor with \(rank) axes"))
      }
      guard !result.contains(position) else { return .failure(Problem(reason: "names axis \(entry) twice")) }
      result.append(position)
    }
    return .success(result)
  }
}
