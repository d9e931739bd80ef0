/// Quarter turns and mirrors: exact, no resampling.
extension Image {
  /// The image mirrored left to right.
  @inlinable public func flippedHorizontally() -> Image {
    rearranged(width: width, height: height, transposed: false, mirrorX: true, mirrorY: false)
  }

  /// The image mirrored top to bottom.
  @inlinable public func flippedVertically() -> Image {
    rearranged(width: width, height: height, transposed: false, mirrorX: false, mirrorY: true)
  }

  /// The image mirrored about its main diagonal: columns become rows.
  @inlinable public func transposed() -> Image {
    rearranged(width: height, height: width, transposed: true, mirrorX: false, mirrorY: false)
  }

  /// The image turned by quarter turns, clockwise; negative turns go the other way.
  @inlinable public func rotated(quarterTurns: Int) -> Image {
    switch ((quarterTurns % 4) + 4) % 4 {
    case 1: rearranged(width: height, height: width, transposed: true, mirrorX: true, mirrorY: false)
    case 2: rearranged(width: width, height: height, transposed: false, mirrorX: true, mirrorY: true)
    case 3: rearranged(width: height, height: width, transposed: true, mirrorX: false, mirrorY: true)
    default: self
    }
  }

  /// The image upright, as Exif orientation 1...8 asks (Exif 2.32, tag 0x0112); other values change nothing.
  @inlinable public func oriented(exif orientation: Int) -> Image {
    switch orientation {
    case 2: flippedHorizontally()
    case 3: rotated(quarterTurns: 2)
    case 4: flippedVertically()
    case 5: transposed()
    case 6: rotated(quarterTurns: 1)
    case 7: rearranged(width: height, height: width, transposed: true, mirrorX: true, mirrorY: true)
    case 8: rotated(quarterTurns: 3)
    default: self
    }
  }

  /// `transposed` first, then mirrored in the result's coordinates.
  @inlinable internal func rearranged(
    width newWidth: Int, height newHeight: Int, transposed: Bool, mirrorX: Bool, mirrorY: Bool
  ) -> Image {
    let oldWidth = width
    let pixels = unsafe [Pixel](unsafeUninitializedCapacity: newWidth * newHeight) { to, count in
      count = newWidth * newHeight
      guard count > 0 else { return }
      unsafe storage.withUnsafeBufferPointer { from in
        // Blocks keep both the rows read and the rows written in the cache.
        let side = transposed ? 32 : Int.max
        var top = 0
        while top < newHeight {
          let bottom = transposed ? min(top + side, newHeight) : newHeight
          var left = 0
          while left < newWidth {
            let right = transposed ? min(left + side, newWidth) : newWidth
            for y in top..<bottom {
              let v = mirrorY ? newHeight - 1 - y : y
              let row = unsafe to.baseAddress! + y * newWidth
              if transposed {
                for x in left..<right {
                  let u = mirrorX ? newWidth - 1 - x : x
                  unsafe row[x] = from.baseAddress![u * oldWidth + v]
                }
              } else {
                let source = unsafe from.baseAddress! + v * oldWidth
                if mirrorX {
                  for x in left..<right { unsafe row[x] = source[newWidth - 1 - x] }
                } else {
                  unsafe (row + left).update(from: source + left, count: right - left)
                }
              }
            }
            left = right
          }
          top = bottom
        }
      }
    }
    return Image(width: newWidth, height: newHeight, pixels: pixels)
  }
}

extension AnyImage {
  /// The image upright, as Exif orientation 1...8 asks.
  public func oriented(exif orientation: Int) -> AnyImage {
    guard (2...8).contains(orientation) else { return self }
    return switch self {
    case .gray8(let image): .gray8(image.oriented(exif: orientation))
    case .gray16(let image): .gray16(image.oriented(exif: orientation))
    case .rgb8(let image): .rgb8(image.oriented(exif: orientation))
    case .rgb16(let image): .rgb16(image.oriented(exif: orientation))
    case .rgba8(let image): .rgba8(image.oriented(exif: orientation))
    case .rgba16(let image): .rgba16(image.oriented(exif: orientation))
    }
  }
}
