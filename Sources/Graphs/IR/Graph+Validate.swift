extension Graph {
  /// Checks that every value is made exactly once, before it is read, and that every output is made.
  ///
  /// - Throws: `GraphError.malformed` naming the value and the node.
  public func validate() throws(GraphError) {
    var known = Set(constants.keys)
    for input in inputs {
      guard known.insert(input.name).inserted else { throw .malformed("the input '\(input.name)' stands there twice") }
    }
    for node in nodes {
      for input in node.inputs where !input.isEmpty && !known.contains(input) {
        throw .malformed(
          "node '\(node.name)' reads the value '\(input)', which nothing before it makes (missing, or a cycle)")
      }
      for case .sum(let index) in node.postOperations where node.input(index) == nil {
        throw .malformed("node '\(node.name)' adds an input that it does not have")
      }
      guard !node.output.isEmpty else { throw .malformed("node '\(node.name)' has no output") }
      guard known.insert(node.output).inserted else {
        throw .malformed("the value '\(node.output)' is made twice, the second time by node '\(node.name)'")
      }
    }
    guard !outputs.isEmpty else { throw .malformed("the graph has no outputs") }
    var names: Set<String> = []
    for output in outputs {
      guard known.contains(output.name) else { throw .malformed("nothing makes the output '\(output.name)'") }
      guard names.insert(output.name).inserted else {
        throw .malformed("the output '\(output.name)' stands there twice")
      }
    }
  }
}
