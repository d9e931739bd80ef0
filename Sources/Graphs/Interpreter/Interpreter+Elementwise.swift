import Glibc

extension Interpreter {
  static let elementwiseEntries: [Entry] = functionEntries + activationEntries + binaryEntries + logicEntries

  /// The early operator sets' hint that inputs may be overwritten.
  private static let hint: Set<String> = ["consumed_inputs"]
  private static let legacy: Set<String> = ["consumed_inputs", "axis", "broadcast"]

  private static let functionEntries: [Entry] = [
    Entry("Abs", 1...1, hint, unary({ Swift.abs($0) }, integer: { $0 < 0 ? 0 &- $0 : $0 })),
    Entry("Acos", 1...1, [], unary { Glibc.acos($0) }),
    Entry("Acosh", 1...1, [], unary { Glibc.acosh($0) }),
    Entry("Asin", 1...1, [], unary { Glibc.asin($0) }),
    Entry("Asinh", 1...1, [], unary { Glibc.asinh($0) }),
    Entry("Atan", 1...1, [], unary { Glibc.atan($0) }),
    Entry("Atanh", 1...1, [], unary { Glibc.atanh($0) }),
    Entry("BitwiseNot", 1...1, [], bitwiseNot),
    Entry("Cast", 1...1, ["to", "saturate", "round_mode"], cast),
    Entry("CastLike", 2...2, ["saturate", "round_mode"], castLike),
    Entry("Ceil", 1...1, hint, unary { $0.rounded(.up) }),
    Entry("Clip", 1...3, ["min", "max", "consumed_inputs"], clip),
    Entry("Cos", 1...1, [], unary { Glibc.cos($0) }),
    Entry("Cosh", 1...1, [], unary { Glibc.cosh($0) }),
    Entry("Dropout", 1...3, outputs: 2, shaping: [2], ["ratio", "seed", "is_test", "consumed_inputs"], dropout),
    Entry("Erf", 1...1, [], unary { Glibc.erf($0) }),
    Entry("Exp", 1...1, hint, unary { Glibc.exp($0) }),
    Entry("Floor", 1...1, hint, unary { $0.rounded(.down) }),
    Entry("Identity", 1...1, [], identity),
    Entry("IsInf", 1...1, ["detect_negative", "detect_positive"], isInfinite),
    Entry("IsNaN", 1...1, [], isNaN),
    Entry("Log", 1...1, hint, unary { Glibc.log($0) }),
    Entry("Neg", 1...1, hint, unary({ -$0 }, integer: { 0 &- $0 })),
    Entry("Not", 1...1, [], not),
    Entry("Reciprocal", 1...1, hint, unary { 1 / $0 }),
    Entry("Round", 1...1, [], unary { $0.rounded(.toNearestOrEven) }),
    Entry("Sign", 1...1, [], unary({ $0 > 0 ? 1 : ($0 < 0 ? -1 : $0) }, integer: { $0.signum() })),
    Entry("Sin", 1...1, [], unary { Glibc.sin($0) }),
    Entry("Sinh", 1...1, [], unary { Glibc.sinh($0) }),
    Entry("Sqrt", 1...1, hint, unary { $0.squareRoot() }),
    Entry("Tan", 1...1, [], unary { Glibc.tan($0) }),
  ]

  private static let activationEntries: [Entry] = [
    Entry("Celu", 1...1, ["alpha"], unary(celu)),
    Entry("Elu", 1...1, ["alpha", "consumed_inputs"], unary(elu)),
    Entry("Gelu", 1...1, ["approximate"], unary(gelu)),
    Entry("HardSigmoid", 1...1, ["alpha", "beta", "consumed_inputs"], unary(hardSigmoid)),
    Entry("HardSwish", 1...1, [], unary { $0 * limited($0 / 6 + 0.5, 0, 1) }),
    Entry("LeakyRelu", 1...1, ["alpha", "consumed_inputs"], unary(leakyRelu)),
    Entry("Mish", 1...1, [], unary { $0 * Glibc.tanh(softplus($0)) }),
    Entry("PRelu", 2...2, hint, parametricRelu),
    Entry("Relu", 1...1, hint, unary({ $0 < 0 ? 0 : $0 }, integer: { Swift.max($0, 0) })),
    Entry("Selu", 1...1, ["alpha", "gamma", "consumed_inputs"], unary(selu)),
    Entry("Shrink", 1...1, ["bias", "lambd"], shrinking),
    Entry("Sigmoid", 1...1, hint, unary(sigmoid)),
    Entry("Softplus", 1...1, [], unary(softplus)),
    Entry("Softsign", 1...1, [], unary { $0 / (1 + Swift.abs($0)) }),
    Entry("Swish", 1...1, ["alpha"], unary(swish)),
    Entry("Tanh", 1...1, hint, unary { Glibc.tanh($0) }),
    Entry("ThresholdedRelu", 1...1, ["alpha"], unary(thresholdedRelu)),
  ]

  /// The one activation that integers have too.
  private static func shrinking(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let function = try shrink(call)
    return [TypedTensor(x.type, x.shape, doubles: x.doubles.map(function))]
  }

  private static let binaryEntries: [Entry] = [
    Entry("Add", 2...2, legacy, binary(.add)),
    Entry("BitShift", 2...2, ["direction"], bitShift),
    Entry("BitwiseAnd", 2...2, [], binary(.and)),
    Entry("BitwiseOr", 2...2, [], binary(.or)),
    Entry("BitwiseXor", 2...2, [], binary(.xor)),
    Entry("Div", 2...2, legacy, binary(.divide)),
    Entry("Max", 1...Int.max, hint, variadic(.maximum)),
    Entry("Mean", 1...Int.max, hint, mean),
    Entry("Min", 1...Int.max, hint, variadic(.minimum)),
    Entry("Mod", 2...2, ["fmod"], mod),
    Entry("Mul", 2...2, legacy, binary(.multiply)),
    Entry("Pow", 2...2, legacy, power),
    Entry("Sub", 2...2, legacy, binary(.subtract)),
    Entry("Sum", 1...Int.max, hint, variadic(.add)),
  ]

  private static let logicEntries: [Entry] = [
    Entry("And", 2...2, legacy, logic(.and)),
    Entry("Equal", 2...2, legacy, compare(.equal)),
    Entry("Greater", 2...2, legacy, compare(.greater)),
    Entry("GreaterOrEqual", 2...2, [], compare(.greaterOrEqual)),
    Entry("Less", 2...2, legacy, compare(.less)),
    Entry("LessOrEqual", 2...2, [], compare(.lessOrEqual)),
    Entry("Or", 2...2, legacy, logic(.or)),
    Entry("Where", 3...3, [], select),
    Entry("Xor", 2...2, legacy, logic(.xor)),
  ]
}
