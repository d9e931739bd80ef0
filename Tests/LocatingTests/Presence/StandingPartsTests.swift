import Glibc
import Imaging
import Locating
import Testing

@Suite struct StandingPartsTests {
  /// Parts that come in, stand for a while and go on.
  private func scene(seed: UInt64, parts count: Int, speed: Double) -> (scene: BeltScene, frames: Int) {
    var random = Random(seed)
    var scene = BeltScene(seed: seed)
    scene.speed = 0
    scene.light = { 1 + 0.1 * sin(Double($0) * 2.3) }
    var start = 36
    for _ in 0..<count {
      let width = random.uniform(40...130), height = random.uniform(40...130)
      let rest = random.integer(12...40), stop = random.uniform(110...210), begin = start
      let arrival = Int((stop + width / 2 + 4) / speed)
      scene.parts.append(
        BeltScene.Part(
          shape: BeltScene.Part.Shape.allCases[random.integer(0...2)], width: width, height: height,
          contrast: random.uniform(20...90) * (random.unit() < 0.4 ? -1 : 1),
          y: random.uniform(height / 2 + 14...226 - height / 2),
          x: { frame in
            let step = frame - begin
            if step < 0 { return nil }
            if step < arrival { return stop - Double(arrival - step) * speed }
            return stop + Double(max(0, step - arrival - rest)) * speed
          }))
      start += arrival + rest + Int((330 - stop + width / 2) / speed) + random.integer(1...25)
    }
    return (scene, start + 30)
  }

  @Test func everyPartIsJudgedOnceWhenItStands() throws {
    var total = 0, latency: [Int] = [], problems = 0, frames = 0
    for (seed, speed) in [(31, 4.0), (32, 9.0), (33, 20.0), (34, 45.0)] {
      let (scene, count) = scene(seed: UInt64(seed), parts: 25, speed: speed)
      let watched = try Watched(scene, frames: count, options: PresenceOptions(.stands))
      let (counts, strays) = watched.tally(scene)
      frames += count
      total += watched.parts.count
      problems += counts.count { $0 != 1 } + strays
      if counts.contains(where: { $0 != 1 }) || strays > 0 { print("# stands \(speed): \(counts) \(strays)") }
      for (frame, judged) in watched.parts {
        #expect(judged.reason == .rests && judged.isWhole)
        guard
          let part = scene.parts.first(where: { $0.box(judged.bestFrame) != nil && judged.number == number($0, scene) })
        else { continue }
        // Judged by a frame at rest, soon after it came to rest.
        #expect(part.x(judged.bestFrame) == part.x(judged.bestFrame - 1))
        var stopped = judged.bestFrame
        while part.x(stopped - 1) == part.x(stopped) { stopped -= 1 }
        latency.append(frame - stopped)
      }
    }
    latency.sort()
    print(
      "# stands: \(total) judged in \(frames) frames, frames after the stop: \(latency.first ?? -1)...\(latency.last ?? -1)"
    )
    #expect(problems == 0 && total == 100)
    #expect(latency.count == 100 && latency.last ?? 99 <= 10)
  }

  private func number(_ part: BeltScene.Part, _ scene: BeltScene) -> Int {
    (scene.parts.firstIndex { $0.width == part.width && $0.height == part.height } ?? -9) + 1
  }

  @Test func whatNeverStandsIsJudgedWhenItLeaves() throws {
    var scene = BeltScene(seed: 35)
    scene.speed = 6
    scene.parts = [BeltScene.Part(x: { Double($0 - 50) * 6 })]
    let watched = try Watched(scene, frames: 160, options: PresenceOptions(.stands))
    #expect(watched.parts.count == 1 && watched.parts[0].part.reason == .left && watched.parts[0].part.isWhole)
  }
}

@Suite struct PresenceRulesTests {
  private var oneSlowPart: BeltScene {
    var scene = BeltScene(seed: 41)
    scene.speed = 4
    scene.parts = [BeltScene.Part(width: 70, height: 70, x: { Double($0 - 50) * 4 })]
    return scene
  }

  @Test func theSharpestFrameIsTheBest() throws {
    var scene = oneSlowPart
    // In focus at frame 97 only.
    scene.parts[0].blur = { abs(Double($0) - 97) * 0.15 }
    let watched = try Watched(scene, frames: 180, options: PresenceOptions(.passes))
    #expect(watched.parts.count == 1)
    let part = try #require(watched.parts.first?.part)
    #expect(abs(part.bestFrame - 97) <= 1 && part.framesConsidered > 30 && part.reason == .left)
    #expect(watched.mostKept == 1)
    #expect(watched.states[0] == .learning(remaining: 29) && watched.states[29] == .learning(remaining: 0))
    #expect(watched.states[30] == .empty && watched.states[97] == .present(1) && watched.states[170] == .empty)
  }

  @Test func aQuickAnswerWaitsNoLongerThanAllowed() throws {
    let watched = try Watched(
      oneSlowPart, frames: 180, options: PresenceOptions(.passes) { $0.maximumDelay = 0.2 })
    #expect(watched.parts.count == 1)
    let (frame, part) = try #require(watched.parts.first)
    // Wholly in view from frame 60 on; 0.2 s are 6 frames.
    #expect(part.reason == .delay && (64...70).contains(frame) && part.isWhole)
  }

  @Test func aPartLongerThanTheRegionIsJudgedOnce() throws {
    var scene = oneSlowPart
    scene.parts[0].width = 500
    scene.parts[0].shape = .plate
    scene.parts[0].x = { Double($0 - 120) * 5 }
    let watched = try Watched(scene, frames: 300, options: PresenceOptions(.passes))
    #expect(watched.parts.count == 1 && watched.parts[0].part.isWhole == false)
  }

  @Test func theEndOfARunJudgesWhatIsInView() throws {
    let watched = try Watched(oneSlowPart, frames: 95, options: PresenceOptions(.passes))
    #expect(watched.parts.count == 1 && watched.parts[0].part.reason == .interrupted)
    // Only just coming in: not a part yet.
    #expect(try Watched(oneSlowPart, frames: 52, options: PresenceOptions(.passes)).parts.isEmpty)
  }

  @Test func ignoredAreasAndColorsDoNotMatter() throws {
    let scene = oneSlowPart
    // A lamp blinks within the region, in an ignored area; the part is colored and of the belt's brightness.
    let region = RegionOfInterest(
      areas: [.rectangle(PixelRect(x: 10, y: 10, width: 300, height: 220))],
      ignored: [.rectangle(PixelRect(x: 200, y: 10, width: 80, height: 60))])
    var plain = scene
    plain.parts = []
    let watched = try Watched(
      plain, frames: 180, region: region, options: PresenceOptions(.passes),
      image: { image in
        .rgb8(
          image.map { RGB8($0, $0, $0) })
      },
      paint: { image, frame in
        guard frame % 7 < 3 else { return }
        for y in 12..<60 {
          var row = image.mutableRow(y)
          for x in 210..<270 { row[x] = 250 }
        }
      })
    #expect(watched.parts.isEmpty && watched.disturbances.isEmpty)
    // Red for grey: the mean of the components stays.
    var random = Random(4)
    var detector = PresenceDetector(
      region: RegionMask(whole: ImageSize(width: 160, height: 120)), options: PresenceOptions(.passes))
    var parts = 0
    for frame in 0..<110 {
      let centre = (frame - 40) * 4
      let image: Image<RGB8> = makeImage(160, 120) { x, y in
        let noise = 3 * random.normal()
        let dx = x - centre, dy = y - 60
        let isPart = frame > 35 && dx * dx + dy * dy < 400
        return RGB8(byte((isPart ? 140 : 100) + noise), byte((isPart ? 80 : 100) + noise), byte(100 + noise))
      }
      parts += detector.add(.rgb8(image), at: Double(frame) / 30).parts.count
    }
    #expect(parts == 1)
  }

  @Test func timesThatJumpDoNoHarm() throws {
    let scene = oneSlowPart
    var detector = PresenceDetector(
      region: RegionMask(whole: ImageSize(width: 320, height: 240)), options: PresenceOptions(.passes))
    var parts = 0
    for frame in 0..<180 {
      let time = frame == 90 ? -.infinity : frame == 100 ? .nan : frame > 120 ? Double(frame) - 1e6 : Double(frame)
      parts += detector.add(scene.frame(frame), at: time).parts.count
    }
    #expect(parts == 1)
  }

  /// No part at all in thousands of frames of belt, at several strengths of texture and noise.
  @Test func anEmptyBeltHasNoParts() throws {
    for (seed, texture, noise, speed) in [(51, 0.0, 1.0, 0.0), (52, 3, 6, 5), (53, 10, 4, 7), (54, 8, 8, 31)] {
      var scene = BeltScene(seed: UInt64(seed))
      (scene.texture, scene.noise, scene.speed) = (texture, noise, speed)
      scene.light = { 1 + 0.1 * sin(Double($0) * 2.1) }
      let watched = try Watched(scene, frames: 500, options: PresenceOptions(.passes))
      print(
        "# empty belt, texture \(texture), noise \(noise): \(watched.parts.count) parts, \(watched.disturbances.count)")
      #expect(watched.parts.isEmpty)
      #expect(watched.disturbances.count <= 1)
    }
  }

  @Test func quickEnoughForEveryFrame() {
    var scene = BeltScene(seed: 61)
    (scene.width, scene.height) = (1280, 720)
    scene.parts = [BeltScene.Part(width: 300, height: 300, y: 360, x: { Double($0 - 34) * 50 })]
    let color = (0..<60).map { scene.frame($0).rgb8() }
    let gray = color.map { $0.gray8() }
    for (name, frames) in [("grey", gray.map { AnyImage.gray8($0) }), ("RGB", color.map { .rgb8($0) })] {
      var times: [Double] = []
      var detector = PresenceDetector(
        region: RegionMask(whole: ImageSize(width: 1280, height: 720)), options: PresenceOptions(.passes))
      var parts = 0
      for (number, frame) in frames.enumerated() {
        times.append(milliseconds(1) { parts += detector.add(frame, at: Double(number) / 30).parts.count })
      }
      print(
        "# presence 1280x720 \(name), ms: median \(times[31...].sorted()[14]), 9 of 10 within \(times[31...].sorted()[26]), learned in \(times[29])"
      )
      #expect(parts == 1)
    }
  }
}
