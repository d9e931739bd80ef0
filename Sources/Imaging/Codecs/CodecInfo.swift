import CCairo
import CCodecs

/// The libraries that read, write and draw pictures, with their versions.
public enum CodecInfo {
  public static var versions: [(name: String, version: String)] {
    // "LIBTIFF, Version 4.5.0" and lines of copyright.
    let tiff = unsafe String(cString: ccodecs_tiff_version()).prefix { $0 != "\n" }
    return [
      ("libpng", unsafe String(cString: ccodecs_png_version())),
      ("libjpeg", unsafe String(cString: ccodecs_jpeg_version())),
      ("libtiff", tiff.split(separator: " ").last.map(String.init) ?? String(tiff)),
      ("cairo", unsafe String(cString: cairo_version_string())),
    ]
  }
}
