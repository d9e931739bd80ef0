import Foundation
import Layers
import Tensors
import Testing

struct CheckpointTests {
  static let sample = Checkpoint(
    tensors: [
      "b.weight": .init(shape: [2, 3], elements: [1, -2, 3.5, .infinity, -0.0, .leastNonzeroMagnitude]),
      "a": .init(shape: [], elements: [7]), "empty": .init(shape: [0, 4], elements: []),
      "name \"with\" \\ and ä/": .init(shape: [1], elements: [0.1]),
    ], metadata: ["step": "12", "note": "line\nbreak \u{1} \"quoted\" é"])

  @Test func whatIsWrittenIsRead() throws {
    #expect(try Checkpoint(decoding: Self.sample.encoded(), name: "memory") == Self.sample)
    #expect(Self.sample.encoded() == Self.sample.encoded())
    for checkpoint in [Checkpoint(), Checkpoint(metadata: ["a": "b"]), Checkpoint(tensors: Self.sample.tensors)] {
      #expect(try Checkpoint(decoding: checkpoint.encoded(), name: "memory") == checkpoint)
    }
    let nan = Checkpoint(tensors: ["x": .init(shape: [1], elements: [Float(bitPattern: 0x7fc0_1234)])])
    let back = try Checkpoint(decoding: nan.encoded(), name: "memory")
    #expect(back.tensors["x"]?.elements[0].bitPattern == 0x7fc0_1234)
  }

  /// The header of an aligned file, byte by byte; the `safetensors` package reads such a file:
  ///
  ///     from safetensors import safe_open
  ///     with safe_open("sample.safetensors", "np") as f: print(f.metadata(), {k: f.get_tensor(k) for k in f.keys()})
  @Test func bytesAreThoseOfTheFormat() throws {
    let checkpoint = Checkpoint(tensors: ["x": .init(shape: [2], elements: [1, 2])], metadata: ["k": "v"])
    let header = #"{"__metadata__":{"k":"v"},"x":{"data_offsets":[0,8],"dtype":"F32","shape":[2]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let expected =
      [UInt8(padded.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(padded.utf8) + [0, 0, 128, 63, 0, 0, 0, 64]
    #expect(checkpoint.encoded() == expected)
  }

  @Test func pythonsFileIsRead() throws {
    let goldens = try trainingGoldens()
    #expect(goldens.metadata == ["made by": "make_goldens.py", "quote": "a \"quoted\" line\n", "ä": "ö"])
    #expect(goldens.tensors["scalar"] == .init(shape: [], elements: [2.5]))
    #expect(goldens.tensors["empty"] == .init(shape: [0, 3], elements: []))
  }

  @Test func filesAreWrittenWholeAndReplaced() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "assay-checkpoint-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "model.safetensors").path()
    try Checkpoint().write(to: path)
    try Self.sample.write(to: path)
    #expect(try Checkpoint(path: path) == Self.sample)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()) == ["model.safetensors"])
    #expect(throws: CheckpointError.self) { try Self.sample.write(to: folder.path() + "/none/model.safetensors") }
    #expect(throws: CheckpointError.self) { try Checkpoint(path: folder.path() + "/none") }
    #expect(throws: CheckpointError.self) { try Checkpoint(path: folder.path()) }
  }

  /// A file with `header` and `count` bytes after it.
  static func file(_ header: String, _ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 8)
    for i in 0..<8 { bytes[i] = UInt8(truncatingIfNeeded: header.utf8.count >> (8 * i)) }
    return bytes + Array(header.utf8) + [UInt8](repeating: 0, count: count)
  }

  @Test func truncatedFilesAreRefused() throws {
    let whole = Self.sample.encoded()
    for length in 0..<whole.count {
      #expect(throws: CheckpointError.self, "\(length) of \(whole.count) bytes") {
        try Checkpoint(decoding: Array(whole[..<length]), name: "cut")
      }
    }
  }

  static let malformed: [(name: String, bytes: [UInt8])] = [
    ("nothing", []),
    ("header length beyond the file", [255, 255, 255, 255, 255, 255, 255, 127] + [0, 0]),
    ("header length of all ones", [UInt8](repeating: 255, count: 16)),
    ("header length that is negative as a signed number", [0, 0, 0, 0, 0, 0, 0, 128, 0, 0]),
    ("no JSON", file("hello", 0)),
    ("a list", file("[]", 0)),
    ("not UTF-8", [2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe]),
    ("an unknown type", file(#"{"x":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#, 4)),
    ("no type", file(#"{"x":{"shape":[1],"data_offsets":[0,4]}}"#, 4)),
    ("a shape that overflows", file(#"{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, 4)),
    (
      "a shape that overflows in bytes",
      file(#"{"x":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}"#, 0)
    ),
    ("a negative shape", file(#"{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4)),
    ("two negative sizes", file(#"{"x":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}"#, 4)),
    ("a fractional shape", file(#"{"x":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, 4)),
    ("a huge number", file(#"{"x":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#, 4)),
    ("too few bytes", file(#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4)),
    ("offsets that do not fit the shape", file(#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 8)),
    ("offsets that are not a multiple", file(#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,5]}}"#, 5)),
    ("offsets in reverse", file(#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4)),
    ("negative offsets", file(#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4)),
    (
      "the largest offsets",
      file(#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775803,9223372036854775807]}}"#, 4)
    ),
    (
      "the smallest offsets",
      file(#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[-9223372036854775808,9223372036854775807]}}"#, 4)
    ),
    ("one offset", file(#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4)),
    (
      "arrays over each other",
      file(
        #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        4)
    ),
    ("a gap", file(#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8)),
    ("bytes after the last array", file(#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8)),
    ("metadata that are no strings", file(#"{"__metadata__":{"a":1}}"#, 0)),
    ("metadata like an array", file(#"{"__metadata__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4)),
    ("an array like metadata", file(#"{"x":{"a":"b"}}"#, 0)),
    ("deep nesting", file(String(repeating: "[", count: 20000), 0)),
    (
      "a name twice",
      file(
        #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":3}"#,
        4)
    ),
  ]

  @Test(arguments: malformed.indices)
  func malformedFilesAreRefused(_ index: Int) {
    let (name, bytes) = Self.malformed[index]
    #expect(throws: CheckpointError.self, "\(name)") { try Checkpoint(decoding: bytes, name: "bad") }
  }

  /// Any single byte changed either still decodes or is refused; it never traps.
  @Test func changedBytesNeverTrap() {
    let whole = Self.sample.encoded()
    var refused = 0
    for i in 0..<whole.count - 40 {
      for flip in [UInt8(1), 0x10, 0x80] {
        var bytes = whole
        bytes[i] ^= flip
        do { _ = try Checkpoint(decoding: bytes, name: "flipped") } catch { refused += 1 }
      }
    }
    #expect(refused > whole.count / 2)
  }

  @Test func restoringChecksNamesAndShapes() throws {
    let engine = try Engine(threads: 1)
    let weight = Parameter(Tensor([1, 2], shape: Shape(2), on: engine))
    let bias = Parameter(Tensor([3], shape: Shape(1), on: engine))
    let named = [(name: "w", parameter: weight), (name: "b", parameter: bias)]
    var checkpoint = Checkpoint()
    checkpoint.add(named, prefix: "net")
    #expect(checkpoint.tensors.keys.sorted() == ["net.b", "net.w"])
    weight.value.fill(from: [8, 9].span)
    try checkpoint.restore(named, prefix: "net")
    #expect(weight.value.elements == [1, 2])

    checkpoint.tensors["net.b"]!.shape = [1, 1]
    weight.value.fill(from: [8, 9].span)
    let error = #expect(throws: CheckpointError.self) { try checkpoint.restore(named, prefix: "net") }
    #expect(error?.description == "checkpoint net.b: has the shape [1, 1], not [1]")
    #expect(weight.value.elements == [8, 9])
    checkpoint.tensors["net.b"] = nil
    let missing = #expect(throws: CheckpointError.self) { try checkpoint.restore(named, prefix: "net") }
    #expect(missing?.description == "checkpoint net.b: is missing")
  }
}
