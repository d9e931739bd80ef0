import Glibc

/// The machine that this process runs on.
enum Machine {
  static let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  /// Bytes of main memory.
  static var memory: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }

  /// Distribution and kernel, such as "Debian GNU/Linux 12 (bookworm), Linux 6.1.0-18-amd64".
  static var system: String {
    var name = utsname()
    unsafe uname(&name)
    let release = unsafe withUnsafeBytes(of: name.release) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let distribution = lines(of: "/etc/os-release").first { $0.hasPrefix("PRETTY_NAME=") }
      .map { $0.dropFirst(12).filter { $0 != "\"" } }
    return (distribution.map { $0 + ", " } ?? "") + "Linux " + release
  }

  /// The vector instructions that matter to the kernels, of those that the processor has.
  static var instructions: [String] {
    let flags = lines(of: "/proc/cpuinfo").first { $0.hasPrefix("flags") }?.split(separator: " ") ?? []
    let known = [
      "sse4_2", "avx", "fma", "avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16",
    ]
    return known.filter { flags.contains(Substring($0)) }
  }

  /// Starts the program anew with OpenMP's busy waiting cut short, unless the environment says how it is to wait.
  ///
  /// Between two parallel pieces of work, the threads of GNU OpenMP, which oneDNN computes with, wait in a busy loop, by
  /// default for milliseconds. As soon as the machine has something else to do, these loops take the processors from the
  /// very threads that are waited for. The library reads its setting when it is loaded, which is before `main`.
  static func limitSpinning() {
    guard unsafe getenv("GOMP_SPINCOUNT") == nil, unsafe getenv("OMP_WAIT_POLICY") == nil else {
      // Started by its link under /proc it would be "exe" to `top` and `pkill`.
      let name = CommandLine.arguments[0].split(separator: "/").last ?? "assay"
      if let file = unsafe fopen("/proc/self/comm", "we") {
        unsafe fputs(String(name), file)
        unsafe fclose(file)
      }
      return
    }
    unsafe setenv("GOMP_SPINCOUNT", "1000", 1)
    // Where that fails, all goes on as it would have.
    unsafe execv("/proc/self/exe", CommandLine.unsafeArgv)
  }

  private static func lines(of path: String) -> [String] {
    guard let file = unsafe fopen(path, "re") else { return [] }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
