import Capture
import Inspection

/// `run.json` of a live run: what it was started with, and what is in force on its cameras. Written anew whenever a
/// camera begins to stream.
struct RunHead {
  private struct Camera {
    var station: LiveStation
    /// nil until it streams for the first time.
    var configuration: CameraConfiguration?
    var since: Timestamp?
  }

  private let started = Timestamp.now()
  private var cameras: [Camera]

  init(_ stations: [LiveStation]) { cameras = stations.map { Camera(station: $0) } }

  mutating func streams(_ name: String, _ configuration: CameraConfiguration) {
    guard let index = cameras.firstIndex(where: { $0.station.name == name }) else { return }
    cameras[index].configuration = configuration
    cameras[index].since = .now()
  }

  /// Other settings are in force.
  mutating func adopt(_ stations: [LiveStation]) {
    for station in stations {
      if let index = cameras.firstIndex(where: { $0.station.name == station.name }) { cameras[index].station = station }
    }
  }

  func write(to path: String) throws {
    var writer = JSONWriter(indented: true)
    writer.object { json in
      json.member("assay", Assay.version)
      json.member("started", started.description)
      json.array("command") { for word in CommandLine.arguments { $0.element(word) } }
      json.array("cameras") { array in
        for camera in cameras { array.object { Self.write(camera, &$0) } }
      }
    }
    try AtomicFile.write(writer.bytes + [0x0A], to: path)
  }

  private static func write(_ camera: Camera, _ json: inout JSONWriter) {
    json.member("camera", camera.station.name)
    json.object("model") {
      $0.member("name", camera.station.model.name)
      $0.member("sha256", camera.station.model.sha256)
    }
    guard let configuration = camera.configuration, let since = camera.since else { return json.null("device") }
    let info = configuration.camera
    json.object("device") {
      $0.member("card", info.card)
      $0.member("bus", info.busInfo)
      $0.member("driver", info.driver)
      $0.member("serial", info.serial)
      $0.member("product", info.product)
      $0.member("node", info.node)
    }
    json.member("since", since.description)
    let layout = configuration.layout
    json.object("format") {
      $0.member("width", layout.width)
      $0.member("height", layout.height)
      $0.member("pixels", "\(layout.format)")
      if let rate = configuration.rate { $0.member("rate", rate) } else { $0.null("rate") }
      $0.member("matrix", "\(layout.encoding.matrix)")
      $0.member("range", "\(layout.encoding.range)")
    }
    json.object("controls") {
      for control in configuration.controls {
        if let value = control.value { $0.member(control.name, control.words(for: value)) }
      }
    }
  }

  /// For the report: each camera with what it is and how it is set.
  var facts: [(name: String, value: String)] {
    cameras.compactMap { camera in
      camera.configuration.map { configuration in
        let set = configuration.controls.compactMap { control in
          control.isVolatile || control.isInactive || control.isReadOnly
            ? nil : control.value.map { "\(control.name) \(control.words(for: $0))" }
        }
        return (
          camera.station.name,
          ([configuration.camera.name, configuration.mode] + set).joined(separator: ", ")
        )
      }
    }
  }
}
