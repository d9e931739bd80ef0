import FileTestSupport
import Glibc
import Testing

@testable import Capture

@Suite struct RecordingTests {
  private func frame(_ number: Int, count: Int = 4, fault: FrameFault? = nil) -> Frame {
    Frame(
      number: number, sequence: UInt32(number + 100), nanoseconds: Int64(number) * 20_000_000,
      wallMilliseconds: 1_700_000_000_000 + Int64(number), layout: ScriptedDriver.layout,
      bytes: FrameBytes([UInt8](repeating: UInt8(number), count: count)), fault: fault)
  }

  private func record(_ folder: String, _ frames: [Frame]) throws {
    let writer = try RecordingWriter(folder: folder, capacity: 100)
    for frame in frames { writer.record(frame) }
    let status = writer.finish()
    #expect(status.frames == frames.count && status.missed == 0 && status.failure == nil)
  }

  private func replay(_ recording: Recording) -> [Frame] {
    let queue = FrameQueue(capacity: 2, policy: .blocks)
    let thread = TestThread { recording.run(into: queue) { false } }
    var frames: [Frame] = []
    while let event = queue.take(seconds: 5) {
      if case .frame(let frame) = event { frames.append(frame) }
      if case .ended(let error) = event {
        #expect(error == nil)
        break
      }
    }
    thread.join()
    return frames
  }

  @Test func comesBackAsItWas() throws {
    let folder = TestFolder()
    try record(folder.path + "/rec", [frame(0), frame(3, count: 9, fault: .errorFlag), frame(4)])
    let recording = try Recording(folder: folder.path + "/rec", name: "cam")
    #expect(recording.count == 3 && recording.tornLines == 0)
    let frames = replay(recording)
    #expect(frames.map(\.number) == [0, 3, 4])
    #expect(frames.map(\.sequence) == [100, 103, 104])
    #expect(frames.map(\.fault) == [nil, .errorFlag, nil])
    #expect(frames.map(\.bytes.count) == [4, 9, 4])
    let bytes = frames[1].bytes
    let byte = bytes.span[8]
    #expect(byte == 3)
    #expect(frames[0].layout == ScriptedDriver.layout)
    #expect(frames[2].wallMilliseconds == 1_700_000_000_004)
  }

  @Test func framesThatWereKeptOneByOneComeBack() throws {
    let folder = TestFolder()
    for path in ["kept", "kept/a", "kept/a/reject", "kept/b", "kept/b/review"] {
      unsafe mkdir(folder.path + "/" + path, 0o755)
    }
    for (path, number) in [("kept/a/reject/0002-b.frame", 7), ("kept/b/review/0001-a.frame", 9)] {
      folder.write(FrameFile.encode(frame(number, count: 5, fault: number == 9 ? .short : nil)), path)
    }
    folder.write([1, 2, 3], "kept/a/reject/0002-b.jpg")
    #expect(
      Recording.isRecording(folder.path + "/kept") && !Recording.isRecording(folder.path + "/kept/a/reject/0002-b.jpg"))
    let frames = replay(try Recording(folder: folder.path + "/kept", name: "cam"))
    // In the order of their names' numbers, and counted anew.
    #expect(frames.map(\.number) == [0, 1] && frames.map(\.sequence) == [109, 107])
    #expect(frames.map(\.fault) == [.short, nil] && frames.map(\.bytes.count) == [5, 5])
    let bytes = frames[1].bytes
    let byte = bytes.span[4]
    #expect(byte == 7)
    let one = folder.path + "/kept/a/reject/0002-b.frame"
    #expect(replay(try Recording(folder: one, name: "cam")).map(\.sequence) == [107])
    let whole = TestFolder.contents(one)
    folder.write(Array(whole.dropLast()), "cut.frame")
    #expect(throws: RecordingError(folder.path + "/cut.frame", "is cut short")) {
      try Recording(folder: folder.path + "/cut.frame", name: "cam")
    }
    folder.write(Array("something else".utf8), "other.frame")
    #expect(throws: RecordingError(folder.path + "/other.frame", "is no frame that Assay has kept")) {
      try Recording(folder: folder.path + "/other.frame", name: "cam")
    }
  }

  @Test func aLimitIsKept() throws {
    let folder = TestFolder()
    let writer = try RecordingWriter(folder: folder.path + "/rec", capacity: 100, limit: 3)
    for number in 0..<3 {
      #expect(!writer.isFull)
      writer.record(frame(number))
    }
    #expect(writer.isFull)
    writer.record(frame(3))
    #expect(writer.finish().frames == 3)
  }

  @Test func realTimeKeepsTheDistances() throws {
    let folder = TestFolder()
    try record(folder.path + "/rec", (0..<6).map { frame($0) })
    let began = Clock.seconds()
    _ = replay(try Recording(folder: folder.path + "/rec", name: "cam", isRealtime: true))
    #expect(Clock.seconds() - began >= 0.1)
  }

  @Test func aTornEndIsLeftOut() throws {
    let folder = TestFolder()
    let path = folder.path + "/rec"
    try record(path, (0..<4).map { frame($0) })
    // The last frame's bytes are not there whole, and its line is followed by half a line.
    #expect(unsafe truncate(path + "/frames.raw", 14) == 0)
    let file = unsafe fopen(path + "/frames.csv", "a")
    unsafe fputs("4,104,8000", file)
    unsafe fclose(file)
    let recording = try Recording(folder: path, name: "cam")
    #expect(recording.count == 3 && recording.tornLines == 2)
    #expect(replay(recording).map(\.number) == [0, 1, 2])
  }

  @Test func damageIsSaid() throws {
    let folder = TestFolder()
    let path = folder.path + "/rec"
    try record(path, (0..<4).map { frame($0) })
    let text = String(decoding: folder.contents("rec/frames.csv"), as: UTF8.self)
    let damaged = text.split(separator: "1,101,", maxSplits: 1).joined(separator: "x,101,")
    folder.write(Array(damaged.utf8), "rec/frames.csv")
    #expect {
      try Recording(folder: path, name: "cam")
    } throws: { "\($0)" == "\(path)/frames.csv is damaged in line 3." }
  }

  @Test func isNotOverwrittenUnasked() throws {
    let folder = TestFolder()
    try record(folder.path + "/rec", [frame(0)])
    #expect(throws: RecordingError.self) { try RecordingWriter(folder: folder.path + "/rec") }
    let writer = try RecordingWriter(folder: folder.path + "/rec", replace: true)
    writer.finish()
    #expect {
      try Recording(folder: folder.path + "/rec", name: "cam")
    } throws: { "\($0)" == "\(folder.path)/rec holds no whole frame." }
  }
}
