import ArgumentParser
import Classification
import Glibc
import Graphs
import Inspection
import Samples

extension ModelCommand {
  /// Gives somebody else's network what Assay has to know of it.
  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import",
      abstract: "Adds labels and preprocessing to an ONNX network of another program, so that it can judge parts.",
      usage: "assay model import <model> --out <out> --labels <labels> [<options>]",
      discussion: """
        Examples:
          assay model import resnet50.onnx --out parts.onnx --labels good,scratch,stain --size 224x224
          assay model import classes.onnx --out parts.onnx --labels names.txt --good fine --probabilities
          assay model import patchcore.onnx --out parts.onnx --labels good,anomaly

        Takes classification networks with one picture as input, and networks with an anomaly score and map, as anomalib \
        exports them. The copy holds the same graph byte for byte; what is added stands in its metadata.
        """)

    @Argument(help: "The network: an ONNX file of torchvision, timm, anomalib, TAO and others.")
    var model: String
    @Option(help: "The model file to write.")
    var out: String
    @Option(help: "The classes in the order of the scores: names with commas between, or a file with a name a line.")
    var labels: String
    @Option(help: "The acceptable class. Default: 'good' or 'ok', if there is one.")
    var good: String?
    @Option(help: "The input's width and height in pixels, such as 224x224. Default: what the file says.")
    var size: String?
    @Option(help: "Subtracted from each channel, where white is 1. Default for colour: ImageNet's.")
    var mean: String?
    @Option(help: "What each channel is then divided by. Default for colour: ImageNet's.")
    var std: String?
    @Option(help: "How pictures of another shape are fitted: stretch or letterbox.")
    var fit: Preprocessing.Fit = .stretch
    @Option(help: "How pictures are resampled: bilinear, bicubic or lanczos3.")
    var filter: Preprocessing.Filter = .bilinear
    @Flag(help: "The scores are logits. Default: told from the graph.")
    var logits = false
    @Flag(help: "The scores are probabilities. Default: told from the graph.")
    var probabilities = false
    @Option(help: "The input that takes the picture, where there are several.")
    var input: String?
    @Option(help: "The output with the scores, where there are several.")
    var output: String?
    @Option(help: "The output with an anomaly map 0...1.")
    var map: String?
    @Option(help: "Reject from this defect score on, 0...1.")
    var reject: Float?
    @Option(help: "Review from this defect score on.")
    var review: Float?
    @Option(help: "The model's name in decisions. Default: the written file's.")
    var name: String?

    func validate() throws {
      if logits && probabilities { throw ValidationError("--logits and --probabilities exclude each other.") }
      if let size, Self.sides(size) == nil { throw ValidationError("--size is width x height, such as 224x224.") }
      for (option, text) in [("--mean", mean), ("--std", std)] {
        if let text, Self.numbers(text) == nil {
          throw ValidationError("\(option) is one number a channel, such as 0.485,0.456,0.406.")
        }
      }
      for (option, value) in [("--reject", reject), ("--review", review)] {
        if let value, !(value >= 0 && value <= 1) { throw ValidationError("\(option) is a number from 0 to 1.") }
      }
    }

    func run() throws {
      try reporting {
        let file = try ModelFile.open(model)
        let network: ONNXModel
        do {
          network = try ONNXModel(file)
        } catch {
          throw ModelError(model, "cannot be used: \(error)")
        }
        let info = try info(network)
        // Before anything is written: does it run, and are these the labels?
        let graph = try info.foreign!.graph(network, info: info, path: model)
        try tryOut(try Classifier(graph, info: info, path: model))
        try write(file, info)
        let imported = try ModelFile(path: out)
        Console.write(Show.card(imported) + "\n\(notes(info))written: \(out)\n", to: 1)
      }
    }

    // MARK: What is added

    private func info(_ network: ONNXModel) throws -> ModelInfo {
      let foreign = try ForeignNetwork(
        guessing: network, input: input, output: output, map: map,
        scores: logits ? .logits : probabilities ? .probabilities : nil, path: model)
      let names = try labelNames()
      let goodName = good ?? ["good", "ok"].first { names.contains($0) }
      if let goodName, !names.contains(goodName) {
        throw ModelError(model, "gets no label '\(goodName)', which --good names, but \(names.joined(separator: ", "))")
      }
      // An anomaly score is made to pass 0.5 where a part is bad, and comes close to it for good ones.
      let usual = ModelInfo.Thresholds.usual
      let rejecting = reject ?? usual.reject
      let reviewing = review ?? min(rejecting, foreign.map == nil ? usual.review : usual.reject)
      guard reviewing <= rejecting else { throw ValidationError("--review is at most --reject.") }
      return ModelInfo(
        name: name ?? ModelFile.stem(out), labels: names, goodIndex: goodName.flatMap { names.firstIndex(of: $0) },
        pixelLabels: foreign.map == nil ? [] : names, preprocessing: try preprocessing(network, foreign),
        thresholds: ModelInfo.Thresholds(reject: rejecting, review: reviewing, confidence: usual.confidence),
        provenance: nil, foreign: foreign)
    }

    private func labelNames() throws -> [String] {
      var names = labels.split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed)
      if names.count == 1, let lines = Self.lines(labels) { names = lines.filter { !$0.isEmpty } }
      guard names.count >= 2 else {
        throw ModelError(model, "needs two classes or more, and --labels names \(names.count) and is no file")
      }
      guard !names.contains(""), Set(names).count == names.count else {
        throw ModelError(model, "gets labels that are empty or the same: \(names.joined(separator: ", "))")
      }
      return names
    }

    private func preprocessing(_ network: ONNXModel, _ foreign: ForeignNetwork) throws -> Preprocessing {
      let declared = network.inputs.first { $0.name == foreign.input }?.shape
      let axes = (declared ?? []).map { dimension -> Int? in
        if case .fixed(let size) = dimension { size } else { nil }
      }
      guard declared == nil || axes.count == 4 else {
        throw ModelError(model, "takes an input of \(axes.count) axes, which is no picture")
      }
      let given = mean.flatMap(Self.numbers) ?? std.flatMap(Self.numbers)
      // Channels stand first or last; where the file leaves both open, first.
      let isLast = axes.count == 4 && ![1, 3, nil].contains(axes[1]) && [1, 3].contains(axes[3])
      let stated = axes.count == 4 ? (isLast ? axes[3] : axes[1]) : nil
      let channels = stated ?? given?.count ?? 3
      let ownSides = axes.count == 4 ? (isLast ? (axes[2], axes[1]) : (axes[3], axes[2])) : (nil, nil)
      let wanted = size.flatMap(Self.sides)
      guard let width = wanted?.width ?? ownSides.0, let height = wanted?.height ?? ownSides.1 else {
        throw ModelError(model, "does not say how large its pictures are; give --size 224x224, say")
      }
      let isAnomaly = foreign.map != nil
      // anomalib's graphs normalise by themselves.
      let defaults: ([Float], [Float])? =
        isAnomaly
        ? ([Float](repeating: 0, count: channels), [Float](repeating: 1, count: channels))
        : channels == 3 ? (Self.imageNet.mean, Self.imageNet.std) : nil
      guard let means = mean.flatMap(Self.numbers) ?? defaults?.0, let stds = std.flatMap(Self.numbers) ?? defaults?.1
      else {
        throw ModelError(model, "takes \(channels) channel; say how it is normalised, such as --mean 0.5 --std 0.5")
      }
      let problem = Self.problem(width, height, channels, means, stds)
      if let problem { throw ModelError(model, "would get an impossible input: \(problem)") }
      return Preprocessing(
        width: width, height: height, channels: channels, fit: fit, filter: filter, mean: means, std: stds)
    }

    private static let imageNet = (mean: [0.485, 0.456, 0.406] as [Float], std: [0.229, 0.224, 0.225] as [Float])

    private static func problem(_ width: Int, _ height: Int, _ channels: Int, _ mean: [Float], _ std: [Float])
      -> String?
    {
      var probe = Preprocessing(width: 1, height: 1)
      (probe.width, probe.height, probe.channels, probe.mean, probe.std) = (width, height, channels, mean, std)
      return probe.problem
    }

    // MARK: Trying out

    /// Judges a grey picture and one with noise.
    private func tryOut(_ classifier: Classifier) throws {
      let judge = try classifier.judge(threads: Machine.processors)
      let input = classifier.info.preprocessing
      var state: UInt64 = 1
      for contrast in [0, 255] {
        var planes = [UInt8](repeating: 128, count: input.valueCount)
        for index in planes.indices where contrast > 0 {
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          planes[index] = UInt8(state >> 56)
        }
        var values = [Float](repeating: 0, count: input.valueCount)
        var span = values.mutableSpan
        input.normalize(planes.span, into: &span)
        let scores = try judge.judge(values.span).probabilities
        let sum = scores.reduce(0, +)
        guard scores.allSatisfy(\.isFinite), abs(sum - 1) < 0.01 else {
          throw ModelError(
            model, "does not give probabilities of its classes (for a test picture their sum is \(sum)); try --logits")
        }
      }
    }

    private func write(_ file: ONNXFile, _ info: ModelInfo) throws {
      func folder(_ path: String) -> String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "." }
      guard !file.hasExternalData || folder(model) == folder(out) else {
        throw ModelError(out, "would lie away from the files with its weights; choose a name in \(folder(model))")
      }
      try file.write(to: out, metadata: info.metadata(), replacing: ModelInfo.isKey)
    }

    // MARK: Text

    /// What was assumed.
    private func notes(_ info: ModelInfo) -> String {
      var notes: [String] = []
      if mean == nil && std == nil {
        notes.append(
          info.foreign?.map == nil
            ? "Mean and deviation are ImageNet's, as no --mean and --std were given."
            : "Pictures come as 0...1, as anomalib's graphs normalise themselves and no --mean and --std were given.")
      }
      if !logits && !probabilities {
        notes.append("The scores were taken for \(info.foreign?.scores.rawValue ?? ""), as the graph's end tells.")
      }
      if info.goodIndex == nil { notes.append("No class is good: parts are named, and none is accepted.") }
      return notes.map { "note: \($0)\n" }.joined()
    }

    static func normalisation(_ input: Preprocessing) -> String {
      func list(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ", ") }
      return "mean \(list(input.mean)); deviation \(list(input.std)) (white is 1)"
    }

    private static func sides(_ text: String) -> (width: Int, height: Int)? {
      let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
      guard parts.count == 2, parts.allSatisfy({ (1...16_384).contains($0) }) else { return nil }
      return (parts[0], parts[1])
    }

    private static func numbers(_ text: String) -> [Float]? {
      let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Float(trimmed($0)) ?? .nan }
      return parts.allSatisfy(\.isFinite) ? parts : nil
    }

    /// The lines of a small text file; nil where there is none.
    private static func lines(_ path: String) -> [String]? {
      let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      guard file >= 0 else { return nil }
      defer { close(file) }
      var bytes = [UInt8](repeating: 0, count: 1 << 20)
      var filled = 0
      while filled < bytes.count {
        let got = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress! + filled, $0.count - filled) }
        if got < 0 && errno == EINTR { continue }
        guard got >= 0 else { return nil }
        if got == 0 { break }
        filled += got
      }
      return String(decoding: bytes[..<filled], as: UTF8.self).split(omittingEmptySubsequences: false) {
        $0.isNewline
      }.map(trimmed)
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
      var rest = text[...]
      while rest.first?.isWhitespace == true { rest = rest.dropFirst() }
      while rest.last?.isWhitespace == true { rest = rest.dropLast() }
      return String(rest)
    }
  }
}
