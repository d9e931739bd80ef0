/// What reads axes as operations name them: negative ones are counted from the end.
protocol AxisReader {
  /// The error for a node that does what `reason` says.
  func malformed(_ reason: String) -> GraphError
}

extension AxisReader {
  /// An axis counted from the front; `rank` itself is allowed where something can stand behind the last axis.
  func axis(_ axis: Int, rank: Int, includingEnd: Bool = false) throws(GraphError) -> Int {
    let position = axis < 0 ? axis + rank : axis
    guard position >= 0 && (position < rank || includingEnd && position == rank) else {
      throw malformed("names axis \(axis) of a tensor with \(rank) axes")
    }
    return position
  }

  /// The axes counted from the front, each named once, in the order given: that of slices' starts and pads.
  func axes(_ list: [Int], rank: Int) throws(GraphError) -> [Int] {
    var result: [Int] = []
    for entry in list {
      let position = try axis(entry, rank: rank)
      guard !result.contains(position) else { throw malformed("names axis \(entry) twice") }
      result.append(position)
    }
    return result
  }
}
