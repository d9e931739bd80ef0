#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// What a synthetic picture says of itself inside its file: an `iTXt` chunk (PNG 3rd edition, section 11.3.3.4) with one
/// JSON object, so that it is known for what it is in whatever folder it comes to lie.
public struct SyntheticMark: Codable, Sendable, Hashable {
  /// The chunk's keyword.
  public static let keyword = "Assay-Synthetic"

  /// The class that was painted.
  public var label: String
  /// What painted it: a generator's file name, or `paste`, `procedural`.
  public var generator: String
  /// Of the generator's file; empty where there is none.
  public var generatorSHA256: String
  public var seed: UInt64
  /// Counts the class's pictures, from 0: with the seed and the generator it makes the same picture again.
  public var number: Int
  /// The good part that it is painted on; empty where there is none.
  public var parent: String
  /// ``ContentHash`` of that part's file, in hexadecimal digits.
  public var parentHash: String
  /// The real part that lent place and shape; empty for none.
  public var model: String
  /// 0...1
  public var severity: Float

  enum CodingKeys: String, CodingKey {
    case label = "class"
    case generator
    case generatorSHA256 = "generator_sha256"
    case seed, number, parent
    case parentHash = "parent_hash"
    case model, severity
  }

  public init(
    label: String, generator: String, generatorSHA256: String, seed: UInt64, number: Int, parent: String,
    parentHash: String, model: String, severity: Float
  ) {
    self.label = label
    self.generator = generator
    self.generatorSHA256 = generatorSHA256
    self.seed = seed
    self.number = number
    self.parent = parent
    self.parentHash = parentHash
    self.model = model
    self.severity = severity
  }

  /// The chunk's text.
  public var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings, whole numbers and one finite number: that cannot fail.
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  /// The mark in a PNG file's bytes; nil where there is none that can be understood.
  public init?(file: [UInt8]) {
    guard let text = Self.text(in: file),
      let mark = try? JSONDecoder().decode(SyntheticMark.self, from: Data(text.utf8))
    else { return nil }
    self = mark
  }

  /// Whether a file's bytes carry the mark, whatever it says.
  public static func isIn(_ file: [UInt8]) -> Bool { text(in: file) != nil }

  /// The text of the mark in a PNG file's bytes; nil where there is none, and for other kinds of files.
  static func text(in file: [UInt8]) -> String? {
    let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    guard file.starts(with: signature) else { return nil }
    let wanted = Array(keyword.utf8) + [0]
    var at = signature.count
    while at + 12 <= file.count {
      let length = file[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
      let body = at + 8..<at + 8 + length
      guard body.upperBound + 4 <= file.count else { return nil }
      if file[at + 4..<at + 8].elementsEqual("iTXt".utf8), file[body].starts(with: wanted) {
        return content(file[body].dropFirst(wanted.count))
      }
      at = body.upperBound + 4
    }
    return nil
  }

  /// What follows the keyword: two bytes on compression, a language, a translated keyword, the text.
  private static func content(_ rest: ArraySlice<UInt8>) -> String? {
    guard rest.count >= 2, rest.first == 0 else { return nil }
    let parts = rest.dropFirst(2).split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
    return parts.count == 3 ? String(decoding: parts[2], as: UTF8.self) : nil
  }
}
