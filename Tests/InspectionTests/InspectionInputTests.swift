import FileTestSupport
import Glibc
import Inspection
import Testing

@Suite struct InspectionInputTests {
  private func ids(_ source: String) throws -> [String] { try InspectionInput(source: source).items.map(\.id) }

  @Test func foldersAreListedInTheOrderOfBytes() throws {
    let folder = TestFolder()
    for name in ["b.png", "a/2.JPG", "a/10.jpeg", "a/b/c.TIFF", "Z.bmp", "é.png", "a.tif"] { folder.write([1], name) }
    for name in ["notes.txt", "a/readme", ".hidden", "png"] { folder.write([1], name) }
    let input = try InspectionInput(source: folder.path)
    #expect(input.items.map(\.id) == ["Z", "a/10", "a/2", "a/b/c", "a", "b", "é"])
    #expect(input.items[1].path == folder.path + "/a/10.jpeg")
    // The hidden file that is no picture either does not count.
    #expect(input.otherFiles == 3)
    // A slash at the end changes nothing.
    #expect(try InspectionInput(source: folder.path + "/").items == input.items)
  }

  @Test func hiddenFilesAndRunsAreNoParts() throws {
    let folder = TestFolder()
    for name in ["1.png", "._1.png", ".trash/2.png", "run/decisions.jsonl", "run/annotated/1.jpg", "run/3.png"] {
      folder.write([1], name)
    }
    // A folder that happens to be called so is one like any other.
    folder.write([1], "other/annotated/4.png")
    let input = try InspectionInput(source: folder.path)
    #expect(input.items.map(\.id) == ["1", "other/annotated/4", "run/3"])
    #expect(input.otherFiles == 2)
  }

  @Test func idsAreUnique() throws {
    let folder = TestFolder()
    for name in ["a.png", "a.jpg", "a.jpg.png", "b.png", "b.x.png", "b.x/c.png", "c"] { folder.write([1], name) }
    #expect(try ids(folder.path) == ["a.jpg", "a.jpg.png", "a.png", "b", "b.x/c", "b.x"])
    // An accent as one letter, and as a letter and an accent: two files.
    let accents = TestFolder()
    accents.write([1], "e\u{301}.png")
    accents.write([1], "\u{E9}.png")
    #expect(
      try InspectionInput(source: accents.path).items.map { Array($0.id.utf8) } == [[0x65, 0xCC, 0x81], [0xC3, 0xA9]])
  }

  @Test func namesNeedNotBeUTF8() throws {
    let folder = TestFolder()
    let name = Array("part-".utf8) + [0xFF, 0xC3] + Array(".png".utf8)
    folder.write([1], name)
    folder.write([1], Array("part-".utf8) + [0xFE, 0xC3] + Array(".png".utf8))
    folder.write([1], "back\\xFF.png")
    folder.write([1], "line\nbreak \"<b>.png")
    let items = try InspectionInput(source: folder.path).items
    #expect(items.map(\.id) == ["back\\x5CxFF", "line\nbreak \"<b>", "part-\\xFE\\xC3", "part-\\xFF\\xC3"])
    #expect(items[3].pathBytes == Array((folder.path + "/").utf8) + name)
    for item in items { #expect(unsafe access(TestFolder.cString(item.pathBytes), F_OK) == 0) }
  }

  @Test func whatBearsAPicturesNameIsAnInput() throws {
    let folder = TestFolder()
    unsafe mkdir(folder.path + "/folder.png", 0o755)
    unsafe mkfifo(folder.path + "/fifo.jpg", 0o600)
    unsafe symlink("/nowhere", folder.path + "/broken.bmp")
    unsafe symlink("/dev/zero", folder.path + "/zero.tif")
    // Links to folders are not followed: they may go in circles.
    unsafe symlink(folder.path, folder.path + "/circle")
    folder.write([], "empty.png")
    #expect(try ids(folder.path) == ["broken", "empty", "fifo", "folder", "zero"])
  }

  @Test func singleFilesOfAnyName() throws {
    let folder = TestFolder()
    folder.write([1], "picture")
    #expect(try InspectionInput(source: folder.path + "/picture").items.map(\.id) == ["picture"])
    folder.write([1], "a.b.png")
    let items = try InspectionInput(source: folder.path + "/a.b.png").items
    #expect(items.map(\.id) == ["a.b"] && items.map(\.path) == [folder.path + "/a.b.png"])
  }

  @Test func manifests() throws {
    let folder = TestFolder()
    folder.write(
      Array(
        "label, Image ,x\r\ngood,1.png,\r\n\r\nbad,\"sub/2, b.png\",1\r\nbad,/abs/3.png,\r\nbad,1.png,\r\nbad,1.png,"
          .utf8),
      "list.CSV")
    let items = try InspectionInput(source: folder.path + "/list.CSV").items
    #expect(items.map(\.id) == ["1.png", "sub/2, b", "/abs/3", "1.png#2", "1.png#3"])
    #expect(
      items.map(\.path)
        == ["/1.png", "/sub/2, b.png", "", "/1.png", "/1.png"].enumerated().map {
          $0.offset == 2 ? "/abs/3.png" : folder.path + $0.element
        })
    for (text, reason) in [
      ("", "column"), ("file,label\n1.png,a\n", "column"), ("image\n", "no image"), ("image,label\n,good\n", "line 2"),
      ("image\n\"1.png\n", "line 2"),
    ] {
      folder.write(Array(text.utf8), "bad.csv")
      let error = #expect(throws: InspectionError.self) { _ = try InspectionInput(source: folder.path + "/bad.csv") }
      let message = try #require(error).description
      #expect(message.hasPrefix(folder.path + "/bad.csv ") && message.contains(reason), "\(message)")
    }
    unsafe mkfifo(folder.path + "/pipe.csv", 0o600)
    #expect(throws: InspectionError.self) { _ = try InspectionInput(source: folder.path + "/pipe.csv") }
  }

  @Test func nothingToInspect() throws {
    let folder = TestFolder()
    let missing = #expect(throws: InspectionError.self) { _ = try InspectionInput(source: folder.path + "/gone") }
    #expect(try #require(missing).description.contains(folder.path + "/gone cannot be opened"))
    let empty = #expect(throws: InspectionError.self) { _ = try InspectionInput(source: folder.path) }
    #expect(try #require(empty).description.contains("is an empty folder"))
    folder.write([1], "notes.txt")
    folder.write([1], "._1.png")
    let others = #expect(throws: InspectionError.self) { _ = try InspectionInput(source: folder.path) }
    #expect(try #require(others).description.contains("its 2 files"))
    #expect(throws: InspectionError.self) { _ = try InspectionInput(source: "") }
  }
}
