/// V4L2's four-character codes of what Assay reads, itself or through libv4lconvert.
enum PixelCodes {
  static let all: [String] = [
    "YUYV", "UYVY", "YVYU", "VYUY", "NV12", "NV21", "NV16", "NV61", "YU12", "YV12", "GREY", "Y10 ", "Y12 ", "Y16 ",
    "Y10B", "Y10P", "Y04 ", "Y06 ", "RGB3", "BGR3", "RGB4", "BGR4", "AR24", "XR24", "BA24", "BX24", "RGBP", "RGBR",
    "BA81", "GBRG", "GRBG", "RGGB", "BG10", "GB10", "BA10", "RG10", "BG12", "GB12", "BA12", "RG12", "MJPG", "JPEG",
    "PJPG", "HM12", "M420", "S920", "S910", "S501", "S505", "S508", "S561", "S680", "P207", "M310", "JL20", "O511",
    "O518", "905C", "SE40", "KONI", "CPIA", "HSV3", "HSV4",
  ]

  /// The code as V4L2 has it, with its blanks; Bayer patterns also by name with depth. `nil` if there is none.
  static func code(_ name: String) -> String? {
    let upper = name.uppercased()
    let padded = upper + String(repeating: " ", count: max(0, 4 - upper.count))
    if all.contains(padded) { return padded }
    return names[upper]
  }

  /// What other tools call them.
  private static let names: [String: String] = [
    "MJPEG": "MJPG", "YUY2": "YUYV", "I420": "YU12", "RGB24": "RGB3", "BGR24": "BGR3", "Y8": "GREY", "GRAY": "GREY",
    "BGGR": "BA81", "BGGR8": "BA81", "GBRG8": "GBRG", "GRBG8": "GRBG", "RGGB8": "RGGB", "BGGR10": "BG10",
    "GBRG10": "GB10", "GRBG10": "BA10", "RGGB10": "RG10", "BGGR12": "BG12", "GBRG12": "GB12", "GRBG12": "BA12",
    "RGGB12": "RG12",
  ]

  static func nearest(_ name: String) -> String? {
    Suggestions.nearest(name, among: Array(all.prefix { $0 != "HM12" }))
  }
}
