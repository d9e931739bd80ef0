// Looks at what a virtual camera sends, through the same code that `assay` captures with.
//
//   cameracheck bars DEVICE          every format of vivid's colour bars against the colours that they are
//   cameracheck numbers RECORDING    the frame numbers in the emulated USB camera's picture against the recording's count
import Capture
import Glibc
import Imaging

let arguments = CommandLine.arguments
do {
  switch arguments.dropFirst().first {
  case "bars" where arguments.count == 3: exit(try ColorBars(device: arguments[2]).check())
  case "numbers" where arguments.count == 3: exit(try FrameNumbers(folder: arguments[2]).check())
  default:
    say("usage: cameracheck bars DEVICE | numbers RECORDING")
    exit(64)
  }
} catch {
  say("\(error)")
  exit(1)
}

/// Prints a line at once: what is known so far must be seen also when the virtual machine hangs.
func say(_ text: String) {
  let bytes = Array((text + "\n").utf8)
  _ = unsafe bytes.withUnsafeBytes { unsafe write(1, $0.baseAddress, $0.count) }
}
