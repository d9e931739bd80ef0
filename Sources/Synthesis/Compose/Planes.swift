public import Imaging
internal import Samples

/// A picture's levels 0...1, a plane for grey and three for colour.
public struct Planes: Sendable {
  public var planes: [Image<Float>]

  public init(_ planes: [Image<Float>]) {
    precondition(!planes.isEmpty && planes.allSatisfy { $0.width == planes[0].width && $0.height == planes[0].height })
    self.planes = planes
  }

  /// Transparency is dropped.
  public init(_ image: AnyImage) {
    switch image {
    case .gray8(let image): self.init([image.plane()])
    case .gray16(let image): self.init([image.plane()])
    default:
      let planes = image.rgb8().planes()
      self.init([planes.red, planes.green, planes.blue])
    }
  }

  public var width: Int { planes[0].width }
  public var height: Int { planes[0].height }
  public var isColor: Bool { planes.count > 1 }

  public func map(_ body: (Image<Float>) -> Image<Float>) -> Planes { Planes(planes.map(body)) }

  /// The mean over the planes.
  public var gray: Image<Float> {
    guard planes.count > 1 else { return planes[0] }
    var sum = planes[0].pixels
    for plane in planes.dropFirst() { for (index, value) in plane.pixels.enumerated() { sum[index] += value } }
    let scale = 1 / Float(planes.count)
    return Image(width: width, height: height, pixels: sum.map { $0 * scale })
  }
}

extension Planes {
  /// Grey made of colour, or grey three times.
  func with(channels: Int) -> Planes {
    if planes.count == channels { return self }
    return channels == 1 ? Planes([gray]) : Planes([planes[0], planes[0], planes[0]])
  }

  /// The root of the mean square where a cover of the same size is 0.5 and more; 0 where it is so nowhere.
  func strength(under cover: Image<Float>) -> Float {
    var (sum, count) = (Float(0), 0)
    for plane in planes {
      for (value, cover) in zip(plane.pixels, cover.pixels) where cover >= 0.5 {
        sum += value * value
        count += 1
      }
    }
    return count == 0 ? 0 : (sum / Float(count)).squareRoot()
  }

  /// Mirrored or not, upside down or not, by chance.
  func turnedOver(_ random: inout SplitMix64) -> Planes {
    let (mirrors, flips) = (random.chance(0.5), random.chance(0.5))
    return map { plane in
      let mirrored = mirrors ? plane.flippedHorizontally() : plane
      return flips ? mirrored.flippedVertically() : mirrored
    }
  }

  /// Whether more than one pixel in a hundred has a hue.
  var showsColor: Bool {
    guard isColor else { return false }
    let (red, green, blue) = (planes[0].pixels, planes[1].pixels, planes[2].pixels)
    let colored = red.indices.count { index in
      let (a, b, c) = (red[index], green[index], blue[index])
      return max(a, b, c) - min(a, b, c) > 0.05
    }
    return colored * 100 > red.count
  }
}
