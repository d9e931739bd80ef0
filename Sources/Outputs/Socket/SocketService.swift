internal import COutputs
internal import Glibc
internal import Threads

/// The thread of a ``SocketSink`` that accepts subscribers, reads their commands and writes lines to them.
final class SocketService {
  private let sink: SocketSink
  private let replay: OutputReplay?
  private var subscribers: [Subscriber] = []
  /// A copy of the sink's: lines that are not confirmed, and the last that is.
  private var window: [OutputLine] = []
  private var confirmed: UInt64
  private var isClosing = false

  init(_ sink: SocketSink, after delivered: UInt64, replay: OutputReplay?) {
    self.sink = sink
    self.replay = replay
    confirmed = delivered
  }

  func run() {
    System.blockSignals()
    var end = Double.infinity
    while true {
      let ready = wait()
      let now = System.seconds()
      look()
      if isClosing {
        // Those that are nearly done get the rest.
        end = min(end, now + 0.5)
        if now >= end || subscribers.allSatisfy(\.flow.unsent.isEmpty) { break }
      } else if ready.listener {
        accept(now)
      }
      for subscriber in subscribers where ready.sockets.contains(subscriber.socket) {
        subscriber.read(now: now, canReplay: replay != nil)
      }
      for subscriber in subscribers where !subscriber.endsWhenWritten { feed(subscriber, now) }
      for subscriber in subscribers {
        subscriber.flush(now: now)
        if !subscriber.isBusy { subscriber.lastProgress = now }
        if now - subscriber.lastProgress > sink.options.patience { subscriber.ending = .slow }
      }
      confirm()
      dismiss()
      report()
    }
    subscribers = []
    report()
  }

  /// Waits until somebody wants something, at most a second.
  private func wait() -> (listener: Bool, sockets: Set<Int32>) {
    let now = System.seconds()
    var timeout = 1.0
    var entries = [
      pollfd(fd: sink.wake.reading, events: Int16(POLLIN), revents: 0),
      pollfd(fd: isClosing ? -1 : sink.listener, events: Int16(POLLIN), revents: 0),
    ]
    for subscriber in subscribers {
      var events = subscriber.isDeaf ? 0 : Int16(POLLIN)
      if !subscriber.flow.unsent.isEmpty { events |= Int16(POLLOUT) }
      switch subscriber.phase {
      case .greeting(let until): timeout = min(timeout, until - now)
      case .replaying: if subscriber.flow.unsent.isEmpty { timeout = 0 }
      case .live: break
      }
      entries.append(pollfd(fd: subscriber.socket, events: events, revents: 0))
    }
    if isClosing { timeout = min(timeout, 0.05) }
    let milliseconds = Int32((max(0, timeout) * 1000).rounded(.up))
    guard unsafe poll(&entries, nfds_t(entries.count), milliseconds) > 0 else { return (false, []) }
    if entries[0].revents != 0 {
      var bytes = [UInt8](repeating: 0, count: 64)
      while unsafe Glibc.read(sink.wake.reading, &bytes, bytes.count) > 0 {}
    }
    for (index, subscriber) in subscribers.enumerated() {
      // Both sides are closed, also for one that sends nothing.
      if entries[index + 2].revents & Int16(POLLHUP | POLLERR) != 0 { subscriber.ending = .gone }
    }
    let ready = entries.dropFirst(2).lazy.filter { $0.revents & Int16(POLLIN) != 0 }.map(\.fd)
    return (entries[1].revents != 0, Set(ready))
  }

  /// Takes over what the delivering thread left.
  private func look() {
    sink.monitor.lock()
    window = sink.window.filter { $0.number > confirmed }
    isClosing = sink.isClosing
    sink.monitor.unlock()
  }

  private func accept(_ now: Double) {
    while true {
      let socket = coutputs_accept(sink.listener)
      if socket < 0 {
        // Without descriptors the listener stays ready: not so fast.
        if errno == EMFILE || errno == ENFILE { usleep(50_000) }
        return
      }
      guard subscribers.count < sink.options.subscribers else {
        close(socket)
        sink.monitor.lock()
        sink.status.refused += 1
        sink.monitor.unlock()
        continue
      }
      subscribers.append(Subscriber(socket: socket, greeting: sink.options.greeting, now: now))
    }
  }

  /// Gives a subscriber the lines that are its turn.
  private func feed(_ subscriber: Subscriber, _ now: Double) {
    if case .greeting(let until) = subscriber.phase {
      guard now >= until || subscriber.acknowledged != nil || subscriber.isDeaf else { return }
      subscriber.phase = .live
    }
    if case .replaying(let next) = subscriber.phase { catchUp(subscriber, next) }
    guard subscriber.phase == .live else { return }
    subscriber.offer(window, limit: sink.options.bufferBytes, now: now)
  }

  private func catchUp(_ subscriber: Subscriber, _ next: UInt64) {
    guard subscriber.flow.unsent.count < sink.options.bufferBytes / 2 else { return }
    var next = next
    if next <= confirmed, let replay {
      let lines: [OutputLine]
      do {
        lines = try replay(next, 256).filter { $0.number >= next && $0.number <= confirmed }
      } catch {
        return subscriber.refuse("decisions cannot be read again")
      }
      for line in lines { subscriber.flow.append(line) }
      next = lines.last.map { $0.number + 1 } ?? confirmed + 1
      subscriber.phase = .replaying(next: next)
    }
    if next > confirmed { subscriber.phase = .live }
  }

  /// What every acknowledging subscriber acknowledged; without one, what one subscriber has in its socket.
  private func confirm() {
    guard let last = window.last?.number else { return }
    let live = subscribers.filter { $0.phase == .live && $0.ending == nil && !$0.endsWhenWritten }
    guard let number = live.compactMap(\.taken).min() ?? live.map(\.has).max() else { return }
    guard min(number, last) > confirmed else { return }
    confirmed = min(number, last)
    let leaving = window.prefix { $0.number <= confirmed }
    for subscriber in subscribers { subscriber.push(leaving, limit: sink.options.bufferBytes) }
    window.removeFirst(leaving.count)
    sink.monitor.lock()
    sink.confirmed = confirmed
    sink.monitor.wakeAll()
    sink.monitor.unlock()
  }

  private func dismiss() {
    guard subscribers.contains(where: { $0.ending != nil }) else { return }
    sink.monitor.lock()
    sink.status.slow += subscribers.count { $0.ending == .slow }
    sink.status.wrong += subscribers.count { $0.ending == .wrong }
    sink.monitor.unlock()
    subscribers.removeAll { $0.ending != nil }
  }

  private func report() {
    sink.monitor.lock()
    sink.status.connected = subscribers.count
    sink.status.acknowledging = subscribers.count { $0.acknowledged != nil }
    sink.monitor.unlock()
  }
}
