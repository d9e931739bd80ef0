import Graphs
import Testing

/// The plain interpreter against ONNX Runtime.
@Test(arguments: Case.all)
func referenceAgreesWithONNXRuntime(_ item: Case) throws {
  let golden = try #require(goldens[item.name])
  let result = try item.reference()
  #expect(result.shape == golden.shape)
  let values = try #require(result.floats)
  let picked = (0..<8).map { values[$0 * (values.count - 1) / 7] }
  let scale = max(1, golden.values.map(abs).max()!)
  #expect(difference(picked, golden.values) <= 1e-5 * scale)
}
