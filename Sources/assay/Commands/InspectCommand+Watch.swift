import ArgumentParser
import Capture
import Classification
import Inspection
import Outputs
import Reporting
import Service
import Synchronization

extension InspectCommand {
  /// Judges pictures as they come into a folder. With --resume, what was judged before is passed over.
  func inspect(watched folder: String, out: String) throws {
    Interruption.watch()
    let service = ServiceNotifier.fromEnvironment()
    let file = try ModelFile(path: model ?? "", precision: precision)
    let info = file.classifier.info
    let policy = try policy(for: info)
    let passed = try requireChallenge(file, policy)
    try makeFolder(out)
    if annotated { try makeFolder(out + "/annotated") }
    if overwrite { ResultFolder.clear(out) }
    let start: DecisionLog.Start = resume ? .resume : overwrite ? .replace : .new
    var tally = RunTally()
    var done = PartNames()
    var names = PartNames()
    var log = try DecisionLog(
      path: out + "/decisions.jsonl", start: start,
      head: .run(folder, file, policy, policyFile: try policyFile(), challenge: passed)
    ) { decision in
      done.insert(decision.source)
      names.insert(decision.id)
      tally.resume(decision)
    }
    let ids = try partId.map { try PartIDs(pattern: $0) }
    let outputs = try DecisionOutputs(
      live.outputs, folder: out, lines: overwrite ? 0 : DecisionLines.count(log.path), start: start.outputs)
    let inspector = try PartInspector(
      file.classifier, policy: policy, model: file.identity, threads: threads ?? Machine.processors,
      wantsOutlines: annotated)
    let finisher = PartFinisher(folder: annotated ? out + "/annotated" : nil, wantsThumbnail: report, info: info)
    let thumbnails = Mutex(ThumbnailStore())
    var options = FolderWatcher.Options()
    options.excluded = [out]
    let earlier = done
    let watcher = try FolderWatcher(folder, options: options) { earlier.contains(FileName.text($0.path)) }
    service?.ready("watching \(folder)")
    var line = ProgressLine(isQuiet: quiet || json)
    let began = Clock.seconds()
    while !Interruption.isRequested && tally.judged < live.limit ?? Int.max {
      var decisions: [Decision] = []
      for picture in watcher.next(timeout: 0.2) {
        let name = FileName.text(Array(picture.name))
        var item = InspectionInput.Item(id: names.unused(name), pathBytes: picture.path)
        if let ids {
          item.part = ids.id(in: name)
          if item.part == nil { Console.note("\(item.path): --part-id finds no part id in its name") }
        }
        var outcome = inspector.inspect(item, sequence: tally.captured + decisions.count)
        try finisher.finish(&outcome, thumbnails: thumbnails)
        decisions.append(outcome.decision)
      }
      for notice in watcher.takeNotices() { Console.note("\(notice)") }
      let lines = decisions.map { log.linked($0.jsonLine) }
      try log.append(lines: lines.flatMap { $0 }, decisions: lines.count)
      tally.capture(decisions.count)
      for (decision, line) in zip(decisions, lines) {
        tally.judge(decision)
        outputs.put(line)
      }
      for news in outputs.news() { Console.note(news) }
      service?.alive()
      line.show(
        "\(tally.judged) judged: \(tally.count(.accept)) accepted, \(tally.count(.review)) for review, "
          + "\(tally.count(.reject)) rejected", at: Clock.seconds() - began)
    }
    line.end()
    service?.stopping("writing what is left")
    for news in outputs.close(within: 5) { Console.note(news) }
    var summary = tally.summary(seconds: Clock.seconds() - began)
    summary.log = try log.finish()
    try AtomicFile.write(summary.json, to: out + "/summary.json")
    try DecisionLog.writeCSV(from: log.path, to: out + "/decisions.csv")
    if report {
      try thumbnails.withLock {
        _ = try InspectionReport.write(
          folder: out, info: about(folder, file, policy, threads ?? Machine.processors), summary: summary,
          thumbnails: $0)
      }
    }
    try finish(summary, out)
    if summary.unreadable > 0 { throw ExitCode(3) }
  }
}
