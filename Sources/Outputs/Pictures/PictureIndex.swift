internal import Glibc

/// What is in a folder of kept pictures: `DAY/VERDICT/SERIAL-….jpg`. Serials grow from picture to picture, over restarts
/// and whatever the clock does, so that they give the order of age. One thread's.
///
/// It holds 16 bytes for each picture; a name is read from its folder when the picture is to be removed.
struct PictureIndex {
  struct Entry: Hashable {
    var serial: UInt64
    var bytes: UInt32
    /// Days since 1970, as the folder says.
    var day: Int32
  }

  static let serialDigits = 12

  let folder: String
  private(set) var entries: [KeptPicture.Verdict: [Entry]] = [:]
  private(set) var bytes = 0
  private(set) var nextSerial: UInt64 = 1
  private var listing: (path: String, names: [UInt64: String]) = ("", [:])

  init(folder: String) {
    self.folder = folder
    for verdict in KeptPicture.Verdict.allCases { entries[verdict] = [] }
  }

  static func path(_ day: Int32, _ verdict: KeptPicture.Verdict) -> String { UTC.date(day) + "/" + verdict.rawValue }

  /// What the camera's own frame is called beside a picture of this name, or path.
  static func frameName(of name: String) -> String {
    (name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name) + frameEnding
  }

  private static let frameEnding = ".frame"

  /// The serial that a name begins with.
  static func serial(_ name: some StringProtocol) -> UInt64? {
    let digits = name.utf8.prefix { $0 >= 0x30 && $0 <= 0x39 }
    guard digits.count >= serialDigits, name.utf8.dropFirst(digits.count).first == UInt8(ascii: "-") else { return nil }
    return UInt64(String(decoding: digits, as: UTF8.self))
  }

  /// Counts what is there, and removes what a crash left half written.
  mutating func scan() {
    for date in System.names(in: folder) {
      guard let day = UTC.day(date: date) else { continue }
      for verdict in KeptPicture.Verdict.allCases {
        let path = folder + "/" + Self.path(day, verdict)
        for name in System.names(in: path) {
          if name.hasPrefix("."), name.hasSuffix(".part") {
            _ = unsafe unlink(path + "/" + name)
            continue
          }
          var status = stat()
          guard let serial = Self.serial(name), unsafe stat(path + "/" + name, &status) == 0 else { continue }
          add(Entry(serial: serial, bytes: UInt32(clamping: status.st_size), day: day), verdict)
        }
      }
    }
    for verdict in KeptPicture.Verdict.allCases {
      // A picture and its frame are one entry.
      entries[verdict] = entries[verdict]!.sorted { $0.serial < $1.serial }.reduce(into: []) { merged, entry in
        if let last = merged.last, last.serial == entry.serial, last.day == entry.day {
          merged[merged.count - 1].bytes = UInt32(clamping: Int(last.bytes) + Int(entry.bytes))
        } else {
          merged.append(entry)
        }
      }
    }
  }

  /// Serials up to this one are not given again.
  mutating func reserve(through serial: UInt64) { nextSerial = max(nextSerial, serial &+ 1) }

  mutating func add(_ entry: Entry, _ verdict: KeptPicture.Verdict) {
    entries[verdict]!.append(entry)
    bytes += Int(entry.bytes)
    reserve(through: entry.serial)
  }

  var counts: PictureCounts {
    var counts = PictureCounts()
    for verdict in KeptPicture.Verdict.allCases { counts[verdict] = entries[verdict]!.count }
    return counts
  }

  func oldest(_ verdict: KeptPicture.Verdict) -> Entry? { entries[verdict]!.first }

  /// The picture with this serial.
  func find(_ serial: UInt64, _ verdict: KeptPicture.Verdict) -> Entry? {
    place(serial, verdict).map { entries[verdict]![$0] }
  }

  private func place(_ serial: UInt64, _ verdict: KeptPicture.Verdict) -> Int? {
    let all = entries[verdict]!
    var (low, high) = (0, all.count)
    while low < high {
      let middle = (low + high) / 2
      if all[middle].serial < serial { low = middle + 1 } else { high = middle }
    }
    return low < all.count && all[low].serial == serial ? low : nil
  }

  /// Its path in the folder; nil when somebody removed the file.
  mutating func path(_ entry: Entry, _ verdict: KeptPicture.Verdict) -> String? {
    let path = Self.path(entry.day, verdict)
    if listing.path != path || listing.names[entry.serial] == nil {
      // Pictures go in order of age, so that one reading serves a whole folder.
      listing = (path, [:])
      for name in System.names(in: folder + "/" + path) {
        guard let serial = Self.serial(name) else { continue }
        // A frame whose picture was never written stands for itself.
        if !name.hasSuffix(Self.frameEnding) || listing.names[serial] == nil { listing.names[serial] = name }
      }
    }
    return listing.names[entry.serial].map { path + "/" + $0 }
  }

  /// Takes a picture out, whose file is removed, and the folders that are empty then.
  mutating func remove(_ entry: Entry, _ verdict: KeptPicture.Verdict) {
    guard let place = place(entry.serial, verdict) else { return }
    entries[verdict]!.remove(at: place)
    bytes -= Int(entry.bytes)
    listing.names[entry.serial] = nil
    guard entries[verdict]!.first?.day != entry.day else { return }
    let day = folder + "/" + UTC.date(entry.day)
    guard unsafe rmdir(day + "/" + verdict.rawValue) == 0 else { return }
    let left = System.names(in: day)
    guard left.isEmpty || left == ["kept.jsonl"] else { return }
    _ = unsafe unlink(day + "/kept.jsonl")
    _ = unsafe rmdir(day)
  }
}

/// `reviewed.txt` in a folder of kept pictures: the paths in the folder, one on a line, of pictures that somebody has
/// seen. One thread's.
struct ReviewList {
  let path: String
  /// By serial, so that a list of 100,000 is quick.
  private(set) var paths: [UInt64: String] = [:]
  private var stamp: (Int, Int, Int, ino_t) = (0, 0, 0, 0)

  init(folder: String) { path = folder + "/reviewed.txt" }

  /// Reads the file again if it has changed, and says whether it did.
  mutating func refresh() -> Bool {
    var status = stat()
    var now: (Int, Int, Int, ino_t) = (0, 0, 0, 0)
    if unsafe stat(path, &status) == 0 {
      now = (Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ino)
    }
    guard now != stamp else { return false }
    stamp = now
    paths = [:]
    guard let file = unsafe fopen(path, "re") else { return true }
    defer { unsafe fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { unsafe free(line) }
    while unsafe getline(&line, &capacity, file) > 0 {
      let text = unsafe String(cString: line!)
      // The last line without its end is still being written.
      guard text.hasSuffix("\n") else { break }
      let name = text.dropLast().split(separator: "/").last ?? ""
      if let serial = PictureIndex.serial(name) { paths[serial] = String(text.dropLast()) }
    }
    return true
  }
}
