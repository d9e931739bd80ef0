import ArgumentParser
import Classification
import Glibc
import Inspection

/// Output to people: results on standard output, progress and errors on standard error.
enum Console {
  static let isTerminal = isatty(2) == 1

  /// Columns of the terminal, 80 where it does not say.
  static var columns: Int {
    var size = winsize()
    guard unsafe ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 80 }
    return Int(size.ws_col)
  }

  /// One sentence with one full stop, on one line: a file's name may hold line breaks, or what a terminal takes for
  /// commands.
  static func error(_ text: String) {
    var line = text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : String($0) }
    while line.last == "." { line.removeLast() }
    // A question is a sentence's end too: "did you mean ...?"
    write("error: \(line.joined())\(line.last == "?" ? "" : ".")\n", to: 2)
  }
  static func note(_ text: String) { write(text + "\n", to: 2) }

  static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress! + offset, bytes.count - offset)
      }
      if count < 0 && errno == EINTR { continue }
      // Nobody reads any more (`| head`): no reason to stop judging, and nowhere is left to say it.
      if count <= 0 { return }
      offset += count
    }
  }
}

/// A line that is rewritten in place on a terminal, and now and then a plain line elsewhere.
struct ProgressLine {
  private var lastPlain = 0.0
  private var isOpen = false
  /// Seconds between two lines where there is no terminal.
  private let interval: Double
  private let isQuiet: Bool

  init(isQuiet: Bool = false, interval: Double = 10) {
    self.isQuiet = isQuiet
    self.interval = interval
  }

  /// Shows `text`; `isMilestone` prints it in any case and keeps it.
  mutating func show(_ text: String, at seconds: Double, isMilestone: Bool = false) {
    guard !isQuiet else { return }
    if Console.isTerminal {
      let line = text.count > Console.columns - 1 ? String(text.prefix(Console.columns - 1)) : text
      Console.write("\r\u{1B}[K" + line + (isMilestone ? "\n" : ""), to: 2)
      isOpen = !isMilestone
    } else if isMilestone || seconds - lastPlain >= interval {
      Console.write(text + "\n", to: 2)
      lastPlain = seconds
    }
  }

  /// Leaves the line for what comes after.
  mutating func end() {
    if isOpen { Console.write("\r\u{1B}[K", to: 2) }
    isOpen = false
  }
}

extension Double {
  /// With a fixed number of decimals.
  func fixed(_ decimals: Int) -> String {
    guard isFinite else { return isNaN ? "nan" : (self > 0 ? "inf" : "-inf") }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = (magnitude * scale).rounded()
    guard scaled < 1e15 else { return description }
    var digits = String(Int(scaled))
    while digits.count <= decimals { digits = "0" + digits }
    let sign = self < 0 && scaled > 0 ? "-" : ""
    guard decimals > 0 else { return sign + digits }
    return sign + digits.dropLast(decimals) + "." + digits.suffix(decimals)
  }

  /// Seconds as people say them: `42 s`, `3:05 min`, `1:02 h`.
  var duration: String {
    let seconds = Int(max(0, isFinite ? self : 0).rounded())
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if seconds < 90 { return "\(seconds) s" }
    if seconds < 5400 { return "\(seconds / 60):\(two(seconds % 60)) min" }
    return "\(seconds / 3600):\(two(seconds / 60 % 60)) h"
  }
}

extension String {
  /// Lines of at most `columns` characters, broken at blanks where there are any.
  func wrapped(_ columns: Int) -> [String] {
    var lines: [String] = []
    for word in split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= columns {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines.isEmpty ? [""] : lines
  }

  func padded(_ width: Int) -> String { count >= width ? self : self + String(repeating: " ", count: width - count) }
  func aligned(_ width: Int) -> String { count >= width ? self : String(repeating: " ", count: width - count) + self }
}

/// Runs a command's work, and turns what it throws into one sentence and exit code 1, or into 130 (143) and `wayOn`
/// where Ctrl-C (SIGTERM) ended it.
func reporting(wayOn: String = "", _ work: () throws -> Void) throws {
  do {
    try work()
  } catch let code as ExitCode {
    throw code
  } catch let error as ValidationError {
    throw error
  } catch let error as InspectionError where error.isInterruption {
    Console.note("\(error)\(wayOn)")
    throw Interruption.exitCode
  } catch TrainingError.interrupted(let step) {
    Console.note("\(TrainingError.interrupted(step: step))\(wayOn)")
    throw Interruption.exitCode
  } catch {
    Console.error("\(error)")
    throw ExitCode(1)
  }
}
