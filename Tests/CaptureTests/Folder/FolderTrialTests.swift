import FileTestSupport
import Glibc
import Synchronization
import Testing
import Threads

@testable import Capture

/// Bursts, a folder that goes, file systems that report nothing.
@Suite struct FolderTrialTests {
  let top = TestFolder()

  /// Two writers at once, half of it by renaming, folders coming up between, while the folder is being listed at first.
  @Test func burst() throws {
    for index in 0..<200 { top.write([1], "before-\(index).png") }
    let path = top.path
    let watcher = try FolderWatcher(path, options: .quick)
    let threads = (0..<2).compactMap { thread in
      OwnThread {
        for index in 0..<1000 {
          let place = index % 10 == 9 ? "t\(thread)-\(index)" : ""
          if !place.isEmpty { folder("\(path)/\(place)") }
          let name = "\(path)/\(place)/\(thread)-\(index)"
          let writer = Writer(index % 2 == 0 ? name + ".png" : name + ".tmp")
          writer.write(100)
          writer.finish()
          if index % 2 != 0 { moved(name + ".tmp", name + ".png") }
        }
      }
    }
    #expect(threads.count == 2)
    let files = watcher.files(2200)
    for thread in threads { thread.join() }
    #expect(files.count == 2200)
    #expect(Set(files.map(\.name)).count == 2200)
    #expect(files.allSatisfy { $0.text.hasPrefix("before") ? $0.size == 1 : $0.size == 100 })
    #expect(watcher.more() == [])
  }

  /// More events than the kernel keeps: it says so, and the folder is listed anew.
  @Test func overflow() throws {
    let limit = Int(
      String(decoding: TestFolder.contents("/proc/sys/fs/inotify/max_queued_events").dropLast(), as: UTF8.self))
    try #require(limit ?? .max <= 20_000)
    let watcher = try FolderWatcher(top.path, options: .quick)
    #expect(watcher.more(0.05) == [])
    // Each makes two events.
    let count = limit! / 2 + 500
    for index in 0..<count { top.write([1], "\(index).png") }
    let files = watcher.files(count)
    #expect(files.count == count)
    #expect(Set(files.map(\.name)).count == count)
    #expect(watcher.takeNotices().contains(.overflow(top.path)))
    #expect(watcher.more() == [])
  }

  @Test(arguments: [true, false])
  func folderGoesAndComesBack(events: Bool) throws {
    var options = FolderWatcher.Options.quick
    options.usesEvents = events
    let inner = top.path + "/in"
    top.write([1], "in/sub/a.png")
    let watcher = try FolderWatcher(inner, options: options)
    #expect(watcher.names(1) == ["sub/a.png"])
    moved(inner, top.path + "/away")
    #expect(watcher.notices() == [.gone(inner)])
    top.write([1], "away/sub/b.png")
    #expect(watcher.more(0.2) == [])
    moved(top.path + "/away", inner)
    // What was handed out before is not new.
    #expect(watcher.names(1) == ["sub/b.png"])
    #expect(watcher.takeNotices() == [.back(inner)])
    top.write([1], "in/c.png")
    #expect(watcher.names(1) == ["c.png"])
    #expect(watcher.more() == [])
  }

  @Test func folderRemovedAndMadeAnew() throws {
    let inner = top.path + "/in"
    folder(inner)
    let watcher = try FolderWatcher(inner, options: .quick)
    #expect(watcher.more(0.05) == [])
    #expect(unsafe rmdir(inner) == 0)
    #expect(watcher.notices() == [.gone(inner)])
    top.write([1], "in/a.png")
    #expect(watcher.names(1) == ["a.png"])
    #expect(watcher.takeNotices() == [.back(inner)])
    #expect("\(FolderNotice.gone("/x"))" == "the folder /x is gone; waiting until it is back")
  }

  /// Another folder comes to be under the name, as when something is mounted: no event tells.
  @Test func folderIsExchanged() throws {
    let (one, two) = (top.path + "/one", top.path + "/two")
    let link = top.path + "/link"
    top.write([1], "one/a.png")
    top.write([1], "two/b.png")
    #expect(unsafe symlink(one, link) == 0)
    let watcher = try FolderWatcher(link, options: .quick)
    #expect(watcher.names(1) == ["a.png"])
    #expect(unsafe symlink(two, link + "2") == 0)
    moved(link + "2", link)
    #expect(watcher.names(1) == ["b.png"])
    #expect(watcher.takeNotices() == [.gone(link), .back(link)])
  }

  /// As on a network file system: nothing is reported, nobody knows who has a file open.
  @Test func withoutEvents() throws {
    var options = FolderWatcher.Options.quick
    (options.usesEvents, options.asksForLeases) = (false, false)
    options.quiet = 0.8
    top.write([1], "a.png")
    let watcher = try FolderWatcher(top.path, options: options)
    #expect(watcher.names(1) == ["a.png"])
    let writer = Writer(top.path + "/sub.png")
    for _ in 0..<5 {
      writer.write(10)
      #expect(watcher.more(0.05) == [])
    }
    writer.finish()
    #expect(watcher.files(1).map(\.size) == [50])
    top.write([1, 2], "sub/c.png")
    #expect(watcher.names(1) == ["sub/c.png"])
    #expect(watcher.more() == [])
  }

  @Test func waitsForTheFolderAtTheStart() throws {
    var options = FolderWatcher.Options.quick
    options.waitsAtStart = true
    let watcher = try FolderWatcher(top.path + "/in", options: options) { $0.text == "done.png" }
    #expect(watcher.more(0.1) == [])
    top.write([1], "in/done.png")
    top.write([1], "in/new.png")
    #expect(watcher.names(1) == ["new.png"])
    #expect(watcher.more() == [])
  }

  /// A restart right after the last picture: it may still look as if it were being written.
  @Test func doneJustBeforeTheStart() throws {
    var options = FolderWatcher.Options.quick
    options.asksForLeases = false
    top.write([1], "done.png")
    top.write([1], "new.png")
    let watcher = try FolderWatcher(top.path, options: options) { $0.text == "done.png" }
    #expect(watcher.names(1) == ["new.png"])
    #expect(watcher.more() == [])
    // Written anew it is another picture, whatever its name.
    top.write([1, 2], "done.png")
    #expect(watcher.names(1) == ["done.png"])
  }

  @Test func stopEndsTheWaiting() throws {
    let watcher = try FolderWatcher(top.path, options: .quick)
    let thread = try #require(
      OwnThread {
        wait(0.1)
        watcher.stop()
      })
    let start = FolderState.now()
    #expect(watcher.next(timeout: 20) == [])
    #expect(FolderState.now() - start < 5)
    thread.join()
    top.write([1], "a.png")
    #expect(watcher.next(timeout: 20) == [])
  }

  /// Neither descriptors nor memory of files that are gone stay behind.
  @Test func nothingIsLeftBehind() throws {
    func descriptors() -> Int { (0..<1024).count { fcntl($0, F_GETFD) >= 0 } }
    // Other tests run beside this one, so only a leak of many counts.
    let before = descriptors()
    for _ in 0..<100 {
      let watcher = try FolderWatcher(top.path, options: .quick)
      _ = watcher.next(timeout: 0)
    }
    #expect(descriptors() < before + 80)
  }
}
