import Imaging
import Testing

@testable import Samples

@Suite struct FoldsTests {
  /// A set on disk of random pictures: `good` and `bad`, a copy of one, a brightened copy of another, and a test split.
  private static func set(_ folder: borrowing TemporaryFolder) throws -> PartSet {
    for (label, count) in [("good", 23), ("bad", 12)] {
      for index in 0..<count { try folder.write(picture(label, index), "train/\(label)/\(index).bmp") }
      try folder.write(picture(label, 900), "test/\(label)/900.bmp")
    }
    try folder.write(picture("good", 3), "train/good/copy.bmp")
    try folder.write(picture("good", 5, brighter: 20), "train/good/near.bmp")
    return try PartSet.load(path: folder.path)
  }

  private static func picture(_ label: String, _ index: Int, brighter: UInt8 = 0) -> [UInt8] {
    var random = SplitMix64(seed: UInt64(label.utf8.count), UInt64(index))
    return bmp(Image(width: 64, height: 64, pixels: (0..<4096).map { _ in UInt8(random.index(200)) + brighter }))
  }

  @Test func eachPartIsHeldOutOnce() throws {
    let folder = try TemporaryFolder()
    let set = try Self.set(folder)
    let pool = set.parts.filter { $0.split != .test }
    #expect(pool.count == 37)
    let folds = try set.folds(4, seed: 1)
    #expect(folds.count == 4)
    var held: [String: Int] = [:]
    for fold in folds {
      #expect(Set(fold.parts.map(\.id)) == Set(pool.map(\.id)))
      for part in fold.parts(in: .test) { held[part.id, default: 0] += 1 }
      // Classes are level: 25 good parts in 23 groups, 12 bad ones.
      let counts = fold.counts(in: .test)
      #expect((5...8).contains(counts[0]) && counts[1] == 3, "\(counts)")
      #expect(fold.counts(in: .val)[0] >= 1 && fold.counts(in: .val)[1] == 1)
    }
    #expect(held.count == 37 && held.values.allSatisfy { $0 == 1 })
  }

  /// Equal files and nearly equal pictures are never on both sides.
  @Test func copiesStayTogether() throws {
    let folder = try TemporaryFolder()
    let set = try Self.set(folder)
    for seed in [UInt64(1), 2, 3] {
      for fold in try set.folds(4, seed: seed) {
        func split(_ name: String) -> Split? { fold.parts.first { $0.id.hasSuffix("good/\(name).bmp") }?.split }
        #expect(split("3") == split("copy"))
        #expect(split("5") == split("near") && split("near") != nil)
      }
    }
  }

  @Test func seedsDecide() throws {
    let folder = try TemporaryFolder()
    let set = try Self.set(folder)
    func splits(_ seed: UInt64) throws -> [[Split]] { try set.folds(3, seed: seed).map { $0.parts.map(\.split) } }
    let first = try splits(1)
    #expect(try splits(1) == first)
    #expect(try splits(2) != first)
    var turned = set
    turned.parts.reverse()
    #expect(try turned.folds(3, seed: 1).map { $0.parts.map(\.split) } == first.map { $0.reversed() })
    #expect(throws: PartSetError.self) { try set.folds(1, seed: 1) }
  }
}
