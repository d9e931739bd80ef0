import FileTestSupport
import Testing

@testable import Recipes

/// What is wrong is said, all at once, with its place, and with what would be right.
@Suite struct RecipeProblemTests {
  @Test func allAtOnceInTheFilesOrder() {
    let text = """
      station: line-3
      modle: parts.onnx
      policy: {reject: 0.3, review: 0.5}
      cameras:
        top:
          device: usb-1
          format: {size: 0x720, rate: 10000, pixels: [YUVY]}
          exposur: 3
          settle: 2
          trigger: sometimes
          region: {polygon: [[1, 2], [3, 4]]}
        side:
          device: usb-1
          lock: [exposre]
          settle: 1 s
          settle: 2 s
      keep: {budget: 20}
      """
    #expect(
      problems(text, path: "line.yaml") == [
        "line.yaml:2:1: unknown key \"modle\" in the station; did you mean \"model\"?",
        "line.yaml:3:31: \"review\" 0.5 must not be more than \"reject\" 0.3: what is rejected is never reviewed",
        "line.yaml:5:3: camera top has no \"model\", and the station names none for all cameras",
        "line.yaml:7:20: \"size\" must be from 1x1 to 16384x16384, not 0x720",
        "line.yaml:7:33: \"rate\" must be from 0 to 1000, not 10000",
        "line.yaml:7:49: \"YUVY\" is no pixel format that Assay reads; did you mean YUYV?",
        "line.yaml:8:5: unknown key \"exposur\" in a camera; known here: device, region, ignore, alignment, format, "
          + "controls, lock, settle, timeout, checks, trigger, model, policy",
        "line.yaml:9:13: \"settle\" must be a time with its unit, not the number 2; such as 2 s, 200 ms, 5 min",
        "line.yaml:10:14: \"trigger\" must be a trigger, not the text \"sometimes\"; such as every frame, "
          + "{every: 200 ms}, {software: stdin}, {presence: {on: 10 %}}",
        "line.yaml:11:23: \"polygon\" must have from 3 to 1000 corners, not 2",
        "line.yaml:12:3: camera side has no \"model\", and the station names none for all cameras",
        "line.yaml:13:13: cameras top and side are the same device",
        "line.yaml:14:12: \"lock\" must be all, none or a list of exposure, gain, white_balance, focus, not the text "
          + "\"exposre\"; did you mean \"exposure\"?",
        "line.yaml:16:5: the key \"settle\" is there already, in line 15",
        "line.yaml:17:16: \"budget\" must be a size with its unit, or unlimited, not the number 20; such as 20 GB, "
          + "500 MB",
      ])
  }

  /// One camera's lines, and what is said of them; line 5 is the first.
  @Test(arguments: [
    ("format: 3", "5:13: \"format\" must be keys with values, not the number 3; such as size: ..."),
    ("format: {rate: fast}", "5:20: \"rate\" must be a number of frames a second, not the text \"fast\""),
    ("format: {rate: 0}", "5:20: \"rate\" must be more than 0 frames a second"),
    ("format: {rate: -5}", "5:20: \"rate\" must be from 0 to 1000, not -5"),
    ("format: {rate: .nan}", "5:20: \"rate\" must be a number of frames a second, not the text \".nan\""),
    ("format: {size: 1280}", "5:20: \"size\" must be a width and a height, not the number 1280; such as 1280x720"),
    ("format: {size: 1280x-720}", "5:20: \"size\" must be from 1x1 to 16384x16384, not 1280x-720"),
    ("format: {pixels: [YUYV, yuy2]}", "5:29: \"pixels\" names yuy2 twice"),
    (
      "format: {pixels: {a: b}}",
      "5:22: \"pixels\" must be a pixel format's code, not a set of keys; such as YUYV or "
        + "[YUYV, MJPG]"
    ),
    (
      "controls: {Gain: 4}",
      "5:16: a control's name is lower-case letters, digits and \"_\", as `assay cameras show` "
        + "lists it, not \"Gain\""
    ),
    ("controls: {gain: 4.5}", "5:22: \"gain\" must be a whole number, as controls are, not the number 4.5"),
    (
      "controls: {gain: [4]}",
      "5:22: \"gain\" must be a whole number, on or off, or the name of a menu's item, not a "
        + "list"
    ),
    ("lock: [focus, focus]", "5:19: \"lock\" names focus twice"),
    ("settle: 2 min", "5:13: \"settle\" must be from 0 s to 1 min, not 2 min"),
    ("timeout: on", "5:14: \"timeout\" must be a time with its unit, not on or off; such as 2 s, 200 ms, 5 min"),
    ("timeout:", "5:5: \"timeout\" needs a value"),
    ("timeout: 20 ms\nformat: {rate: 25}", "5:14: \"timeout\" 20 ms is shorter than one frame at 25 frames a second"),
    (
      "trigger: every 10 ms\nformat: {rate: 50}",
      "5:14: a trigger every 10 ms is more often than there are frames at "
        + "50 frames a second"
    ),
    ("trigger: {every: 0 s}", "5:22: \"every\" must be from 1 ms to 24 h, not 0 s"),
    ("trigger: every 0 ms", "5:14: \"trigger\" must be from every 1 ms to every 24 h, not every 0 ms"),
    ("trigger: {every: 1 s, software: stdin}", "5:14: a trigger is one of every, software, presence"),
    ("trigger: {}", "5:14: a trigger is one of every, software, presence"),
    (
      "trigger: {software: keyboard}",
      "5:25: \"software\" must be where triggers come from, not the text \"keyboard\"; "
        + "such as stdin, signal SIGUSR1, {socket: /run/assay/trigger.sock}"
    ),
    ("trigger: {software: signal SIGKILL}", "5:25: a trigger's signal is SIGUSR1 or SIGUSR2, not \"SIGKILL\""),
    (
      "trigger: {presence: {on: 5 %, off: 5 %}}",
      "5:40: \"off\" must be less than \"on\", or a part could come and go "
        + "at once: 5 % and 5 %"
    ),
    ("trigger: {presence: {on: 0}}", "5:30: \"on\" must be more than 0, or a part is always there"),
    ("trigger: {presence: {on: 120 %}}", "5:30: \"on\" must be from 0 % to 100 %, not 120 %"),
    (
      "trigger: {presence: {hold: 6 s}}",
      "5:32: \"hold\" must be keys with values, not the text \"6 s\"; such as on: "
        + "..."
    ),
    ("trigger: {presence: {hold: {on: 0}}}", "5:37: \"on\" must be from 1 to 1000, not 0"),
    ("trigger: {presence: {mode: flies}}", "5:32: \"mode\" must be passes or stands, not the text \"flies\""),
    ("region: {rectangle: [0, 0, 0, 5]}", "5:32: \"rectangle\" must be from 1 to 16384, not 0"),
    ("region: {rectangle: [0, 0, 5]}", "5:25: \"rectangle\" must be [x, y, width, height], not a list"),
    ("region: {rectangle: [a, 0, 5, 5]}", "5:26: \"rectangle\" must be a whole number, not the text \"a\""),
    (
      "region: {polygon: [[0, 0], [5, 5], [9, 9]]}",
      "5:23: \"polygon\" encloses nothing: its corners lie on one line, "
        + "or its outline crosses itself"
    ),
    ("region: {circle: 5}", "5:14: unknown key \"circle\" in an area; known here: polygon, rectangle, mask"),
    ("region: {mask: ~/belt.png}", "5:20: \"mask\" names \"~/belt.png\", but ~ is not expanded; write the whole path"),
    (
      "format: {size: 640x480}\nregion: {rectangle: [600, 0, 41, 480]}",
      "6:13: the area reaches to (641, 480), but "
        + "pictures are 640 x 480"
    ),
    (
      "format: {size: 640x480}\nignore:\n  - {mask: a.png}\n  - {polygon: [[0, 0], [640, 480], [0, 481]]}",
      "8:9: the "
        + "area reaches to (640, 481), but pictures are 640 x 480"
    ),
    ("alignment: {angle: 20}", "5:16: \"alignment\" needs \"template\", a picture of the part"),
    ("alignment: {template: a.png, least_score: 0}", "5:47: \"least_score\" must be more than 0, or anything is found"),
    ("alignment: {template: a.png, angel: 3}", "5:34: unknown key \"angel\" in alignment; did you mean \"angle\"?"),
    ("model: ''", "5:12: \"model\" must be one line of text with at most 4000 bytes"),
    ("policy: {reject: 1.5}", "5:22: \"reject\" must be from 0 to 1, not 1.5"),
    (
      "policy: {classes: {crack: {reject: 0.1, review: 0.2}}}",
      "5:53: \"review\" 0.2 must not be more than \"reject\" "
        + "0.1: what is rejected is never reviewed"
    ),
    ("budget: 5 GB", "5:5: unknown key \"budget\" in a camera; it belongs in keep"),
    ("[a]: 3", "5:5: a key must be text, not a list"),
  ])
  func oneCamera(lines: String, message: String) {
    #expect(problems(camera(lines)) == ["/line/line.yaml:" + message])
  }

  @Test(arguments: [
    ("[1, 2]", "1:1: \"the recipe\" must be keys with values, not a list; such as station: ..."),
    ("model: m", "1:1: the recipe names no camera; \"cameras\" is missing"),
    ("model: m\ncameras: {}", "2:10: \"cameras\" must name at least one camera"),
    ("model: m\ncameras: [top]", "2:10: \"cameras\" must be keys with values, not a list; such as name: ..."),
    ("model: m\ncameras: {top: }", "2:11: \"top\" needs a value"),
    (
      "model: m\ncameras: {top: {timeout: 1 s}}",
      "2:11: camera top has no \"device\"; `assay cameras` lists what is "
        + "there"
    ),
    (
      "model: m\ncameras: {to/p: {device: a}}",
      "2:11: a camera's name, which also names files, is 1 to 64 letters, "
        + "digits, \"-\", \"_\" or \".\" and begins with a letter or digit, not \"to/p\""
    ),
    (
      "model: m\ncameras: {top: {device: a}, Top: {device: b}}", "2:29: camera Top differs from camera top by case only"
    ),
    (
      "model: m\ncameras: {a: {device: x-1}, b: {device: /dev/v4l/by-id/x-1}}",
      "2:41: cameras a and b are the same "
        + "device"
    ),
    (
      "model: m\ncameras: {a: {device: x}}\noutputs: {socket: s}",
      "3:10: \"outputs\" must be a list, not a set of keys; "
        + "such as [{socket: /run/assay/decisions.sock}]"
    ),
    (
      "model: m\ncameras: {a: {device: x}}\noutputs: [{timeout: 1 s}]",
      "3:11: an output is either a command or a "
        + "socket"
    ),
    (
      "model: m\ncameras: {a: {device: x}}\noutputs: [{socket: /s}, {socket: /s}]",
      "3:25: this output is there "
        + "already; each would get every decision twice"
    ),
    (
      "model: m\ncameras: {a: {device: x}}\noutputs: [{command: []}]",
      "3:21: \"command\" must be a line for the shell, "
        + "or a list of a program and its arguments, not a list"
    ),
    (
      "model: m\ntrigger: {software: {socket: /s}}\ncameras: {a: {device: x}}\noutputs: [{socket: /s}]",
      "2:10: the "
        + "trigger's socket /s is an output's socket too; give it its own"
    ),
    (
      "model: m\ncameras: {a: {device: x}}\nkeep: {accepts: 1 of 5}",
      "3:17: \"accepts\" must be all, none, a rate such "
        + "as 1 in 100, or a share such as 5 %, not the text \"1 of 5\""
    ),
    ("model: m\ncameras: {a: {device: x}}\nkeep: {budget: 5 kB}", "3:16: \"budget\" must be at least 1 MB, not 5 kB"),
    (
      "model: m\ncameras: {a: {device: x}}\nkeep: {raw: maybe}",
      "3:13: \"raw\" must be yes or no, not the text "
        + "\"maybe\""
    ),
    // Each is fine by itself.
    (
      "model: m\npolicy: {review: 0.4}\ncameras: {a: {device: x, policy: {reject: 0.2}}}",
      "3:34: \"review\" 0.4 must "
        + "not be more than \"reject\" 0.2: what is rejected is never reviewed"
    ),
  ])
  func station(text: String, message: String) {
    #expect(problems(text) == ["/line/line.yaml:" + message])
  }

  @Test func aSocketsPathHasAnEnd() {
    let path = "/" + String(repeating: "s", count: 107)
    let text = "model: m\ncameras: {a: {device: x}}\noutputs: [{socket: \(path)}]"
    #expect(
      problems(text) == [
        "/line/line.yaml:3:20: the socket's path \(path) is longer than the 107 bytes that the system allows"
      ])
  }

  @Test(arguments: [
    ("exposure", "exposure", 0), ("exposre", "exposure", 1), ("exopsure", "exposure", 1), ("", "abc", 3),
    ("kitten", "sitting", 3), ("ca", "abc", 3),
  ])
  func editDistance(a: String, b: String, distance: Int) {
    #expect(Suggestions.distance(a, b) == distance)
    #expect(Suggestions.distance(b, a) == distance)
  }

  @Test func filesThatAreNotThere() throws {
    let folder = TestFolder()
    let text = """
      model: m.onnx
      out: made/runs/line
      trigger: {presence: {region: {mask: belt.png}}}
      cameras:
        top: {device: a, region: {mask: there.png}, alignment: {template: washer.png}}
        side: {device: b, ignore: [{mask: folder}], trigger: {software: {socket: /nowhere/t.sock}}}
      outputs:
        - command: /bin/sh -c true
        - command: [/bin/nothing, -v]
        - command: "$HOME/run"
        - socket: there.png/s
      """
    folder.write(Array(text.utf8), "line.yaml")
    folder.write([1], "there.png")
    folder.write([1], "folder/x")
    let path = folder.path + "/line.yaml"
    let recipe = try Recipe(contentsOf: path)
    let base = folder.path
    #expect(
      recipe.fileProblems().map(\.description) == [
        "\(path):1:8: the model \(base)/m.onnx is not there",
        "\(path):3:37: the mask \(base)/belt.png is not there",
        "\(path):5:69: the template \(base)/washer.png is not there",
        "\(path):6:37: the mask \(base)/folder is a folder, not a file",
        "\(path):6:56: the socket's folder /nowhere cannot be used (No such file or directory)",
        "\(path):9:14: the command /bin/nothing cannot be run (No such file or directory)",
        "\(path):11:13: the socket's folder \(base)/there.png is no folder",
      ])
    // Looking made nothing.
    #expect(!folder.exists("made"))
    folder.write([1], "made")
    let out = try #require(recipe.fileProblems().last)
    #expect(out.description == "\(path):2:6: the run's folder \(base)/made is no folder")
  }

  @Test func aFileThatCannotBeRead() {
    let folder = TestFolder()
    func message(_ path: String) -> String? {
      do throws(RecipeError) {
        _ = try Recipe(contentsOf: path)
        return nil
      } catch {
        return error.description
      }
    }
    #expect(message(folder.path + "/no.yaml") == "\(folder.path)/no.yaml: cannot be opened (No such file or directory)")
    #expect(message(folder.path) == "\(folder.path): is not a file; name the recipe's YAML file")
    #expect(message("/dev/zero") == "/dev/zero: is not a file; name the recipe's YAML file")
  }
}
