import Classification
import Graphs
import Samples

extension ModelCommand.Show {
  /// The graph as the file has it for this input's size, all that depends on sizes alone being computed, and as it is run
  /// after all passes, the latter with times where they are asked for.
  func graphTables() throws -> String {
    let file: ONNXModel
    do {
      file = try ONNXModel(try ModelFile.open(model))
    } catch let error as GraphError {
      throw ModelError(model, "cannot be used: \(error)")
    }
    let shapes = try inputShapes(file)
    let graph = try file.specialized(for: shapes)
    let compiler = try GraphCompiler(graph)
    let before = try graph.rows(for: shapes)
    let after = try compiler.fused(for: shapes).rows(for: shapes)
    let inputs = graph.inputs.map { "\($0.name) \(Self.text(shapes[$0.name]!))" }.joined(separator: ", ")
    var lines = [
      "input \(inputs)", "",
      "in the file: \(file.nodes.count) nodes\(before.count == file.nodes.count ? "" : ", of which for this size \(before.count)")",
    ]
    lines += Self.table(before, times: [:])
    lines += ["", "as it is run: \(after.count) nodes"]
    guard profile else { return (lines + Self.table(after, times: [:])).joined(separator: "\n") + "\n" }
    let timings = try measure(compiler, shapes)
    var times: [String: (microseconds: Double, kernel: String)] = [:]
    for timing in timings {
      let known = times[timing.node]
      // A node's reorders run under its name; the kernel that is named is the one that takes longest.
      let isLonger = timing.microseconds > (known?.microseconds ?? 0)
      times[timing.node] = (
        (known?.microseconds ?? 0) + timing.microseconds, isLonger ? timing.kernel : known?.kernel ?? timing.kernel
      )
    }
    lines += Self.table(after, times: times)
    let all = timings.reduce(0) { $0 + $1.microseconds }
    let count = threads ?? Machine.processors
    lines.append("\((all / 1000).fixed(2)) ms a run on \(count) thread\(count == 1 ? "" : "s")")
    return lines.joined(separator: "\n") + "\n"
  }

  private func inputShapes(_ file: ONNXModel) throws -> [String: [Int]] {
    guard !file.inputs.isEmpty else { throw ModelError(model, "has no input") }
    if shape != nil, file.inputs.count > 1 {
      throw ModelError(model, "has \(file.inputs.count) inputs, for which --input is not enough")
    }
    var shapes: [String: [Int]] = [:]
    for input in file.inputs {
      if let shape {
        shapes[input.name] = shape
        continue
      }
      let declared = input.shape ?? []
      shapes[input.name] = try declared.enumerated().map { axis, dimension in
        switch dimension {
        case .fixed(let size): return size
        case .symbolic where axis == 0: return 1
        case .symbolic:
          // Our own classifiers know the size that they were trained for.
          if let info = try? ModelInfo(file.metadata, path: model), declared.count == 4, axis >= 2 {
            return axis == 2 ? info.preprocessing.height : info.preprocessing.width
          }
          throw ModelError(model, "does not say how large its input '\(input.name)' is; give --input 1x3x224x224, say")
        }
      }
    }
    return shapes
  }

  /// Means of runs on noise, after some to warm up.
  private func measure(_ compiler: GraphCompiler, _ shapes: [String: [Int]]) throws -> [CompiledGraph.Timing] {
    let compiled = try compiler.compile(inputShapes: shapes, threads: threads ?? Machine.processors)
    var state: UInt64 = 1
    let inputs = compiled.inputs.map { input in
      (0..<input.count).map { _ -> Float in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(state >> 40) * 0x1p-24 - 0.5
      }
    }
    for _ in 0..<5 { try compiled.run(inputs) }
    compiled.isProfiling = true
    for _ in 0..<30 { try compiled.run(inputs) }
    return compiled.timings
  }

  private static func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "x") }

  private static func table(_ rows: [GraphRow], times: [String: (microseconds: Double, kernel: String)]) -> [String] {
    let all = times.values.reduce(0) { $0 + $1.microseconds }
    let cells = rows.map { row -> [String] in
      var operation = row.operation
      if !row.fused.isEmpty { operation += " + " + row.fused.joined(separator: " + ") }
      var cells = [shortened(row.name, 28), operation, text(row.shape)]
      cells.append(row.multiplications > 0 ? (Double(row.multiplications) / 1e6).fixed(1) : "")
      if !times.isEmpty {
        let time = times[row.name]
        cells.append((time?.microseconds ?? 0).fixed(0))
        cells.append((all > 0 ? (time?.microseconds ?? 0) / all * 100 : 0).fixed(1))
        cells.append(time?.kernel ?? "")
      }
      return cells
    }
    let head = ["node", "operation", "output", "M mult."] + (times.isEmpty ? [] : ["us", "%", "kernel"])
    let widths = head.indices.map { column in ([head] + cells).map { $0[column].count }.max() ?? 0 }
    return ([head] + cells).map { row in
      let line = row.enumerated().map { column, cell in
        (3...5).contains(column) ? cell.aligned(widths[column]) : cell.padded(widths[column])
      }.joined(separator: "  ")
      return "  " + String(line.reversed().drop { $0 == " " }.reversed())
    }
  }

  /// Names of exporters are paths: their ends tell more than their beginnings.
  private static func shortened(_ name: String, _ count: Int) -> String {
    name.count <= count ? name : "…" + name.suffix(count - 1)
  }
}
