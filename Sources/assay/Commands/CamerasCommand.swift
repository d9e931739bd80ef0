import ArgumentParser
import Capture
import Imaging
import Inspection

struct CamerasCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cameras",
    abstract: "Lists the cameras that are plugged in.",
    discussion: """
      Examples:
        assay cameras
        assay cameras show /dev/video0
        assay cameras show usb-0000:00:14.0-3 --json

      A camera is named by its device, by its port (which stays the same when it is plugged in again), by a name below \
      /dev/v4l, its serial number, vendor:product, or its product name.
      """,
    subcommands: [List.self, Show.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the cameras.", discussion: "Example:\n  assay cameras list --json")
    @Flag(help: "One JSON array instead of lines.")
    var json = false

    func run() throws {
      let list = CameraList.current()
      for refusal in list.refused { Console.error("\(refusal)") }
      if json {
        var writer = JSONWriter(indented: true)
        writer.object { $0.array("cameras") { for camera in list.cameras { $0.object { write(camera, to: &$0) } } } }
        Console.write(writer.text + "\n", to: 1)
        return
      }
      guard !list.cameras.isEmpty else {
        Console.note("no camera is plugged in, or its driver is not loaded")
        return
      }
      for camera in list.cameras {
        let more = [camera.product, camera.serial.isEmpty ? "" : "serial \(camera.serial)"].filter { !$0.isEmpty }
        Console.write(
          "\(camera.node.padded(13)) \(camera.card)\n"
            + "              \(camera.busInfo)  \(camera.driver)"
            + (more.isEmpty ? "" : "  " + more.joined(separator: ", ")) + "\n", to: 1)
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows a camera's formats and controls.",
      discussion: "Example:\n  assay cameras show /dev/video0")
    @Argument(help: "The camera: device, port or name.")
    var device: String
    @Flag(help: "One JSON object instead of lines.")
    var json = false

    func run() throws {
      try reporting {
        let details = try CameraDetails(device)
        if json {
          var writer = JSONWriter(indented: true)
          writer.object { details.write(to: &$0) }
          Console.write(writer.text + "\n", to: 1)
        } else {
          Console.write(details.text, to: 1)
        }
      }
    }
  }
}

private func write(_ camera: CameraInfo, to json: inout JSONWriter) {
  json.member("device", camera.node)
  json.member("name", camera.card)
  json.member("driver", camera.driver)
  json.member("port", camera.busInfo)
  json.member("serial", camera.serial)
  json.member("product", camera.product)
  json.array("links") { for link in camera.links { $0.element(link) } }
}

extension CameraDetails {
  fileprivate func write(to json: inout JSONWriter) {
    json.object("camera") { assay.write(info, to: &$0) }
    json.array("modes") { array in
      for mode in modes {
        array.object {
          $0.member("pixels", mode.format.description)
          $0.member("readable", FrameConverter.canConvert(mode.format))
          $0.member("width", mode.size.width)
          $0.member("height", mode.size.height)
          if let largest = mode.largest {
            $0.member("largest_width", largest.width)
            $0.member("largest_height", largest.height)
          }
          $0.array("rates") { for rate in mode.rates { $0.element(rate) } }
        }
      }
    }
    json.array("controls") { array in
      for control in controls {
        array.object {
          $0.member("name", control.name)
          $0.member("title", control.title)
          if let value = control.value { $0.member("value", control.words(for: value)) } else { $0.null("value") }
          $0.member("range", control.range)
          $0.member("default", control.words(for: control.standard))
          $0.member("inactive", control.isInactive)
          $0.member("read_only", control.isReadOnly)
        }
      }
    }
  }

  /// For people: a line for each format with its sizes, then the controls.
  fileprivate var text: String {
    var lines = ["\(info.node)  \(info.card)", "  \(info.busInfo)  \(info.driver)  \(info.product)"]
    lines += info.links.map { "  " + $0 }
    var formats: [PixelFormat] = []
    for mode in modes where !formats.contains(mode.format) { formats.append(mode.format) }
    lines.append("formats")
    for format in formats {
      let sizes = modes.filter { $0.format == format }
      let description = sizes.first?.description ?? ""
      lines.append(
        "  \(format)  \(description)" + (FrameConverter.canConvert(format) ? "" : "  (cannot be read)"))
      for mode in sizes {
        let rates = mode.rates.map { $0.fixed($0 == $0.rounded() ? 0 : 2) }.joined(separator: ", ")
        let size =
          "\(mode.size.width)x\(mode.size.height)" + (mode.largest.map { " to \($0.width)x\($0.height)" } ?? "")
        lines.append("    \(size)" + (rates.isEmpty ? "" : " at \(rates)"))
      }
    }
    lines.append(controls.isEmpty ? "no controls" : "controls")
    for control in controls {
      let value = control.value.map { control.words(for: $0) } ?? "-"
      let state = control.isReadOnly ? ", read only" : control.isInactive ? ", inactive" : ""
      lines.append("  \(control.name.padded(32)) \(value.padded(10)) \(control.range)\(state)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
