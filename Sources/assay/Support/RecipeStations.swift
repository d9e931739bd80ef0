import Capture
import Classification
import Glibc
import Graphs
import Imaging
import Inspection
import Locating
import Outputs
import Recipes

/// Makes a live run out of a recipe.
struct RecipeStations {
  let recipe: Recipe
  private(set) var stations: [LiveStation] = []
  /// Software triggers by where they come from.
  private(set) var triggers: [TriggerSource: [SoftwareTrigger]] = [:]
  /// The challenge that was passed with them; nil where none is asked for.
  var challenge: LogHead.File?

  /// - Parameters:
  ///   - previous: what runs now; a software trigger that stays the same is taken over with the calls that wait.
  ///   - source: where a camera's frames come from.
  /// - Throws: the first thing that cannot be used.
  init(
    _ recipe: Recipe, precision: Precision, previous: RecipeStations? = nil,
    source: (Recipe.Camera) throws -> any FrameSource
  ) throws {
    self.recipe = recipe
    // Cameras may share one.
    var models: [String: ModelFile] = [:]
    for camera in recipe.cameras {
      let file = try models[camera.model] ?? ModelFile(path: camera.model, precision: precision)
      models[camera.model] = file
      let trigger = try previous?.trigger(like: camera) ?? Self.trigger(camera.trigger, ignore: camera.ignore)
      var station = LiveStation(
        name: camera.name, source: try source(camera), classifier: file.classifier,
        policy: try Self.policy(camera.policy, file.classifier.info), model: file.identity, trigger: trigger,
        region: try Self.region(camera.region, camera.ignore), alignment: try Self.alignment(camera.alignment),
        health: Self.health(camera.checks))
      if station.source is Recording { station.queue = FrameQueue(policy: .blocks) }
      stations.append(station)
      if case .software(let source) = camera.trigger, case .software(let trigger) = trigger {
        triggers[Self.source(source), default: []].append(trigger)
      }
    }
  }

  /// The software trigger that this camera has already; nil for other triggers.
  private func trigger(like camera: Recipe.Camera) -> LiveTrigger? {
    guard let old = recipe[camera: camera.name], case .software = old.trigger, old.trigger == camera.trigger else {
      return nil
    }
    return stations.first { $0.name == camera.name }?.trigger
  }

  private static func health(_ checks: Recipe.Checks) -> FrameHealth.Limits {
    var limits = FrameHealth.Limits()
    // No picture is darker than 0, or clipped in more than all of its pixels.
    limits.black = checks.black ?? 0
    limits.overexposed = checks.overexposed ?? 1
    return limits
  }

  private static func trigger(_ trigger: Recipe.Trigger, ignore: [Recipe.Shape]) throws -> LiveTrigger {
    switch trigger {
    case .everyFrame: .every
    case .every(let duration): .interval(duration.seconds)
    case .software: .software(SoftwareTrigger())
    case .presence(let presence):
      .presence(options(presence), region: try presence.region.map { try region($0, ignore) })
    }
  }

  static func settings(_ camera: Recipe.Camera) -> CameraSettings {
    CameraSettings(
      mode: ModeRequest(
        size: camera.format.size.map { ImageSize(width: $0.width, height: $0.height) }, rate: camera.format.rate,
        formats: camera.format.pixels.compactMap { PixelFormat($0) }),
      controls: camera.controls.map { control in
        let value =
          switch control.value {
          case .integer(let number): "\(number)"
          case .truth(let truth): truth ? "on" : "off"
          case .name(let name): name
          }
        return CameraSettings.ControlValue(control.name, value)
      },
      locks: camera.lock.compactMap { CameraSettings.Lock(rawValue: $0.rawValue) },
      settle: camera.lock.isEmpty ? 0 : camera.settle.seconds, timeout: camera.timeout.seconds,
      frozenAfter: camera.checks.frozen ?? 0)
  }

  static func policy(_ recipe: Recipe.Policy, _ info: ModelInfo) throws -> Policy {
    var policy = try Policy(
      info, reject: recipe.thresholds.reject, review: recipe.thresholds.review, confidence: recipe.confidence)
    for entry in recipe.classes {
      guard info.labels.contains(entry.label) else {
        throw ModelError(info.name, "knows no class \(entry.label); it has \(info.labels.joined(separator: ", "))")
      }
      let reject = entry.thresholds.reject ?? policy.thresholds.reject
      policy.perClass[entry.label] = try Policy.Thresholds(
        reject: reject, review: entry.thresholds.review ?? min(policy.thresholds.review, reject))
    }
    return policy
  }

  static func region(_ region: Recipe.Shape?, _ ignore: [Recipe.Shape]) throws -> RegionOfInterest {
    RegionOfInterest(areas: try region.map { [try shape($0)] } ?? [], ignored: try ignore.map { try shape($0) })
  }

  private static func shape(_ shape: Recipe.Shape) throws -> RegionShape {
    switch shape {
    case .polygon(let points): .polygon(points.map { Point(Double($0.x), Double($0.y)) })
    case .rectangle(let box): .rectangle(PixelRect(x: box.x, y: box.y, width: box.width, height: box.height))
    case .mask(let path): try .picture(path: path)
    }
  }

  static func alignment(_ recipe: Recipe.Alignment?) throws -> LiveAlignment? {
    guard let recipe else { return nil }
    let template = try ImageFile.load(path: recipe.template).image.gray8()
    do throws(AlignmentError) {
      let options = AlignmentOptions(maximumAngle: recipe.angle, leastScore: min(recipe.leastScore, 0.999))
      return LiveAlignment(
        aligner: try PartAligner(template: template, options: options),
        search: recipe.search.map { PixelRect(x: $0.x, y: $0.y, width: $0.width, height: $0.height) })
    } catch {
      throw ModelError(recipe.template, "cannot be used as a template: \(error)")
    }
  }

  static func options(_ presence: Recipe.Presence) -> PresenceOptions {
    var options = PresenceOptions(mode: presence.mode == .passes ? .passes : .stands)
    options.onShare = presence.on
    options.offShare = presence.off
    options.minimumFramesOn = presence.hold.on
    options.minimumFramesOff = presence.hold.off
    options.restFrames = presence.hold.rest
    options.maximumDelay = presence.longest?.seconds
    options.learningFrames = presence.learn
    options.minimumContrast = presence.contrast
    options.adaptation = presence.adapt.seconds
    options.relearnAfter = presence.relearn.seconds
    return options
  }

  static func source(_ source: Recipe.Software) -> TriggerSource {
    switch source {
    case .standardInput: .standardInput
    case .socket(let path): .socket(path)
    case .signal(.user1): .signal(SIGUSR1)
    case .signal(.user2): .signal(SIGUSR2)
    }
  }

  static func outputs(_ recipe: Recipe) -> [(target: DecisionOutputs.Target, timeout: Double)] {
    recipe.outputs.map { output in
      let target: DecisionOutputs.Target =
        switch output.target {
        case .command(.shell(let line)): .shell(line, mode(output.feed))
        case .command(.arguments(let arguments)): .program(arguments, mode(output.feed))
        case .socket(let path): .socket(path)
        }
      return (target, output.timeout.seconds)
    }
  }

  private static func mode(_ feed: Recipe.Feed) -> CommandSink.Mode {
    switch feed {
    case .each: .once
    case .lines: .lines(acknowledged: false)
    case .acknowledged: .lines(acknowledged: true)
    }
  }

  static func keep(_ keep: Recipe.Keep) -> PictureKeeper.Options {
    var options = PictureKeeper.Options()
    options.acceptedRate = keep.accepts.share
    options.reviewedRate = keep.reviews.share
    options.rejectedRate = keep.rejects.share
    options.budget = keep.budget.map { Int($0) } ?? Int.max
    options.days = keep.days
    return options
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
