import Glibc
import Inspection
import Metrics

let model = ModelIdentity(name: "washers", sha256: String(repeating: "ab", count: 32))

func decision(_ id: String, _ sequence: Int = 0, verdict: Verdict = .reject, unreadable: Bool = false) -> Decision {
  Decision(
    id: id, source: "parts/\(id).jpg",
    frame: .init(
      sequence: sequence, timestamp: Timestamp(milliseconds: 1_769_850_843_201), width: unreadable ? 0 : 256,
      height: unreadable ? 0 : 256),
    judgement: unreadable
      ? Policy.unreadable("cannot read") : Judgement(verdict, verdict == .accept ? "good" : "scratch", 0.987, ["why"]),
    scores: unreadable ? [] : [LabelScore("good", 0.011), LabelScore("scratch", 0.987), LabelScore("stain", 0.002)],
    model: model, timings: [StageTiming("read", 1.9), StageTiming("infer", Double(sequence))])
}

/// A folder of its own that is gone after `body`.
func withFolder(_ body: (String) throws -> Void) throws {
  var template = Array("/tmp/inspection-XXXXXX".utf8CString)
  let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
  precondition(made, "cannot make a folder in /tmp")
  let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer {
    for name in ["d.jsonl", "d.csv", "d.csv.part", "x", "x.part"] { unsafe _ = unlink(path + "/" + name) }
    unsafe _ = rmdir(path)
  }
  try body(path)
}

func contents(_ path: String) -> [UInt8] {
  let file = unsafe open(path, O_RDONLY)
  guard file >= 0 else { return [] }
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 20)
  let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
  return Array(bytes[..<max(count, 0)])
}

func put(_ bytes: some Sequence<UInt8>, _ path: String) {
  let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
  let data = Array(bytes)
  unsafe data.withUnsafeBytes { _ = unsafe write(file, $0.baseAddress, $0.count) }
  close(file)
}
