internal import Samples

extension AgreementPlan {
  /// The plan as CSV, with the truth: for whoever leads the study.
  public var csv: [UInt8] {
    var text = "order,appraiser,repeat,part,image,reference,verdict\n"
    var orders = Array(repeating: 0, count: appraisers.count)
    for appraisal in appraisals {
      orders[appraisal.appraiser] += 1
      let part = parts[appraisal.part]
      let fields = [
        orders[appraisal.appraiser].description, appraisers[appraisal.appraiser],
        (appraisal.repetition + 1).description,
        part.id, part.image, part.reference, "",
      ]
      text += fields.map(csvField).joined(separator: ",") + "\n"
    }
    return Array(text.utf8)
  }

  /// What one appraiser gets to fill in, as CSV: nothing in it says what a part is.
  ///
  /// - Parameter images: the parts' pictures, under names that say nothing either.
  public func sheet(of appraiser: Int, images: [String]) -> [UInt8] {
    var text = "order,repeat,part,image,verdict\n"
    for (order, appraisal) in appraisals.filter({ $0.appraiser == appraiser }).enumerated() {
      let fields = [
        (order + 1).description, (appraisal.repetition + 1).description, parts[appraisal.part].id,
        images[appraisal.part], "",
      ]
      text += fields.map(csvField).joined(separator: ",") + "\n"
    }
    return Array(text.utf8)
  }

  /// Reads what ``csv`` wrote. Pictures' paths are taken from the plan's folder.
  ///
  /// - Throws: `InspectionError` that names the file and the line, `DecisionLogError` where there is no such file.
  public init(path: String) throws {
    try self.init(csv: LineReader.bytes(path), path: path)
  }

  /// - Parameter path: where the bytes are from.
  public init(csv bytes: [UInt8], path: String) throws(InspectionError) {
    let table = try NamedColumns(
      bytes, path: path, required: ["appraiser", "repeat", "part", "image", "reference"])
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    var appraisers: [String] = []
    var parts: [Part] = []
    var appraisals: [Appraisal] = []
    var appraiserIndex: [String: Int] = [:]
    var partIndex: [String: Int] = [:]
    var lines: [Appraisal: Int] = [:]
    for record in table.records {
      let name = try table.required(record, "appraiser")
      let id = try table.required(record, "part")
      let repetition = try table.repetition(record, upTo: 1000)
      let image = table.text(record, "image")
      let part = Part(
        id: id, image: image.isEmpty || image.hasPrefix("/") ? image : folder + image,
        reference: try table.required(record, "reference"))
      if let known = partIndex[id] {
        guard parts[known] == part else {
          throw table.fault(record, "part \(id) has another image or reference than in lines before")
        }
      } else {
        partIndex[id] = parts.count
        parts.append(part)
      }
      if appraiserIndex[name] == nil {
        appraiserIndex[name] = appraisers.count
        appraisers.append(name)
      }
      let appraisal = Appraisal(
        appraiser: appraiserIndex[name] ?? 0, repetition: repetition - 1, part: partIndex[id] ?? 0)
      if let line = lines.updateValue(record.line, forKey: appraisal) {
        throw table.fault(
          record, "part \(id) in repeat \(repetition) by \(name) is planned twice, first in line \(line)")
      }
      appraisals.append(appraisal)
    }
    guard let last = appraisals.map(\.repetition).max() else {
      throw InspectionError.source(path, "asks for no verdict")
    }
    for appraiser in appraisers.indices {
      for repetition in 0...last {
        for part in parts.indices
        where lines[Appraisal(appraiser: appraiser, repetition: repetition, part: part)] == nil {
          throw InspectionError.source(
            path,
            "does not ask \(appraisers[appraiser]) for part \(parts[part].id) in repeat \(repetition + 1); every "
              + "appraiser judges every part in every repeat")
        }
      }
    }
    self.init(appraisers: appraisers, repeats: last + 1, parts: parts, appraisals: appraisals)
  }
}
