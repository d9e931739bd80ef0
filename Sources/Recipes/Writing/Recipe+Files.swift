internal import Glibc

extension Recipe {
  /// What is wrong around the recipe: files that it names and that are not there or cannot be read, programs that
  /// cannot be run, folders that cannot be written. Looks, and changes nothing.
  public func fileProblems() -> [RecipeProblem] {
    var problems: [RecipeProblem] = []
    func check(_ keys: String, _ path: String, _ what: String) {
      if let reason = Self.unreadable(path) { problems.append(problem(at: keys, "\(what) \(path) \(reason)")) }
    }
    for camera in cameras {
      let prefix = "cameras.\(camera.name)."
      check(prefix + "model", camera.model, "the model")
      for (keys, shape) in camera.shapes {
        if case .mask(let path) = shape { check(prefix + keys, path, "the mask") }
      }
      if let alignment = camera.alignment { check(prefix + "alignment.template", alignment.template, "the template") }
      if case .software(.socket(let path)) = camera.trigger {
        problems += folderProblem(prefix + "trigger", Self.parent(path), "the socket's folder")
      }
    }
    for (index, output) in outputs.enumerated() {
      switch output.target {
      case .command(let command):
        if let program = command.program, unsafe access(program, X_OK) != 0 {
          let reason = unsafe String(cString: strerror(errno))
          problems.append(problem(at: "outputs.\(index).command", "the command \(program) cannot be run (\(reason))"))
        }
      case .socket(let path):
        problems += folderProblem("outputs.\(index).socket", Self.parent(path), "the socket's folder")
      }
    }
    if let out { problems += folderProblem("out", out, "the run's folder", orParent: true) }
    // Cameras that share a model would say the same several times.
    var seen: Set<RecipeProblem> = []
    return problems.filter { seen.insert($0).inserted }
  }

  private func folderProblem(_ keys: String, _ path: String, _ what: String, orParent: Bool = false) -> [RecipeProblem]
  {
    var folder = path
    var status = stat()
    while unsafe stat(folder, &status) != 0 {
      guard errno == ENOENT || errno == ENOTDIR, orParent, folder != "/" else {
        let reason = unsafe String(cString: strerror(errno))
        return [problem(at: keys, "\(what) \(folder) cannot be used (\(reason))")]
      }
      // A run makes its folder with those above it.
      folder = Self.parent(folder)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { return [problem(at: keys, "\(what) \(folder) is no folder")] }
    guard unsafe access(folder, W_OK | X_OK) != 0 else { return [] }
    let reason = unsafe String(cString: strerror(errno))
    let below = folder == path ? "" : ", so that \(path) cannot be made"
    return [problem(at: keys, "\(what) \(folder) cannot be written (\(reason))\(below)")]
  }

  private static func unreadable(_ path: String) -> String? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      return errno == ENOENT ? "is not there" : "cannot be read (\(unsafe String(cString: strerror(errno))))"
    }
    guard status.st_mode & S_IFMT != S_IFDIR else { return "is a folder, not a file" }
    return unsafe access(path, R_OK) == 0 ? nil : "cannot be read (\(unsafe String(cString: strerror(errno))))"
  }

  private static func parent(_ path: String) -> String {
    var path = path[...]
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }
}

extension Recipe.Camera {
  /// All areas with their keys.
  var shapes: [(keys: String, shape: Recipe.Shape)] {
    var all: [(String, Recipe.Shape)] = []
    if let region { all.append(("region.mask", region)) }
    for (index, shape) in ignore.enumerated() { all.append(("ignore.\(index).mask", shape)) }
    if case .presence(let presence) = trigger, let region = presence.region {
      all.append(("trigger.presence.region.mask", region))
    }
    return all
  }
}

extension Recipe.Command {
  /// The program's path where it is plain to see.
  var program: String? {
    let first =
      switch self {
      case .arguments(let words): words[0][...]
      case .shell(let line): line.prefix { $0 != " " }
      }
    let isPlain = first.hasPrefix("/") && !first.contains { "'\"\\$`;|&<>(){}*?[]~#".contains($0) }
    return isPlain ? String(first) : nil
  }
}
