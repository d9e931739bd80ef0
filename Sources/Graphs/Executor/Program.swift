import CDNN

/// The pointers of all storages of a compiled graph, by number.
@safe struct Storages {
  let table: UnsafeMutablePointer<UnsafeMutableRawPointer?>

  subscript(_ index: Int) -> UnsafeMutablePointer<Float> {
    unsafe table[index]!.assumingMemoryBound(to: Float.self)
  }
}

/// A piece of memory that steps read and write.
struct StorageRecord {
  enum Place {
    /// In the planned block.
    case planned
    /// What the caller hands in for input number so and so.
    case input(Int)
    /// Weights and constants.
    case fixed(AlignedBuffer)
  }

  var place: Place
  var bytes: Int
  var first = Int.max
  var last = -1
}

/// One thing to do: a oneDNN primitive, or a kernel of our own.
struct Step {
  enum Body {
    case primitive(Primitive, [(cdnn_argument, storage: Int)])
    case kernel((Storages) -> Void)
    /// A kernel that can fail by the numbers it meets; whether it did not.
    case fallible((Storages) -> Bool)
  }

  /// The node that it belongs to, for the profile and for errors.
  var node: String
  /// What runs, for the profile.
  var kind: String
  var body: Body
}

/// What lowering makes of a graph: steps over storages, before memory is planned.
struct Program {
  var steps: [Step] = []
  var storages: [StorageRecord] = []

  mutating func planned(bytes: Int) -> Int {
    storages.append(StorageRecord(place: .planned, bytes: bytes))
    return storages.count - 1
  }

  mutating func fixed(_ buffer: AlignedBuffer) -> Int {
    storages.append(StorageRecord(place: .fixed(buffer), bytes: buffer.bytes))
    return storages.count - 1
  }

  mutating func input(_ index: Int, bytes: Int) -> Int {
    storages.append(StorageRecord(place: .input(index), bytes: bytes))
    return storages.count - 1
  }

  /// Appends a step that touches these storages.
  mutating func append(_ node: String, _ kind: String, touching: [Int], _ body: Step.Body) {
    for storage in touching {
      storages[storage].first = min(storages[storage].first, steps.count)
      storages[storage].last = max(storages[storage].last, steps.count)
    }
    steps.append(Step(node: node, kind: kind, body: body))
  }
}
