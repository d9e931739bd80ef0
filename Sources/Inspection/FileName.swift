/// File names as text and back. Linux file names are bytes and need not be UTF-8, JSON text must be.
public enum FileName {
  /// The name as text: UTF-8 stays as it is, every other byte becomes `\xHH`. A backslash before an `x` becomes `\x5C`,
  /// so that different names always give different texts and ``bytes(_:)`` finds the name again.
  public static func text(_ name: some Collection<UInt8>) -> String {
    var rest = Array(name)[...]
    var text = ""
    func hex(_ byte: UInt8) -> String {
      let digits = String(byte, radix: 16, uppercase: true)
      return "\\x" + (digits.count < 2 ? "0" : "") + digits
    }
    while let first = rest.first {
      if first == UInt8(ascii: "\\") && rest.dropFirst().first == UInt8(ascii: "x") {
        text += hex(first)
        rest = rest.dropFirst()
        continue
      }
      let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
      if let character = String(validating: rest.prefix(length), as: UTF8.self), rest.count >= length {
        text += character
        rest = rest.dropFirst(length)
      } else {
        text += hex(first)
        rest = rest.dropFirst()
      }
    }
    return text
  }

  /// The bytes of the name that ``text(_:)`` wrote as `text`.
  public static func bytes(_ text: String) -> [UInt8] {
    let utf8 = Array(text.utf8)
    var bytes: [UInt8] = []
    var i = 0
    while i < utf8.count {
      if utf8[i] == UInt8(ascii: "\\"), i + 3 < utf8.count, utf8[i + 1] == UInt8(ascii: "x"),
        let byte = UInt8(String(decoding: utf8[i + 2...i + 3], as: UTF8.self), radix: 16)
      {
        bytes.append(byte)
        i += 4
      } else {
        bytes.append(utf8[i])
        i += 1
      }
    }
    return bytes
  }
}

extension FileName {
  /// Whether two texts are the same bytes; `==` takes letters for the same that differ in how accents are written.
  static func isSame(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
}
