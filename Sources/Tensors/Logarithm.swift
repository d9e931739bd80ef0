#if canImport(Glibc)
  import Glibc
#endif

/// The natural logarithm.
func logarithm(_ x: Float) -> Float { logf(x) }
