public import Imaging
internal import Samples

/// A folder of synthetic parts: `images/`, `masks/`, `manifest.csv`, `contact-sheet.png`.
///
/// Every file says what it is: the manifest in its column `synthetic`, each PNG in a text chunk, so that a picture that
/// strays from its folder is still known for what it is.
public struct SyntheticSet {
  public static let header =
    "image,mask,label,split,synthetic,seed,number,parent,parent_hash,model,severity,x,y,width,height,generator,"
    + "generator_sha256"

  /// What made the pictures.
  public struct Maker: Sendable, Hashable {
    public var name: String
    /// Of the generator's file; empty where there is none.
    public var sha256: String
    public var version: String

    public init(name: String, sha256: String, version: String) {
      self.name = name
      self.sha256 = sha256
      self.version = version
    }
  }

  public let folder: String
  public let maker: Maker
  private var lines: [String] = []

  public init(folder: String, maker: Maker) {
    self.folder = folder
    self.maker = maker
  }

  /// Writes a part and its mask. Both are there whole, or an error is thrown.
  public mutating func add(_ draw: SyntheticSampler.Draw, label: String, seed: UInt64) throws(ImageError) {
    let digits = "\(draw.number)"
    let name = label + "-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ".png"
    let mark = SyntheticMark(
      label: label, generator: maker.name, generatorSHA256: maker.sha256, seed: seed, number: draw.number,
      parent: draw.parent?.id ?? "", parentHash: draw.parent?.contentHash.description ?? "", model: draw.model,
      severity: draw.severity)
    let text = [
      PNGText(keyword: "Software", text: "Assay \(maker.version)"),
      PNGText(keyword: SyntheticMark.keyword, text: mark.text),
    ]
    let (image, mask) = ("images/" + name, draw.part.mask == nil ? "" : "masks/" + name)
    if let pixels = draw.part.mask {
      try ImageFile.write(try pixels.png(text: text, name: mask), to: folder + "/" + mask)
    }
    try ImageFile.write(try Self.png(draw.part.image, text, image), to: folder + "/" + image)
    let box = draw.part.box
    let fields = [
      image, mask, label, "train", "true", "\(seed)", "\(draw.number)", mark.parent, mark.parentHash, mark.model,
      "\(draw.severity)", "\(box.x)", "\(box.y)", "\(box.width)", "\(box.height)", maker.name, maker.sha256,
    ]
    lines.append(fields.map(CSV.field).joined(separator: ","))
  }

  /// The manifest's bytes, which `assay train` and every other command that reads part sets take.
  public var manifest: [UInt8] { Array((([Self.header] + lines).joined(separator: "\n") + "\n").utf8) }

  private static func png(_ image: AnyImage, _ text: [PNGText], _ name: String) throws(ImageError) -> [UInt8] {
    switch image {
    case .gray8(let image): try image.png(text: text, name: name)
    case .gray16(let image): try image.png(text: text, name: name)
    case .rgb16(let image): try image.png(text: text, name: name)
    default: try image.rgb8().png(text: text, name: name)
    }
  }
}

extension SyntheticSet {
  /// Removes what an earlier run wrote, and nothing else: the pictures that its manifest names.
  public static func clear(_ folder: String) {
    if let set = try? PartSet.load(path: folder) {
      for part in set.parts where part.isSynthetic {
        _ = unsafe unlink(part.imagePath)
        if let mask = part.maskPath { _ = unsafe unlink(mask) }
      }
    }
    for name in ["manifest.csv", SyntheticProvenance.fileName, "contact-sheet.png"] {
      _ = unsafe unlink(folder + "/" + name)
    }
  }
}

#if canImport(Glibc)
  import Glibc
#endif
