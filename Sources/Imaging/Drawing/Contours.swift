/// The closed lines along which `scores` cross `level`, by marching squares (Lorensen and Cline's method in the plane)
/// with linear interpolation.
///
/// Pixel values sit at pixel centres, (0.5, 0.5) being the first. Outside the image everything is below the level, so
/// that regions at the edge are closed along it (half a pixel further out at most). Diagonal neighbours are joined
/// (8-connectivity). Higher values lie to the right of the direction of travel; NaN counts as below.
///
/// - Returns: one ring of points per contour; the last is joined to the first.
public func contours(of scores: Image<Float>, level: Float) -> [[Point]] {
  let width = scores.width, height = scores.height
  guard width > 0 && height > 0 else { return [] }
  let values = scores.pixels
  // One pixel of low ground all round; values relative to the level.
  func value(_ x: Int, _ y: Int) -> Float? {
    guard x >= 0 && y >= 0 && x < width && y < height else { return nil }
    return values[y * width + x]
  }
  func isHigh(_ x: Int, _ y: Int) -> Bool {
    guard let value = value(x, y) else { return false }
    return value >= level
  }
  // Grid edges are numbered: from node (x, y), with x and y from -1, to the right (even) or down (odd).
  let columns = width + 2
  func edge(_ x: Int, _ y: Int, down: Bool) -> Int { ((y + 1) * columns + x + 1) * 2 + (down ? 1 : 0) }
  func point(_ edge: Int) -> Point {
    let node = edge / 2, down = edge % 2 == 1
    let x = node % columns - 1, y = node / columns - 1
    let near = value(x, y), far = down ? value(x, y + 1) : value(x + 1, y)
    var part = 0.5
    if let near, let far, near.isFinite, far.isFinite, near != far {
      part = Double(min(max((level - near) / (far - near), 0), 1))
    }
    return Point(Double(x) + 0.5 + (down ? 0 : part), Double(y) + 0.5 + (down ? part : 0))
  }

  // In each cell of four nodes, segments lead from one crossed edge to another; each edge starts one segment.
  var next: [Int: Int] = [:]
  for y in -1..<height {
    var left = (isHigh(-1, y), isHigh(-1, y + 1))
    for x in -1..<width {
      let right = (isHigh(x + 1, y), isHigh(x + 1, y + 1))
      defer { left = right }
      let corners = (left.0 ? 1 : 0) | (right.0 ? 2 : 0) | (right.1 ? 4 : 0) | (left.1 ? 8 : 0)
      guard corners != 0 && corners != 15 else { continue }
      let top = edge(x, y, down: false), bottom = edge(x, y + 1, down: false)
      let west = edge(x, y, down: true), east = edge(x + 1, y, down: true)
      switch corners {
      case 1: next[top] = west
      case 2: next[east] = top
      case 3: next[east] = west
      case 4: next[bottom] = east
      case 5:
        next[top] = east
        next[bottom] = west
      case 6: next[bottom] = top
      case 7: next[bottom] = west
      case 8: next[west] = bottom
      case 9: next[top] = bottom
      case 10:
        next[west] = top
        next[east] = bottom
      case 11: next[east] = bottom
      case 12: next[west] = east
      case 13: next[top] = east
      default: next[west] = top
      }
    }
  }

  var rings: [[Point]] = []
  for start in next.keys.sorted() {
    guard next[start] != nil else { continue }
    var ring: [Point] = []
    var edge = start
    while let following = next.removeValue(forKey: edge) {
      ring.append(point(edge))
      edge = following
    }
    rings.append(ring)
  }
  return rings
}
