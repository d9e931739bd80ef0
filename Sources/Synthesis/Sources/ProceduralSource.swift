internal import Glibc
public import Imaging
public import Samples

/// Scratches and blobs that are drawn, not learned: of the size, elongation and darkness that a class's real defects show,
/// and in their places. The simplest peer.
public struct ProceduralSource: DefectSource {
  public let name = "procedural"
  public let light = Composer.Light.part
  public let choosesParents = true
  private let shapes: [Int: [DefectShape]]
  private let priors: [Int: PlacementPrior]

  /// Classes longer than this are scratches, others blobs.
  private static let scratch = 3.0

  public init(_ defects: [Int: [RealDefect]]) {
    // A real defect's cover is never empty.
    shapes = defects.mapValues { $0.map { DefectShape($0.patch)! } }
    priors = defects.mapValues { PlacementPrior($0.map(\.site)) }
  }

  public func prior(of label: Int) -> PlacementPrior? { priors[label] }

  public func draw(
    _ label: Int, like model: Int, on part: PartView, at center: Point?, variety: Double, random: inout SplitMix64
  ) -> InventedDefect {
    guard let prior = priors[label], let shape = shapes[label]?[model] else {
      preconditionFailure("class \(label) has no such defect to draw like")
    }
    var placement = prior.draw(
      model, on: part, at: center, random: &random)
    let patch =
      shape.elongation > Self.scratch
      ? Self.scratch(shape, label, &random) : Self.blob(shape, label, &random)
    placement.degrees += placement.isMirrored ? -shape.degrees : shape.degrees
    return InventedDefect(patch: patch, placement: placement)
  }

  /// A line that wanders, thick as its area says.
  private static func scratch(_ shape: DefectShape, _ label: Int, _ random: inout SplitMix64) -> DefectPatch {
    let length = max(4, (Double(shape.area) * shape.elongation).squareRoot())
    let thickness = max(1, Double(shape.area) / length)
    let side = Int(length + 4 * thickness) + 8
    let height = Int(6 * thickness + length / 4) + 8
    var cover = [Float](repeating: 0, count: side * height)
    var y = Double(height) / 2
    var slope = 0.0
    let start = (Double(side) - length) / 2
    for step in 0...Int(2 * length) {
      let x = start + Double(step) / 2
      slope = 0.97 * slope + 0.03 * Double(random.normal())
      y = min(max(y + slope / 2, thickness), Double(height) - thickness)
      // Thin at its ends.
      let part = Double(step) / (2 * length)
      let reach = thickness / 2 * min(1, 0.4 + 4 * min(part, 1 - part))
      for v in max(0, Int(y - reach - 1))...min(height - 1, Int(y + reach + 1)) {
        for u in max(0, Int(x - 1))...min(side - 1, Int(x + 1)) {
          let distance = hypot(Double(u) + 0.5 - x, Double(v) + 0.5 - y)
          cover[v * side + u] = max(cover[v * side + u], Float(min(1, max(0, reach + 0.5 - distance))))
        }
      }
    }
    return patch(cover, side, height, shape, label, &random)
  }

  /// An ellipse whose edge is uneven.
  private static func blob(_ shape: DefectShape, _ label: Int, _ random: inout SplitMix64) -> DefectPatch {
    let radius = (Double(shape.area) / .pi).squareRoot()
    let (a, b) = (radius * shape.elongation.squareRoot(), radius / shape.elongation.squareRoot())
    let (width, height) = (Int(3 * a) + 8, Int(3 * b) + 8)
    // A few waves around the edge, weaker the shorter they are.
    let waves = (2...5).map { number in
      (number, Double(random.uniform(0, 2 * .pi)), 0.25 * Double(random.unit()) / Double(number))
    }
    var cover = [Float](repeating: 0, count: width * height)
    for y in 0..<height {
      for x in 0..<width {
        let (u, v) = ((Double(x) + 0.5 - Double(width) / 2) / a, (Double(y) + 0.5 - Double(height) / 2) / b)
        let angle = atan2(v, u)
        let edge = 1 + waves.reduce(0) { $0 + $1.2 * sin(Double($1.0) * angle + $1.1) }
        cover[y * width + x] = Float(min(1, max(0, (edge - hypot(u, v)) * b + 0.5)))
      }
    }
    return patch(cover, width, height, shape, label, &random)
  }

  /// As dark or bright as the class, with a little texture.
  private static func patch(
    _ cover: [Float], _ width: Int, _ height: Int, _ shape: DefectShape, _ label: Int, _ random: inout SplitMix64
  ) -> DefectPatch {
    let level = Float(shape.factor) * random.uniform(0.85, 1.15)
    let noise = Image(width: width, height: height, pixels: cover.map { _ in random.normal() }).blurred(sigma: 1.2)
    return DefectPatch(
      source: "", label: label, factor: Planes([noise.map { max(0.05, level * (1 + 0.25 * $0)) }]),
      cover: Image(width: width, height: height, pixels: cover))
  }
}
