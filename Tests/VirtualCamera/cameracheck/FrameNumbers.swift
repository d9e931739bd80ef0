import Capture
import Glibc
import Imaging

/// The emulated USB camera writes the number of each frame into its picture: 16 cells of 16 x 16 pixels in the last
/// rows, the highest bit first, white for 1.
struct FrameNumbers {
  let folder: String

  /// Every frame's coded number must have moved on from the one before by as much as the recording's count.
  ///
  /// - Returns: the exit code.
  func check() throws -> Int32 {
    let recording = try Recording(folder: folder, name: "recording")
    let queue = FrameQueue(capacity: 4096, policy: .newestWins)
    recording.run(into: queue) { false }
    var converter: FrameConverter?
    var layout: FrameLayout?
    var last: (number: Int, coded: Int)?
    var frames = 0
    var undecodable = 0
    var wrong = 0
    var lost = 0
    while let event = queue.take(seconds: 0) {
      guard case .frame(let frame) = event else { continue }
      frames += 1
      if layout != frame.layout {
        converter = try FrameConverter(frame.layout)
        layout = frame.layout
        last = nil
      }
      guard frame.fault == nil, let image = try? converter!.convert(frame.bytes.span) else {
        undecodable += 1
        continue
      }
      let coded = Self.number(in: image.gray8())
      if let last {
        // The camera counts from the start of its stream, in 16 bits.
        let steps = (coded - last.coded) & 0xFFFF
        lost += frame.number - last.number - 1
        if steps != frame.number - last.number {
          wrong += 1
          say("frame \(frame.number) shows \(coded), the one before, \(last.number), showed \(last.coded)")
        }
      }
      last = (frame.number, coded)
    }
    say("\(frames) frames, \(lost) missing in the count, \(undecodable) marked or damaged, \(wrong) unnoticed jumps")
    return wrong == 0 && frames > 1 ? 0 : 1
  }

  private static func number(in image: Image<Gray8>) -> Int {
    (0..<16).reduce(0) { $0 << 1 | (image[$1 * 16 + 8, image.height - 8] > 127 ? 1 : 0) }
  }
}
