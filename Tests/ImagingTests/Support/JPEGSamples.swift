/// Small JPEG files of 17 x 13 pixels, and the CRC-32 of what Pillow 13 decodes them to (RGB, or grey).
///
/// ```python
/// import io, zlib, base64, numpy as np
/// from PIL import Image
/// def sample(w, h, c):
///     x, y, k = np.meshgrid(np.arange(w), np.arange(h), np.arange(c))
///     return ((x*7 + y*13 + x*y*3 + k*50) % 256).astype(np.uint8)
/// gray = Image.fromarray(sample(17, 13, 1)[:, :, 0]); color = Image.fromarray(sample(17, 13, 3))
/// def emit(image, **options):
///     file = io.BytesIO(); image.save(file, "JPEG", quality=80, **options)
///     decoded = Image.open(io.BytesIO(file.getvalue()))
///     decoded = decoded if decoded.mode == "L" else decoded.convert("RGB")
///     print(f"{zlib.crc32(np.asarray(decoded).tobytes()):08X}", base64.b64encode(file.getvalue()).decode())
/// emit(gray, optimize=True); emit(color, optimize=True); emit(color, progressive=True)
/// emit(Image.fromarray(sample(17, 13, 4)).convert("RGB").convert("CMYK"), optimize=True)
/// ```
///
/// `ycck` comes from libjpeg itself: `in_color_space = JCS_CMYK`, `jpeg_set_colorspace(&c, JCS_YCCK)`, quality 90, rows of
/// `{x * 15, y * 19, 255 - x * 9, 200 - y * 5}`.
enum JPEGSamples {
  static let gray = (
    crc: UInt32(0xF5B30FAF),
    bytes: base64(
      """
      /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHBYWICwgIyYnKSopGR8tMC
      0oMCUoKSj/wAALCAANABEBAREA/8QAFwABAAMAAAAAAAAAAAAAAAAABgIDBP/EACwQAAIBBAEBAw0AAAAAAAAAAAECAwQFBhEhAAcSlBMUFRYi
      MkFCVWRx0+T/2gAIAQEAAD8AMYJ2d0LUArrrLTUdEnd8pUVMixxpsgDbNoDZIH5I6S2oUtxmelwnFvPdaWOvuAKRswfkiFfaZSoBBLIdtyvGjp
      9Kfddm3iP6OrcmoRcL/jWLSmIWlaWO5soiBd5i8sYJY/AKp0Br3jvfGpzrFdqrJopxLFYccSqQWyCQolYacli0rfMWaIEbBCcaBOywX1mqvo+N
      eCm/d1//2Q==
      """)
  )
  static let color = (
    crc: UInt32(0x97947F4E),
    bytes: base64(
      """
      /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHBYWICwgIyYnKSopGR8tMC
      0oMCUoKSj/2wBDAQcHBwoIChMKChMoGhYaKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCj/wAARCAAN
      ABEDASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAABAADBf/EACsQAAEDAgQEBQUAAAAAAAAAAAECBBEDBQASITEGFBUiExYyQZVVZtHi8P
      /EABYBAQEBAAAAAAAAAAAAAAAAAAMCBP/EACURAQACAAMHBQAAAAAAAAAAAAECEQADBBIUITFBUZEVImHR4//aAAwDAQACEQMRAD8AzsfCtqs9
      k6peiinQTAAMArUdkifc/wBABIZQrvX9Osqx2xna7dolL18kFQ74zQe0BQyiDJBJ12wt4yTeuP6Fvd5eTZUaKqVMA+pYBKjrvrGkSAJ2xzGylX
      Gyv75dYddPQpLdpGSik+IkSQN9SN9YSBPvg56/eKzWXBIocQIydmFhTJk9FIx68rSyNNDLAAZe0bLtkWBdgBzUXsYP5g+5mXx364sF5q9/Umnx
      tH8YsbvSY/PiH1it50/ePj8sf//Z
      """)
  )
  static let progressive = (
    crc: UInt32(0x97947F4E),
    bytes: base64(
      """
      /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHBYWICwgIyYnKSopGR8tMC
      0oMCUoKSj/2wBDAQcHBwoIChMKChMoGhYaKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCj/wgARCAAN
      ABEDASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAwACBP/EABYBAQEBAAAAAAAAAAAAAAAAAAIBA//aAAwDAQACEAMQAAAByy8xBxW9/8
      QAHBAAAgICAwAAAAAAAAAAAAAAAgMAAQQSExQj/9oACAEBAAEFAkYqkpqzOuxDDmzx9E7On//EAB4RAAAEBwAAAAAAAAAAAAAAAAABAgMTIWFx
      gqHw/9oACAEDAQE/AUNkm8tiI3TsR//EAB8RAAECBgMAAAAAAAAAAAAAAAEAEQMTFCEikVFx8P/aAAgBAgEBPwEx5mT8aNh2+gqQeZf/xAAiEA
      ABAwIGAwAAAAAAAAAAAAACAAEDEzIRISIxM5M0QVL/2gAIAQEABj8CqzZMnoRhFH9mvJDrTRlYDNgyOeXVTtH1uuQetl//xAAgEAABAwMFAQAA
      AAAAAAAAAAABACExEVHwEEFhgaHh/9oACAEBAAE/IWSh9NkdYQAvM2dli+ECnanyHdEYZEQizOtP/wD/2gAMAwEAAgADAAAAECQf/8QAGxEBAQ
      ABBQAAAAAAAAAAAAAAAREAITFRYZH/2gAIAQMBAT8QOAB0GlqKBaAG6i8Gd3jP/8QAHBEBAAIBBQAAAAAAAAAAAAAAAREhQQAxcZHR/9oACAEC
      AQE/EKzoiCwEtCFLCmTaXk686//EABwQAQEBAQADAQEAAAAAAAAAAAERITEAQfAQwf/aAAgBAQABPxClJQDBbgvt+gKZ4SERzhwCI1Fd5+GxNI
      h4ire7MlAvPJK4RshUO6ndgL78+U/nn//Z
      """)
  )
  static let cmyk = (
    crc: UInt32(0xB752E1A2),
    bytes: base64(
      """
      /9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAGBAUGBQQGBgUGBwcGCAoQCgoJCQoUDg8MEBcUGBgXFBYWGh0lHxobIxwWFiAsICMmJykqKRkfLTAtKD
      AlKCko/8AAFAgADQARBEMRAE0RAFkRAEsRAP/EABsAAAIDAAMAAAAAAAAAAAAAAAAGAwQFAgcI/8QAMxAAAgEDAwIDBQYHAAAAAAAAAQIDBAUR
      AAYSEyEHFSIUMZTT5BYjQlZkpSQyQVVmcab/2gAOBEMATQBZAEsAAD8AWNieHdC1AK66y01HRJx6lRUyLHGmSAMs2AMkgf7I1NatsWewbbe97g
      PTpI8KiKoaSeQj0xxr+Jjg9vcACSQASN67z2fZVBRCoovM71V4aC3RyBGMecGR2weC9iAcEsRgDAYr6p0y2oUtxmel2Ttb23GFjr7gCkbMH7kQ
      r6mUqAQSyHLd17YMwqrpc6aomslutu3LKvFRcbjxeZPvMByXPSTkCq8SHwScMSQRlGr3KlLJV7j3BQ7foa1OmlLS0iByMKjdH0vOTlgSVJK8s5
      UAYNWfNP1Xht8R9RrI+1H+c/8AO/TaWPNP1XiT8R9Ro1LuahFwv+2trSmIWlaWO5soiBd5i8sYJY/0CqcAY/mOc9sNU1qj3F4v+WV7fwVphghp
      olzxHUjSV3IJxyJfBIAyEQH3Z1LaNwiptm4/EKooop653jeGmlI4RhnSGJWKheQRSmewLcfeCc6Nc51iu1VuaKcSxWHbiVSC2QSFErDTksWlb8
      RZogRkEJ2wCclly2SS3bZ1Vu/cBiuNTb0VaKjMYjp4OrMqgBV7kAupOTyYIAW7Aix1ls/l1dMnt+4dx9Y+ZVGD7MydIchHjDel8KvZV4r2IHHR
      pF+01V/Z9tfBTfO1Q47h/Mf7XSfL12Dx3D+Y/wBrpPl6Nf/Z
      """)
  )
  static let ycck = (
    crc: UInt32(0xC24A45EA),
    bytes: base64(
      """
      /9j/7gAOQWRvYmUAZAAAAAAC/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFB
      gSFBUU/9sAQwEDBAQFBAUJBQUJFA0LDRQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU/8AAFAgADQAR
      BAEiAAIRAQMRAQQiAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQ
      cicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqS
      k5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/EAB8BAAMBAQEBAQEBAQEAAA
      AAAAABAgMEBQYHCAkKC//EALURAAIBAgQEAwQHBQQEAAECdwABAgMRBAUhMQYSQVEHYXETIjKBCBRCkaGxwQkjM1LwFWJy0QoWJDThJfEXGBka
      JicoKSo1Njc4OTpDREVGR0hJSlNUVVZXWFlaY2RlZmdoaWpzdHV2d3h5eoKDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxM
      XGx8jJytLT1NXW19jZ2uLj5OXm5+jp6vLz9PX29/j5+v/aAA4EAQACEQMRBAAAPwD33X/jN979/wDrXmuv/Gb737/9a+cfEHj3Ufm5/wDHq818
      QePdR+bn/wAer8v8P+DKXuaI+q8S/D6j7+iPpH/hLv8Ab/Wj/hLv9v8AWvH/AO25/X9aP7bn9f1r6v8A+Fy/9N/1or4n/wCE81D1/wDHqK/qD/
      Uyn2R/In/EP6PZHsH/AAl3+3+tFeP/ANtz+v60V//Z
      """)
  )
}
