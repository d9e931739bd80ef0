extension Lowering {
  /// A value that is another one's memory read with other strides: a transpose or a slice that nobody has to compute.
  struct View {
    var storage: Int
    var view: StridedView
  }

  /// The value as strides over memory, computed first if it is nowhere yet in a layout that strides describe.
  mutating func view(_ value: String, for node: Node) throws(GraphError) -> View {
    if let view = views[value] { return view }
    let place = try located(value, .plain, for: node)
    return View(storage: place.storage, view: StridedView(broadcasting: place.shape, to: place.shape))
  }

  /// Makes a node's result known as a view, or as memory like any other where it happens to be row-major.
  mutating func define(_ node: Node, _ view: View) throws(GraphError) {
    if view.view.isRowMajor, view.view.start == 0 {
      define(node.output, Located(shape: view.view.shape, layout: .plain, storage: view.storage))
    } else {
      defineView(node.output, view)
    }
  }

  /// Copies a view to memory of its own.
  mutating func materialized(_ value: String, _ view: View) -> Located {
    let result = allocate(view.view.shape, .plain)
    copy(value, view, to: result, StridedView(broadcasting: view.view.shape, to: view.view.shape), fill: nil)
    return result
  }

  /// A step that copies row after row.
  mutating func copy(_ node: String, _ source: View, to result: Located, _ target: StridedView, fill: Float?) {
    let (from, to, count) = (source.storage, result.storage, result.shape.reduce(1, *))
    // As few and as long rows as the strides allow.
    let (input, output) = source.view.merged(with: target)
    let rows = input.shape.dropLast().reduce(1, *)
    let width = input.shape.last ?? 1
    emit(node, "copy", touching: [from, to]) { storages in
      if let fill { unsafe storages[to].update(repeating: fill, count: count) }
      for row in 0..<rows {
        let x = unsafe storages[from] + input.offset(row: row)
        let y = unsafe storages[to] + output.offset(row: row)
        let step = input.step
        if step == 1 {
          unsafe y.update(from: x, count: width)
        } else {
          for column in 0..<width { unsafe y[column] = x[column &* step] }
        }
      }
    }
  }
}

/// A tensor as offsets into memory, for row after row of its last axis.
struct StridedView: Sendable {
  var shape: [Int]
  var strides: [Int]
  var start: Int

  init(shape: [Int], strides: [Int], start: Int) {
    self.shape = shape
    self.strides = strides
    self.start = start
  }

  /// A row-major tensor of `shape` seen as if it had the shape `target`.
  init(broadcasting shape: [Int], to target: [Int]) {
    let own = StridedView.strides(shape)
    let missing = target.count - shape.count
    self.init(
      shape: target, strides: target.indices.map { $0 < missing || shape[$0 - missing] == 1 ? 0 : own[$0 - missing] },
      start: 0)
    if target == shape { strides = own }
  }

  static func strides(_ shape: [Int]) -> [Int] {
    var strides = shape
    var stride = 1
    for axis in shape.indices.reversed() {
      strides[axis] = stride
      stride *= shape[axis]
    }
    return strides
  }

  /// Between neighbours of a row.
  var step: Int { strides.last ?? 1 }

  /// Where row number `row` begins.
  func offset(row: Int) -> Int {
    var rest = row
    var offset = start
    for axis in shape.indices.dropLast().reversed() {
      offset += rest % shape[axis] * strides[axis]
      rest /= shape[axis]
    }
    return offset
  }

  /// Whether the elements lie one after the other.
  var isRowMajor: Bool {
    zip(shape, zip(strides, StridedView.strides(shape))).allSatisfy { $0 == 1 || $1.0 == $1.1 }
  }

  /// The same elements in the same order under another shape, or nil where strides cannot say that.
  func reshaped(to target: [Int]) -> StridedView? {
    // Axes of one element have no say.
    let axes = shape.indices.filter { shape[$0] != 1 }
    var strides = [Int](repeating: 0, count: target.count)
    var old = 0
    var new = 0
    while new < target.count || old < axes.count {
      if new < target.count, target[new] == 1 {
        new += 1
        continue
      }
      guard old < axes.count, new < target.count else { return nil }
      // The smallest groups of old and new axes that hold the same number of elements.
      var (oldEnd, newEnd) = (old + 1, new + 1)
      var (oldCount, newCount) = (shape[axes[old]], target[new])
      while oldCount != newCount {
        if oldCount < newCount {
          guard oldEnd < axes.count else { return nil }
          oldCount *= shape[axes[oldEnd]]
          oldEnd += 1
        } else {
          guard newEnd < target.count else { return nil }
          newCount *= target[newEnd]
          newEnd += 1
        }
      }
      for axis in old..<oldEnd - 1
      where self.strides[axes[axis]] != self.strides[axes[axis + 1]] * shape[axes[axis + 1]] {
        return nil
      }
      var stride = self.strides[axes[oldEnd - 1]]
      for axis in (new..<newEnd).reversed() {
        strides[axis] = stride
        stride *= target[axis]
      }
      (old, new) = (oldEnd, newEnd)
    }
    return StridedView(shape: target, strides: strides, start: start)
  }

  /// Both views, of the same shape, with neighbouring axes made one wherever both allow it.
  func merged(with other: StridedView) -> (StridedView, StridedView) {
    var first = StridedView(shape: [], strides: [], start: start)
    var second = StridedView(shape: [], strides: [], start: other.start)
    for axis in shape.indices where shape[axis] != 1 {
      if let last = first.shape.last, first.strides.last == strides[axis] * shape[axis],
        second.strides.last == other.strides[axis] * shape[axis]
      {
        let size = last * shape[axis]
        first.shape[first.shape.count - 1] = size
        second.shape[second.shape.count - 1] = size
        first.strides[first.strides.count - 1] = strides[axis]
        second.strides[second.strides.count - 1] = other.strides[axis]
      } else {
        first.shape.append(shape[axis])
        first.strides.append(strides[axis])
        second.shape.append(shape[axis])
        second.strides.append(other.strides[axis])
      }
    }
    if first.shape.isEmpty { (first.shape, first.strides, second.shape, second.strides) = ([1], [1], [1], [1]) }
    return (first, second)
  }
}
