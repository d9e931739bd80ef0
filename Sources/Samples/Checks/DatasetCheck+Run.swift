internal import Imaging
internal import Threads

extension DatasetCheck {
  /// Reads every image of the set and reports.
  public static func run(_ set: PartSet, options: DatasetCheckOptions = DatasetCheckOptions()) -> DatasetCheck {
    let threads = options.threads ?? Parallel.processors
    let done = Counter()
    let looks = Parallel.map(set.parts.count, threads: threads) { index in
      let part = set.parts[index]
      let look = Result { () throws(PartSetError) in try Look.at(part, isGood: part.label == set.goodIndex) }
      options.progress?(done.add(1))
      return look
    }
    var examination = Examination(set: set, options: options, threads: threads)
    for (index, look) in looks.enumerated() {
      switch look {
      case .success(let look):
        examination.readable.append(index)
        examination.looks.append(look)
      case .failure(let error):
        examination.unreadable.append("\(set.parts[index].id): \(error.reason)")
      }
    }
    return examination.report()
  }
}

extension PartSetError {
  fileprivate var reason: String {
    if case .undecodable(_, let reason) = self { return reason }
    return description
  }
}

/// Collects findings about one set.
private struct Examination {
  let set: PartSet
  let options: DatasetCheckOptions
  let threads: Int
  /// Indices of the parts that `looks` are of.
  var readable: [Int] = []
  var looks: [Look] = []
  var unreadable: [String] = []
  private var findings: [DatasetCheck.Finding] = []

  init(set: PartSet, options: DatasetCheckOptions, threads: Int) {
    self.set = set
    self.options = options
    self.threads = threads
    unreadable = set.unreadable.map { "\($0.path): \($0.reason)" }
  }

  mutating func report() -> DatasetCheck {
    if !unreadable.isEmpty {
      add(.error, .unreadable, "\(images(unreadable.count)) cannot be read; replace or remove them.", unreadable)
    }
    checkSynthetic()
    checkMasks()
    checkCopies()
    checkClasses()
    checkPictures()
    checkLabels()
    let order = DatasetCheck.Severity.allCases
    // A stable order: by severity, then as found.
    let sorted = order.flatMap { severity in findings.filter { $0.severity == severity } }
    return DatasetCheck(
      root: set.root, layout: set.layout, images: set.parts.count, classes: classCounts(), dealt: set.dealtSplits,
      sizes: sizes(), color: looks.count { $0.isColor }, gray: looks.count { !$0.isColor }, findings: sorted)
  }

  private mutating func add(
    _ severity: DatasetCheck.Severity, _ kind: DatasetCheck.Finding.Kind, _ message: String, _ files: [String] = []
  ) {
    findings.append(.init(severity: severity, kind: kind, message: message, files: files))
  }

  private func images(_ count: Int) -> String {
    amount(count, "image")
  }

  private func amount(_ count: Int, _ name: String) -> String {
    "\(count) \(name)\(count == 1 ? "" : "s")"
  }

  private func isAre(_ count: Int) -> String {
    count == 1 ? "is" : "are"
  }

  private func classCounts() -> [DatasetCheck.ClassCount] {
    var counts = set.classes.enumerated().map { index, name in
      DatasetCheck.ClassCount(
        name: name, isGood: index == set.goodIndex, train: 0, val: 0, test: 0, masks: 0, synthetic: 0)
    }
    for part in set.parts {
      switch part.split {
      case .train: counts[part.label].train += 1
      case .val: counts[part.label].val += 1
      case .test: counts[part.label].test += 1
      }
      if part.maskPath != nil { counts[part.label].masks += 1 }
      if part.isSynthetic { counts[part.label].synthetic += 1 }
    }
    return counts
  }

  private func sizes() -> DatasetCheck.Sizes? {
    guard !looks.isEmpty else { return nil }
    let sorted = looks.map(\.size).sorted { ($0.width * $0.height, $0.width) < ($1.width * $1.height, $1.width) }
    func pair(_ size: ImageSize) -> [Int] { [size.width, size.height] }
    return DatasetCheck.Sizes(
      smallest: pair(sorted[0]), median: pair(sorted[sorted.count / 2]), largest: pair(sorted[sorted.count - 1]),
      distinct: Set(sorted).count)
  }

  private mutating func checkSynthetic() {
    let all = set.parts.filter(\.isSynthetic)
    let held = all.filter { $0.split != .train }
    if !held.isEmpty {
      let message =
        "\(images(held.count)) of the validation and test splits \(isAre(held.count)) synthetic: figures measured on "
        + "what was never photographed mean nothing; move them to train."
      add(.error, .syntheticHeldOut, message, held.map { "\($0.id) (\($0.split.rawValue))" })
    }
    if all.count > held.count {
      add(
        .note, .syntheticTraining,
        "\(images(all.count - held.count)) of the training split \(isAre(all.count - held.count)) synthetic.")
    }
  }

  private mutating func checkMasks() {
    var wrong: [String] = []
    var empty: [String] = []
    var full: [String] = []
    for (index, look) in zip(readable, looks) {
      let part = set.parts[index]
      switch look.maskProblem {
      case .undecodable(let reason)?:
        wrong.append("\(part.id): \(reason)")
      case .size(let size)?:
        wrong.append("\(part.id): the image is \(look.size), its mask \(size)")
      case .empty?: empty.append(part.id)
      case .notEmpty?: full.append(part.id)
      case nil: break
      }
    }
    if !wrong.isEmpty {
      add(.error, .mask, "The masks of \(images(wrong.count)) do not fit; draw them on the images' own pixels.", wrong)
    }
    if !empty.isEmpty {
      add(.warning, .mask, "The masks of \(images(empty.count)) of a defect mark nothing.", empty)
    }
    if !full.isEmpty { add(.warning, .mask, "The masks of \(images(full.count)) of good parts mark a defect.", full) }
  }

  private mutating func checkCopies() {
    var groups: [ContentHash: [Part]] = [:]
    for part in set.parts { groups[part.contentHash, default: []].append(part) }
    var conflicts: [String] = []
    var leaks: [String] = []
    var copies: [String] = []
    for (_, group) in groups.sorted(by: { $0.key < $1.key }) where group.count > 1 {
      let names = group.map { "\($0.id) (\($0.split.rawValue))" }.joined(separator: " = ")
      if Set(group.map(\.label)).count > 1 { conflicts.append(names) }
      if Set(group.map(\.split)).count > 1 { leaks.append(names) } else { copies.append(names) }
    }
    if !conflicts.isEmpty {
      add(
        .error, .conflictingLabels,
        "\(amount(conflicts.count, "file")) \(isAre(conflicts.count)) there under two labels.", conflicts.sorted())
    }
    if !leaks.isEmpty {
      let message =
        "\(amount(leaks.count, "file")) \(isAre(leaks.count)) in two splits: figures measured on them are too good; "
        + "keep one of each."
      add(.error, .leakage, message, leaks.sorted())
    }
    if !copies.isEmpty {
      add(
        .note, .duplicates, "\(amount(copies.count, "file")) \(isAre(copies.count)) there more than once in a split.",
        copies.sorted())
    }
    let parts = readable.map { set.parts[$0] }
    let near = NearCopies.pairs(looks.map(\.detail), threads: threads) { first, second in
      parts[first].split != parts[second].split && parts[first].contentHash != parts[second].contentHash
    }
    guard !near.isEmpty else { return }
    let lines = near.sorted { ($0.likeness, $1.first, $1.second) > ($1.likeness, $0.first, $0.second) }.map { pair in
      let (a, b) = (parts[pair.first], parts[pair.second])
      let how = pair.isTurned ? "mirrored or turned, " : ""
      let percent = Int((pair.likeness * 100).rounded())
      return "\(a.id) (\(a.split.rawValue)) ~ \(b.id) (\(b.split.rawValue)): \(how)\(percent) % alike"
    }
    let message =
      "\(amount(lines.count, "pair")) of images in two splits \(lines.count == 1 ? "shows" : "show") nearly the same "
      + "picture: figures measured on them are too good; put each pair into one split."
    add(.warning, .nearLeakage, message, lines)
  }

  private mutating func checkClasses() {
    for count in classCounts() {
      if count.train + count.val + count.test == 0 {
        add(.warning, .emptyClass, "Class \(count.name) has no images.")
        continue
      }
      if count.train == 0 {
        add(.error, .noTraining, "Class \(count.name) has no training images: it cannot be learnt.")
      } else if count.train < 10 {
        add(.warning, .fewImages, "Class \(count.name) has only \(images(count.train)) to learn from.")
      }
      if count.test == 0 {
        add(.warning, .noTest, "Class \(count.name) has no test images: nothing will be known about it.")
      }
    }
    let train = classCounts().filter { $0.train > 0 }
    if let most = train.max(by: { $0.train < $1.train }), let least = train.min(by: { $0.train < $1.train }),
      most.train >= 20 * least.train
    {
      let message = "Class \(most.name) has \(most.train) training images, \(least.name) only \(least.train)."
      add(.note, .imbalance, message)
    }
    if set.goodIndex == nil {
      let message = "No class is named good or ok: every image counts as a defect. Name the good class with --good."
      add(.note, .noGoodClass, message)
    }
  }

  private mutating func checkPictures() {
    guard !looks.isEmpty else { return }
    var counts: [ImageSize: Int] = [:]
    for look in looks { counts[look.size, default: 0] += 1 }
    let usual = counts.max { ($0.value, $0.key.width, $0.key.height) < ($1.value, $1.key.width, $1.key.height) }!
    let widths = looks.map(\.size.width).sorted()
    let heights = looks.map(\.size.height).sorted()
    let (width, height) = (widths[widths.count / 2], heights[heights.count / 2])
    let isUniform = usual.value * 10 >= looks.count * 9
    var odd: [String] = []
    var blank: [String] = []
    for (index, look) in zip(readable, looks) {
      let size = look.size
      let isFar =
        size.width * 4 < width || size.width > width * 4 || size.height * 4 < height || size.height > height * 4
      if isUniform ? size != usual.key : isFar || min(size.width, size.height) < 16 {
        odd.append("\(set.parts[index].id): \(size)")
      }
      if look.contrast < 4 { blank.append(set.parts[index].id) }
    }
    if !odd.isEmpty {
      let others = isUniform ? "nearly all others are \(usual.key)" : "the median is \(width) x \(height)"
      add(.warning, .oddSize, "\(images(odd.count)) \(isAre(odd.count)) of an odd size; \(others).", odd)
    }
    if !blank.isEmpty {
      add(.warning, .blank, "\(images(blank.count)) \(isAre(blank.count)) blank: one grey level all over.", blank)
    }
    let colored = zip(readable, looks).filter { $0.1.isColor }.map { set.parts[$0.0].id }
    if !colored.isEmpty && colored.count < looks.count {
      let gray = looks.count - colored.count
      let message = "\(images(colored.count)) \(isAre(colored.count)) in color, \(images(gray)) in grey."
      let files = zip(readable, looks).filter { $0.1.isColor == (colored.count <= gray) }.map { set.parts[$0.0].id }
      add(.warning, .mixedColor, message, files)
    }
  }

  private mutating func checkLabels() {
    let parts = readable.map { set.parts[$0] }
    let labels = parts.map(\.label)
    let suspects: [LabelSuspects.Suspect]
    let reason: String
    if options.predictions.isEmpty {
      suspects = LabelSuspects.byNeighbours(
        looks.map(\.texture), labels: labels, classes: set.classes.count, threads: threads)
      reason = suspects.count == 1 ? "looks like another class" : "look like another class"
    } else {
      let rows = parts.map { options.predictions[$0.id] }
      suspects = LabelSuspects.byPredictions(rows, labels: labels, classes: set.classes.count)
      reason = "\(isAre(suspects.count)) taken for another class by the model"
    }
    guard !suspects.isEmpty else { return }
    let files = suspects.map { suspect in
      let part = parts[suspect.index]
      let percent = Int((suspect.confidence * 100).rounded())
      return "\(part.id): \(set.classes[part.label]), or \(set.classes[suspect.suggested])? (\(percent) %)"
    }
    add(.warning, .labelSuspect, "\(images(files.count)) \(reason); look at the labels.", files)
  }
}
