import ArgumentParser
import Classification
import Imaging
import Inspection
import Layers
import Samples

extension ModelCommand {
  /// Writes what a network is fed with, so that another runtime can be given the very same numbers.
  struct Inputs: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes pictures as a model's input, for comparing Assay with another runtime.",
      discussion: """
        Example:
          assay model inputs pictures/ --model parts.onnx --out inputs.safetensors

        Each picture becomes a tensor 1 x channels x height x width under its id.
        """)

    @Argument(help: "A folder, a picture, or a CSV file with an `image` column.")
    var source: String
    @Option(help: "The model file.")
    var model: String
    @Option(help: "The safetensors file to write.")
    var out: String

    func run() throws {
      try reporting {
        let info = try ModelFile(path: model).classifier.info
        let preparer = Preparer(info.preprocessing)
        var file = Checkpoint()
        let shape = [1, info.preprocessing.channels, info.preprocessing.height, info.preprocessing.width]
        for item in try InspectionInput(source: source).items {
          let decoded = try ImageFile.load(
            pathBytes: item.pathBytes, name: item.path, options: info.preprocessing.decodeOptions)
          var values = [Float](repeating: 0, count: info.preprocessing.valueCount)
          var span = values.mutableSpan
          preparer.prepare(decoded.image, into: &span)
          file.tensors[item.id] = Checkpoint.Entry(shape: shape, elements: values)
        }
        try file.write(to: out)
        Console.write("\(file.tensors.count) inputs: \(out)\n", to: 1)
      }
    }
  }
}
