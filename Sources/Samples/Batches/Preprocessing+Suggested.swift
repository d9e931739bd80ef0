internal import Imaging
internal import Threads

extension Preprocessing {
  /// Settings for a set of parts: an input size by ``inputSize(for:area:multiple:)``, grey unless its images show
  /// color, stretched. Mean and deviation are left at their defaults; see ``SampleCache/statistics()``.
  ///
  /// Headers of at most 2000 images are read for their sizes, and at most 48 images are decoded to look for color.
  ///
  /// - Parameters:
  ///   - parts: parts to learn from, at least one.
  ///   - area: most pixels of the input, about.
  ///   - multiple: what both sides are to be divisible by.
  /// - Throws: where an image that is looked at cannot be read.
  public static func suggested(
    for parts: [Part], area: Int, multiple: Int = 32, threads: Int? = nil
  ) throws(PartSetError) -> Preprocessing {
    precondition(!parts.isEmpty, "no parts to suggest settings for")
    let threads = threads ?? Parallel.processors
    let sized = every(parts, atMost: 2000)
    var sizes: [ImageSize] = []
    for result in Parallel.map(sized.count, threads: threads, { index in size(sized[index].imagePath) }) {
      sizes.append(try result.get())
    }
    let looked = every(parts, atMost: 48)
    var isColor = false
    for result in Parallel.map(looked.count, threads: threads, { index in showsColor(looked[index].imagePath) }) {
      if try result.get() { isColor = true }
    }
    let input = inputSize(for: sizes, area: area, multiple: multiple)
    return Preprocessing(width: input.width, height: input.height, channels: isColor ? 3 : 1)
  }

  private static func every(_ parts: [Part], atMost limit: Int) -> [Part] {
    stride(from: 0, to: parts.count, by: (parts.count + limit - 1) / limit).map { parts[$0] }
  }

  private static func size(_ path: String) -> Result<ImageSize, PartSetError> {
    do throws(ImageError) {
      return .success(try ImageFile.size(path: path))
    } catch {
      return .failure(.undecodable(error))
    }
  }

  private static func showsColor(_ path: String) -> Result<Bool, PartSetError> {
    do throws(ImageError) {
      let target = ImageSize(width: 256, height: 256)
      return .success(try ImageFile.read(path: path, options: DecodeOptions(target: target)).showsColor)
    } catch {
      return .failure(.undecodable(error))
    }
  }
}

extension AnyImage {
  /// Whether there is color to be seen: many grey pictures are stored as RGB, with hues of a level or two from
  /// compression. Color counts where one pixel in a thousand is 24 levels off grey.
  var showsColor: Bool {
    guard !isGray else { return false }
    let image = rgb8()
    var colored = 0
    for y in 0..<image.height {
      let row = image.row(y)
      for x in 0..<image.width {
        let pixel = row[x]
        let least = min(pixel.red, pixel.green, pixel.blue)
        if max(pixel.red, pixel.green, pixel.blue) - least >= 24 { colored += 1 }
      }
    }
    return colored > 0 && colored * 1000 >= image.width * image.height
  }
}
