import Testing

@testable import Recipes

/// The recipe read back: in sentences, as YAML and JSON, and as differences.
@Suite struct RecipeWritingTests {
  @Test func sentences() throws {
    let recipe = try Recipe(yaml: Recipe.example, path: "/etc/assay/line.yaml")
    #expect(
      recipe.sentences == [
        "Station line-3 has 2 cameras: top and side.",
        "Camera top is the device at USB port usb-0000:00:14.0-3.",
        "It delivers 1280 x 720 at 60 frames a second as YUYV, or else MJPG.",
        "At the start, controls are set in this order: auto_exposure to manual, exposure_time_absolute to 120, "
          + "white_balance_automatic to off.",
        "Exposure, gain, white balance and focus settle for 2 s at the start and are then held.",
        "Without a frame for 3 s it counts as stalled.",
        "A picture that is frozen (10 equal frames), black (nothing brighter than grey level 20) or overexposed (more than "
          + "80 % clipped) is rejected without a judgement.",
        "One frame of each part that comes by is judged, the sharpest that shows it whole.",
        "A part has come when 0.2 % of the rectangle of 480 x 720 pixels at (400, 0) differs from the empty belt in 2 "
          + "frames, and has gone when less than 0.1 % does in 3 frames.",
        "It is judged at the latest 5 s after it came.",
        "A spot differs when it is 6 grey levels off, or more where the belt is noisy.",
        "The empty belt is learned from the first 30 frames, and followed over 10 s.",
        "What stands for 3 min after it was judged becomes part of the scene.",
        "Only what lies in the polygon (100, 40) (1180, 40) (1180, 680) (100, 680) is judged.",
        "Not looked at is what lies in the rectangle of 40 x 40 pixels at (600, 300) or the mask /etc/assay/belt.png.",
        "Each part is looked for by the template /etc/assay/washer.png, turned by up to 20 degrees either way, in the "
          + "rectangle of 880 x 520 pixels at (200, 100).",
        "Below a score of 0.7 it is rejected as not found.",
        "The model is /etc/assay/parts.onnx.",
        "A part is rejected from a score of 0.5 on, and reviewed from 0.3 on.",
        "Camera side is the device named ACME_Camera_00042.",
        "It delivers pictures of a size that Assay chooses at the highest frame rate that it has in a pixel format that "
          + "Assay chooses.",
        "Its controls stay as the camera has them.",
        "None of its automatics is locked.",
        "Without a frame for 3 s it counts as stalled.",
        "A picture that is frozen (10 equal frames), black (nothing brighter than grey level 20) or overexposed (more than "
          + "80 % clipped) is rejected without a judgement.",
        "One frame is judged for each line on the socket /run/assay/side.sock.",
        "The whole picture is judged.",
        "The model is /etc/assay/sides.onnx.",
        "A part is rejected from a score of 0.6 on, and reviewed from 0.3 on.",
        "For crack: a part is rejected from a score of 0.3 on, and reviewed from 0.1 on.",
        "Without a good class, a defect is named from a probability of 0.6 on.",
        "Each decision goes as one JSON line to the command `/usr/local/bin/plc-write`, which is run for it and has 2 s.",
        "Each decision goes as one JSON line to all who read the socket /run/assay/decisions.sock; one who takes none for "
          + "30 s is disconnected.",
        "Pictures are kept of all rejects, all reviews and 1 in 100 accepts.",
        "Raw frames are not kept.",
        "Pictures may take 20 GB; then the oldest go first.",
        "After 90 days accepted and reviewed ones go.",
        "The run is written to /etc/assay/runs/line-3.",
      ])
  }

  @Test func sentencesOfTheLeast() throws {
    let recipe = try Recipe(
      yaml: "model: m\ncameras: {a: {device: /dev/video0}}\nkeep: {rejects: none, accepts: none}", path: "/l/x.yml")
    #expect(recipe.sentences.contains("Station x has one camera: a."))
    #expect(
      recipe.sentences.contains(
        "Camera a is whatever camera is at /dev/video0, which may be another one after a replug."))
    #expect(recipe.sentences.contains("Thresholds are the model's own."))
    #expect(recipe.sentences.contains("Decisions go to the run's folder only."))
    #expect(recipe.sentences.contains("Pictures are kept of all reviews, no rejects and no accepts."))
    #expect(recipe.sentences.contains("The recipe names no folder for the run: --out must."))
  }

  private static let recipes = [
    Recipe.example,
    "model: m\ncameras: {a: {device: x}}",
    camera("trigger: {every: 90 s}\nformat: {rate: 29.97, pixels: y16}\nlock: all\nsettle: 0 s"),
    camera("trigger: {software: signal SIGUSR2}\npolicy: {review: 7 %, classes: {\"no\": {reject: 1}, \"a: b\": {}}}"),
    camera(
      "controls: {a: on, b: \"on\", c: \"5\", d: -7, e: \"null\", f: \"Ünïcode \\\"q\\\"\"}",
      top: "model: \"we ird: #name.onnx\"\nstation: \"5\"\nout: \" x \""),
    camera("ignore: {rectangle: [1, 2, 3, 4]}", top: "model: m\nkeep: {budget: unlimited, raw: yes, accepts: 2.5 %}"),
    camera("checks: {frozen: off, overexposed: 12.5 %}", top: "model: m\nchecks: {black: off, frozen: 9}"),
    camera(
      "",
      top:
        "model: m\noutputs: [{command: b, feed: acknowledged}, {command: [a, \"\", \"b c\"], timeout: 1500 ms}, {socket: s}]"
    ),
  ]

  /// The canonical text says the same, and is its own canonical text.
  @Test(arguments: recipes) func canonicalText(text: String) throws {
    let recipe = try Recipe(yaml: text, path: "/etc/assay/line.yaml")
    let again = try Recipe(yaml: recipe.yaml, path: "/etc/assay/line.yaml")
    #expect(again == recipe)
    #expect(again.yaml == recipe.yaml)
    #expect(recipe.changes(to: again) == [])
    // JSON is YAML.
    #expect(try Recipe(yaml: recipe.json, path: "/etc/assay/line.yaml") == recipe)
  }

  @Test func yaml() throws {
    let recipe = try Recipe(
      yaml: camera("controls: {gain: 4}", top: "model: m.onnx\noutputs: [{socket: /s}]"), path: "/l/line.yaml")
    #expect(
      recipe.yaml == """
        station: line
        cameras:
          top:
            device: usb-1
            controls:
              gain: 4
            lock: []
            settle: "2 s"
            timeout: "3 s"
            checks:
              frozen: 10
              black: 20
              overexposed: 0.8
            trigger: every frame
            model: /l/m.onnx
        outputs:
          - {socket: /s, timeout: "30 s"}
        keep:
          rejects: all
          reviews: all
          accepts: "1 in 100"
          budget: "10 GB"
          raw: false

        """)
    #expect(
      recipe.json
        == "{\"station\":\"line\",\"cameras\":{\"top\":{\"device\":\"usb-1\",\"controls\":{\"gain\":4},\"lock\":[],"
        + "\"settle\":\"2 s\",\"timeout\":\"3 s\",\"checks\":{\"frozen\":10,\"black\":20,\"overexposed\":0.8},\"trigger\":\"every frame\",\"model\":\"/l/m.onnx\"}},\"outputs\":"
        + "[{\"socket\":\"/s\",\"timeout\":\"30 s\"}],\"keep\":{\"rejects\":\"all\",\"reviews\":\"all\",\"accepts\":"
        + "\"1 in 100\",\"budget\":\"10 GB\",\"raw\":false}}")
  }

  @Test func changes() throws {
    func read(_ text: String) throws -> Recipe { try Recipe(yaml: text, path: "/l/line.yaml") }
    let old = try read(
      """
      model: a.onnx
      policy: {reject: 0.5}
      cameras:
        top: {device: x, controls: {a: 1, b: 2}, region: {rectangle: [0, 0, 10, 10]}}
        old: {device: y}
      outputs: [{socket: /s}]
      """)
    let new = try read(
      """
      # Another comment, another order: no change.
      station: line
      outputs: [{socket: /s}, {command: run}]
      cameras:
        top:
          controls: {b: 2, a: 1}
          device: x
          format: {rate: 30}
          policy: {reject: 0.6}
          ignore: [{mask: m.png}]
          trigger: {every: 1 s}
        new: {device: z}
      model: b.onnx
      policy: {reject: 0.5}
      keep: {budget: 20 GB}
      out: /o
      """)
    let changes = old.changes(to: new)
    #expect(
      changes.map(\.description) == [
        "station: outputs [{socket: /s, timeout: \"30 s\"}] -> [{socket: /s, timeout: \"30 s\"}, "
          + "{command: run, feed: each, timeout: \"2 s\"}]",
        "station: keep.budget \"10 GB\" -> \"20 GB\"",
        "station: out added: /o",
        "top: controls {a: 1, b: 2} -> {b: 2, a: 1}",
        "top: trigger every frame -> {every: \"1 s\"}",
        "top: region removed, was {rectangle: [0, 0, 10, 10]}",
        "top: model /l/a.onnx -> /l/b.onnx",
        "top: policy.reject 0.5 -> 0.6",
        "top: format added: {rate: 30}",
        "top: ignore added: [{mask: /l/m.png}]",
        "old: camera removed",
        "new: camera added",
      ])
    #expect(
      changes.map(\.effect) == [
        .output, .nextFrame, .run, .camera, .nextFrame, .nextFrame, .model, .nextFrame, .camera, .nextFrame, .cameras,
        .cameras,
      ])
    #expect(old.changes(to: old) == [])
  }
}
