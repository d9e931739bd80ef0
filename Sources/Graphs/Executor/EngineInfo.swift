internal import CDNN

/// What computes, for reports and for whoever has to find out why two machines differ.
public enum EngineInfo {
  /// oneDNN's version, such as `2.6.3`.
  public static var version: String {
    var major: Int32 = 0
    var minor: Int32 = 0
    var patch: Int32 = 0
    unsafe cdnn_version(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }

  /// Whether oneDNN multiplies in bfloat16 on this processor where it may: with AVX-512 BF16 or AMX.
  public static var hasBF16: Bool { cdnn_has_bf16() == 1 }

  /// Whether it is quicker at that than in single precision. Intel's processors with AVX-512 BF16 are only with AMX too:
  /// measured on Emerald Rapids without, ResNet-18 took twice as long, in Assay as in OpenVINO.
  public static var gainsFromBF16: Bool { cdnn_bf16_pays() == 1 }

  /// The widest instructions that its code uses on this processor.
  public static var instructions: String { unsafe String(cString: cdnn_isa_name()) }
}
