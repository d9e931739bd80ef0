public import ArgumentParser
import Graphs

/// What numbers are multiplied in.
public enum Precision: String, ExpressibleByArgument, Sendable, CaseIterable {
  case f32
  /// bfloat16 with sums in single precision.
  case bf16

  static let help: ArgumentHelp = """
    f32, or bf16 where the processor has AVX-512 BF16 or AMX: convolutions and matrix products then multiply in \
    bfloat16, with sums in f32.
    """

  /// Refuses what this processor cannot do. To compute in f32 without a word instead would be to keep from the user why it
  /// is no quicker. Where it would be slower than f32 a line says so.
  func validate() throws {
    guard self == .bf16 else { return }
    guard EngineInfo.hasBF16 else {
      throw ValidationError(
        "--precision bf16 needs a processor with AVX-512 BF16 or AMX, which this one is without; take f32.")
    }
    if !EngineInfo.gainsFromBF16 { Console.note("bf16 is slower than f32 on this processor: without AMX, take f32") }
  }
}
