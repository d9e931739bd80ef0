import Glibc
import Imaging
import Locating
import Testing

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
      // 360 frames at 6 frames a second.
      let stop = { (frame: Int, start: Int) -> Double in
        let travelled = frame - start
        let path = travelled < 45 ? travelled : travelled < 45 + 360 ? 45 : travelled - 360
        return Double(path * 4) - 50
      }
      scene.parts = [40, 560].map { start in
        BeltScene.Part(width: 70, height: 70, contrast: 40, x: { $0 < start ? nil : stop($0, start) })
      }
      scene.parts.append(BeltScene.Part(width: 70, height: 70, contrast: 40, x: { Double($0 - 1060) * 4 }))
      let watched = try Watched(scene, frames: 1200, options: PresenceOptions(.passes), rate: 6)
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

  /// A shadow with soft edges passes now and then: over the belt, where it is nothing, and over parts, which may then be
  /// judged again but are not missed.
  @Test(arguments: [true, false]) func aSoftShadowIsNotJudged(isBeltClear: Bool) throws {
    var (scene, count) = PassingPartsTests.scene(seed: 26, parts: 8, speed: 6, gap: 200...900, contrast: 35...60)
    scene.texture = 4
    func paint(_ image: inout Image<Gray8>, _ frame: Int) {
      let middle = Double(frame % 200) * 4 - 150
      let isClear = !scene.parts.contains { part in abs((part.x(frame) ?? -999) - 160) < 280 }
      if isBeltClear && !isClear { return }
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
    #expect(counts.allSatisfy { $0 >= 1 } && watched.parts.count <= counts.count + (isBeltClear ? 0 : 6))
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
