import Glibc
import Imaging
import Locating
import Testing

@Suite struct PassingPartsTests {
  /// Parts of random kinds one behind the other, gaps from `gap` on, moving with the belt.
  static func scene(
    seed: UInt64, parts count: Int, speed: Double, gap: ClosedRange<Double>, contrast: ClosedRange<Double>
  )
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
    print(
      "# passing: \(judged) judged in \(frames) frames, \(missed) missed, \(double) double, \(stray) stray, \(cut) cut")
    #expect(missed == 0 && double == 0 && stray == 0)
    #expect(judged == 200)
  }
}
