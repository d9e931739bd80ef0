// Looks at what a virtual camera sends, through the same code that `assay` captures with.
//
//   cameracheck bars DEVICE          every format of vivid's colour bars against the colours that they are
//   cameracheck numbers RECORDING    the frame numbers in the emulated USB camera's picture against the recording's count
import Capture
import Glibc
import Imaging

// What is known so far must be seen also when the virtual machine hangs.
unsafe setvbuf(stdout, nil, _IOLBF, 0)
let arguments = CommandLine.arguments
do {
  switch arguments.dropFirst().first {
  case "bars" where arguments.count == 3: exit(try ColorBars(device: arguments[2]).check())
  case "numbers" where arguments.count == 3: exit(try FrameNumbers(folder: arguments[2]).check())
  default:
    print("usage: cameracheck bars DEVICE | numbers RECORDING")
    exit(64)
  }
} catch {
  print("\(error)")
  exit(1)
}
