internal import Glibc
internal import Threads

extension PictureKeeper {
  enum Result {
    case kept
    case diskFull(String)
    case overBudget
    case failed(String)
  }

  /// Under the lock.
  func count(_ verdict: KeptPicture.Verdict, _ result: Result) {
    switch result {
    case .kept:
      status.kept[verdict] += 1
      status.isDiskFull = false
      status.problem = nil
    case .diskFull(let problem):
      status.diskFull[verdict] += 1
      status.isDiskFull = true
      status.problem = problem
    case .overBudget:
      status.overBudget[verdict] += 1
    case .failed(let problem):
      status.failed[verdict] += 1
      status.problem = problem
    }
    if case .overBudget = result { wasOverBudget = true } else { wasOverBudget = false }
  }

  func write(_ job: Job) -> Result {
    let picture = job.picture
    removeOld()
    // On a full disk not even the encoding is worth its time.
    if let result = makeRoom(0, picture.verdict) { return result }
    let bytes: [UInt8]
    let frame: [UInt8]?
    do {
      bytes = try job.bytes()
      frame = try job.frame?()
    } catch {
      return .failed("cannot encode the picture of \(picture.id): \(error)")
    }
    let size = bytes.count + (frame?.count ?? 0)
    if let result = makeRoom(size, picture.verdict) { return result }

    let day = UTC.day(picture.milliseconds)
    let place = folder + "/" + PictureIndex.path(day, picture.verdict)
    let serial = index.nextSerial
    let name = picture.fileName(serial: serial)
    let isSynced = picture.verdict != .accept
    let frameName = PictureIndex.frameName(of: name)
    // First, so that where there is a picture there is its frame.
    var code = frame.map { store($0, place, frameName, isSynced: isSynced) } ?? 0
    if code == 0 {
      code = store(bytes, place, name, isSynced: isSynced)
      if code != 0 && frame != nil { _ = unsafe unlink(place + "/" + frameName) }
    }
    guard code == 0 else {
      let problem = "cannot write \(place)/\(name): \(System.reason(code))"
      return code == ENOSPC || code == EDQUOT ? .diskFull(problem) : .failed(problem)
    }
    index.add(.init(serial: serial, bytes: UInt32(clamping: size), day: day), picture.verdict)
    let path = PictureIndex.path(day, picture.verdict) + "/" + name
    let line =
      "{\"path\":\(jsonString(path)),\"id\":\(jsonString(picture.id)),\"sequence\":\(picture.sequence),"
      + "\"verdict\":\"\(picture.verdict.rawValue)\",\"label\":\(jsonString(picture.label)),"
      + "\"time\":\"\(UTC.timestamp(picture.milliseconds))\",\"bytes\":\(size)}\n"
    // The picture is there, and its name says the most.
    _ = appendLine(line, to: folder + "/" + UTC.date(day) + "/kept.jsonl")
    return .kept
  }

  /// Writes a file whole or not at all; 0, or why not.
  private func store(_ bytes: [UInt8], _ place: String, _ name: String, isSynced: Bool) -> Int32 {
    let temporary = place + "/." + name + ".part"
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
    var file = unsafe open(temporary, flags, 0o644)
    if file < 0 && errno == ENOENT {
      let code = System.makeFolder(place)
      if code != 0 { return code }
      file = unsafe open(temporary, flags, 0o644)
    }
    guard file >= 0 else { return errno }
    var code = System.writeAll(bytes, to: file)
    if code == 0 && isSynced && fdatasync(file) != 0 { code = errno }
    // Some file systems say only now that the disk is full.
    if Glibc.close(file) != 0 && code == 0 { code = errno }
    if code == 0, unsafe rename(temporary, place + "/" + name) != 0 { code = errno }
    if code != 0 { _ = unsafe unlink(temporary) }
    return code
  }

  /// Appends a whole line; 0, or why not, and then nothing of it is there.
  func appendLine(_ line: String, to path: String) -> Int32 {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else { return errno }
    defer { Glibc.close(file) }
    let length = lseek(file, 0, SEEK_END)
    let code = System.writeAll(Array(line.utf8), to: file)
    if code != 0 { _ = ftruncate(file, length) }
    return code
  }
}
