import Capture
import Glibc
import Imaging

/// vivid's 100 % colour bars, in every format that it has and Assay converts.
struct ColorBars {
  let device: String
  /// Largest mean error of a channel, of 255.
  static let limit = 2.0
  /// Bars from the left.
  static let colors: [(Double, Double, Double)] = [
    (255, 255, 255), (255, 255, 0), (0, 255, 255), (0, 255, 0), (255, 0, 255), (255, 0, 0), (0, 0, 255), (0, 0, 0),
  ]
  static let size = ImageSize(width: 640, height: 480)

  /// - Returns: the exit code: 0 where all formats are within the limit.
  func check() throws -> Int32 {
    let details = try CameraDetails(device)
    var formats: [PixelFormat] = []
    for mode in details.modes where !formats.contains(mode.format) { formats.append(mode.format) }
    var failures = 0
    var checked = 0
    for format in formats {
      let name = "\(format)"
      guard FrameConverter.canConvert(format) else {
        say("\(name)\tnot converted")
        continue
      }
      checked += 1
      do {
        let errors = try self.errors(format, details)
        let isGood = errors.allSatisfy { $0 <= Self.limit }
        if !isGood { failures += 1 }
        let words = errors.map { "\(Double(Int($0 * 1000)) / 1000)" }.joined(separator: " ")
        say("\(name)\t\(words)\(isGood ? "" : "\tTOO LARGE")")
      } catch {
        failures += 1
        say("\(name)\tFAILED: \(error)")
      }
    }
    say("\(checked) formats checked of \(formats.count), \(failures) failed")
    return failures == 0 && checked > 0 ? 0 : 1
  }

  /// Mean error of each channel.
  private func errors(_ format: PixelFormat, _ details: CameraDetails) throws -> [Double] {
    let wanted = [("test_pattern", "1"), ("osd_text_mode", "2"), ("show_border", "off"), ("show_square", "off")]
    let controls = wanted.filter { name, _ in details.controls.contains { $0.name == name } }
      .map { CameraSettings.ControlValue($0.0, $0.1) }
    let camera = Camera(device)
    defer { camera.close() }
    try camera.open()
    let configuration = try camera.configure(
      CameraSettings(mode: ModeRequest(size: Self.size, formats: [format]), controls: controls))
    try camera.start()
    var bytes: [UInt8] = []
    // The first frames may be of before the controls were set.
    for _ in 0..<3 {
      guard try camera.next(seconds: 10, { _, span in bytes = (0..<span.count).map { span[$0] } }) else {
        throw CameraError(device, .timeout, "sent no \(format) frame within 10 s")
      }
    }
    let image = try FrameConverter(configuration.layout).convert(bytes.span)
    return Self.errors(of: image, isBayer: format.isBayer)
  }

  private static func errors(of image: AnyImage, isBayer: Bool) -> [Double] {
    let isGray: Bool
    switch image {
    case .gray8, .gray16: isGray = true
    default: isGray = false
    }
    let pixels = image.rgb8()
    var sums = [0.0, 0.0, 0.0]
    var count = 0.0
    let barWidth = pixels.width / colors.count
    for y in 0..<pixels.height {
      for x in 0..<pixels.width {
        let place = x % barWidth
        let isEdge = place < 3 || place >= barWidth - 3 || y < 2 || y >= pixels.height - 2
        if isBayer && isEdge { continue }
        var wanted = colors[min(x / barWidth, colors.count - 1)]
        if isGray {
          // For grey formats vivid takes Rec. 709's weights and the full range (v4l2-tpg-core.c).
          let luma = 0.2126 * wanted.0 + 0.7152 * wanted.1 + 0.0722 * wanted.2
          wanted = (luma, luma, luma)
        }
        let pixel = pixels[x, y]
        sums[0] += abs(Double(pixel.red) - wanted.0)
        sums[1] += abs(Double(pixel.green) - wanted.1)
        sums[2] += abs(Double(pixel.blue) - wanted.2)
        count += 1
      }
    }
    return (isGray ? [sums[0]] : sums).map { $0 / count }
  }
}

extension PixelFormat {
  /// One colour a pixel.
  var isBayer: Bool {
    let name = "\(self)"
    return ["BA81", "GBRG", "GRBG", "RGGB"].contains(name)
      || ["BG", "GB", "BA", "RG", "pB", "pG", "pg", "pR", "BY"].contains {
        name.hasPrefix($0) && name.dropFirst(2).first?.isNumber == true
      }
  }
}
