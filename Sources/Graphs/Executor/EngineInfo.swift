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

  /// The widest instructions that its code uses on this processor.
  public static var instructions: String { unsafe String(cString: cdnn_isa_name()) }
}
