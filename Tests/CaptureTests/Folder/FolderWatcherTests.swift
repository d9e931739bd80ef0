import FileTestSupport
import Glibc
import Synchronization
import Testing
import Threads

@testable import Capture

/// Which files are handed out, and when.
@Suite struct FolderWatcherTests {
  let top = TestFolder()

  private func setTime(_ name: String, _ seconds: Int) {
    let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
    #expect(unsafe utimensat(AT_FDCWD, top.path + "/" + name, times, 0) == 0)
  }

  @Test func whatIsThereAtTheStart() throws {
    for name in ["b.png", "a.JPG", "done.bmp", ".hidden.png", "notes.txt", "png", "c.png.part", "sub/d.tiff"] {
      top.write([1, 2, 3], name)
    }
    top.write([1], ".cache/e.png")
    for (index, name) in ["sub/d.tiff", "b.png", "a.JPG"].enumerated() { setTime(name, 1_000_000 + index) }
    let watcher = try FolderWatcher(top.path, options: .quick) { $0.text == "done.bmp" }
    // In the order of their times.
    let files = watcher.files(3)
    #expect(files.map(\.text) == ["sub/d.tiff", "b.png", "a.JPG"])
    #expect(files.allSatisfy { $0.size == 3 })
    #expect(files[0].path == Array("\(top.path)/sub/d.tiff".utf8))
    #expect(files[0].modified == 1_000_000 * 1_000_000_000)
    #expect(watcher.more() == [])
    #expect(watcher.takeNotices() == [])
  }

  /// A writer that pauses for longer than the quiet time is waited for, with leases and without.
  @Test(arguments: [true, false])
  func slowWriter(leases: Bool) throws {
    var options = FolderWatcher.Options.quick
    options.asksForLeases = leases
    // Listings in between must not take it either.
    options.safetyRescan = 0.05
    let watcher = try FolderWatcher(top.path, options: options)
    #expect(watcher.more(0.05) == [])
    let path = top.path + "/slow.png"
    let closed = Atomic<Bool>(false)
    let thread = try #require(
      OwnThread {
        let writer = Writer(path)
        for _ in 0..<3 {
          writer.write(1000)
          wait(0.25)
        }
        closed.store(true, ordering: .releasing)
        writer.finish()
      })
    let files = watcher.files(1)
    let wasClosed = closed.load(ordering: .acquiring)
    #expect(wasClosed)
    #expect(files.map(\.text) == ["slow.png"] && files.first?.size == 3000)
    thread.join()
    #expect(watcher.more() == [])
  }

  /// Opened before anybody watched: only the lease, or the closing, tells.
  @Test(arguments: [true, false])
  func alreadyBeingWritten(leases: Bool) throws {
    var options = FolderWatcher.Options.quick
    options.asksForLeases = leases
    options.quiet = 20
    let writer = Writer(top.path + "/a.png")
    writer.write(10)
    let watcher = try FolderWatcher(top.path, options: options)
    #expect(watcher.more(0.2) == [])
    writer.write(10)
    #expect(watcher.more(0.2) == [])
    writer.write(10)
    let start = FolderState.now()
    writer.finish()
    #expect(watcher.files(1).map(\.size) == [30])
    // Closing ended the waiting, not the quiet.
    #expect(FolderState.now() - start < 10)
    #expect(watcher.more(0.2) == [])
  }

  @Test func renamedIntoPlace() throws {
    let watcher = try FolderWatcher(top.path, options: .quick)
    for name in [".a.png.tmp", "b.part"] { top.write([1, 2], name) }
    #expect(watcher.more(0.2) == [])
    moved(top.path + "/.a.png.tmp", top.path + "/a.png")
    moved(top.path + "/b.part", top.path + "/b.jpeg")
    #expect(watcher.names(2) == ["a.png", "b.jpeg"])
    // Away, and back again: another part, for all that is known.
    moved(top.path + "/a.png", top.path + "/a.old")
    moved(top.path + "/a.old", top.path + "/a.png")
    #expect(watcher.names(1) == ["a.png"])
    #expect(watcher.more() == [])
  }

  /// Renamed while it is still open.
  @Test func renamedTooEarly() throws {
    let watcher = try FolderWatcher(top.path, options: .quick)
    let writer = Writer(top.path + "/a.tmp")
    writer.write(5)
    moved(top.path + "/a.tmp", top.path + "/a.png")
    #expect(watcher.more(0.4) == [])
    writer.write(5)
    writer.finish()
    #expect(watcher.files(1).map(\.size) == [10])
    #expect(watcher.more() == [])
  }

  @Test func writtenAnew() throws {
    let watcher = try FolderWatcher(top.path, options: .quick)
    top.write([1], "latest.png")
    #expect(watcher.names(1) == ["latest.png"])
    top.write([1, 2], "latest.png")
    #expect(watcher.files(1).map(\.size) == [2])
    // Opened for writing and closed with nothing written.
    Writer(top.path + "/latest.png", append: true).finish()
    #expect(watcher.more(0.2) == [])
    // Replaced by a file of the same size and an older time.
    top.write([3, 4], "new.tmp")
    setTime("new.tmp", 1_000_000)
    moved(top.path + "/new.tmp", top.path + "/latest.png")
    #expect(watcher.names(1) == ["latest.png"])
    #expect(watcher.more(0.2) == [])
  }

  /// Links have no closing of their own.
  @Test func links() throws {
    let watcher = try FolderWatcher(top.path, options: .quick)
    top.write([1], "a.tmp")
    #expect(unsafe link(top.path + "/a.tmp", top.path + "/hard.png") == 0)
    #expect(unsafe symlink(top.path + "/a.tmp", top.path + "/soft.png") == 0)
    #expect(unsafe symlink(top.path + "/nothing", top.path + "/dangling.png") == 0)
    #expect(unsafe symlink("/", top.path + "/folder.png") == 0)
    #expect(Set(watcher.names(2)) == ["hard.png", "soft.png"])
    #expect(watcher.more() == [])
  }

  /// Somebody may be about to fill it; if nobody does, it is a bad picture that needs its decision.
  @Test(arguments: [true, false])
  func emptyFile(leases: Bool) throws {
    var options = FolderWatcher.Options.quick
    options.asksForLeases = leases
    options.quiet = 1
    let watcher = try FolderWatcher(top.path, options: options)
    #expect(watcher.more(0.05) == [])
    top.write([], "a.png")
    top.write([], "b.png")
    top.write([1], "b.png")
    #expect(watcher.names(1) == ["b.png"])
    #expect(watcher.files(1).map(\.size) == [0])
    #expect(watcher.more() == [])
  }

  @Test func folders() throws {
    var options = FolderWatcher.Options.quick
    options.excluded = [top.path + "/out"]
    let watcher = try FolderWatcher(top.path, options: options)
    #expect(watcher.more(0.05) == [])
    // Put in before the watch can be on.
    top.write([1], "a/b/c/deep.png")
    top.write([1], "out/annotated.png")
    #expect(watcher.names(1) == ["a/b/c/deep.png"])
    top.write([1], "a/b/later.png")
    #expect(watcher.names(1) == ["a/b/later.png"])
    // Away with it: what is written there is no longer ours.
    let elsewhere = TestFolder()
    moved(top.path + "/a/b", elsewhere.path + "/b")
    elsewhere.write([1], "b/c/other.png")
    #expect(watcher.more(0.2) == [])
    // And back under another name: everything in it is new.
    moved(elsewhere.path + "/b", top.path + "/x")
    #expect(Set(watcher.names(3)) == ["x/c/deep.png", "x/c/other.png", "x/later.png"])
    top.write([1], "x/c/last.png")
    #expect(watcher.names(1) == ["x/c/last.png"])
    #expect(watcher.more() == [])
  }

  @Test func withoutSubfolders() throws {
    var options = FolderWatcher.Options.quick
    options.subfolders = false
    top.write([1], "sub/a.png")
    let watcher = try FolderWatcher(top.path, options: options)
    top.write([1], "sub/b.png")
    top.write([1], "c.png")
    #expect(watcher.names(1) == ["c.png"])
    #expect(watcher.more() == [])
  }

  /// Asking whether a file is complete neither hinders who opens it nor ends this process by a signal.
  @Test func askingDisturbsNobody() throws {
    top.write([1], "a.png")
    let path = top.path + "/a.png"
    let failures = Atomic<Int>(0)
    let isOver = Atomic<Bool>(false)
    let counts = Parallel.map(2, threads: 2) { index in
      var count = 0
      if index == 0 {
        while !isOver.load(ordering: .relaxed) {
          let file = unsafe open(path, O_WRONLY)
          if file < 0 { failures.add(1, ordering: .relaxed) } else { count += 1 }
          close(file)
        }
      } else {
        let end = FolderState.now() + 0.3
        while FolderState.now() < end {
          if FileProbe(Array(path.utf8), asksForLease: true)?.writing != .unknown { count += 1 }
        }
        isOver.store(true, ordering: .relaxed)
      }
      return count
    }
    let failed = failures.load(ordering: .relaxed)
    #expect(failed == 0)
    #expect(counts[0] > 0 && counts[1] > 0)
  }

  /// Names need not be UTF-8.
  @Test func anyName() throws {
    let watcher = try FolderWatcher(top.path, options: .quick)
    let name: [UInt8] = [0xff, 0x20, 0x0a] + Array(".png".utf8)
    top.write([1], name)
    #expect(watcher.files(1).map(\.name) == [name])
  }

  @Test func refusals() throws {
    let missing = #expect(throws: FolderWatcherError.self) { try FolderWatcher(top.path + "/nothing") }
    #expect(
      missing?.description == "the folder \(top.path)/nothing cannot be watched: No such file or directory")
    top.write([1], "file")
    let file = #expect(throws: FolderWatcherError.self) { try FolderWatcher(top.path + "/file") }
    #expect(file?.description == "the folder \(top.path)/file cannot be watched: Not a directory")
  }
}
