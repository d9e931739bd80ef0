import Glibc
import Imaging
import Locating
import Testing

@Suite struct PassingPartsTests {
  /// Parts of random kinds one behind the other, gaps from `gap` on, moving with the belt.
  static func scene(seed: UInt64, parts count: Int, speed: Double, gap: ClosedRange<Double>, contrast: ClosedRange<Double>)
    -> (scene: BeltScene, frames: Int)
  {
    var random = Random(seed)
    var scene = BeltScene(seed: seed)
    scene.speed = speed
    // 40 frames of empty belt first.
    var start = -40 * speed - 60
    for _ in 0..<count {
      let width = random.uniform(36...110), height = random.uniform(36...110)
      start -= width / 2
      let begin = start
      scene.parts.append(
        BeltScene.Part(
          shape: BeltScene.Part.Shape.allCases[random.integer(0...2)], width: width, height: height,
          contrast: random.uniform(contrast) * (random.unit() < 0.4 ? -1 : 1),
          y: random.uniform(height / 2 + 14...226 - height / 2), x: { begin + speed * Double($0) }))
      start -= width / 2 + random.uniform(gap)
    }
    return (scene, Int((-start + 400) / speed) + 20)
  }

  /// 200 parts: belts of several speeds, with texture, noise and flicker of the light by 10 %.
  @Test func everyPartIsJudgedOnce() throws {
    var judged = 0, missed = 0, double = 0, stray = 0, cut = 0, frames = 0
    for (seed, speed) in [(1, 3.0), (2, 6.0), (3, 10.0), (4, 16.0), (5, 25.0), (6, 40.0), (7, 4.0), (8, 12.0)] {
      var (scene, count) = Self.scene(
        seed: UInt64(seed), parts: 25, speed: speed, gap: 24...200, contrast: 18...90)
      scene.light = { 1 + 0.1 * sin(Double($0) * 1.9) }
      let watched = try Watched(scene, frames: count, options: PresenceOptions(.passes))
      let (counts, strays) = watched.tally(scene)
      frames += count
      judged += watched.parts.count
      missed += counts.count { $0 == 0 }
      double += counts.count { $0 > 1 }
      stray += strays
      cut += watched.parts.count { !$0.part.isWhole }
      if counts.contains(where: { $0 != 1 }) || strays > 0 {
        print("# speed \(speed): \(counts) strays \(strays)")
      }
    }
    print("# passing: \(judged) judged in \(frames) frames, \(missed) missed, \(double) double, \(stray) stray, \(cut) cut")
    #expect(missed == 0 && double == 0 && stray == 0)
    #expect(judged == 200)
  }
}

/// What happens to the light and around the parts.
@Suite struct DisturbedPartsTests {
  /// The light doubles within a minute, and goes back.
  @Test func driftOfTheLightIsNoPart() throws {
    var (scene, count) = PassingPartsTests.scene(seed: 21, parts: 20, speed: 5, gap: 300...700, contrast: 25...80)
    scene.light = { 0.75 * exp2(abs(Double($0) / 1800 - 1) * -1 + 1) }
    let watched = try Watched(scene, frames: count, options: PresenceOptions(.passes))
    let (counts, strays) = watched.tally(scene)
    print("# drift: \(count) frames, \(counts), \(strays) strays, \(watched.disturbances.count) disturbances")
    #expect(counts.allSatisfy { $0 == 1 } && strays == 0)
  }

  /// The light is switched, also while a part is in view.
  @Test func aSwitchOfTheLightIsNoPart() throws {
    for factor in [0.6, 1.5, 2.2] {
      var (scene, count) = PassingPartsTests.scene(seed: 22, parts: 12, speed: 6, gap: 60...200, contrast: 25...60)
      scene.light = { $0 / 97 % 2 == 0 ? 0.8 : 0.8 * factor }
      let watched = try Watched(scene, frames: count, options: PresenceOptions(.passes))
      let (counts, strays) = watched.tally(scene)
      print("# switch \(factor): \(counts), \(strays) strays, \(watched.disturbances.count) disturbances")
      #expect(counts.allSatisfy { $0 == 1 } && strays == 0)
      #expect(watched.disturbances.contains { $0.kind == .light })
    }
  }

  /// A part stops for a minute on its way, with the belt or against a stopper under which the belt goes on.
  @Test func aPartThatStopsIsStillOne() throws {
    for isBeltStopped in [true, false] {
      var scene = BeltScene(seed: 23)
      scene.speed = isBeltStopped ? 0 : 4
      scene.light = { 1 + 0.08 * sin(Double($0) * 0.9) }
      let stop = { (frame: Int, start: Int) -> Double in
        let travelled = frame - start
        let path = travelled < 45 ? travelled : travelled < 45 + 1800 ? 45 : travelled - 1800
        return Double(path * 4) - 50
      }
      scene.parts = [40, 2000, 2120].map { start in
        BeltScene.Part(width: 70, height: 70, contrast: 40, x: { $0 < start ? nil : stop($0, start) })
      }
      scene.parts[2].x = { Double($0 - 2120 - 2300) * 4 }
      let watched = try Watched(scene, frames: 4600, options: PresenceOptions(.passes))
      let (counts, strays) = watched.tally(scene)
      print("# stop: \(counts), \(strays), \(watched.parts.map(\.frame))")
      #expect(counts == [1, 1, 1] && strays == 0)
    }
  }

  @Test func aHandIsNotJudged() throws {
    let (scene, count) = PassingPartsTests.scene(seed: 24, parts: 5, speed: 6, gap: 500...600, contrast: 30...60)
    // Reaches in from the top for 40 frames where no part is.
    func paint(_ image: inout Image<Gray8>, _ frame: Int) {
      let isClear = !scene.parts.contains { part in abs((part.x(frame) ?? -999) - 165) < 300 }
      let phase = Double(frame % 80 - 20) / 20
      guard isClear, phase > 0, phase < 2 else { return }
      for y in 0..<Int(140 * sin(phase * .pi / 2)) {
        var row = image.mutableRow(y)
        for x in 140..<190 { row[x] = UInt8(150 + (x * 7 + y * 3) % 20) }
      }
    }
    let watched = try Watched(scene, frames: count + 100, options: PresenceOptions(.passes), paint: paint)
    let (counts, strays) = watched.tally(scene)
    print("# hand: \(counts), \(strays) strays, \(watched.disturbances.map(\.frames))")
    #expect(counts.allSatisfy { $0 == 1 } && strays == 0)
    #expect(watched.disturbances.contains { $0.kind == .reachedIn })
  }

  /// A shadow with soft edges passes now and then, also over parts.
  @Test func aSoftShadowIsNotJudged() throws {
    var (scene, count) = PassingPartsTests.scene(seed: 26, parts: 8, speed: 6, gap: 100...400, contrast: 35...60)
    scene.texture = 4
    func paint(_ image: inout Image<Gray8>, _ frame: Int) {
      let middle = Double(frame % 200) * 4 - 150
      for y in 0..<image.height {
        var row = image.mutableRow(y)
        for x in 0..<row.count {
          let distance = hypot(Double(x) - middle, Double(y) - 60)
          let shade = distance < 20 ? 0.7 : distance < 100 ? 0.7 + 0.3 * (distance - 20) / 80 : 1
          row[x] = UInt8(Double(row[x]) * shade)
        }
      }
    }
    let watched = try Watched(scene, frames: count + 200, options: PresenceOptions(.passes), paint: paint)
    let (counts, strays) = watched.tally(scene)
    print("# shadow: \(counts), \(strays) strays, \(watched.disturbances.count) disturbances")
    #expect(counts.allSatisfy { $0 == 1 } && strays == 0)
  }

  @Test func thePartThatStoodThereAtTheStart() throws {
    var scene = BeltScene(seed: 25)
    scene.speed = 4
    scene.parts = [
      BeltScene.Part(width: 80, height: 80, contrast: 50, x: { $0 < 60 ? 160 : 160 + Double($0 - 60) * 4 }),
      BeltScene.Part(width: 80, height: 80, contrast: 50, x: { Double($0 - 250) * 4 }),
      BeltScene.Part(width: 50, height: 50, contrast: -40, x: { Double($0 - 300) * 4 }),
    ]
    let watched = try Watched(scene, frames: 450, options: PresenceOptions(.passes))
    let (counts, strays) = watched.tally(scene)
    print("# start: \(counts), \(strays), \(watched.parts.map(\.frame)), \(watched.disturbances)")
    #expect(counts[1...] == [1, 1] && counts[0] <= 1 && strays == 0)
    #expect(watched.disturbances.contains { $0.kind == .uncovered })
  }
}
