import Glibc
import Imaging
import Testing

@Suite struct ImageFileTests {
  let folder = TemporaryFolder()
  let picture = sampleRGB(31, 17)

  @Test func readsLoadsAndProbes() throws {
    let path = try folder.write(picture.png(), "a.png")
    #expect(try ImageFile.read(path: path) == .rgb8(picture))
    #expect(try ImageFile.load(path: path).format == .png)
    #expect(try ImageFile.size(path: path) == ImageSize(width: 31, height: 17))
  }

  @Test func contentDecidesNotTheName() throws {
    let path = try folder.write(JPEGSamples.gray.bytes, "a.png")
    #expect(try ImageFile.load(path: path).format == .jpeg)
  }

  @Test("sizes from headers", arguments: DamageTests.files.indices)
  func sizes(_ index: Int) throws {
    let file = DamageTests.files[index]
    let path = try folder.write(file.bytes, file.name)
    #expect(try ImageFile.size(path: path) == ImageFile.load(path: path).source)
  }

  @Test func sizeIsUprightAndFoundBehindLongMetadata() throws {
    let padding = [0xFF, 0xE2, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 65533)
    let jpeg = JPEGTests.withOrientation(8, JPEGSamples.gray.bytes)
    let path = try folder.write(Array(jpeg[..<2]) + padding + jpeg[2...], "a.jpg")
    #expect(try ImageFile.size(path: path) == ImageSize(width: 13, height: 17))
    #expect(try ImageFile.load(path: path).source == ImageSize(width: 13, height: 17))
  }

  private func message(_ path: String) -> String {
    do {
      _ = try ImageFile.load(path: path)
      return "read"
    } catch {
      return "\(error)"
    }
  }

  @Test func whatIsNotAFile() throws {
    let fifo = folder.path + "/fifo"
    #expect(unsafe mkfifo(fifo, 0o600) == 0)
    #expect(message(fifo) == "\(fifo): a FIFO (named pipe), not a file; name an image file")
    #expect(message(folder.path) == "\(folder.path): a directory, not a file; name an image file")
    #expect(message("/dev/zero") == "/dev/zero: a device, not a file; name an image file")

    let link = folder.path + "/link.png"
    #expect(unsafe symlink("nowhere.png", link) == 0)
    #expect(
      message(link)
        == "\(link): a symbolic link to 'nowhere.png', which does not exist; restore the target or remove the link")
    let good = folder.path + "/good.png"
    #expect(unsafe symlink("a.png", good) == 0)
    _ = try folder.write(picture.png(), "a.png")
    #expect(message(good) == "read")
    let circle = folder.path + "/circle.png"
    #expect(unsafe symlink("circle.png", circle) == 0)
    #expect(message(circle).hasPrefix("\(circle): open failed: "))
  }

  @Test func missingAndEmpty() throws {
    let missing = folder.path + "/missing.png"
    #expect(message(missing) == "\(missing): no such file; check the path")
    let empty = try folder.write([], "empty.png")
    #expect(message(empty) == "\(empty): the file is empty (0 bytes); copy it again")
    let text = try folder.write(Array("hello".utf8), "text.png")
    #expect(message(text) == "\(text): not an image that can be read, by its content; use PNG, JPEG, BMP or TIFF")
    let short = try folder.write(Array(JPEGSamples.gray.bytes.dropLast(10)), "short.jpg")
    #expect(
      message(short)
        == "\(short): the JPEG data is damaged or incomplete (Premature end of JPEG file); copy or export it again")
  }

  @Test(.enabled("root may read everything") { geteuid() != 0 })
  func permissionDenied() throws {
    let path = try folder.write(picture.png(), "a.png")
    #expect(unsafe chmod(path, 0) == 0)
    #expect(message(path) == "\(path): permission denied; let this user read the file and its folders")
  }

  @Test func otherSentences() {
    let cases: [(ImageError.Reason, String)] = [
      (
        .tooManyPixels(width: 60000, height: 60000, limit: 200_000_000),
        "a: 60000 x 60000 pixels are more than the limit of 200000000; crop or shrink it, or raise the limit"
      ),
      (
        .impossibleSize(width: 900, height: 800, bytes: 70),
        "a: the header declares 900 x 800 pixels, which 70 bytes cannot hold; copy or export it again"
      ),
      (
        .tooManyBytes(bytes: 12, limit: 10),
        "a: 12 bytes are more than the limit of 10; crop or shrink it, or raise the limit"
      ),
      (.outOfMemory, "a: out of memory; use a smaller image or free memory"),
      (.permissionDenied, "a: permission denied; let this user read the file and its folders"),
    ]
    for (reason, sentence) in cases { #expect(ImageError(name: "a", reason: reason).description == sentence) }
  }

  @Test func writesWholeOrNotAtAll() throws {
    let path = folder.path + "/out.png"
    try picture.writePNG(to: path)
    try sampleRGB(5, 5).writePNG(to: path)
    #expect(try ImageFile.read(path: path) == .rgb8(sampleRGB(5, 5)))
    #expect(folder.names == ["out.png"])
    #expect(throws: ImageError(name: "/dev/full", reason: .system(call: "write", code: ENOSPC))) {
      try picture.writePNG(to: "/dev/full")
    }
    #expect(
      ImageError(name: "/dev/full", reason: .system(call: "write", code: ENOSPC)).description
        == "/dev/full: write failed: No space left on device; free space or choose another folder")
    #expect(throws: ImageError(name: folder.path + "/no/a.png", reason: .system(call: "create", code: ENOENT))) {
      try picture.writePNG(to: folder.path + "/no/a.png")
    }
    #expect(throws: ImageError(name: folder.path, reason: .notRegular(kind: "a directory"))) {
      try picture.writePNG(to: folder.path)
    }
    #expect(folder.names == ["out.png"])
  }
}

@Suite struct EncodingTests {
  @Test("PNG keeps every bit", arguments: [0, 1, 6, 9])
  func png(_ level: Int) throws {
    let gray16: Image<Gray16> = makeImage(19, 11) { UInt16($0 * 3001 + $1 * 257) }
    let rgb16: Image<RGB16> = makeImage(19, 11) { RGB16(UInt16($0), UInt16($1 * 999), UInt16($0 * $1)) }
    let rgba16: Image<RGBA16> = makeImage(19, 11) { RGBA16(UInt16($0), UInt16($1 * 999), 7, UInt16($0 * 3000)) }
    #expect(try ImageFile.read(bytes: sampleGray(19, 11).png(level: level)) == .gray8(sampleGray(19, 11)))
    #expect(try ImageFile.read(bytes: sampleRGB(19, 11).png(level: level)) == .rgb8(sampleRGB(19, 11)))
    #expect(try ImageFile.read(bytes: sampleRGBA(19, 11).png(level: level)) == .rgba8(sampleRGBA(19, 11)))
    #expect(try ImageFile.read(bytes: gray16.png(level: level)) == .gray16(gray16))
    #expect(try ImageFile.read(bytes: rgb16.png(level: level)) == .rgb16(rgb16))
    #expect(try ImageFile.read(bytes: rgba16.png(level: level)) == .rgba16(rgba16))
  }

  @Test func pngTexts() throws {
    let texts = [PNGText(keyword: "Software", text: "Assay"), PNGText(keyword: "Comment", text: "größer ≥ 3")]
    let file = try sampleGray(3, 3).png(text: texts)
    for text in texts {
      let chunk = PNGWriter.chunk("iTXt", Array(text.keyword.utf8) + [0, 0, 0, 0, 0] + Array(text.text.utf8))
      #expect(file.indices.contains { file[$0...].starts(with: chunk) }, "\(text.keyword)")
    }
    #expect(try ImageFile.read(bytes: file) == .gray8(sampleGray(3, 3)))
    guard
      case .failure(let error) = Result(catching: { () throws(ImageError) in
        try sampleGray(3, 3).png(text: [PNGText(keyword: "", text: "x")], name: "a.png")
      })
    else {
      // libpng leaves out texts whose keyword it cannot write.
      return
    }
    #expect(error.name == "a.png")
  }

  @Test func jpegIsCloseAndGetsBetter() throws {
    let picture = sampleRGB(64, 48).blurred(sigma: 2)
    func error(_ quality: Int) throws -> Double {
      let decoded = try ImageFile.read(bytes: picture.jpeg(quality: quality, subsampled: false)).rgb8()
      let differences = zip(bytes(of: picture), bytes(of: decoded)).map { abs(Double($0) - Double($1)) }
      return differences.reduce(0, +) / Double(differences.count)
    }
    #expect(try error(95) < 1.5)
    #expect(try error(95) < error(30))
    let gray = picture.gray8()
    guard case .gray8(let decoded) = try ImageFile.read(bytes: gray.jpeg(quality: 95)) else {
      Issue.record("a grey picture did not stay grey")
      return
    }
    #expect(zip(gray.pixels, decoded.pixels).allSatisfy { abs(Int($0) - Int($1)) < 12 })
  }

  @Test func jpegHasALargestSize() {
    let strip = Image<Gray8>(width: 65_501, height: 1, repeating: 0)
    #expect(throws: ImageError.self) { try strip.jpeg() }
  }
}
