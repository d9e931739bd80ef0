internal import Imaging
internal import Threads

extension WashersRenderer {
  /// Writes a part set: `FOLDER/{train,val,test}/CLASS/*.png`, the masks of its defects under `FOLDER/masks`, and
  /// `FOLDER/manifest.csv`, which names them all.
  ///
  /// Two thirds are for training, two fifteenths for validation, a fifth for testing; in each, three of eight parts
  /// are good and the kinds of defect share the rest equally (the first ones have one more where it does not divide).
  ///
  /// - Parameters:
  ///   - folder: made where it is missing.
  ///   - count: number of parts, at least 1.
  ///   - isReplacing: whether an earlier rendering there is replaced; other files are never touched.
  ///   - threads: nil for one per processor.
  ///   - progress: called with the number of parts written, from any thread.
  /// - Throws: where the folder holds files already and `isReplacing` is false, or a file cannot be written.
  public func render(
    to folder: String, count: Int, isReplacing: Bool = false, threads: Int? = nil,
    progress: (@Sendable (Int) -> Void)? = nil
  ) throws(PartSetError) {
    precondition(count >= 1, "a set of \(count) parts cannot be rendered")
    let entries = Self.entries(count)
    do throws(Files.Failure) {
      if Files.kind(folder) != nil {
        let isOccupied = try !Files.list(folder).isEmpty
        if isOccupied && !isReplacing { throw Files.Failure(path: folder, reason: "it already holds files") }
        if isOccupied { try Self.removeEarlier(folder) }
      }
      for entry in entries {
        try Files.makeFolders(Files.parent(Files.join(folder, entry.image)))
        if let mask = entry.mask { try Files.makeFolders(Files.parent(Files.join(folder, mask))) }
      }
    } catch {
      throw .unwritable(path: error.path, reason: error.reason)
    }
    let done = Counter()
    let failures = Parallel.map(entries.count, threads: threads ?? Parallel.processors) { index -> ImageError? in
      let entry = entries[index]
      let picture = part(entry.kind, number: entry.number)
      do throws(ImageError) {
        try picture.image.writePNG(to: Files.join(folder, entry.image), level: 9)
        if let mask = entry.mask { try picture.mask.writePNG(to: Files.join(folder, mask), level: 9) }
      } catch {
        return error
      }
      progress?(done.add(1))
      return nil
    }
    if let error = failures.lazy.compactMap({ $0 }).first {
      throw .unwritable(path: error.name, reason: error.description)
    }
    let lines = entries.map { "\($0.image),\($0.mask ?? ""),\($0.kind.rawValue),\($0.split.rawValue)\n" }
    let text = "image,mask,label,split\n" + lines.joined()
    do throws(Files.Failure) {
      try Files.write(Array(text.utf8), to: Files.join(folder, "manifest.csv"))
    } catch {
      throw .unwritable(path: error.path, reason: error.reason)
    }
  }

  struct Entry: Sendable {
    var kind: Kind
    /// Counted over all splits.
    var number: Int
    var split: Split
    var image: String
    var mask: String?
  }

  static func entries(_ count: Int) -> [Entry] {
    let val = count * 2 / 15
    let test = count / 5
    var numbers: [Kind: Int] = [:]
    var entries: [Entry] = []
    for (split, share) in [(Split.train, count - val - test), (.val, val), (.test, test)] {
      let good = (share * 3 + 4) / 8
      let defects = Kind.allCases.dropFirst()
      for (place, kind) in Kind.allCases.enumerated() {
        let wanted =
          kind == .good
          ? good : (share - good) / defects.count + (place - 1 < (share - good) % defects.count ? 1 : 0)
        for _ in 0..<wanted {
          let number = numbers[kind, default: 0]
          numbers[kind] = number + 1
          let digits = String(number)
          let padded = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
          let file = "\(split.rawValue)/\(kind.rawValue)/\(kind.rawValue)-\(padded).png"
          let mask = kind == .good ? nil : "masks/" + file
          entries.append(Entry(kind: kind, number: number, split: split, image: file, mask: mask))
        }
      }
    }
    return entries
  }

  /// Removes what an earlier rendering wrote, by its names.
  private static func removeEarlier(_ folder: String) throws(Files.Failure) {
    for split in Split.allCases {
      for kind in Kind.allCases {
        for base in ["\(split.rawValue)/\(kind.rawValue)", "masks/\(split.rawValue)/\(kind.rawValue)"] {
          let inner = Files.join(folder, base)
          guard Files.kind(inner) == .directory else { continue }
          for name in try Files.list(inner) where name.hasPrefix(kind.rawValue + "-") && name.hasSuffix(".png") {
            try Files.remove(Files.join(inner, name))
          }
        }
      }
    }
    let manifest = Files.join(folder, "manifest.csv")
    if Files.kind(manifest) == .regular { try Files.remove(manifest) }
  }
}
