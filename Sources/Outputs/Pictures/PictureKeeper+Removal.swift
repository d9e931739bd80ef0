internal import Glibc
internal import Threads

extension PictureKeeper {
  /// Why a picture is removed.
  enum RemovalReason: String {
    case age, budget, disk
  }

  /// Makes room for a picture of so many bytes; nil when there is enough, else why it cannot be kept.
  func makeRoom(_ count: Int, _ verdict: KeptPicture.Verdict) -> Result? {
    while true {
      let isOver = index.bytes + count > options.budget
      let free = freeBytes(folder) ?? .max
      let isFull = options.reserve > 0 && free <= options.reserve || free - options.reserve < count
      guard isOver || isFull else { return nil }
      // Nothing unreviewed ever goes for an accepted picture.
      let mayRemoveUnreviewed = options.removesUnreviewed && verdict != .accept
      if removeOldest(isFull ? .disk : .budget, unreviewed: mayRemoveUnreviewed) { continue }
      if isFull {
        return .diskFull(
          "\(folder) has \(free) bytes left, of which \(options.reserve) are kept for decisions; make room on the disk")
      }
      return verdict == .accept ? .overBudget : nil
    }
  }

  /// Removes what is older than ``Options/days``.
  func removeOld() {
    guard let days = options.days else { return }
    let oldest = Int64(UTC.day(wallClock())) - Int64(days)
    while let entry = index.oldest(.accept), entry.day < oldest {
      guard remove(entry, .accept, .age, isReviewed: false) != .failed else { break }
    }
    let isOld = [KeptPicture.Verdict.review, .reject].contains { Int64(index.oldest($0)?.day ?? .max) < oldest }
    guard isOld else { return }
    findReviewed()
    for (entry, verdict) in reviewed.reversed() where entry.day < oldest {
      guard index.find(entry.serial, verdict) != nil else { continue }
      guard remove(entry, verdict, .age, isReviewed: true) != .failed else { return }
    }
    reviewed.removeAll { $0.entry.day < oldest }
  }

  /// Removes the picture that is missed least; false when there is none that may go.
  private func removeOldest(_ reason: RemovalReason, unreviewed: Bool) -> Bool {
    if let entry = index.oldest(.accept) { return remove(entry, .accept, reason, isReviewed: false) != .failed }
    findReviewed()
    while let (entry, verdict) = reviewed.last {
      let removal = index.find(entry.serial, verdict) == nil ? .notIt : remove(entry, verdict, reason, isReviewed: true)
      guard removal != .failed else { return false }
      reviewed.removeLast()
      if removal == .done { return true }
    }
    guard unreviewed else { return false }
    let candidates = [KeptPicture.Verdict.review, .reject].compactMap { verdict in
      index.oldest(verdict).map { (entry: $0, verdict: verdict) }
    }
    guard let oldest = candidates.min(by: { $0.entry.serial < $1.entry.serial }) else { return false }
    return remove(oldest.entry, oldest.verdict, reason, isReviewed: false) == .done
  }

  /// Looks up rejected and reviewable pictures that somebody has seen, when the list has changed.
  func findReviewed() {
    guard reviews.refresh() else { return }
    reviewed = []
    for serial in reviews.paths.keys {
      for verdict in [KeptPicture.Verdict.review, .reject] {
        if let entry = index.find(serial, verdict) { reviewed.append((entry, verdict)) }
      }
    }
    reviewed.sort { $0.entry.serial > $1.entry.serial }
  }

  private enum Removal {
    case done
    /// The file, or its line in `removed.jsonl`, could not be written.
    case failed
    /// The reviewed picture is another.
    case notIt
  }

  private func remove(
    _ entry: PictureIndex.Entry, _ verdict: KeptPicture.Verdict, _ reason: RemovalReason, isReviewed: Bool
  ) -> Removal {
    if let path = index.path(entry, verdict) {
      if verdict != .accept {
        if isReviewed && reviews.paths[entry.serial] != path { return .notIt }
        let line =
          "{\"path\":\(jsonString(path)),\"reviewed\":\(isReviewed),\"reason\":\"\(reason.rawValue)\","
          + "\"bytes\":\(entry.bytes),\"time\":\"\(UTC.timestamp(wallClock()))\"}\n"
        // Without its line nothing goes.
        guard appendLine(line, to: folder + "/removed.jsonl") == 0 else { return .failed }
      }
      guard unsafe unlink(folder + "/" + path) == 0 || errno == ENOENT else { return .failed }
      _ = unsafe unlink(folder + "/" + PictureIndex.frameName(of: path))
      monitor.lock()
      status.removed[verdict] += 1
      if verdict != .accept && !isReviewed { status.removedUnreviewed += 1 }
      monitor.unlock()
    }
    index.remove(entry, verdict)
    return .done
  }
}
