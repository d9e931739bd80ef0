extension Interpreter {
  static let detectionEntries: [Entry] = [
    Entry("NonMaxSuppression", 2...5, shaping: [0, 1, 2, 3, 4], ["center_point_box"], nonMaxSuppression),
    Entry(
      "RoiAlign", 3...3,
      [
        "coordinate_transformation_mode", "mode", "output_height", "output_width", "sampling_ratio", "spatial_scale",
      ], roiAlign),
  ]

  private static func nonMaxSuppression(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (boxes, scores) = (try call.input(0), try call.input(1))
    guard boxes.shape.count == 3, boxes.shape[2] == 4, scores.shape.count == 3, scores.shape[0] == boxes.shape[0],
      scores.shape[2] == boxes.shape[1]
    else { throw call.malformed("has boxes of shape \(boxes.shape) and scores of shape \(scores.shape)") }
    let most = Int(clamping: try call.scalar(2) ?? 0)
    let overlap = try call.scalar(3) ?? 0
    let least = try call.scalar(4)
    let isCentered = try call.flag("center_point_box")
    let (count, classes) = (boxes.shape[1], scores.shape[1])
    try call.work(boxes.shape[0], classes, count, max(1, min(most, count)))
    let (corners, values) = (boxes.doubles, scores.doubles)
    /// Two corners in any order, or a centre with width and height, as least and greatest y and x.
    func box(_ image: Int, _ index: Int) -> [Double] {
      let b = Array(corners[(image * count + index) * 4..<(image * count + index) * 4 + 4])
      if isCentered { return [b[1] - b[3] / 2, b[0] - b[2] / 2, b[1] + b[3] / 2, b[0] + b[2] / 2] }
      return [min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3])]
    }
    var result: [Int64] = []
    for image in 0..<boxes.shape[0] {
      let all = (0..<count).map { box(image, $0) }
      for label in 0..<classes {
        let row = values[(image * classes + label) * count..<(image * classes + label + 1) * count]
        let order = (0..<count).filter { least == nil || row[row.startIndex + $0] > least! }.sorted {
          let (a, b) = (row[row.startIndex + $0], row[row.startIndex + $1])
          return a > b || (a == b && $0 < $1)
        }
        var kept: [Int] = []
        for index in order where kept.count < most {
          if kept.allSatisfy({ !(sharedArea(all[$0], all[index]) > overlap) }) { kept.append(index) }
        }
        for index in kept { result += [Int64(image), Int64(label), Int64(index)] }
      }
    }
    return [TypedTensor(result, shape: [result.count / 3, 3])]
  }

  /// The area of two boxes' intersection as a share of their union.
  private static func sharedArea(_ a: [Double], _ b: [Double]) -> Double {
    let height = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    let width = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    let shared = height * width
    let union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return union > 0 ? shared / union : 0
  }

  private static func roiAlign(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (x, rois, images) = (try call.input(0), try call.input(1), try call.input(2))
    let (height, width) = (try call.integer("output_height", 1), try call.integer("output_width", 1))
    let ratio = try call.integer("sampling_ratio", 0)
    let scale = try call.float("spatial_scale", 1)
    let takesMaximum = try call.string("mode", "avg") == "max"
    // Before opset 16 boxes were not moved by half a pixel.
    let moves =
      try call.string("coordinate_transformation_mode", call.opset < 16 ? "output_half_pixel" : "half_pixel")
      == "half_pixel"
    guard x.shape.count == 4, x.shape[2] > 0, x.shape[3] > 0, rois.shape == [images.count, 4],
      (1...4096).contains(height), (1...4096).contains(width), (0...1024).contains(ratio)
    else { throw call.malformed("cuts \(rois.shape) boxes out of \(x.shape)") }
    let chosen = try positions(call, images, size: x.shape[0])
    let (channels, rows, columns) = (x.shape[1], x.shape[2], x.shape[3])
    let shape = [chosen.count, channels, height, width]
    try call.count(shape)
    let (values, boxes) = (x.doubles, rois.doubles)
    var result: [Double] = []
    for (number, image) in chosen.enumerated() {
      let offset = moves ? 0.5 : 0
      let box = (0..<4).map { boxes[number * 4 + $0] * scale - offset }
      var (w, h) = (box[2] - box[0], box[3] - box[1])
      if !moves { (w, h) = (max(w, 1), max(h, 1)) }
      let (binHeight, binWidth) = (h / Double(height), w / Double(width))
      guard binHeight.isFinite, binWidth.isFinite, Swift.abs(binHeight) < 4096, Swift.abs(binWidth) < 4096 else {
        throw call.malformed("cuts out the box \(box)")
      }
      let rowSamples = ratio > 0 ? ratio : max(0, Int(binHeight.rounded(.up)))
      let columnSamples = ratio > 0 ? ratio : max(0, Int(binWidth.rounded(.up)))
      try call.work(chosen.count, channels, height, width, rowSamples, columnSamples)
      for channel in 0..<channels {
        let base = (image * channels + channel) * rows * columns
        for row in 0..<height {
          for column in 0..<width {
            var sum = 0.0
            var top = -Double.infinity
            for j in 0..<rowSamples {
              let y = box[1] + (Double(row) + (Double(j) + 0.5) / Double(rowSamples)) * binHeight
              for i in 0..<columnSamples {
                let x = box[0] + (Double(column) + (Double(i) + 0.5) / Double(columnSamples)) * binWidth
                let taps = corners(y, x, rows, columns).map { values[base + $0.place] * $0.weight }
                sum += taps.reduce(0, +)
                top = max(top, taps.max() ?? 0)
              }
            }
            let samples = rowSamples * columnSamples
            result.append(samples == 0 ? 0 : (takesMaximum ? top : sum / Double(samples)))
          }
        }
      }
    }
    return [TypedTensor(x.type, shape, doubles: result)]
  }

  /// The four elements around a point, none where it lies more than one outside.
  private static func corners(
    _ y: Double, _ x: Double, _ rows: Int, _ columns: Int
  ) -> [(place: Int, weight: Double)] {
    guard y >= -1, y <= Double(rows), x >= -1, x <= Double(columns) else { return [] }
    let (top, left) = (Swift.min(Int(max(y, 0)), rows - 1), Swift.min(Int(max(x, 0)), columns - 1))
    let (bottom, right) = (Swift.min(top + 1, rows - 1), Swift.min(left + 1, columns - 1))
    let v = top == rows - 1 ? 0 : max(y, 0) - Double(top)
    let u = left == columns - 1 ? 0 : max(x, 0) - Double(left)
    return [
      (top * columns + left, (1 - v) * (1 - u)), (top * columns + right, (1 - v) * u),
      (bottom * columns + left, v * (1 - u)), (bottom * columns + right, v * u),
    ]
  }
}
