#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// What a folder of synthetic parts says of how it was made (`provenance.json`).
public struct SyntheticProvenance: Codable, Sendable, Hashable {
  public static let fileName = "provenance.json"

  public var assayVersion: String
  /// A generator's file name, or `paste`, `procedural`.
  public var generator: String
  /// Of the generator's file; empty where there is none.
  public var generatorSHA256: String
  public var seed: UInt64
  /// ``ContentHash`` of every real part that was learned from, in hexadecimal digits.
  public var learnedFrom: [String]

  enum CodingKeys: String, CodingKey {
    case assayVersion = "assay_version"
    case generator
    case generatorSHA256 = "generator_sha256"
    case seed
    case learnedFrom = "learned_from"
  }

  public init(
    assayVersion: String, generator: String, generatorSHA256: String, seed: UInt64, learnedFrom: [String]
  ) {
    self.assayVersion = assayVersion
    self.generator = generator
    self.generatorSHA256 = generatorSHA256
    self.seed = seed
    self.learnedFrom = learnedFrom
  }

  /// The file's bytes.
  public var encoded: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return ((try? encoder.encode(self)).map { [UInt8]($0) } ?? []) + [UInt8(ascii: "\n")]
  }
}

extension PartSet {
  /// The pictures that lie in a folder itself, as parts of one class without a name; empty where there is no such folder,
  /// or a manifest in it that says more.
  public static func pictures(in folder: String) -> [Part] {
    guard Files.kind(folder) == .directory, Files.kind(Files.join(folder, "manifest.csv")) == nil,
      let names = try? Files.list(folder)
    else { return [] }
    return names.filter { Files.isImageName($0) }.compactMap { name in
      let path = Files.join(folder, name)
      guard let bytes = try? Files.read(path), !SyntheticMark.isIn(bytes) else { return nil }
      return Part(id: name, imagePath: path, label: 0, split: .train, contentHash: ContentHash(of: bytes))
    }
  }

  /// Refuses a set that would be measured on synthetic parts.
  ///
  /// - Throws: ``PartSetError/synthetic(path:reason:)``
  public func checkHeldOut() throws(PartSetError) {
    if let part = parts.first(where: { $0.isSynthetic && $0.split != .train }) {
      let count = parts.count { $0.isSynthetic && $0.split != .train }
      throw .synthetic(
        path: part.imagePath,
        reason: "it is in the \(part.split.rawValue) split, and \(count == 1 ? "so it alone" : "\(count) in all")"
          + " would count as a real part; move synthetic parts to train")
    }
  }

  /// The set with synthetic parts added to `train`; nothing else changes.
  ///
  /// - Parameter path: what `assay synth generate` wrote: a folder or its manifest.
  /// - Throws: where a part is not marked as synthetic or of a class that this set does not have, or where it was made
  ///   from a part that this set measures with.
  public func adding(syntheticAt path: String, threads: Int? = nil) throws(PartSetError) -> PartSet {
    let other = try PartSet.load(path: path, options: PartSetOptions(good: nil, threads: threads))
    if let file = other.unreadable.first { throw .unreadable(path: file.path, reason: file.reason) }
    let measured = Dictionary(
      parts.filter { $0.split != .train }.map { ($0.contentHash.description, $0) }, uniquingKeysWith: { a, _ in a })
    func refuse(_ hash: String, _ what: (Part) -> String) throws(PartSetError) {
      guard let part = measured[hash] else { return }
      throw .synthetic(
        path: path,
        reason: "\(what(part)), which is in the \(part.split.rawValue) split of \(root): "
          + "it would be measured on what it was taught; make the synthetic parts from training parts alone")
    }
    if let bytes = try? Files.read(Files.join(other.root, SyntheticProvenance.fileName)),
      let provenance = try? JSONDecoder().decode(SyntheticProvenance.self, from: Data(bytes))
    {
      for hash in provenance.learnedFrom { try refuse(hash) { "its generator learned from \($0.id)" } }
    }
    var result = self
    for var part in other.parts {
      let name = other.classes[part.label]
      guard part.isSynthetic else {
        throw .synthetic(
          path: part.imagePath,
          reason: "nothing marks it as synthetic; put real parts into the set itself")
      }
      guard let label = classes.firstIndex(of: name) else {
        throw .synthetic(
          path: part.imagePath,
          reason: "it shows \(name), which is no class of \(root) (\(classes.joined(separator: ", ")))")
      }
      if let bytes = try? Files.read(part.imagePath), let mark = SyntheticMark(file: bytes), !mark.parentHash.isEmpty {
        try refuse(mark.parentHash) { "\(part.imagePath) is painted on \($0.id)" }
      }
      part.label = label
      part.split = .train
      part.id = "synthetic:" + part.imagePath
      result.parts.append(part)
    }
    return result
  }
}
