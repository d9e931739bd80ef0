import FileTestSupport
import Testing

@testable import Recipes

/// What a recipe says, as values.
@Suite struct RecipeReadingTests {
  @Test func example() throws {
    let recipe = try Recipe(yaml: Recipe.example, path: "/etc/assay/line.yaml")
    #expect(recipe.station == "line-3")
    #expect(recipe.out == "/etc/assay/runs/line-3")
    #expect(recipe.cameras.map(\.name) == ["top", "side"])
    let top = try #require(recipe[camera: "top"])
    #expect(top.device == "usb-0000:00:14.0-3")
    #expect(top.format == Recipe.Format(size: Recipe.Size(1280, 720), rate: 60, pixels: ["YUYV", "MJPG"]))
    #expect(
      top.controls == [
        Recipe.Control(name: "auto_exposure", value: .name("manual")),
        Recipe.Control(name: "exposure_time_absolute", value: .integer(120)),
        Recipe.Control(name: "white_balance_automatic", value: .truth(false)),
      ])
    #expect(top.lock == [.exposure, .gain, .whiteBalance, .focus])
    #expect(top.settle == .seconds(2) && top.timeout == .seconds(3))
    // The example shows the defaults but for these.
    var presence = Recipe.Presence()
    presence.region = .rectangle(Recipe.Rectangle(400, 0, 480, 720))
    presence.longest = .seconds(5)
    #expect(top.trigger == .presence(presence))
    #expect(presence.on == 0.002 && presence.off == 0.001 && presence.learn == 30 && presence.mode == .passes)
    #expect(
      top.region == .polygon([(100, 40), (1180, 40), (1180, 680), (100, 680)].map { Recipe.Point($0.0, $0.1) }))
    #expect(top.ignore == [.rectangle(Recipe.Rectangle(600, 300, 40, 40)), .mask("/etc/assay/belt.png")])
    #expect(
      top.alignment
        == Recipe.Alignment(
          template: "/etc/assay/washer.png", search: Recipe.Rectangle(200, 100, 880, 520), angle: 20, leastScore: 0.7))
    #expect(top.model == "/etc/assay/parts.onnx")
    #expect(top.policy == Recipe.Policy(thresholds: .init(reject: 0.5, review: 0.3)))

    let side = try #require(recipe[camera: "side"])
    #expect(side.format == Recipe.Format() && side.controls.isEmpty && side.lock.isEmpty)
    #expect(side.trigger == .software(.socket("/run/assay/side.sock")))
    #expect(side.region == nil && side.ignore.isEmpty && side.alignment == nil)
    #expect(side.model == "/etc/assay/sides.onnx")
    #expect(side.policy.thresholds == .init(reject: 0.6, review: 0.3))
    #expect(side.policy.confidence == 0.6)
    #expect(side.policy.classes == [.init(label: "crack", thresholds: .init(reject: 0.3, review: 0.1))])

    #expect(
      recipe.outputs.map(\.target) == [
        .command(.shell("/usr/local/bin/plc-write")), .socket("/run/assay/decisions.sock"),
      ])
    #expect(recipe.outputs.map(\.timeout) == [.seconds(2), .seconds(30)])
    var keep = Recipe.Keep()
    #expect(keep.accepts == Recipe.Sampling(1, of: 100))
    keep.budget = 20_000_000_000
    keep.days = 90
    #expect(recipe.keep == keep)
  }

  /// What the reference calls defaults is what is in force when nothing is said.
  @Test func defaults() throws {
    let recipe = try Recipe(yaml: "model: m.onnx\ncameras: {a: {device: x}}", path: "/line/washers.yaml")
    #expect(recipe.station == "washers" && recipe.out == nil && recipe.outputs.isEmpty && recipe.keep == Recipe.Keep())
    #expect(
      recipe.cameras == [
        Recipe.Camera(
          name: "a", device: "x", format: Recipe.Format(), controls: [], lock: [], settle: .seconds(2),
          timeout: .seconds(3), checks: Recipe.Checks(), trigger: .everyFrame, region: nil, ignore: [], alignment: nil,
          model: "/line/m.onnx",
          policy: Recipe.Policy())
      ])
    #expect(recipe.keep.budget == 10_000_000_000)
  }

  @Test(arguments: [
    ("every frame", Recipe.Trigger.everyFrame), ("{every: frame}", .everyFrame),
    ("{every: 200 ms}", .every(.milliseconds(200))), ("every 1.5 s", .every(.milliseconds(1500))),
    ("{software: stdin}", .software(.standardInput)), ("{software: signal SIGUSR1}", .software(.signal(.user1))),
    ("{software: {signal: SIGUSR2}}", .software(.signal(.user2))),
    ("{software: socket t.sock}", .software(.socket("/line/t.sock"))),
    ("{software: {socket: /t.sock}}", .software(.socket("/t.sock"))), ("presence", .presence(Recipe.Presence())),
  ])
  func triggers(text: String, trigger: Recipe.Trigger) throws {
    let recipe = try Recipe(yaml: camera("trigger: \(text)"), path: "/line/line.yaml")
    #expect(recipe.cameras[0].trigger == trigger)
  }

  @Test func checks() throws {
    func read(_ station: String, _ own: String) throws -> Recipe.Checks {
      try Recipe(yaml: "model: m.onnx\n\(station)\ncameras: {a: {device: x, \(own)}}", path: "line.yaml").cameras[0]
        .checks
    }
    var wanted = Recipe.Checks()
    #expect(try read("", "timeout: 1 s") == wanted)
    #expect((wanted.frozen, wanted.black, wanted.overexposed) == (10, 20, 0.8))
    wanted.frozen = nil
    wanted.black = 5
    wanted.overexposed = 0.3
    #expect(try read("checks: {frozen: off, black: 9}", "checks: {black: 5, overexposed: 30 %}") == wanted)
    wanted.frozen = 10
    #expect(try read("checks: {frozen: off, overexposed: 30 %}", "checks: {frozen: on, black: 5}") == wanted)
    for wrong in ["{frozen: 1}", "{black: 300}", "{overexposed: 100 %}", "{sharp: 3}", "{frozen: often}"] {
      #expect(throws: RecipeError.self) { try read("", "checks: \(wrong)") }
    }
  }

  @Test func feeds() throws {
    func read(_ output: String) throws -> Recipe.Output {
      try Recipe(yaml: "model: m.onnx\ncameras: {a: {device: x}}\noutputs: [{\(output)}]", path: "/l/line.yaml")
        .outputs[0]
    }
    #expect(try read("command: x").feed == .each)
    #expect(try read("command: x, feed: acknowledged").feed == .acknowledged)
    #expect(try read("command: x").timeout == .seconds(2))
    #expect(try read("socket: s").timeout == .seconds(30))
    #expect(throws: RecipeError.self) { try read("socket: s, feed: lines") }
    #expect(throws: RecipeError.self) { try read("command: x, feed: once") }
  }

  @Test func controlValues() throws {
    let text = camera("controls: {a: -3, b: on, c: \"off\", d: No, e: Shutter Priority Mode, f: \"12\"}")
    let recipe = try Recipe(yaml: text, path: "line.yaml")
    #expect(
      recipe.cameras[0].controls.map(\.value)
        == [.integer(-3), .truth(true), .name("off"), .truth(false), .name("Shutter Priority Mode"), .name("12")])
  }

  @Test func menuItems() {
    let items = ["Auto Mode", "Manual Mode", "Shutter Priority Mode", "Aperture Priority Mode", "Disabled", "50 Hz"]
    func item(_ value: Recipe.ControlValue) -> [String] { items.filter { value.matches(menuItem: $0) } }
    #expect(item(.name("manual")) == ["Manual Mode"])
    #expect(item(.name("Manual Mode")) == ["Manual Mode"])
    #expect(item(.name("aperture_priority")) == ["Aperture Priority Mode"])
    #expect(item(.name("50 hz")) == ["50 Hz"])
    #expect(item(.truth(false)) == ["Disabled"])
    #expect(item(.truth(true)) == [])
    #expect(item(.integer(50)) == [])
    #expect(item(.name("mode")) == [])
  }

  @Test func quantities() {
    #expect(Quantities.duration("2 s") == .seconds(2))
    #expect(Quantities.duration("1.5min") == .seconds(90))
    #expect(Quantities.duration("250us") == .microseconds(250))
    #expect(Quantities.duration("2") == nil)
    #expect(Quantities.duration("-2 s") == nil)
    #expect(Quantities.duration("2 weeks") == nil)
    #expect(Quantities.duration("1e3 s") == nil)
    #expect(Quantities.text(.milliseconds(1500)) == "1500 ms")
    #expect(Quantities.text(.seconds(7200)) == "2 h")
    #expect(Quantities.bytes("20 GB") == 20_000_000_000)
    #expect(Quantities.bytes("20 GiB") == 20 << 30)
    #expect(Quantities.bytes("1.5 kB") == 1500)
    #expect(Quantities.bytes("20") == nil)
    #expect(Quantities.text(bytes: 20 << 30) == "20 GiB")
    #expect(Quantities.text(bytes: 1_500_000) == "1500 kB")
    #expect(Quantities.sampling("1 in 100") == Recipe.Sampling(1, of: 100))
    #expect(Quantities.sampling("2.5 %") == Recipe.Sampling(1, of: 40))
    #expect(Quantities.sampling("0 %") == Recipe.Sampling.none)
    #expect(Quantities.sampling("100%") == .all)
    #expect(Quantities.sampling("2 in 1") == nil)
    #expect(Quantities.sampling("0.00001 %") == nil)
  }

  @Test func aliasesAndMerges() throws {
    let text = """
      model: m.onnx
      cameras:
        a: &base
          device: x
          timeout: 5 s
          lock: all
        b:
          <<: *base
          device: y
      """
    let recipe = try Recipe(yaml: text, path: "line.yaml")
    #expect(recipe.cameras.map(\.device) == ["x", "y"])
    #expect(recipe.cameras[1].timeout == .seconds(5))
    #expect(recipe.cameras[1].lock == Recipe.Automatic.allCases)
  }

  @Test func stationsControlsComeFirst() throws {
    let text = camera("controls: {gain: 4, c: 1}", top: "model: m.onnx\ncontrols: {a: 1, gain: 2}")
    let recipe = try Recipe(yaml: text, path: "line.yaml")
    #expect(recipe.cameras[0].controls.map(\.name) == ["a", "gain", "c"])
    #expect(recipe.cameras[0].controls.map(\.value) == [.integer(1), .integer(4), .integer(1)])
  }

  @Test func pathsAreRelativeToTheRecipe() throws {
    let folder = TestFolder()
    folder.write(Array(camera("region: {mask: ./sub/../a.png}", top: "model: /m.onnx\nout: runs").utf8), "r/line.yaml")
    let recipe = try Recipe(contentsOf: folder.path + "/r/line.yaml")
    #expect(recipe.cameras[0].region == .mask(folder.path + "/r/sub/../a.png"))
    #expect(recipe.cameras[0].model == "/m.onnx")
    #expect(recipe.out == folder.path + "/r/runs")
    #expect(recipe.path == folder.path + "/r/line.yaml")
  }

  @Test func placesOfValues() throws {
    let recipe = try Recipe(yaml: camera("controls: {gain: 4}\nformat: {rate: 30}"), path: "line.yaml")
    #expect(recipe.position(of: "cameras.top.controls.gain") == .init(line: 5, column: 22))
    // Not said, so the nearest key above; and what the camera has from the station.
    #expect(recipe.position(of: "cameras.top.format.size") == .init(line: 6, column: 13))
    #expect(recipe.position(of: "cameras.top.model") == .init(line: 1, column: 8))
    #expect(
      recipe.problem(at: "cameras.top.controls.gain", "too much").description == "line.yaml:5:22: too much")
  }
}
