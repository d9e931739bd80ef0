import Imaging
import Testing

@testable import Synthesis

#if canImport(FoundationEssentials)
  import FoundationEssentials
  import Glibc
#else
  import Foundation
#endif

/// A bright ring with small holes on dark ground.
struct Ring {
  var x = 64.0
  var y = 60.0
  var radius = 45.0
  /// Degrees, clockwise, of each hole.
  var holes: [Double] = [0, 90, 180, 270]
  var size = ImageSize(width: 128, height: 120)

  var picture: Image<Float> {
    Image(
      width: size.width, height: size.height,
      pixels: (0..<size.width * size.height).map { at in
        let (u, v) = (Double(at % size.width) + 0.5 - x, Double(at / size.width) + 0.5 - y)
        let distance = (u * u + v * v).squareRoot()
        guard distance < radius && distance > 0.35 * radius else { return 0.15 }
        let inHole = holes.contains { degrees in
          let (a, b) = hole(degrees)
          let apart = (u - a) * (u - a) + (v - b) * (v - b)
          return apart < 0.016 * radius * radius
        }
        return inHole ? 0.15 : 0.75
      })
  }

  /// Against the ring's middle.
  func hole(_ degrees: Double) -> (Double, Double) {
    let turn = degrees * .pi / 180
    return (0.68 * radius * cos(turn), 0.68 * radius * sin(turn))
  }

  var view: PartView { PartView(Planes([picture])) }
}

@Suite("How parts lie")
struct PartPoseTests {
  @Test("middle and size of a ring, its holes filled")
  func disc() throws {
    let pose = try #require(Ring().view.pose)
    #expect(abs(pose.x - 64) < 0.3 && abs(pose.y - 60) < 0.3)
    #expect(abs(pose.radius - 45) < 0.8 && abs(pose.reach - 45) < 1.5)
  }

  @Test("a part is laid on another by its holes", arguments: [0.0, 17, 100.7, 254.3])
  func turned(degrees: Double) throws {
    // No turn and no mirror image of these three holes is the same again.
    let holes = [0.0, 70, 180]
    let own = try #require(Ring(holes: holes).view.pose)
    let other = Ring(x: 52, y: 50, radius: 40, holes: holes.map { $0 + degrees })
    let ways = own.matches(on: try #require(other.view.pose))
    #expect(!ways.isEmpty)
    for way in ways {
      let apart = (way.degrees - degrees + 540).truncatingRemainder(dividingBy: 360) - 180
      #expect(!way.isMirrored && abs(apart) < 1.5)
    }
    let mirrored = Ring(holes: holes.map { 180 - $0 + degrees })
    let mirrorWays = own.matches(on: try #require(mirrored.view.pose))
    #expect(!mirrorWays.isEmpty && mirrorWays.allSatisfy(\.isMirrored))
  }

  @Test("all ways of a symmetric part, and a filled hole does not count")
  func symmetric() throws {
    let defect = Ring(holes: [0, 90, 180])
    let (a, b) = defect.hole(270)
    let mask = Image<Float>(
      width: 128, height: 120,
      pixels: (0..<128 * 120).map { at in
        let (u, v) = (Double(at % 128) + 0.5 - defect.x - a, Double(at / 128) + 0.5 - defect.y - b)
        return u * u + v * v < 50 ? 1 : 0
      })
    let own = try #require(PartPose(PartArea(defect.picture, leavingOut: mask), defect: mask))
    let ways = own.matches(on: try #require(Ring(holes: [20, 110, 200, 290]).view.pose))
    #expect(ways.count { !$0.isMirrored } == 4 && ways.count(where: \.isMirrored) == 4)
    for way in ways {
      let apart = (way.degrees - 20 + 360 + 45).truncatingRemainder(dividingBy: 90) - 45
      #expect(abs(apart) < 1.5)
    }
  }

  @Test("a bar is laid on another by what is at its end")
  func bar() throws {
    func bar(holeAt column: Int) -> PartView {
      PartView(
        Planes([
          Image(
            width: 128, height: 120,
            pixels: (0..<128 * 120).map { at in
              let (x, y) = (at % 128, at / 128)
              let isHole = abs(x - column) < 4 && abs(y - 60) < 4
              return (14..<114).contains(x) && (50..<70).contains(y) && !isHole ? 0.75 : 0.15
            })
        ]))
    }
    let (left, right) = (try #require(bar(holeAt: 24).pose), try #require(bar(holeAt: 104).pose))
    for way in left.matches(on: right) {
      let isTurned = abs(way.degrees - 180) < 2
      #expect(way.isMirrored != isTurned)
    }
    #expect(!left.matches(on: right).isEmpty)
  }

  @Test("a card's pose that cannot be is refused")
  func sound() throws {
    let size = ImageSize(width: 128, height: 120)
    let pose = try #require(Ring().view.pose)
    #expect(pose.isSound(in: size))
    for change: (inout PartPose) -> Void in [
      { $0.x = 1e308 }, { $0.y = .nan }, { $0.radius = 1e-300 }, { $0.reach = .infinity }, { $0.outline.removeLast() },
      { $0.outline[0] = 9 },
    ] {
      var other = pose
      change(&other)
      #expect(!other.isSound(in: size))
    }
  }

  @Test("a part of another shape, one that is cut off and a picture of nothing else have none")
  func none() throws {
    let own = try #require(Ring().view.pose)
    let plate = Image<Float>(
      width: 128, height: 120,
      pixels: (0..<128 * 120).map { (20..<100).contains($0 % 128) && (40..<80).contains($0 / 128) ? 0.75 : 0.15 })
    #expect(own.matches(on: try #require(PartView(Planes([plate])).pose)).isEmpty)
    #expect(Ring(x: 20).view.pose == nil)
    #expect(PartView(Planes([Image(width: 64, height: 64, repeating: 0.5)])).pose == nil)
  }
}
