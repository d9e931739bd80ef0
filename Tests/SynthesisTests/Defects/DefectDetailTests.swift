import Imaging
import Testing

@testable import Synthesis

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite("Detail of real defects")
struct DefectDetailTests {
  /// A striped defect of so many pixels a side on an even part.
  private func defect(_ side: Int) -> RealDefect {
    let size = side + 80
    let inside = 40..<40 + side
    func isInside(_ at: Int) -> Bool { inside.contains(at % size) && inside.contains(at / size) }
    let picture = Image<Float>(
      width: size, height: size,
      pixels: (0..<size * size).map { isInside($0) ? (($0 % size) / 2 % 2 == 0 ? 0.2 : 0.4) : 0.6 })
    return RealDefect(
      source: "a", label: 1, picture: Planes([picture]),
      mask: Image(width: size, height: size, pixels: (0..<size * size).map { isInside($0) ? 1 : 0 }))!
  }

  private func deviation(_ image: Image<Float>, _ cover: Image<Float>) -> Float {
    let values = zip(image.pixels, cover.pixels).filter { $1 > 0.99 }.map(\.0)
    let mean = values.reduce(0, +) / Float(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(values.count)).squareRoot()
  }

  @Test("two pixels for each of a small defect's own, up to four for each of a large one's window")
  func times() {
    #expect(DefectDetail(defect(30), side: 64).times == 2)
    #expect(DefectDetail(defect(80), side: 64).times == 2)
    #expect(DefectDetail(defect(160), side: 64).times == 4)
    #expect(DefectDetail(defect(400), side: 64).times == 4)
    #expect(DefectDetail(defect(160), side: 64, most: 2).times == 2)
  }

  @Test("stripes that the window loses are in the detail, and both show the same place")
  func stripes() {
    let defect = defect(160)
    let window = DefectWindow(defect, side: 64)
    let detail = DefectDetail(defect, side: 64)
    #expect(deviation(window.appearance.planes[0], window.cover) < 0.15)
    #expect(deviation(detail.appearance.planes[0], detail.cover) > 0.25)
    let small = detail.cover.resized(width: 64, height: 64)
    for (a, b) in zip(small.pixels, window.cover.pixels) { #expect(abs(a - b) < 0.6) }
    let (area, own): (Float, Float) = (small.pixels.reduce(0, +), window.cover.pixels.reduce(0, +))
    #expect(abs(area - own) < 0.03 * own)
  }

  @Test("what a card keeps is what it was given, to within what eyes tell apart")
  func kept() throws {
    let detail = DefectDetail(defect(80), side: 64)
    let again = try #require(DefectDetail(detail.data, channels: 1, side: 64))
    #expect(again.times == 2)
    for (a, b) in zip(detail.appearance.planes[0].pixels, again.appearance.planes[0].pixels) {
      #expect(abs(a - b) < 0.004 + 0.02 * a.magnitude)
    }
    for (a, b) in zip(detail.cover.pixels, again.cover.pixels) { #expect(abs(a - b) < 0.003) }
    #expect(DefectDetail(Data(repeating: 0, count: 100), channels: 1, side: 64) == nil)
    for byte in UInt8(1)...255 { #expect(DefectDetail.byte(DefectDetail.level(byte)) == byte) }
  }
}
