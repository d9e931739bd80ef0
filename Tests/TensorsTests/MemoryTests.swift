import Testing

@testable import Tensors

/// What keeps training steps from asking for memory.
struct MemoryTests {
  @Test func blocksAreHandedOutAgain() throws {
    let engine = try Engine(threads: 1)
    func address() -> Int { unsafe Int(bitPattern: Tensor(uninitialized: Shape(40), on: engine).pointer) }
    let first = address()
    #expect(first == address() && engine.allocations == 1)
    // 33 to 48 numbers take the same blocks.
    var held = [Tensor(uninitialized: Shape(33), on: engine)]
    #expect(unsafe Int(bitPattern: held[0].pointer) == first)
    held.append(Tensor(uninitialized: Shape(48), on: engine))
    held.append(Tensor(uninitialized: Shape(49), on: engine))
    #expect(engine.allocations == 3 && engine.bytes == 4 * (48 + 48 + 64))
    #expect(unsafe Set(held.map { unsafe $0.pointer }).count == 3)
    held = []
    for _ in 0..<2 { held.append(Tensor(uninitialized: Shape(40), on: engine)) }
    #expect(engine.allocations == 3)
  }

  /// Tensors that outlive their engine's last other reference, and each other.
  @Test func tensorsKeepTheirMemory() throws {
    func make() throws -> Tensor {
      try Tensor([1, 2, 3], shape: Shape(3), on: Engine(threads: 1)).reshaped(to: Shape(3, 1))
    }
    let tensor = try make()
    #expect(tensor.elements == [1, 2, 3])
  }

  @Test func sharedNumbersAreNotAddedTo() throws {
    let engine = try Engine(threads: 1)
    let one = Tensor([1, 2], shape: Shape(2), on: engine)
    var sum = one
    sum.add(one)
    #expect(one.elements == [1, 2] && sum.elements == [2, 4])
    // Now it is alone, and takes no new block.
    let place = unsafe sum.pointer
    let blocks = engine.allocations
    sum.add(one)
    #expect(sum.elements == [3, 6] && engine.allocations == blocks)
    #expect(unsafe sum.pointer == place)
  }

  /// Every unit once, in consecutive parts, whatever the closure has captured.
  @Test(arguments: [1, 2, 5], [0, 1, 2, 3, 7, 100])
  func partsCoverAllUnits(threads: Int, units: Int) throws {
    let engine = try Engine(threads: threads)
    let counts = Tensor(repeating: 0, shape: Shape(units), on: engine)
    let owners = Tensor(repeating: -1, shape: Shape(units), on: engine)
    let (step, text) = (Float(units) + 1, "captured")
    engine.parallel(parts: units) { part, begin, end in
      for unit in Int(begin)..<Int(end) {
        unsafe counts.pointer[unit] += step * Float(text.utf8.count)
        unsafe owners.pointer[unit] = Float(part)
      }
    }
    #expect(counts.elements == [Float](repeating: step * 8, count: units))
    #expect(owners.elements == owners.elements.sorted() && owners.elements.allSatisfy { $0 >= 0 })
    #expect(Set(owners.elements).count == min(threads, units))
    var last = 0
    engine.parallel(units) { begin, end in if end == Int64(units) { last = Int(end - begin) } }
    #expect(last == units - units * (min(threads, max(1, units)) - 1) / min(threads, max(1, units)))
  }

  @Test func shapesOfAnyRank() {
    #expect(Shape() == Shape([]) && Shape().count == 1)
    #expect(Shape(2) == Shape([2]) && Shape(2, 3) == Shape([2, 3]))
    #expect(Shape(2, 3, 4) == Shape([2, 3, 4]) && Shape(2, 3, 4, 5) == Shape([2, 3, 4, 5]))
    #expect(Shape(2, 1) != Shape(2) && Shape(2, 0, 4).count == 0)
  }
}
