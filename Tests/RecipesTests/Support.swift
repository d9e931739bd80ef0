import Recipes

/// The sentences of what is wrong with a recipe's text; none if it can be read.
func problems(_ yaml: String, path: String = "/line/line.yaml") -> [String] {
  do throws(RecipeError) {
    _ = try Recipe(yaml: yaml, path: path)
    return []
  } catch {
    return error.problems.map(\.description)
  }
}

/// A recipe with one camera and these further lines in it.
func camera(_ lines: String, top: String = "model: m.onnx") -> String {
  let inner = lines.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)\n" }.joined()
  return "\(top)\ncameras:\n  top:\n    device: usb-1\n\(inner)"
}
