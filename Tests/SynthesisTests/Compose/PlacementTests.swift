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

  private func draws(_ site: DefectSite, _ count: Int = 200, stretch: Double = 1) -> [Placement] {
    var freedom = PlacementPrior.Freedom()
    freedom.stretch = stretch
    let prior = PlacementPrior([site], freedom: freedom)
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

  @Test("what was laid on its own part is bent less than others, unless more variety is wanted")
  func bending() {
    var placement = Placement(center: Point(0, 0))
    #expect(placement.bending() == 1 && placement.bending(3) == 1)
    placement.isRegistered = true
    #expect(placement.bending() < 1 && placement.bending(1.5) > placement.bending() && placement.bending(4) == 1)
    let stain = placement.bending()
    placement.cutsPart = true
    #expect(placement.bending() < stain && placement.bending(4) == 1)
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

  @Test("stretched ones keep their area, their edge, and their length from edge to edge")
  func stretched() {
    let inside = draws(site(0.5, 0.3, 0.1, 0.1), stretch: 1.3)
    for draw in inside {
      #expect(abs(draw.stretch.x * draw.stretch.y - 1) < 1e-9)
      #expect((1 / 1.3001...1.3001).contains(draw.stretch.x / draw.stretch.y))
    }
    #expect(inside.contains { $0.stretch.x > 1.05 } && inside.contains { $0.stretch.x < 0.95 })
    for draw in draws(site(0.3, 0.94, 0.1, 0.1), stretch: 1.3) {
      let height = draw.scale * draw.stretch.y
      #expect(abs(110 - draw.center.y - 0.1 * 100 * height / 2 - height) < 1e-6)
    }
    let band = draws(site(0.5, 0.6, 1, 0.2), stretch: 1.3)
    for draw in band {
      #expect(draw.stretch.x == 1 && abs(draw.scale - 1.1) < 1e-9)
      #expect((0.799...1.251).contains(draw.stretch.y))
    }
    #expect(band.contains { $0.stretch.y > 1.1 } && band.contains { $0.stretch.y < 0.9 })
    #expect(draws(site(0.5, 0.3, 0.1, 0.1)).allSatisfy { $0.stretch == Point(1, 1) })
  }

  @Test("a window shows what a stretched patch looks like on the part")
  func stretchedWindow() throws {
    let real = Rendered.real(1, 3)
    func box(_ cover: Image<Float>) -> (width: Double, height: Double) {
      let rows = (0..<cover.height).map { y in
        cover.pixels[y * cover.width..<(y + 1) * cover.width].max() ?? 0
      }
      let columns = (0..<cover.width).map { x in
        (0..<cover.height).map { cover.pixels[$0 * cover.width + x] }.max() ?? 0
      }
      return (Double(columns.count { $0 >= 0.5 }), Double(rows.count { $0 >= 0.5 }))
    }
    var placement = Placement(center: Point(0, 0))
    let plain = box(DefectWindow(real, side: 64, DefectWindow.Variation(placement)).cover)
    placement.stretch = Point(1.3, 1 / 1.3)
    let stretched = box(DefectWindow(real, side: 64, DefectWindow.Variation(placement)).cover)
    #expect(abs(stretched.width - 1.3 * plain.width) <= 2)
    #expect(abs(stretched.height - plain.height / 1.3) <= 2)
    let map = placement.map(of: real.patch)
    let (first, last) = (map(x: 0, y: 0), map(x: Double(real.patch.width), y: Double(real.patch.height)))
    #expect(abs(last.x - first.x - 1.3 * Double(real.patch.width)) < 1e-9)
    #expect(abs(last.y - first.y - Double(real.patch.height) / 1.3) < 1e-9)
    // All of it stays in the window, however much it is to grow.
    placement.stretch = Point(3, 1)
    #expect(box(DefectWindow(real, side: 64, DefectWindow.Variation(placement)).cover).width <= 64)
    #expect(DefectWindow.Variation(placement).stretch.x < 1.5)
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
