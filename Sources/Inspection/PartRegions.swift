internal import Classification
internal import Imaging
internal import Metrics
internal import Samples

/// Where on a part the evidence for its verdict lies.
struct PartRegions {
  var regions: [DefectRegion] = []
  /// The evidence 0...1 over the source picture's whole area, at a resolution of its own.
  var heat: Image<Float>?

  /// Enlargement of the heat map's cells before they are outlined: outlines that follow steps of eight pixels are ugly
  /// and place a crack's end badly.
  private static let enlargement = 4
  /// Level from which a cell's evidence is shown as part of a region.
  private static let level: Float = 0.5
  /// Most regions that are told, the strongest first.
  static let most = 32

  /// - Parameters:
  ///   - label: what the part was judged to be; the activation map that explains it is that label's.
  ///   - source: size of the picture that boxes are given in.
  init(_ judged: Judged, info: ModelInfo, label: String, source: ImageSize, wantsOutlines: Bool = true) {
    guard let map = judged.heat, map.width > 0, map.height > 0 else { return }
    let (plane, owners) = info.hasPixelHead ? Self.pixelEvidence(map, info) : Self.activation(map, info, label)
    guard let plane else { return }
    let preprocessing = info.preprocessing
    let fine = Image<Float>(width: map.width, height: map.height, pixels: plane).resized(
      width: map.width * Self.enlargement, height: map.height * Self.enlargement, filter: .bilinear)
    // From pixels of the enlarged map to pixels of the network's input.
    let scale = SIMD2(
      Float(preprocessing.width) / Float(fine.width), Float(preprocessing.height) / Float(fine.height))
    let place = preprocessing.placement(of: source)
    let toSource = SIMD2(
      Float(source.width) / Float(max(1, place.width)), Float(source.height) / Float(max(1, place.height)))
    func point(_ p: Imaging.Point) -> Imaging.Point {
      let x = (Float(p.x) * scale.x - Float(place.x)) * toSource.x
      let y = (Float(p.y) * scale.y - Float(place.y)) * toSource.y
      return Imaging.Point(Double(x), Double(y))
    }
    let components = ConnectedComponents.label(fine, atLeast: Self.level)
    let scores = components.scores(in: fine)
    let order = components.regions.indices.sorted { scores[$0].max > scores[$1].max }.prefix(Self.most)
    let rings = order.isEmpty || !wantsOutlines ? [] : contours(of: fine, level: Self.level)
    for index in order {
      let component = components.regions[index]
      let box = preprocessing.sourceBox(
        x: Float(component.box.x) * scale.x, y: Float(component.box.y) * scale.y,
        width: Float(component.box.width) * scale.x, height: Float(component.box.height) * scale.y, source: source)
      let outline = rings.filter { ring in
        guard let first = ring.first else { return false }
        return component.box.contains(x: first.x, y: first.y)
      }
      regions.append(
        DefectRegion(
          label: owners(component, fine) ?? label,
          box: Box(x: Double(box.x), y: Double(box.y), width: Double(box.width), height: Double(box.height)),
          score: scores[index].max,
          area: Double((Float(component.area) * scale.x * scale.y * toSource.x * toSource.y * 10).rounded() / 10),
          outline: outline.map { $0.map(point) }))
    }
    heat = Self.overSource(fine, place, preprocessing)
  }

  private typealias Owner = (Imaging.Region, Image<Float>) -> String?

  /// What is not background, and whose cells these are.
  private static func pixelEvidence(_ map: HeatMap, _ info: ModelInfo) -> ([Float]?, Owner) {
    let background = info.goodIndex ?? info.labels.count
    let values = map.plane(background).map { $0.isFinite ? 1 - $0 : 1 }
    return (
      values,
      { component, fine in
        // The class with the most evidence under the component's box.
        let columns = component.box.x / enlargement...(component.box.x + component.box.width - 1) / enlargement
        let rows = component.box.y / enlargement...(component.box.y + component.box.height - 1) / enlargement
        var sums = [Float](repeating: 0, count: map.channels)
        for channel in 0..<map.channels where channel != background {
          let plane = map.plane(channel)
          for y in rows { for x in columns { sums[channel] += plane[plane.startIndex + y * map.width + x] } }
        }
        return sums.indices.max { sums[$0] < sums[$1] }.map { info.pixelLabels[$0] }
      }
    )
  }

  /// The activation map of the part's label, its peak at 1.
  private static func activation(_ map: HeatMap, _ info: ModelInfo, _ label: String) -> ([Float]?, Owner) {
    guard let index = info.labels.firstIndex(of: label), index != info.goodIndex else { return (nil, { _, _ in nil }) }
    let plane = map.plane(index)
    let finite = plane.map { $0.isFinite ? $0 : 0 }
    guard let peak = finite.max(), peak > 0 else { return (nil, { _, _ in nil }) }
    return (finite.map { $0 / peak }, { _, _ in nil })
  }

  /// The part of the map that the picture covers: without what letterboxing added.
  private static func overSource(_ fine: Image<Float>, _ place: PixelRect, _ preprocessing: Preprocessing)
    -> Image<Float>
  {
    guard place.width < preprocessing.width || place.height < preprocessing.height else { return fine }
    func scaled(_ value: Int, _ from: Int, _ to: Int) -> Int { value * to / max(1, from) }
    let x = scaled(place.x, preprocessing.width, fine.width)
    let y = scaled(place.y, preprocessing.height, fine.height)
    let width = max(1, min(fine.width - x, scaled(place.width, preprocessing.width, fine.width)))
    let height = max(1, min(fine.height - y, scaled(place.height, preprocessing.height, fine.height)))
    return fine.cropped(PixelRect(x: x, y: y, width: width, height: height))
  }
}

extension PixelRect {
  /// Whether a point lies in the rectangle or half a pixel beside it, where outlines run.
  fileprivate func contains(x px: Double, y py: Double) -> Bool {
    px >= Double(x) - 0.75 && px <= Double(x + width) + 0.75 && py >= Double(y) - 0.75
      && py <= Double(y + height) + 0.75
  }
}
