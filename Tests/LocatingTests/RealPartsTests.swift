import Glibc
import Imaging
import Locating
import Testing

/// Real magnetic tiles on real rolled steel, moved and turned by known amounts. The pictures are beside the package, or
/// in the folder that `ASSAY_TEST_DATA` names, where a developer has them.
enum RealScene {
  static let folder = unsafe getenv("ASSAY_TEST_DATA").map { unsafe String(cString: $0) } ?? "../shared/data"
  static let isThere = unsafe access(folder + "/magnetic-tile/manifest.csv", R_OK) == 0
  static let size = ImageSize(width: 480, height: 360)

  static func names(_ path: String) -> [String] {
    guard let handle = unsafe opendir(folder + "/" + path) else { return [] }
    defer { unsafe closedir(handle) }
    var names: [String] = []
    while let entry = unsafe readdir(handle) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name.hasSuffix(".jpg") || name.hasSuffix(".png") { names.append(folder + "/" + path + "/" + name) }
    }
    return names.sorted()
  }

  /// Good tiles, reduced so that their longer side has so many pixels.
  static func tiles(_ count: Int, side: Int) throws -> [Image<Gray8>] {
    let all = names("magnetic-tile/images/good")
    return try (0..<count).map { index in
      let image = try ImageFile.load(path: all[index * (all.count / count)]).image.gray8()
      let scale = Double(side) / Double(max(image.width, image.height))
      return image.resized(
        width: Int((Double(image.width) * scale).rounded()), height: Int((Double(image.height) * scale).rounded()))
    }
  }

  /// Steel, mirrored over and over to any size, and darkened to a belt.
  static func belt(_ index: Int, width: Int) throws -> Image<Gray8> {
    let folders = ["rolled-in_scale", "patches", "crazing", "scratches"]
    let all = folders.lazy.map { names("neu-surface/\($0)/train") + names("neu-surface/train/\($0)") }.first {
      !$0.isEmpty
    }
    let steel = try ImageFile.load(path: try #require(all)[index]).image.gray8()
    func fold(_ value: Int, _ count: Int) -> Int {
      let place = value % (2 * count)
      return place < count ? place : 2 * count - 1 - place
    }
    return makeImage(width, size.height) { x, y in
      UInt8(Int(steel[fold(x, steel.width), fold(y, steel.height)]) * 6 / 10)
    }
  }

  /// The tile on the belt: its middle at (x, y), turned, under other light, with a sensor's noise.
  static func frame(
    _ belt: Image<Gray8>, shift: Int = 0, _ tile: Image<Gray8>? = nil, x: Double = 0, y: Double = 0,
    degrees: Double = 0,
    gain: Double = 1, noise: Double = 3, _ random: inout Random
  ) -> Image<Gray8> {
    var levels = makeImage(size.width, size.height) { u, v in Float(belt[(u + shift) % belt.width, v]) }
    if let tile {
      let map = AffineMap.translation(x: -Double(tile.width) / 2, y: -Double(tile.height) / 2)
        .then(.rotation(degrees: degrees)).then(.translation(x: x, y: y))
      let seen = tile.map { Float($0) }.warped(by: map, size: size, border: .constant(0))
      let cover = Image<Float>(width: tile.width, height: tile.height, repeating: 1)
        .warped(by: map, size: size, border: .constant(0))
      for v in 0..<size.height {
        var row = levels.mutableRow(v)
        for u in 0..<size.width {
          let part = cover[u, v]
          if part > 0 { row[u] = row[u] * (1 - part) + seen[u, v] }
        }
      }
    }
    return makeImage(size.width, size.height) { u, v in byte(Double(levels[u, v]) * gain + noise * random.normal()) }
  }
}

@Suite(.enabled(if: RealScene.isThere, "../shared/data is not here")) struct RealPartsTests {
  /// Twelve tiles, each at five poses under other light, found by a template of itself; and none found on steel alone.
  @Test func tilesAreFoundWhereTheyLie() throws {
    var random = Random(7)
    var worst = (place: 0.0, angle: 0.0)
    var leastFound = 1.0
    var mostAbsent = 0.0
    for (index, tile) in try RealScene.tiles(12, side: 150).enumerated() {
      let belt = try RealScene.belt(index, width: 1000)
      let aligner = try PartAligner(template: tile, options: AlignmentOptions(maximumAngle: 20))
      for trial in 0..<5 {
        let (x, y) = (random.uniform(120...360), random.uniform(110...250))
        let degrees = random.uniform(-18...18)
        let frame = RealScene.frame(
          belt, shift: trial * 97, tile, x: x, y: y, degrees: degrees, gain: random.uniform(0.7...1.2), &random)
        guard case .found(let pose) = aligner.find(.gray8(frame)) else {
          Issue.record("tile \(index) at (\(x), \(y)), \(degrees) degrees was not found")
          continue
        }
        worst.place = max(worst.place, ((pose.x - x) * (pose.x - x) + (pose.y - y) * (pose.y - y)).squareRoot())
        worst.angle = max(worst.angle, abs(pose.degrees - degrees))
        leastFound = min(leastFound, pose.score)
      }
      let empty = RealScene.frame(belt, shift: 500, nil, &random)
      switch aligner.find(.gray8(empty)) {
      case .found(let pose): Issue.record("tile \(index) was found on an empty belt, with \(pose.score)")
      case .notFound(let best): mostAbsent = max(mostAbsent, best)
      }
    }
    // Measured: 0.35 pixels, 0.20 degrees; scores 0.93 and 0.46.
    #expect(worst.place < 1 && worst.angle < 1, "\(worst)")
    #expect(leastFound > mostAbsent + 0.1, "\(leastFound) \(mostAbsent)")
  }

  /// Tiles pass by while the light drifts, on a belt that moves with them, of a belt's contrast, or over steel that stands
  /// still: each is judged once, by a frame that shows it whole.
  @Test(arguments: [5.0, 11.0, 19.0], [true, false])
  func tilesThatPassAreJudgedOnce(speed: Double, moves: Bool) throws {
    var random = Random(UInt64(speed))
    let steel = try RealScene.belt(3, width: 1600)
    let belt = moves ? steel.map { UInt8(15 + Int($0) / 12) } : steel
    let tiles = try RealScene.tiles(8, side: 130)
    var options = PresenceOptions(mode: .passes)
    // The belt's pattern, here 400 pixels long, must be seen once.
    options.learningFrames = moves ? Int(400 / speed) + 10 : 30
    let start = options.learningFrames + 10
    let mask = try RegionOfInterest().mask(for: RealScene.size)
    var detector = PresenceDetector(region: mask, options: options)
    var kept = CandidateFrames<Int>()
    var judged: [Int] = []
    // A tile every 700 pixels of belt.
    let last = start + Int(Double(tiles.count) * 700 / speed) + 60
    func place(_ index: Int, _ frame: Int) -> Double { Double(frame - start) * speed - Double(index) * 700 - 100 }
    for number in 0..<last {
      let index = tiles.indices.first { (-100...580).contains(place($0, number)) }
      let shift = moves ? belt.width - Int((Double(number) * speed).rounded()) % belt.width : 0
      let frame = RealScene.frame(
        belt, shift: shift, index.map { tiles[$0] }, x: index.map { place($0, number) } ?? 0, y: 180,
        gain: 1 + 0.1 * sin(Double(number) / 200), &random)
      let event = detector.add(.gray8(frame), at: Double(number) / 30)
      judged += kept.follow(event, frame: number).map(\.frame)
    }
    judged += kept.follow(detector.finish()).map(\.frame)
    let shown = judged.map { frame in
      tiles.indices.first { index in
        let half = Double(tiles[index].width) / 2
        return place(index, frame) - half >= -1 && place(index, frame) + half <= Double(RealScene.size.width) + 1
      }
    }
    #expect(shown == tiles.indices.map { $0 }, "\(shown) by frames \(judged)")
  }
}
