import Graphs

extension Case {
  static let shapings: [Case] =
    BinaryOperation.allCases.flatMap { operation in
      [
        Case("\(operation) same shape", [2, 5, 4, 3]) {
          let other = $0.activation("x", name: "other", .linear(scale: 0.5, shift: 2))
          // A power has no value for a negative base.
          return $0.binary(
            operation, operation == .power ? $0.activation("x", name: "base", .abs) : "x", other, name: "binary")
        },
        Case("\(operation) channels", [2, 5, 4, 3]) {
          let other = $0.constant("other", numbers([5, 1, 1], seed: 7))
          return $0.binary(
            operation, operation == .power ? $0.activation("x", name: "base", .abs) : "x", other, name: "binary")
        },
        Case("\(operation) scalar first", [2, 5, 4, 3]) {
          let other = $0.constant("other", Constant([Float(1.5)], shape: []))
          return $0.binary(
            operation, other, $0.activation("x", name: "moved", .linear(scale: 1, shift: 3)), name: "binary")
        },
      ]
    } + [
      Case("multiply gate", [2, 5, 4, 3]) {
        let pooled = $0.globalAveragePooling("x", name: "pooled")
        return $0.multiply("x", $0.activation(pooled, name: "gate", .sigmoid), name: "gated")
      },
      Case("add rows", [2, 5, 4, 3]) {
        $0.binary(.add, "x", $0.constant("other", numbers([4, 1], seed: 7)), name: "binary")
      },
      Case("reduce mean spatial", [2, 5, 4, 3]) { $0.reduce(.mean, "x", axes: [2, 3], name: "reduced") },
      Case("reduce mean dropped axes", [2, 5, 4, 3]) {
        $0.reduce(.mean, "x", axes: [-1, -2], keepsAxes: false, name: "reduced")
      },
      Case("reduce max channels", [2, 5, 4, 3]) { $0.reduce(.max, "x", axes: [1], name: "reduced") },
      Case("reduce sum all", [2, 5, 4, 3]) { $0.reduce(.sum, "x", axes: [0, 1, 2, 3], name: "reduced") },
      Case("concat channels", [2, 8, 4, 3]) {
        let a = $0.activation("x", name: "a", .relu)
        let b = $0.convolution("x", name: "b", weights: numbers([5, 8, 1, 1], seed: 2))
        return $0.concatenate([a, "x", b], axis: 1, name: "joined")
      },
      Case("concat rows", [1, 3, 4, 3]) { $0.concatenate(["x", "x"], axis: 2, name: "joined") },
      Case("flatten", [2, 3, 4, 5]) { $0.flatten("x", name: "flat") },
      Case("reshape", [2, 6, 4, 5]) {
        $0.node(.reshape(shape: [0, 3, -1], allowsZero: false), name: "shaped", inputs: ["x"])
      },
      Case("transpose", [2, 3, 4, 5]) {
        $0.node(.transpose(permutation: [0, 2, 3, 1]), name: "turned", inputs: ["x"])
      },
      Case("squeeze", [2, 3, 1, 1]) { $0.node(.squeeze(axes: [2, -1]), name: "squeezed", inputs: ["x"]) },
      Case("unsqueeze", [2, 3]) { $0.node(.unsqueeze(axes: [2, 3]), name: "unsqueezed", inputs: ["x"]) },
      Case("slice", [2, 9, 7, 5]) {
        $0.node(
          .slice([
            SliceRange(axis: 1, start: -6, end: 1000, step: 2), SliceRange(axis: -1, start: 3, end: -1000, step: -1),
          ]),
          name: "sliced", inputs: ["x"])
      },
      Case("pad", [1, 2, 3, 4]) {
        $0.node(.pad(before: [0, 0, 1, 2], after: [0, 1, 0, 3], value: 0.5), name: "padded", inputs: ["x"])
      },
    ]

  static let resizes: [Case] = {
    typealias Setting = (String, Resize.Mode, Resize.Coordinates, Resize.Rounding, [Float])
    let settings: [Setting] = [
      ("resize nearest 2x", .nearest, .asymmetric, .floor, [2, 2]),
      ("resize nearest half pixel", .nearest, .halfPixel, .preferFloor, [2, 3]),
      ("resize nearest 1.5x ceil", .nearest, .asymmetric, .ceil, [1.5, 1.5]),
      ("resize nearest down", .nearest, .halfPixel, .preferCeil, [0.5, 0.6]),
      ("resize linear 2x", .linear, .halfPixel, .preferFloor, [2, 2]),
      ("resize linear uneven", .linear, .pytorchHalfPixel, .preferFloor, [2.5, 0.5]),
      ("resize linear asymmetric", .linear, .asymmetric, .preferFloor, [2, 4]),
      ("resize linear corners", .linear, .alignCorners, .preferFloor, [2, 3]),
    ]
    return settings.map { name, mode, coordinates, rounding, scales in
      Case(name, [2, 10, 5, 6]) {
        $0.resize(
          "x", name: "resized",
          Resize(mode: mode, coordinates: coordinates, rounding: rounding, target: .scales(scales)))
      }
    }
  }()
}
