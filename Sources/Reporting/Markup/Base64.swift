/// Base64 (RFC 4648, section 4) of `bytes`, with padding.
func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  text.reserveCapacity((bytes.count + 2) / 3 * 4)
  var index = 0
  while index < bytes.count {
    let a = Int(bytes[index])
    let b = index + 1 < bytes.count ? Int(bytes[index + 1]) : 0
    let c = index + 2 < bytes.count ? Int(bytes[index + 2]) : 0
    text.append(alphabet[a >> 2])
    text.append(alphabet[(a & 3) << 4 | b >> 4])
    text.append(index + 1 < bytes.count ? alphabet[(b & 15) << 2 | c >> 6] : UInt8(ascii: "="))
    text.append(index + 2 < bytes.count ? alphabet[c & 63] : UInt8(ascii: "="))
    index += 3
  }
  return String(decoding: text, as: UTF8.self)
}

/// A relative link to a file: every byte that a URL does not take as it is becomes `%HH` (RFC 3986); slashes stay.
func relativeURL(_ path: [UInt8]) -> String {
  var url = ""
  for byte in path {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"), UInt8(ascii: "/"):
      url.unicodeScalars.append(Unicode.Scalar(byte))
    default:
      let digits = String(byte, radix: 16, uppercase: true)
      url += "%" + (digits.count < 2 ? "0" : "") + digits
    }
  }
  // "a:b.jpg" would read as a scheme; a colon is escaped above, a leading slash is not.
  return url.hasPrefix("/") ? "." + url : url
}
