internal import Glibc
internal import Threads

extension OutputQueue {
  /// The thread that hands lines to the sink.
  func deliverAll() {
    System.blockSignals()
    var pause = options.firstPause
    var tries = 0
    var lastTend = System.seconds()
    monitor.lock()
    while !isStopping {
      if pending.isEmpty && spilledRecords > 0 {
        readSpill()
        continue
      }
      guard let first = pending.first ?? inbox.first else {
        if isClosing { break }
        waitingSince = .infinity
        monitor.wait(seconds: 1)
        waitingSince = System.seconds()
        // Lines may come in without a break for days, but then the sink is busy anyway.
        if System.seconds() - lastTend >= 1 {
          lastTend = System.seconds()
          monitor.unlock()
          sink.tend()
          monitor.lock()
        }
        continue
      }
      let result: Result<Int, OutputError>
      var lines: [OutputLine] = []
      switch first {
      case .line:
        lines = front(sink.batch)
        offered = lines.count
        monitor.unlock()
        result = deliver(lines)
      case .gap:
        offered = 1
        monitor.unlock()
        switch again(first) {
        case .success(let read):
          lines = read
          result = lines.isEmpty ? .success(0) : deliver(lines)
        case .failure(let error): result = .failure(error)
        }
      }
      switch result {
      case .success(0) where !lines.isEmpty:
        monitor.lock()
        offered = 0
      case .success(let count):
        let last = count > 0 ? lines[count - 1].number : first.last
        let code = cursor.move(to: last)
        monitor.lock()
        if code != 0 { status.problem = "cannot write \(folder)/cursor: \(System.reason(code))" }
        confirm(through: last, isLost: count == 0)
        succeeded(count)
        (pause, tries) = (options.firstPause, 0)
      case .failure(.interrupted):
        monitor.lock()
        offered = 0
      case .failure(let error):
        tries += 1
        if giveUp(lines.first, after: tries, error) {
          _ = cursor.move(to: lines[0].number)
          monitor.lock()
          confirm(through: lines[0].number, isLost: false)
          status.givenUp += 1
          tries = 0
        } else {
          monitor.lock()
          offered = 0
          // A closing queue has little time left.
          wait(seconds: pause) { self.isStopping || self.isClosing && pause > 0.5 }
          pause = min(pause * 2, isClosing ? 0.5 : options.longestPause)
        }
      }
    }
    isDelivererDone = true
    monitor.wakeAll()
    monitor.unlock()
  }

  private func deliver(_ lines: [OutputLine]) -> Result<Int, OutputError> {
    do throws(OutputError) {
      let count = try sink.deliver(lines)
      precondition(count >= 0 && count <= lines.count, "a sink confirmed \(count) of \(lines.count) lines")
      return .success(count)
    } catch {
      if error != .interrupted {
        monitor.lock()
        status.failures += 1
        status.problem = error.description
        monitor.unlock()
      }
      return .failure(error)
    }
  }

  /// Reads lines of a gap again; none when they are nowhere any more.
  private func again(_ gap: OutputEntry) -> Result<[OutputLine], OutputError> {
    guard let replay else { return .success([]) }
    do {
      let lines = try replay(gap.first, min(max(sink.batch, 1), gap.count))
      return .success(Array(lines.lazy.filter { $0.number >= gap.first && $0.number <= gap.last }.prefix(sink.batch)))
    } catch {
      monitor.lock()
      status.failures += 1
      status.problem = "cannot read decisions again: \(error)"
      monitor.unlock()
      return .failure(.system(operation: "read decisions for", path: folder, code: EIO))
    }
  }

  /// Under the lock: lines at the front, up to a gap.
  private func front(_ limit: Int) -> [OutputLine] {
    var lines: [OutputLine] = []
    for entry in pending.isEmpty ? inbox.prefix(limit) : pending.prefix(limit) {
      guard case .line(let line) = entry else { break }
      lines.append(line)
    }
    return lines
  }

  /// Under the lock: takes away what is delivered now.
  private func confirm(through last: UInt64, isLost: Bool) {
    offered = 0
    func take(_ entries: inout [OutputEntry]) -> (count: Int, bytes: Int) {
      var (count, bytes) = (0, 0)
      while count < entries.count, entries[count].last <= last {
        if isLost { status.lost += entries[count].count }
        bytes += entries[count].size
        count += 1
      }
      entries.removeFirst(count)
      if case .gap(let first, let end) = entries.first, first <= last { entries[0] = .gap(first: last + 1, last: end) }
      return (count, bytes)
    }
    pendingBytes -= take(&pending).bytes
    if pending.isEmpty && spilledRecords == 0 {
      let taken = take(&inbox)
      inboxBytes -= taken.bytes
      if writing > 0 {
        deliveredWhileWriting += taken.count
        // A delivery may reach beyond what is being written.
        writing = max(writing - taken.count, 0)
        writingBytes = max(writingBytes - taken.bytes, 0)
      }
    }
    var done: [UInt64] = []
    while let segment = segments.first, segment.last <= last {
      done.append(segment.index)
      segments.removeFirst()
    }
    guard !done.isEmpty else { return }
    monitor.unlock()
    for index in done { _ = unsafe unlink(Spill.path(folder, index)) }
    monitor.lock()
  }

  private func succeeded(_ count: Int) {
    status.delivered += count
    status.failures = 0
    status.problem = nil
    lastSuccess = System.seconds()
  }

  /// Under the lock, which is given up meanwhile: reads lines from the spill into memory.
  private func readSpill() {
    guard let front = spillFront else { return }
    let records = min(spilledRecords, max(options.lines / 2, 1))
    monitor.unlock()
    var entries: [OutputEntry] = []
    var size = 0
    var isBroken = false
    if reader?.position != front { reader = SpillReader(folder: folder, position: front) }
    while entries.count < records && (size < options.bytes / 2 || entries.isEmpty) && !isBroken {
      let next: SpillReader.Next
      do throws(OutputError) {
        next = try reader!.next()
      } catch {
        isBroken = true
        continue
      }
      switch next {
      case .entry(let entry, _):
        entries.append(entry.after(cursor.number))
        size += entry.size
      case .end: reader!.advance()
      case .damaged: isBroken = true
      }
    }
    reader!.forget()
    let position = reader!.position
    monitor.lock()
    spilledRecords -= entries.count
    spilledLines -= entries.reduce(0) { $0 + $1.count }
    pending += entries
    pendingBytes += size
    spillFront = position
    if isBroken { abandonSpill() }
  }

  /// Under the lock: the disk gave back other than what was written. What is behind that can only be read again from
  /// the decisions file.
  private func abandonSpill() {
    status.spillProblem = "cannot read the spill in \(folder): it is damaged"
    let first = max(cursor.number, pending.last?.last ?? 0) + 1
    if replay != nil && first <= spillLast {
      pending.append(.gap(first: first, last: spillLast))
      pendingBytes += pending.last!.size
    } else {
      status.lost += spilledLines
    }
    spilledRecords = 0
    spilledLines = 0
    spillFront = nil
    reader = nil
  }

  /// Writes down a line that will not be delivered; false when it is to be tried again.
  private func giveUp(_ line: OutputLine?, after tries: Int, _ error: OutputError) -> Bool {
    guard let line else { return false }
    if case .refused = error {
    } else {
      guard let limit = options.tries, tries >= limit else { return false }
    }
    let path = folder + "/undeliverable.jsonl"
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else { return false }
    defer { Glibc.close(file) }
    return System.writeAll(line.bytes + [0x0A], to: file) == 0 && fdatasync(file) == 0
  }
}
