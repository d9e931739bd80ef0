import Testing

@testable import Graphs

/// Single operations, with numbers from numpy, PyTorch and the onnx package's reference evaluator.
///
/// ```python
/// # onnx 1.23.2, torch 2.15, numpy 2: r and x stand for what `ramp` and `signed` are here
/// import numpy as np, torch, torch.nn.functional as F
/// from onnx import helper as H; from onnx.reference import ReferenceEvaluator
/// def run(op, ins, opset=18, outs=1, **a):
///   names = [f"i{k}" if v is not None else "" for k, v in enumerate(ins)]
///   values = [H.make_tensor_value_info(f"i{k}", H.np_dtype_to_tensor_dtype(v.dtype), v.shape)
///             for k, v in enumerate(ins) if v is not None]
///   results = [f"o{k}" for k in range(outs)]
///   graph = H.make_graph([H.make_node(op, names, results, **a)], "g", values,
///                        [H.make_tensor_value_info(r, 0, None) for r in results])
///   model = H.make_model(graph, opset_imports=[H.make_opsetid("", opset)])
///   return ReferenceEvaluator(model).run(None, {f"i{k}": v for k, v in enumerate(ins) if v is not None})
/// r = np.arange(16, dtype="f").reshape(1, 1, 4, 4)
/// x = (np.arange(18, dtype="f").reshape(1, 2, 3, 3) - 8) / 4
/// w = (np.arange(16, dtype="f").reshape(2, 2, 2, 2) - 7) / 8
/// ```
@Suite struct InterpreterTests {
  private let ramp = TypedTensor((0..<16).map { Float($0) }, shape: [1, 1, 4, 4])
  private let squares = TypedTensor((0..<16).map { Float($0 * $0) / 10 }, shape: [1, 1, 4, 4])
  private let signed = TypedTensor((0..<18).map { (Float($0) - 8) / 4 }, shape: [1, 2, 3, 3])
  private let weights = TypedTensor((0..<16).map { (Float($0) - 7) / 8 }, shape: [2, 2, 2, 2])

  private func run(
    _ operation: String, _ inputs: [TypedTensor?], opset: Int = 18, outputs: Int = 1,
    _ attributes: [String: ModelNode.Attribute] = [:]
  ) throws -> [TypedTensor] {
    let node = ModelNode(
      name: "n", operation: operation, inputs: inputs.indices.map { inputs[$0] == nil ? "" : "i\($0)" },
      outputs: (0..<outputs).map { "o\($0)" }, attributes: attributes)
    return try Interpreter.evaluate(node, opset: opset, inputs)
  }

  private func list(_ values: Int64...) -> TypedTensor { TypedTensor(values, shape: [values.count]) }

  private func expect(
    _ found: TypedTensor, _ shape: [Int], _ values: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found.shape == shape, sourceLocation: sourceLocation)
    #expect(found.count == values.count, sourceLocation: sourceLocation)
    for (a, b) in zip(found.doubles, values) where !(abs(a - b) <= 1e-5 + 1e-5 * abs(b)) && !(a.isNaN && b.isNaN) {
      Issue.record("\(a) is not \(b)", sourceLocation: sourceLocation)
    }
  }

  @Test func theTableIsSortedAndComplete() {
    #expect(Interpreter.operations == Interpreter.operations.sorted())
    #expect(Interpreter.operations.count == Set(Interpreter.operations).count)
    #expect(Interpreter.operations.count >= 150)
  }

  // MARK: Types

  @Test func numbersHaveTheirTypes() throws {
    let bytes = TypedTensor(.uint8, [2], integers: [200, 3])
    let sum = try run("Add", [bytes, TypedTensor(.uint8, [1], integers: [100])])[0]
    #expect(sum.integers == [44, 103])
    let large = TypedTensor([Int64.max], shape: [])
    #expect(try run("Add", [large, TypedTensor([Int64(-1)], shape: [])])[0].integers == [Int64.max - 1])
    #expect(try run("Abs", [TypedTensor([Int64.min], shape: [])])[0].integers == [Int64.min])
    // 1 + 2^-11 lies between two halves, and goes to the even one.
    let half = TypedTensor(.float16, [2], floats: [1 + 1 / 2048, 1 + 3 / 2048])
    #expect(half.floats == [1, 1 + 4 / 2048])
    #expect(TypedTensor(.bfloat16, [1], floats: [1 + 1 / 256]).floats == [1])
    #expect(TypedTensor([.nan, -3.9, 1e20], shape: [3]).converted(to: .int64).integers == [0, -3, Int64.max])
    #expect(TypedTensor([0.1, 0], shape: [2]).converted(to: .bool).integers == [1, 0])
  }

  @Test func notANumberStaysOne() throws {
    let x = TypedTensor([.nan, 1], shape: [2])
    for operation in ["Max", "Min"] {
      #expect(try run(operation, [x, TypedTensor([Float(0)], shape: [])])[0].floats[0].isNaN)
      #expect(try run("Reduce\(operation)", [x])[0].floats[0].isNaN)
    }
    #expect(try run("Clip", [x, TypedTensor([Float(0)], shape: [])])[0].floats[0].isNaN)
    #expect(try run("Relu", [x])[0].floats[0].isNaN)
  }

  @Test func integersDivide() throws {
    let a = list(-7, 7, -7, 7)
    let b = list(3, 3, -3, -3)
    #expect(try run("Div", [a, b])[0].integers == [-2, 2, 2, -2])
    #expect(try run("Mod", [a, b])[0].integers == [2, 1, -1, -2])
    #expect(try run("Mod", [a, b], ["fmod": .integer(1)])[0].integers == [-1, 1, -1, 1])
    #expect(throws: GraphError.malformed("the Div node 'n' divides by zero")) { try run("Div", [a, list(0)]) }
    #expect(try run("Div", [list(.min), list(-1)])[0].integers == [.min])
  }

  // MARK: Shapes

  @Test func slicesAndPads() throws {
    let x = TypedTensor((0..<6).map { Int64($0) }, shape: [2, 3])
    #expect(try run("Slice", [x, list(-1), list(.min), list(1), list(-2)])[0].integers == [2, 0, 5, 3])
    let reflected = try run("Pad", [x, list(1, 2, 0, 1)], opset: 19, ["mode": .string("reflect")])[0]
    expect(reflected, [3, 6], [5, 4, 3, 4, 5, 4, 2, 1, 0, 1, 2, 1, 5, 4, 3, 4, 5, 4])
    #expect(try run("Pad", [x, list(0, -1, 0, 1), list(9)], opset: 19)[0].integers == [1, 2, 9, 4, 5, 9])
    #expect(try run("Gather", [x, list(-1)], ["axis": .integer(1)])[0].integers == [2, 5])
    #expect(throws: GraphError.malformed("the Gather node 'n' reads element 3 of 3")) {
      try run("Gather", [x, list(3)], ["axis": .integer(1)])
    }
    let indices = TypedTensor([Int64(4), 3, 4], shape: [3, 1])
    let sums = try run(
      "ScatterND", [TypedTensor((0..<8).map { Int64($0) }, shape: [8]), indices, list(10, 20, 30)],
      ["reduction": .string("add")])[0]
    #expect(sums.integers == [0, 1, 2, 23, 44, 5, 6, 7])
  }

  @Test func shapesBeforeTheyMoved() throws {
    // Operator sets before 10, 11 and 13 had these as attributes.
    let x = TypedTensor((0..<4).map { Float($0) }, shape: [1, 4])
    let sliced = try run(
      "Slice", [x], opset: 9, ["axes": .integers([1]), "starts": .integers([1]), "ends": .integers([3])])
    #expect(sliced[0].floats == [1, 2])
    #expect(try run("Clip", [x], opset: 6, ["max": .float(2)])[0].floats == [0, 1, 2, 2])
    #expect(try run("Squeeze", [x], opset: 11, ["axes": .integers([0])])[0].shape == [4])
    let column = TypedTensor([Float(10)], shape: [1])
    #expect(try run("Add", [x, column], opset: 6, ["broadcast": .integer(1), "axis": .integer(0)])[0].floats[3] == 13)
    // Before opset 13 a softmax went over everything from its axis on.
    let image = TypedTensor([Float](repeating: 0, count: 8), shape: [2, 2, 2])
    #expect(try run("Softmax", [image], opset: 12)[0].floats[0] == 0.25)
    #expect(try run("Softmax", [image], opset: 13)[0].floats[0] == 0.5)
  }

  @Test func reductionsOfNothing() throws {
    let empty = TypedTensor([Float](), shape: [2, 0])
    #expect(try run("ReduceSum", [empty, list(1)])[0].floats == [0, 0])
    #expect(try run("ReduceMax", [empty, list(1)])[0].floats == [-.infinity, -.infinity])
    #expect(try run("ReduceProd", [empty, list(1)], ["keepdims": .integer(0)])[0].shape == [2])
    let none = TypedTensor(.uint8, [0], integers: [])
    #expect(try run("ReduceMin", [none, list(0)])[0].integers == [255])
  }

  @Test func orders() throws {
    let x = TypedTensor([2, 3, 3, 1] as [Float], shape: [1, 4])
    #expect(try run("ArgMax", [x], ["axis": .integer(1)])[0].integers == [1])
    #expect(try run("ArgMax", [x], ["axis": .integer(1), "select_last_index": .integer(1)])[0].integers == [2])
    let top = try run("TopK", [x, list(3)], outputs: 2)
    #expect(top[0].floats == [3, 3, 2])
    #expect(top[1].integers == [1, 2, 0])
    let sums = try run(
      "CumSum", [x, TypedTensor([Int64(1)], shape: [])], ["exclusive": .integer(1), "reverse": .integer(1)])
    #expect(sums[0].floats == [7, 4, 1, 0])
    // run("Unique", [np.array([2, 1, 1, 3, 4, 3], "f")], outs=4)
    let unique = try run("Unique", [TypedTensor([2, 1, 1, 3, 4, 3] as [Float], shape: [6])], outputs: 4)
    #expect(unique[0].floats == [1, 2, 3, 4])
    #expect(unique[1].integers == [1, 0, 3, 4])
    #expect(unique[2].integers == [1, 0, 0, 2, 3, 2])
    #expect(unique[3].integers == [2, 1, 2, 1])
  }

  // MARK: Windows

  @Test func convolutions() throws {
    // F.conv2d(x, w, torch.tensor([1., -1.]), stride=2, padding=1)
    let bias = TypedTensor([1, -1] as [Float], shape: [2])
    let y = try run(
      "Conv", [signed, weights, bias], ["strides": .integers([2, 2]), "pads": .integers([1, 1, 1, 1])])[0]
    expect(y, [1, 2, 2, 2], [2.0, 2.78125, 1.9375, 1.5, -1.75, -1.21875, 0.9375, 4.5])
    // F.conv_transpose2d(x, w[:, :1], stride=2, padding=1, output_padding=1)
    let single = try run("Slice", [weights, list(0), list(1), list(1)])[0]
    let z = try run(
      "ConvTranspose", [signed, single],
      ["strides": .integers([2, 2]), "pads": .integers([1, 1, 1, 1]), "output_padding": .integers([1, 1])])[0]
    expect(
      z, [1, 1, 5, 5],
      [
        1.125, 1.28125, 1.125, 1.21875, 1.125, 1.1875, 1.03125, 1.0625, 0.84375, 0.9375, 1.125, 1.09375, 1.125, 1.03125,
        1.125, 0.8125, 0.46875, 0.6875, 0.28125, 0.5625, 1.125, 0.90625, 1.125, 0.84375, 1.125,
      ])
  }

  @Test func pools() throws {
    let maxima = try run(
      "MaxPool", [ramp], outputs: 2,
      ["kernel_shape": .integers([3, 3]), "strides": .integers([2, 2]), "ceil_mode": .integer(1)])
    #expect(maxima[0].floats == [10, 11, 14, 15])
    #expect(maxima[1].integers == [10, 11, 14, 15])
    let pads: [String: ModelNode.Attribute] = [
      "kernel_shape": .integers([1, 3]), "strides": .integers([1, 2]), "pads": .integers([0, 1, 0, 1]),
    ]
    let row = TypedTensor([1, 2, 3, 6] as [Float], shape: [1, 1, 1, 4])
    #expect(try run("AveragePool", [row], pads)[0].floats == [1.5, 11.0 / 3])
    #expect(
      try run("AveragePool", [row], pads.merging(["count_include_pad": .integer(1)]) { a, _ in a })[0].floats == [
        1, 11.0 / 3,
      ])
  }

  @Test func resizes() throws {
    // run("Resize", [r ** 2 / 10, None, None, np.array([1, 1, 3, 5])], 19, mode="cubic", cubic_coeff_a=-0.5)
    expect(
      try run(
        "Resize", [squares, nil, nil, list(1, 1, 3, 5)], ["mode": .string("cubic"), "cubic_coeff_a": .float(-0.5)])[0],
      [1, 1, 3, 5],
      [
        0.12946077, 0.24737000, 0.49259099, 0.89101225, 1.32192063, 3.54734826, 4.45435143, 5.625, 6.94885159,
        8.16884708, 13.39486408, 15.09096527, 17.18704033, 19.43632507, 21.44540215,
      ])
    // run("Resize", [r ** 2 / 10, None, None, np.array([1, 1, 2, 3])], 19, mode="linear", antialias=1)
    expect(
      try run("Resize", [squares, nil, nil, list(1, 1, 2, 3)], ["mode": .string("linear"), "antialias": .integer(1)])[
        0],
      [1, 1, 2, 3], [1.56363642, 2.4, 3.52727270, 10.34545422, 12.9, 15.74545479])
    // run("Resize", [r, np.array([0, 0, .4, .6, 1, 1, .6, 1.8], "f"), None, np.array([1, 1, 2, 3])], 19, mode="linear",
    //     coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=9.0)
    let part = TypedTensor([0, 0, 0.4, 0.6, 1, 1, 0.6, 1.8], shape: [8])
    let attributes: [String: ModelNode.Attribute] = [
      "mode": .string("linear"), "coordinate_transformation_mode": .string("tf_crop_and_resize"),
      "extrapolation_value": .float(9),
    ]
    expect(
      try run("Resize", [ramp, part, nil, list(1, 1, 2, 3)], attributes)[0], [1, 1, 2, 3], [6.6, 9, 9, 9, 9, 9])
  }

  @Test func aRegionThatIsNoNumberIsOutside() throws {
    let nowhere = TypedTensor([.nan, .nan, .nan, .nan], shape: [4])
    let matrix = TypedTensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    let crop: [String: ModelNode.Attribute] = [
      "coordinate_transformation_mode": .string("tf_crop_and_resize"), "mode": .string("linear"),
    ]
    #expect(try run("Resize", [matrix, nowhere, nil, list(2, 2)], crop)[0].floats == [0, 0, 0, 0])
  }

  @Test func grids() throws {
    // F.grid_sample(r, g, mode="bicubic", padding_mode="reflection", align_corners=False)
    let grid = TypedTensor([-1, -1, 0.3, -0.2, 1.2, 0.5], shape: [1, 1, 3, 2])
    let cubic = try run(
      "GridSample", [ramp, grid], opset: 20, ["mode": .string("cubic"), "padding_mode": .string("reflection")])[0]
    expect(cubic, [1, 1, 1, 3], [-0.9375, 6.68675232, 13.44250107])
    // F.grid_sample(r, g, mode="bilinear", align_corners=True)
    let linear = try run("GridSample", [ramp, grid], opset: 20, ["align_corners": .integer(1)])[0]
    expect(linear, [1, 1, 1, 3], [0, 6.74999952, 8.39999771])
  }

  // MARK: Products and quantisation

  @Test func products() throws {
    let a = TypedTensor((0..<6).map { Float($0) }, shape: [2, 3])
    let b = TypedTensor((0..<12).map { Float($0) }, shape: [3, 4])
    // run("Einsum", [a, b], equation="ij,jk->ki")
    let expected: [Double] = [20, 56, 23, 68, 26, 80, 29, 92]
    expect(try run("Einsum", [a, b], ["equation": .string("ij,jk->ki")])[0], [4, 2], expected)
    let product = try run("MatMul", [a, b])[0]
    expect(try run("Transpose", [product])[0], [4, 2], expected)
    // A product of 64-bit integers loses nothing.
    let large = TypedTensor([Int64(1) << 53 + 1], shape: [1, 1])
    #expect(try run("MatMul", [large, TypedTensor([Int64(3)], shape: [1, 1])])[0].integers == [3 * (1 << 53) + 3])
  }

  @Test func quantises() throws {
    let x = TypedTensor([-3, -0.25, 0.25, 0.75, 200], shape: [5])
    let zero = TypedTensor(.uint8, [], integers: [3])
    // run("QuantizeLinear", [x, np.array(.5, "f"), np.array(3, "B")], 19): halves go to the even number
    #expect(
      try run("QuantizeLinear", [x, TypedTensor([Float(0.5)], shape: []), zero])[0].integers == [0, 3, 3, 5, 255])
    // run("DynamicQuantizeLinear", [np.array([0, 2, -3, -2.5, 1.34, .5], "f")], outs=3)
    let y = try run("DynamicQuantizeLinear", [TypedTensor([0, 2, -3, -2.5, 1.34, 0.5], shape: [6])], outputs: 3)
    #expect(y[0].integers == [153, 255, 0, 26, 221, 179])
    #expect(abs(y[1].floats[0] - 0.019607844) < 1e-8)
    #expect(y[2].integers == [153])
  }

  // MARK: Hostile inputs

  @Test func absurdSizesAreRefused() {
    #expect(throws: GraphError.self) { try run("Expand", [list(1), list(1 << 40, 1 << 40)]) }
    #expect(throws: GraphError.self) { try run("ConstantOfShape", [list(1 << 31, 1 << 31)]) }
    #expect(throws: GraphError.self) { try run("ConstantOfShape", [list(-1)]) }
    #expect(throws: GraphError.self) { try run("Tile", [list(1, 2), list(.max)]) }
    #expect(throws: GraphError.self) { try run("Range", [list(0), list(.max), list(1)]) }
    #expect(throws: GraphError.self) { try run("Range", [list(.min), list(.max), list(1)]) }
    #expect(throws: GraphError.self) { try run("Range", [list(0), list(5), list(0)]) }
    #expect(throws: GraphError.self) { try run("Reshape", [list(1, 2), list(-1, 0)]) }
    #expect(throws: GraphError.self) { try run("Pad", [list(1), list(.max, .max)]) }
    #expect(throws: GraphError.self) { try run("OneHot", [list(1), list(.max), list(0, 1)]) }
    #expect(throws: GraphError.self) { try run("Split", [list(1, 2), list(.max, .max)]) }
    let empty = TypedTensor([Float](), shape: [0, 2])
    #expect(throws: GraphError.self) {
      try run("Einsum", [empty, TypedTensor([1, 1] as [Float], shape: [1, 2])], ["equation": .string("ij,ij->ij")])
    }
    #expect(throws: GraphError.self) { try run("ConstantOfShape", [list(0, 1 << 40, 1 << 40)]) }
    #expect(throws: GraphError.self) {
      let image = TypedTensor([Float(1)], shape: [1, 1, 1, 1, 1, 1])
      let attributes = ["kernel_shape", "pads"].map { ($0, [Int64](repeating: 65535, count: $0 == "pads" ? 8 : 4)) }
      return try run("MaxPool", [image], Dictionary(uniqueKeysWithValues: attributes.map { ($0, .integers($1)) }))
    }
    #expect(throws: GraphError.self) { try run("GatherND", [list(1), TypedTensor([Int64](), shape: [1, 0])]) }
  }

  @Test func wrongFormsAreNamed() {
    #expect(
      throws: GraphError.unsupported(operation: "LSTM", node: "n", opset: 18, reason: "this operation is not known")
    ) { try run("LSTM", [list(1)]) }
    #expect(throws: GraphError.malformed("the Relu node 'n' has 2 inputs instead of 1 to 1")) {
      try run("Relu", [list(1), list(1)])
    }
    #expect(
      throws: GraphError.unsupported(
        operation: "Relu", node: "n", opset: 18, reason: "attribute 'surprise' is unknown")
    ) { try run("Relu", [list(1)], ["surprise": .integer(1)]) }
    #expect(throws: GraphError.self) { try run("Softmax", [ramp], ["axis": .integer(7)]) }
    #expect(throws: GraphError.self) { try run("Conv", [ramp, ramp], ["strides": .integers([0, 0])]) }
    #expect(throws: GraphError.self) { try run("Conv", [ramp, weights]) }
    #expect(throws: GraphError.self) { try run("Add", [ramp, list(1)]) }
  }
}
