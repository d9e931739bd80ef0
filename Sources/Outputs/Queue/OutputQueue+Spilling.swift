internal import Glibc
internal import Threads

extension OutputQueue {
  /// The thread that writes to the spill what is not delivered soon.
  func keep() {
    System.blockSignals()
    monitor.lock()
    while true {
      while inbox.isEmpty && !isEnding { monitor.wait() }
      if inbox.isEmpty { break }
      // Most lines are delivered at once and never touch the disk.
      if !isEnding && inbox.count < options.lines / 2 {
        wait(seconds: options.linger) { self.isEnding || self.inbox.count >= self.options.lines / 2 }
        if inbox.isEmpty { continue }
      }
      while writing < inbox.count && writingBytes < 1 << 20 {
        writingBytes += inbox[writing].size
        writing += 1
      }
      deliveredWhileWriting = 0
      let batch = Array(inbox.prefix(writing))
      let room = options.spillBytes - segments.reduce(0) { $0 + $1.bytes } - writer.segment.bytes
      monitor.unlock()
      var retired: Spill.Segment?
      let result: Result<[SpillPosition], OutputError>
      do throws(OutputError) {
        result = .success(
          try writer.append(batch, room: room, limit: options.spillBytes, retired: &retired))
      } catch {
        result = .failure(error)
      }
      monitor.lock()
      if let retired { segments.append(retired) }
      switch result {
      case .success(let positions):
        status.spillProblem = nil
        spillLast = max(spillLast, batch.last?.last ?? 0)
        move(positions.dropFirst(deliveredWhileWriting))
        (writing, writingBytes) = (0, 0)
        monitor.wakeAll()
      case .failure(let error):
        (writing, writingBytes) = (0, 0)
        makeRoom()
        status.spillProblem = "cannot spill: \(error)"
        if isEnding { break }
        // Room may come; until then lines wait in memory, and are delivered from there.
        wait(seconds: 1) { self.isEnding }
        continue
      }
      if case .failure = result { break }
    }
    monitor.unlock()
  }

  /// Under the lock: waits, but no longer than so many seconds.
  func wait(seconds: Double, until isDone: () -> Bool) {
    let end = System.seconds() + seconds
    while !isDone() {
      let left = end - System.seconds()
      if left <= 0 { return }
      monitor.wait(seconds: min(left, 1))
    }
  }

  /// Under the lock: the first entries of the inbox are in the spill now. They stay in memory too while there is room
  /// and all before them are there; the rest is read again.
  private func move(_ positions: ArraySlice<SpillPosition>) {
    let moved = inbox.prefix(positions.count)
    for (entry, position) in zip(moved, positions) {
      inboxBytes -= entry.size
      let isRoom = pending.count < options.lines && pendingBytes < options.bytes
      if spilledRecords == 0 && (isRoom || pending.count < offered) {
        pending.append(entry)
        pendingBytes += entry.size
      } else {
        if spilledRecords == 0 { spillFront = position }
        spilledRecords += 1
        spilledLines += entry.count
      }
    }
    inbox.removeFirst(positions.count)
  }
}
