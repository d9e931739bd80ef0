import Glibc
import Testing

@testable import Samples

@Suite struct PartSetTests {
  @Test func classFoldersAreDealt() throws {
    let folder = try TemporaryFolder()
    try folder.fill("scratch", 20)
    try folder.fill("Good", 40)
    try folder.fill("chip", 3)
    try folder.fill("rust", 2)
    try folder.write("notes", "good-notes.txt")
    let set = try PartSet.load(path: folder.path)
    #expect(set.layout == .classFolders)
    #expect(set.classes == ["Good", "chip", "rust", "scratch"])
    #expect(set.goodIndex == 0)
    #expect(set.counts(in: .train) == [28, 1, 2, 14])
    #expect(set.counts(in: .val) == [6, 1, 0, 3])
    #expect(set.counts(in: .test) == [6, 1, 0, 3])
    #expect(set.dealtSplits == Split.allCases)
    // Golden: which files these are must never change.
    let test = set.parts(in: .test).map(\.id)
    #expect(
      test == [
        "Good/part-1.png", "Good/part-15.png", "Good/part-18.png", "Good/part-21.png", "Good/part-31.png",
        "Good/part-38.png", "chip/part-2.png", "scratch/part-1.png", "scratch/part-12.png", "scratch/part-5.png",
      ])
  }

  @Test func renamingChangesNoSplit() throws {
    let a = try TemporaryFolder()
    let b = try TemporaryFolder()
    for index in 0..<30 {
      try a.write("content \(index)", "good/x\(index).png")
      try b.write("content \(index)", "good/renamed-\(99 - index).jpg")
    }
    func splits(_ path: String) throws -> [ContentHash: Split] {
      let parts = try PartSet.load(path: path, options: PartSetOptions(threads: 3)).parts
      return Dictionary(uniqueKeysWithValues: parts.map { ($0.contentHash, $0.split) })
    }
    #expect(try splits(a.path) == splits(b.path))
  }

  @Test func splitFoldersKeepTheirSplitsAndGetVal() throws {
    let folder = try TemporaryFolder()
    try folder.fill("train/a", 30)
    try folder.fill("train/b", 4)
    try folder.fill("testing/a", 5)
    let set = try PartSet.load(path: folder.path)
    #expect(set.layout == .splitClassFolders)
    #expect(set.goodIndex == nil)
    #expect(set.classes == ["a", "b"])
    #expect(set.counts(in: .train) == [27, 4])
    #expect(set.counts(in: .val) == [3, 0])
    #expect(set.counts(in: .test) == [5, 0])
    #expect(set.dealtSplits == [.val])
    #expect(Set(set.parts.map(\.id)).count == set.parts.count)
    #expect(set.parts.contains { $0.id == "testing/a/part-0.png" && $0.split == .test })
  }

  @Test func equalFilesNeverPart() throws {
    let folder = try TemporaryFolder()
    for index in 0..<60 { try folder.write("content \(index / 2)", "good/x\(index).png") }
    for fold in 0..<5 {
      let set = try PartSet.load(path: folder.path, options: PartSetOptions(folds: 5, fold: fold))
      var split: [ContentHash: Split] = [:]
      for part in set.parts {
        #expect(split[part.contentHash] == nil || split[part.contentHash] == part.split)
        split[part.contentHash] = part.split
      }
    }
  }

  @Test func foldsHoldOutEachPartOnce() throws {
    let folder = try TemporaryFolder()
    try folder.fill("good", 23)
    try folder.fill("dent", 11)
    var held: [String] = []
    for fold in 0..<4 {
      let set = try PartSet.load(path: folder.path, options: PartSetOptions(folds: 4, fold: fold))
      let test = set.parts(in: .test)
      #expect((8...9).contains(test.count))
      #expect(!set.parts(in: .val).isEmpty)
      held += test.map(\.id)
    }
    #expect(held.sorted() == (try PartSet.load(path: folder.path)).parts.map(\.id).sorted())
    #expect(throws: PartSetError.fold(fold: 4, folds: 4)) {
      try PartSet.load(path: folder.path, options: PartSetOptions(folds: 4, fold: 4))
    }
  }

  @Test func foldsLeaveANamedTestAlone() throws {
    let folder = try TemporaryFolder()
    try folder.fill("train/a", 20)
    try folder.fill("test/a", 7)
    let set = try PartSet.load(path: folder.path, options: PartSetOptions(folds: 4, fold: 1))
    #expect(set.counts(in: .train) == [15] && set.counts(in: .val) == [5] && set.counts(in: .test) == [7])
    #expect(set.parts(in: .test).allSatisfy { $0.id.hasPrefix("test/") })
  }

  @Test func mvtec() throws {
    let folder = try TemporaryFolder()
    try folder.fill("train/good", 20)
    try folder.fill("test/good", 4)
    try folder.fill("test/bent", 3)
    try folder.fill("test/odd", 2)
    for index in 0..<3 { try folder.write("mask", "ground_truth/bent/part-\(index)_mask.png") }
    let set = try PartSet.load(path: folder.path)
    #expect(set.layout == .mvtec)
    #expect(set.classes == ["good", "bent", "odd"])
    #expect(set.counts(in: .test) == [4, 3, 2])
    let bent = set.parts.filter { $0.label == 1 }
    #expect(bent.map { $0.maskPath.map(Files.name) } == ["part-0_mask.png", "part-1_mask.png", "part-2_mask.png"])
    #expect(set.parts.filter { $0.label != 1 }.allSatisfy { $0.maskPath == nil })
    let resplit = try PartSet.load(path: folder.path, options: PartSetOptions(resplit: true))
    #expect(resplit.counts(in: .train) == [16, 1, 2])

    try folder.fill("test/bent", 4)
    #expect(throws: PartSetError.self) { try PartSet.load(path: folder.path) }
  }

  @Test func manifest() throws {
    let folder = try TemporaryFolder()
    try folder.fill("images", 4)
    try folder.write("m", "masks/with, comma.png")
    let text = """
      \u{FEFF}label,image,note,split,mask\r
      OK,images/part-0.png,,train,\r
      crack,"images/part-1.png","two\nlines",validation,"masks/with, comma.png"\r
      crack,images\\part-2.png,,test,\r\n
      """
    try folder.write(text, "manifest.csv")
    for path in [folder.path, folder.path + "/manifest.csv"] {
      let set = try PartSet.load(path: path)
      #expect(set.layout == .manifest)
      #expect(set.classes == ["OK", "crack"])
      #expect(set.goodIndex == 0)
      #expect(set.parts.map(\.split) == [.train, .val, .test])
      #expect(set.parts[1].maskPath == folder.path + "/masks/with, comma.png")
      #expect(set.parts[2].imagePath == folder.path + "/images/part-2.png")
      #expect(set.dealtSplits.isEmpty)
    }
  }

  @Test(arguments: [
    ("", "line 1: the file is empty; begin it with image,mask,label,split"),
    ("image,mask\n", "line 1: the header must name the columns image and label (mask and split may follow)"),
    ("image,label\nimages/part-0.png,a,b\n", "line 2: it has 3 fields where the header has 2"),
    ("image,label\nimages/part-0.png,\n", "line 2: the label of images/part-0.png is empty"),
    ("image,label\n\nimages/none.png,a\n", "line 3: the image images/none.png does not exist beside the manifest"),
    (
      "image,mask,label\nimages/part-0.png,m.png,a\n",
      "line 2: the mask m.png does not exist; add it or leave the field empty"
    ),
    ("image,label,split\nimages/part-0.png,a,later\n", "line 2: the split later is none of train, val, test"),
    (
      "image,label\nimages/part-0.png,a\nimages/part-0.png,b\n",
      "line 3: images/part-0.png is already on line 2; list each image once"
    ),
    (
      "image,label,split\nimages/part-0.png,a,train\nimages/part-1.png,b,\n",
      "line 3: some lines name a split and some do not; give all of them one, or none"
    ),
    ("image,label\nimages/part-0.png,\"a\n", "line 2: a quoted field is never closed"),
  ])
  func badManifest(text: String, message: String) throws {
    let folder = try TemporaryFolder()
    try folder.fill("images", 2)
    try folder.write(text, "manifest.csv")
    let error = #expect(throws: PartSetError.self) { try PartSet.load(path: folder.path) }
    #expect(error?.description == folder.path + "/manifest.csv, " + message)
  }

  @Test func problemsOfFolders() throws {
    let folder = try TemporaryFolder()
    #expect(throws: PartSetError.notFound(path: "/nowhere/at/all")) { try PartSet.load(path: "/nowhere/at/all") }
    #expect(throws: PartSetError.empty(path: folder.path)) { try PartSet.load(path: folder.path) }
    try folder.write("x", "a.png")
    #expect(throws: PartSetError.imagesOutsideClasses(folder: folder.path, example: "a.png")) {
      try PartSet.load(path: folder.path)
    }
    try folder.fill("one", 3)
    #expect(throws: PartSetError.unknownGood(name: "fine", classes: ["one"])) {
      try PartSet.load(path: folder.path, options: PartSetOptions(good: "fine"))
    }
    #expect(throws: PartSetError.self) {
      try PartSet.load(path: folder.path, options: PartSetOptions(classes: ["good", "two"]))
    }
    let set = try PartSet.load(path: folder.path, options: PartSetOptions(good: "ONE", classes: ["two", "one"]))
    #expect(set.classes == ["two", "one"] && set.goodIndex == 1 && set.parts.allSatisfy { $0.label == 1 })
  }

  @Test func oddFilesAreSetAside() throws {
    let folder = try TemporaryFolder()
    try folder.fill("good", 3)
    try folder.fill("good/nested", 2)
    try Files.makeFolders(folder.path + "/good/folder.png")
    try Files.makeFolders(folder.path + "/nothing")
    _ = unsafe symlink("/nowhere/at/all", folder.path + "/good/link.png")
    _ = unsafe mkfifo(folder.path + "/good/pipe.png", 0o600)
    let set = try PartSet.load(path: folder.path)
    #expect(set.parts.count == 5)
    #expect(set.classes == ["good", "nothing"])
    #expect(set.unreadable.map { Files.name($0.path) } == ["folder.png", "link.png", "pipe.png"])
  }

  @Test(.enabled(if: RealData.hasNEU, "../shared/data/neu-surface is not here"))
  func steelSurfaces() throws {
    let set = try PartSet.load(path: RealData.neu)
    #expect(set.layout == .splitClassFolders && set.goodIndex == nil)
    #expect(set.counts(in: .train) == Array(repeating: 216, count: 6))
    #expect(set.counts(in: .val) == Array(repeating: 24, count: 6))
    #expect(set.counts(in: .test) == Array(repeating: 60, count: 6))
  }

  @Test(.enabled(if: RealData.hasTiles, "../shared/data/magnetic-tile is not here"))
  func magneticTiles() throws {
    let set = try PartSet.load(path: RealData.tiles)
    #expect(set.layout == .manifest && set.classes[0] == "good" && set.goodIndex == 0)
    #expect(set.classes == ["good", "blowhole", "break", "crack", "fray", "uneven"])
    #expect(set.counts(in: .test) == [276, 35, 22, 21, 10, 25])
    #expect(set.parts.allSatisfy { ($0.label == 0) == ($0.maskPath == nil) })
  }
}
