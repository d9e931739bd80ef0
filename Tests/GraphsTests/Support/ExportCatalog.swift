import Graphs
import Testing

/// Writes the catalogue as ONNX files for other runtimes to run; see `goldens.py` beside this file.
@Test(.enabled(if: environment("GRAPHS_EXPORT") != nil))
func exportCatalog() throws {
  let folder = try #require(environment("GRAPHS_EXPORT"))
  for item in Case.all {
    var graph = item.graph
    graph.metadata["assay.test.shape"] = item.shape.map(String.init).joined(separator: ",")
    try graph.write(to: "\(folder)/\(item.name).onnx")
  }
  var network = ResidualNetwork.small
  var graph = try network.graph()
  graph.metadata["assay.test.shape"] = "1,1,64,48"
  try graph.write(to: "\(folder)/residual network.onnx")
}
