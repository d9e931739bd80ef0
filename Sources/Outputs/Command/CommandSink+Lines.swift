internal import Synchronization

extension CommandSink {
  /// Passes lines to the command that runs, and waits for the first confirmation.
  func pass(_ lines: [OutputLine], acknowledged: Bool) throws(OutputError) -> Int {
    guard !isInterrupted.load(ordering: .acquiring) else { throw .interrupted }
    var confirmed: UInt64 = 0
    if let command = running, command.hasEnded {
      // What it confirmed before its end counts.
      receive(acknowledged, &confirmed)
      if confirmed >= lines[0].number { return lines.prefix { $0.number <= confirmed }.count }
      _ = reapRunning()
    }
    if running == nil {
      tail.clear()
      flow = LineFlow()
      running = try ChildProcess(command, separatesErrors: true)
    }
    for line in lines where line.number > flow.last { flow.append(line) }
    let end = System.seconds() + options.timeout
    while true {
      let isReading = send()
      receive(acknowledged, &confirmed)
      if confirmed >= lines[0].number { return lines.prefix { $0.number <= confirmed }.count }
      if !isReading || running!.hasEnded {
        receive(acknowledged, &confirmed)
        if confirmed >= lines[0].number { return lines.prefix { $0.number <= confirmed }.count }
        switch reapRunning() {
        case .exited(let status):
          throw .exited(command: command.name, status: status, output: tail.text)
        case .killed(let signal):
          throw .killed(command: command.name, signal: signal, output: tail.text)
        }
      }
      let left = end - System.seconds()
      guard left > 0 else {
        _ = reapRunning()
        throw .timedOut(command: command.name, seconds: options.timeout)
      }
      guard !isInterrupted.load(ordering: .acquiring) else { throw .interrupted }
      running!.wait(seconds: left, forInput: !flow.unsent.isEmpty)
    }
  }

  /// Writes what fits; false when nobody reads.
  private func send() -> Bool {
    guard let count = running!.write(flow.unsent) else { return false }
    flow.advance(count)
    return true
  }

  private func receive(_ acknowledged: Bool, _ confirmed: inout UInt64) {
    var acknowledgements = 0
    running!.read { bytes, isErrors in
      tail.append(bytes)
      if !isErrors { acknowledgements += bytes.lazy.filter { $0 == 0x0A }.count }
    }
    if acknowledged {
      while acknowledgements > 0, let number = flow.confirmFirst() {
        confirmed = number
        acknowledgements -= 1
      }
    } else {
      while let number = flow.confirmFirst() { confirmed = number }
    }
  }

  /// Ends the command, if it has not ended, and all that it started.
  private func reapRunning() -> ChildProcess.End {
    running!.read { bytes, _ in tail.append(bytes) }
    let end = running!.terminate(grace: running!.hasEnded ? 0 : options.grace)
    running = nil
    return end
  }

  public func tend() {
    guard running != nil else { return }
    running!.read { bytes, _ in tail.append(bytes) }
    if running!.hasEnded { _ = reapRunning() }
  }

  /// The command's input ends; it has some time to end by itself.
  public func close() {
    guard running != nil else { return }
    running!.closeInput()
    let end = System.seconds() + options.grace
    while !running!.hasEnded && System.seconds() < end {
      running!.read { _, _ in }
      running!.wait(seconds: end - System.seconds(), forInput: false)
    }
    _ = reapRunning()
  }
}
