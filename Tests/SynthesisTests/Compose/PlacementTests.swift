import Imaging
import Samples
import Testing

@testable import Synthesis

@Suite("Places of new defects")
struct PlacementTests {
  private let size = ImageSize(width: 200, height: 100)
  private var view: PartView { PartView(Planes([Image(width: 220, height: 110, repeating: 0.5)])) }

  private func site(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, pose: PartPose? = nil
  ) -> DefectSite {
    DefectSite(
      source: "a", x: x, y: y, pictureWidth: size.width, pictureHeight: size.height, width: width, height: height,
      areaShare: width * height, shareOnPart: 1, cutsPart: false, pose: pose)
  }

  private func draws(_ site: DefectSite, _ count: Int = 200) -> [Placement] {
    let prior = PlacementPrior([site])
    return (0..<count).map { number in
      var random = SplitMix64(seed: 3, UInt64(number))
      return prior.draw(0, on: view, random: &random)
    }
  }

  @Test("what lies within a part stays near its place")
  func inside() {
    for draw in draws(site(0.5, 0.3, 0.1, 0.1)) {
      #expect(abs(draw.center.x / 220 - 0.5) < 0.15 && abs(draw.center.y / 110 - 0.3) < 0.15)
      let change = draw.scale / draw.growth
      #expect(abs(draw.growth - 1.1) < 1e-9)
      #expect(change < 1.26 && change > 0.79)
    }
  }

  @Test("what lies at an edge stays at it, and may lie anywhere along it")
  func atEdge() {
    // Its box ends a hundredth of the height above the lower edge.
    let drawn = draws(site(0.3, 0.94, 0.1, 0.1))
    for draw in drawn {
      let lower = 110 - draw.center.y - 0.1 * 100 * draw.scale / 2
      #expect(abs(lower - 1 * draw.scale) < 1e-6)
      #expect(abs(draw.degrees) <= 3)
      #expect(draw.center.x > 5 && draw.center.x < 215)
    }
    #expect(drawn.contains { $0.center.x < 40 } && drawn.contains { $0.center.x > 180 })
    #expect(drawn.contains { abs($0.center.x - 110) < 15 })
  }

  @Test("what lies in a corner stays in one")
  func corner() {
    for draw in draws(site(0.05, 0.05, 0.1, 0.1)) {
      #expect(abs(draw.center.y - 5 * draw.scale) < 1e-6)
      let fromSide = draw.isMirrored ? 220 - draw.center.x : draw.center.x
      #expect(abs(fromSide - 10 * draw.scale) < 1e-6)
    }
  }

  @Test("what goes from edge to edge still does")
  func band() {
    for draw in draws(site(0.5, 0.6, 1, 0.2)) {
      #expect(abs(draw.scale - 1.1) < 1e-9 && abs(draw.center.x - 110) < 1e-6)
      #expect(abs(draw.center.y / 110 - 0.6) < 0.15)
    }
  }

  @Test("on a part that lies elsewhere a defect is where it was on its own")
  func registered() throws {
    let own = Ring(holes: [0, 70, 180])
    let (a, b) = own.hole(70)
    let center = Point(own.x + a, own.y + b)
    let site = DefectSite(
      source: "a", x: center.x / 128, y: center.y / 120, pictureWidth: 128, pictureHeight: 120, width: 0.05,
      height: 0.05, areaShare: 0.002, shareOnPart: 1, cutsPart: false, pose: own.view.pose)
    let other = Ring(x: 55, y: 66, radius: 36, holes: [40, 110, 220])
    let (u, v) = other.hole(110)
    let prior = PlacementPrior([site])
    for number in 0..<20 {
      var random = SplitMix64(seed: 5, UInt64(number))
      let draw = prior.draw(0, on: other.view, random: &random)
      #expect(draw.isRegistered && !draw.cutsPart)
      #expect(abs(draw.center.x - other.x - u) < 1 && abs(draw.center.y - other.y - v) < 1)
      #expect(abs(draw.growth - 0.8) < 0.02 && abs(draw.scale / draw.growth - 1) < 0.12)
      // A place that is asked for is kept to.
      #expect(prior.draw(0, on: other.view, at: Point(10, 12), random: &random).center == Point(10, 12))
    }
  }
}
