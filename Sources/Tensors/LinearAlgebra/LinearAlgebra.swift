import COpenBLAS

/// The dense linear algebra library, OpenBLAS. It is loaded when it is first asked for something.
public enum LinearAlgebra {
  public static var isInstalled: Bool { copenblas_load() != 0 }

  /// The processor core that OpenBLAS chose its kernels for, such as "Haswell".
  public static var coreName: String { unsafe String(cString: copenblas_core_name()) }

  /// The library's version, such as "0.3.21".
  public static var version: String {
    configuration.split(separator: " ").dropFirst().first.map(String.init) ?? "unknown"
  }

  /// Version and build, such as "OpenBLAS 0.3.21 DYNAMIC_ARCH NO_AFFINITY Haswell MAX_THREADS=64".
  public static var configuration: String { unsafe String(cString: copenblas_configuration()) }
}
