public import Imaging
internal import Samples

/// Draws synthetic parts one by one, and throws away those that are no use.
///
/// A draw depends on the seed, the class and its number only: any of them can be made again alone.
public struct SyntheticSampler {
  public struct Options: Sendable, Hashable {
    public var seed: UInt64 = 0
    /// How strong defects are: each draws its own from this range, within 0...1.
    public var severity: ClosedRange<Float> = 1...1
    /// Where the defect's middle is to be, in the parent's pixels; nil where the class's defects lie.
    public var at: Point?
    /// Parents to choose from, those most like in shape; all where the source does not choose.
    public var parents = 40
    /// Mean change inside the mask, 0...1, below which nobody would see the defect.
    public var leastChange = 0.008
    /// Tries before a draw is given up.
    public var tries = 120

    public init() {}
  }

  /// Why a draw was thrown away.
  public enum Rejection: String, Sendable, Hashable, CaseIterable {
    /// Nothing of it lies within the picture.
    case empty
    /// Less of it lies on the part than of any real defect of its class; of a missing piece less than half.
    case beside = "beside the part"
    case invisible
    /// Looks like a real defect of the training set.
    case copy = "a near-copy of a real defect"
    /// The discriminator takes what the network painted for it for worse than nearly all others.
    case outlier
  }

  public struct Draw: Sendable {
    public let part: PaintedPart
    public let label: Int
    /// Counts the class's draws, from 0.
    public let number: Int
    /// The good part that it is painted on; nil for a whole picture.
    public let parent: GoodParts.Item?
    /// The part whose defect lent place, shape and look.
    public let model: String
    public let severity: Float
    /// Draws that were thrown away before this one.
    public let rejected: [Rejection: Int]
  }

  /// All tries for a draw were thrown away.
  public struct NoDraw: Error, Sendable, Hashable, CustomStringConvertible {
    /// The class's name.
    public let label: String
    /// All tries, by what was wrong with them.
    public let rejected: [Rejection: Int]

    /// Of most tries.
    public var why: Rejection {
      rejected.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key ?? .empty
    }
    public var reason: String {
      "\(rejected.values.reduce(0, +)) tries in a row came to nothing, most of them \(why.rawValue)"
    }
    public var description: String {
      "\(label) cannot be painted: \(reason); take other good parts, another place or a higher severity"
    }
  }

  /// Tries to make a defect like one real one before another is taken.
  private static let triesOfModel = 12

  public let classes: [String]
  public let good: GoodParts
  public let source: any DefectSource
  public let options: Options

  /// - Precondition: there is a good part.
  public init(classes: [String], good: GoodParts, source: any DefectSource, options: Options = Options()) {
    precondition(options.severity.lowerBound >= 0 && options.severity.upperBound <= 1, "a severity is 0...1")
    precondition(!good.items.isEmpty || source.paintsWhole, "no part to paint on")
    self.classes = classes
    self.good = good
    self.source = source
    self.options = options
  }

  /// One part.
  ///
  /// - Throws: ``NoDraw`` where no try was of use, or what a parent that cannot be read or a damaged generator gives.
  public func draw(_ label: Int, number: Int) throws -> Draw {
    guard let prior = source.prior(of: label) else {
      throw SynthesisError(classes[label], "is no class that \(source.name) has learned")
    }
    if source.paintsWhole { return try whole(label, number: number) }
    let leastOnPart = prior.sites.map(\.shareOnPart).min() ?? 0
    var random = SplitMix64(seed: options.seed, UInt64(label), UInt64(number))
    var rejected: [Rejection: Int] = [:]
    var model = 0
    var kept: Parent?
    var copies = 0
    for attempt in 0..<options.tries {
      let severity = random.uniform(options.severity.lowerBound, options.severity.upperBound)
      // Tried again some times: those of which draws are thrown away more often would hardly be seen otherwise.
      if attempt % Self.triesOfModel == 0 { (model, kept, copies) = (random.index(prior.sites.count), nil, 0) }
      let site = prior.sites[model]
      let parent = try kept ?? self.parent(for: site, &random)
      kept = nil
      let view = parent.view
      var drawn = try source.draw(
        label, like: model, on: view, at: options.at, variety: 1 + Double(copies) / 4, random: &random)
      drawn.patch.label = label
      if let why = drawn.rejection {
        rejected[why, default: 0] += 1
        if why == .copy { copies += 1 }
        // Nothing was wrong with the part.
        kept = parent
        continue
      }
      guard
        let part = Composer.paint(
          drawn.patch, drawn.placement, on: parent.image, area: view.area, severity: Double(severity),
          light: source.light)
      else {
        rejected[.empty, default: 0] += 1
        continue
      }
      guard part.change >= options.leastChange * Double(min(1, max(0.25, severity))) else {
        rejected[.invisible, default: 0] += 1
        continue
      }
      // A user who names the place knows why.
      if options.at == nil {
        // A piece that is missing is one of an edge, and where the edge is cannot be told here.
        if site.cutsPart && source.choosesParents && !drawn.placement.isRegistered && !view.area.isWhole {
          rejected[.beside, default: 0] += 1
          continue
        }
        // Where the part was laid on the defect's own, a hole may be what the defect has filled, and what is missing there
        // is on the part here.
        let share = view.area.share(
          of: part.mask!.map { Float($0) / 255 }, withHoles: drawn.placement.isRegistered)
        let least = drawn.placement.cutsPart ? max(0.9 * leastOnPart, 0.5) : 0.9 * leastOnPart
        guard share >= least else {
          rejected[.beside, default: 0] += 1
          continue
        }
      }
      return Draw(
        part: part, label: label, number: number, parent: parent.item, model: site.source, severity: severity,
        rejected: rejected)
    }
    throw NoDraw(label: classes[label], rejected: rejected)
  }

  /// A good part to paint on.
  private struct Parent {
    let item: GoodParts.Item
    let image: AnyImage
    let view: PartView
  }

  private func parent(for site: DefectSite, _ random: inout SplitMix64) throws -> Parent {
    let candidates =
      source.choosesParents
      ? good.nearest(to: ImageSize(width: site.pictureWidth, height: site.pictureHeight), count: options.parents)
      : Array(good.items.indices)
    let item = good.items[candidates[random.index(candidates.count)]]
    let image = try ImageFile.load(path: item.path).image
    let view = PartView(Planes(image), wantsPose: source.choosesParents && options.at == nil)
    return Parent(item: item, image: image, view: view)
  }

  private func whole(_ label: Int, number: Int) throws -> Draw {
    var random = SplitMix64(seed: options.seed, UInt64(label), UInt64(number))
    var rejected: [Rejection: Int] = [:]
    for _ in 0..<options.tries {
      let drawn = try source.picture(label, random: &random)
      if let why = drawn.rejection {
        rejected[why, default: 0] += 1
        continue
      }
      let box = PixelRect(x: 0, y: 0, width: drawn.image.width, height: drawn.image.height)
      return Draw(
        part: PaintedPart(image: drawn.image, mask: nil, box: box, change: 1), label: label, number: number,
        parent: nil,
        model: "", severity: 1, rejected: rejected)
    }
    throw NoDraw(label: classes[label], rejected: rejected)
  }
}
