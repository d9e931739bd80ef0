public import Imaging
public import Samples

/// What invents defects.
public protocol DefectSource {
  /// What it is called on the command line and in files: `paste`, `procedural`, or a generator's file name.
  var name: String { get }
  /// How its patches are to be lit.
  var light: Composer.Light { get }
  /// Whether only parts shaped like the model's own are painted on.
  var choosesParents: Bool { get }

  /// Whether it paints whole pictures, on no part.
  var paintsWhole: Bool { get }

  /// A whole picture of a class; only where it paints such.
  func picture(_ label: Int, random: inout SplitMix64) throws -> InventedPicture

  /// Where defects of a class lie; nil for a class that it does not know.
  func prior(of label: Int) -> PlacementPrior?

  /// A defect of a class for a part.
  ///
  /// - Parameters:
  ///   - model: number of the real defect among the prior's sites that lends it place, shape and look.
  ///   - at: where its middle is to be, in the part's pixels; nil leaves that to the class's prior.
  ///   - variety: how far to go from the model, of what is usual: more than 1 after draws that were near-copies.
  /// - Throws: ``SynthesisError`` where a generator cannot be run.
  func draw(
    _ label: Int, like model: Int, on part: PartView, at center: Point?, variety: Double, random: inout SplitMix64
  ) throws -> InventedDefect
}

extension DefectSource {
  /// Whether it paints whole pictures, on no part.
  public var paintsWhole: Bool { false }

  public func picture(_ label: Int, random: inout SplitMix64) throws -> InventedPicture {
    preconditionFailure("\(name) paints on parts")
  }
}

/// A whole picture of a class.
public struct InventedPicture: Sendable {
  public var image: AnyImage
  /// Why its source itself would not have it used; nil for a good draw.
  public var rejection: SyntheticSampler.Rejection?
}

/// A defect and where it goes.
public struct InventedDefect: Sendable {
  public var patch: DefectPatch
  public var placement: Placement
  /// Why its source itself would not have it used; nil for a good draw.
  public var rejection: SyntheticSampler.Rejection?

  public init(patch: DefectPatch, placement: Placement, rejection: SyntheticSampler.Rejection? = nil) {
    self.patch = patch
    self.placement = placement
    self.rejection = rejection
  }
}

/// Real defects, moved, turned, mirrored and sized a little, on other parts: the simple peer of what is learned.
public struct PasteSource: DefectSource {
  public let name: String
  public let light: Composer.Light
  public var choosesParents: Bool { light == .part }
  private let defects: [Int: [RealDefect]]
  private let priors: [Int: PlacementPrior]

  /// - Parameter isNaive: anywhere on any part and with the levels it was photographed with: copy and paste as it is
  ///   usually done.
  public init(_ defects: [Int: [RealDefect]], isNaive: Bool) {
    self.defects = defects
    priors = defects.mapValues { PlacementPrior($0.map(\.site)) }
    light = isNaive ? .defect : .part
    name = isNaive ? "paste" : "relit"
  }

  public func prior(of label: Int) -> PlacementPrior? { priors[label] }

  public func draw(
    _ label: Int, like model: Int, on part: PartView, at center: Point?, variety: Double, random: inout SplitMix64
  ) -> InventedDefect {
    guard let prior = priors[label], let own = defects[label]?[model] else {
      preconditionFailure("class \(label) has no such defect to paste")
    }
    let placement = prior.draw(
      model, on: part, at: center,
      isAnywhere: light == .defect, random: &random)
    var patch = own.patch
    if light == .defect { patch.factor = own.levels }
    return InventedDefect(patch: patch, placement: placement)
  }
}
