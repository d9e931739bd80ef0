// Converts a frame to RGB and times it, by Assay or by libv4lconvert.
//
// Reads commands from standard input, a line each:  PEER FORMAT RANGE WIDTH HEIGHT FRAME RUNS OUTPUT
//   PEER is assay or libv4lconvert; RANGE is full or limited; OUTPUT gets the last picture's bytes.
// Answers with a line of the milliseconds of processor time of each run.
// Each picture goes to other memory than the four before it, as when what comes after still holds those.

import CPeer
import Capture
import Foundation
import Imaging

struct Failure: Error, CustomStringConvertible {
  let description: String
}

/// This thread's processor time, which others on the machine disturb least.
func milliseconds(_ body: () throws -> Void) rethrows -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) * 1e-6
  }
  let start = now()
  try body()
  return now() - start
}

func run(_ line: String) throws -> String {
  let words = line.split(separator: " ").map(String.init)
  guard words.count == 8, let format = PixelFormat(words[1]), let width = Int(words[3]), let height = Int(words[4]),
    let runs = Int(words[6])
  else { throw Failure(description: "not a command: \(line)") }
  let bytes = [UInt8](try Data(contentsOf: URL(filePath: words[5])))
  var times: [Double] = []
  var output = [UInt8](repeating: 0, count: width * height * 3)
  if words[0] == "assay" {
    let encoding = ColorEncoding(matrix: .bt601, range: words[2] == "full" ? .full : .limited)
    let converter = try FrameConverter(
      FrameLayout(format: format, width: width, height: height, byteCount: bytes.count, encoding: encoding))
    var kept: [AnyImage] = []
    for run in 0..<runs + 5 {
      let time = try milliseconds { kept.append(try converter.convert(bytes.span)) }
      if kept.count > 4 { kept.removeFirst() }
      if run >= 5 { times.append(time) }
    }
    guard case .rgb8(let image) = kept.last else { throw Failure(description: "not RGB") }
    output = image.pixels.withUnsafeBytes { Array($0) }
  } else {
    guard let peer = cpeer_create() else { throw Failure(description: "no libv4lconvert") }
    var outputs = [[UInt8]](repeating: [], count: 5)
    for index in outputs.indices { outputs[index] = [UInt8](repeating: 0, count: output.count) }
    for run in 0..<runs + 5 {
      var status: Int32 = 0
      swap(&output, &outputs[run % 5])
      let time = milliseconds {
        status = cpeer_convert(
          peer, format.rawValue, UInt32(width), UInt32(height), bytes, bytes.count, &output)
      }
      guard status == 0 else { throw Failure(description: "libv4lconvert cannot convert \(format)") }
      if run < runs + 4 { swap(&output, &outputs[run % 5]) }
      if run >= 5 { times.append(time) }
    }
  }
  try Data(output).write(to: URL(filePath: words[7]))
  return times.map { String($0) }.joined(separator: " ")
}

func answer(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

while let line = readLine() {
  do {
    answer(try run(line))
  } catch {
    answer("error: \(error)")
  }
}
