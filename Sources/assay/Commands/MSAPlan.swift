import ArgumentParser
import Glibc
import Inspection
import Samples

struct MSAPlan: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Chooses parts of a labelled set, and says who judges them in which order.",
    usage: "assay msa plan <set> --out <plan> [<options>]",
    discussion: """
      Example:
        assay msa plan parts/ --out study/plan.csv --appraisers anna,ben,machine

      Half of the parts are good and half defective, as far as there are enough, with the defects spread over their \
      classes. The plan names the truth: keep it from the appraisers. Each person gets PLAN.sheet-NAME.csv, in which the \
      column `verdict` is to be filled in with accept or reject (or pass and fail, ok and nok), and PLAN.pictures/ holds \
      the pictures under names that say nothing. The appraiser called `machine` gets no sheet: `assay msa run` fills in \
      its verdicts.
      """)

  @Argument(help: "The part set: a folder or its manifest.")
  var dataset: String
  @Option(help: "The plan, a CSV file.")
  var out: String
  @Option(help: "How many parts.")
  var parts: Int = 50
  @Option(help: "How often everyone judges each part.")
  var repeats: Int = 3
  @Option(help: ArgumentHelp("Who judges, with commas between.", valueName: "names"))
  var appraisers: String = MSAPlan.machine
  @Option(help: "Another seed gives other parts in another order.")
  var seed: UInt64 = 0
  @Option(help: "train, val or test.")
  var split: Split = .test
  @Option(help: "The acceptable class. Default: `good` or `ok`.")
  var good: String?

  /// The appraiser that fills in no sheet.
  static let machine = "machine"

  private var names: [String] {
    appraisers.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.split(separator: " ").joined(separator: " ")
    }
  }

  func validate() throws {
    if !out.hasSuffix(".csv") || out.hasSuffix("/.csv") || out == ".csv" {
      throw ValidationError("--out names a CSV file, such as study/plan.csv.")
    }
    if !(2...1000).contains(parts) { throw ValidationError("--parts is a number from 2 to 1000.") }
    if !(1...20).contains(repeats) { throw ValidationError("--repeats is a number from 1 to 20.") }
    let names = self.names
    guard names.count <= 20, Set(names.map { $0.lowercased() }).count == names.count,
      names.allSatisfy(AgreementPlan.isName)
    else {
      throw ValidationError("--appraisers are at most 20 different names, such as anna,ben,machine.")
    }
  }

  func run() throws {
    try reporting { try plan() }
  }

  private func plan() throws {
    let set = try PartSet.load(path: dataset, options: PartSetOptions(good: good))
    guard let goodIndex = set.goodIndex else {
      throw InspectionError.source(dataset, "has no class called good or ok; name the acceptable class by --good")
    }
    if split != .train { try set.checkHeldOut() }
    let folder = out.lastIndex(of: "/").map { String(out[...$0]) } ?? "./"
    let stem = String(out.dropLast(4))
    let people = names.indices.filter { names[$0] != Self.machine }
    let sheets = people.map { "\(stem).sheet-\(names[$0]).csv" }
    // A sheet that somebody has filled in would be lost.
    for path in [out] + sheets where unsafe access(path, F_OK) == 0 {
      throw InspectionError.output(path, "it is there already; remove it, or name another --out")
    }
    let candidates = self.candidates(set)
    let goodClass = set.classes[goodIndex]
    for (isGood, kind) in [(true, "good"), (false, "defective")]
    where !candidates.contains(where: { ($0.reference == goodClass) == isGood }) {
      throw InspectionError.source(dataset, "has no \(kind) part in its \(split.rawValue) split; a study needs both")
    }
    try makeFolder(folder)
    var plan = AgreementPlan.deal(
      candidates, good: goodClass, parts: parts, repeats: repeats, appraisers: names, seed: seed)
    if !people.isEmpty {
      let images = try copyPictures(plan, to: stem + ".pictures")
      for (appraiser, path) in zip(people, sheets) {
        try AtomicFile.write(plan.sheet(of: appraiser, images: images), to: path)
      }
    }
    for index in plan.parts.indices {
      plan.parts[index].image = Self.path(plan.parts[index].image, below: folder)
    }
    try AtomicFile.write(plan.csv, to: out)
    print(plan, goodClass: goodClass, sheets: sheets, pictures: people.isEmpty ? nil : stem + ".pictures")
  }

  /// Real parts of the split; of files with the same bytes one.
  private func candidates(_ set: PartSet) -> [AgreementPlan.Candidate] {
    var known: Set<ContentHash> = []
    var candidates: [AgreementPlan.Candidate] = []
    for part in set.parts(in: split) where !part.isSynthetic && known.insert(part.contentHash).inserted {
      candidates.append(AgreementPlan.Candidate(image: part.imagePath, reference: set.classes[part.label]))
    }
    return candidates
  }

  /// Copies the parts' pictures under their names in the study, since paths of part sets name the class.
  ///
  /// - Returns: their paths relative to the plan.
  private func copyPictures(_ plan: AgreementPlan, to folder: String) throws -> [String] {
    try makeFolder(folder)
    let name = folder.split(separator: "/").last.map(String.init) ?? folder
    var images: [String] = []
    for part in plan.parts {
      let file = part.image.split(separator: "/").last ?? ""
      let ending = file.lastIndex(of: ".").map { file[$0...].lowercased() } ?? ""
      try AtomicFile.write(LineReader.bytes(part.image), to: "\(folder)/\(part.id)\(ending)")
      images.append("\(name)/\(part.id)\(ending)")
    }
    return images
  }

  /// The path from a folder where the file lies below it, else the absolute one.
  private static func path(_ file: String, below folder: String) -> String {
    guard let whole = resolved(file), let parent = resolved(folder) else { return file }
    let start = parent == "/" ? parent : parent + "/"
    return whole.hasPrefix(start) ? String(whole.dropFirst(start.count)) : whole
  }

  private static func resolved(_ path: String) -> String? {
    guard let real = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(real) }
    return unsafe String(cString: real)
  }

  private func print(_ plan: AgreementPlan, goodClass: String, sheets: [String], pictures: String?) {
    var counts: [String: Int] = [:]
    for part in plan.parts { counts[part.reference, default: 0] += 1 }
    let defects = counts.filter { $0.key != goodClass }.sorted { $0.key < $1.key }
    let classes = [(key: goodClass, value: counts[goodClass] ?? 0)] + defects
    var lines = "\(plan.parts.count) parts: \(classes.map { "\($0.value) \($0.key)" }.joined(separator: ", "))"
      .wrapped(80)
    if plan.parts.count < parts { lines.append("fewer than \(parts): the \(split.rawValue) split has no more") }
    lines += "\(repeats) repeats by \(names.joined(separator: ", ")): \(plan.appraisals.count) verdicts".wrapped(80)
    lines.append("plan: \(out) (names the truth)")
    lines += sheets.map { "sheet: \($0)" }
    if let pictures { lines.append("pictures: \(pictures)/") }
    Console.write(lines.joined(separator: "\n") + "\n", to: 1)
  }
}
