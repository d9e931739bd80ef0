import CDNN
import Glibc
import Testing

/// Memory that oneDNN asks for while it runs a primitive.
@Suite(.serialized) struct SlotTests {
  /// `operator new` and `operator delete`, as the loader gives them to oneDNN's library.
  @safe private struct Operators: Sendable {
    let new: @convention(c) (Int) -> UnsafeMutableRawPointer?
    let delete: @convention(c) (UnsafeMutableRawPointer?) -> Void

    init() throws {
      let new = unsafe try #require(dlsym(nil, "_Znwm"))
      let delete = unsafe try #require(dlsym(nil, "_ZdlPv"))
      unsafe self.new = unsafeBitCast(new, to: (@convention(c) (Int) -> UnsafeMutableRawPointer?).self)
      unsafe self.delete = unsafeBitCast(delete, to: (@convention(c) (UnsafeMutableRawPointer?) -> Void).self)
    }

    /// A piece's address.
    func piece(_ size: Int) -> UInt { unsafe UInt(bitPattern: new(size)) }

    func release(_ piece: UInt) { unsafe delete(UnsafeMutableRawPointer(bitPattern: piece)) }
  }

  private func isSetAside(_ piece: UInt) -> Bool {
    unsafe cdnn_slots_hold(UnsafeRawPointer(bitPattern: piece)) == 1
  }

  @Test func smallPiecesComeFromMemorySetAside() throws {
    let operators = try Operators()
    cdnn_slots_begin()
    let pieces = (0..<20).map { operators.piece($0 * 12) }
    cdnn_slots_end()
    defer { pieces.forEach(operators.release) }
    #expect(Set(pieces).count == 20 && pieces.allSatisfy { isSetAside($0) && $0 % 64 == 0 })
  }

  @Test func theHeapGivesTheRest() throws {
    let operators = try Operators()
    cdnn_slots_begin()
    let large = operators.piece(257)
    let pieces = (0..<3000).map { _ in operators.piece(200) }
    cdnn_slots_end()
    let after = operators.piece(24)
    #expect(Set(pieces).count == 3000 && !isSetAside(pieces[2999]))
    #expect([large, after].allSatisfy { $0 != 0 && !isSetAside($0) })
    for piece in pieces + [large, after] { operators.release(piece) }
    cdnn_slots_begin()
    let again = operators.piece(200)
    cdnn_slots_end()
    #expect(isSetAside(again))
    operators.release(again)
  }

  /// Each thread writes into its pieces and finds there what it wrote.
  @Test func threadsDoNotMeet() async throws {
    let operators = try Operators()
    let faults = await withTaskGroup(of: Int.self) { group in
      for thread in 0..<4 { group.addTask { faultsOf(thread, operators) } }
      return await group.reduce(0, +)
    }
    #expect(faults == 0)
  }

  private func faultsOf(_ thread: Int, _ operators: Operators) -> Int {
    cdnn_slots_begin()
    defer { cdnn_slots_end() }
    var faults = 0
    var held: [(piece: UInt, value: UInt)] = []
    for step in 0..<20_000 {
      if held.count == 300 || (step % 3 == 2 && !held.isEmpty) {
        let (piece, value) = held.remove(at: step % held.count)
        if unsafe UnsafePointer<UInt>(bitPattern: piece)!.pointee != value { faults += 1 }
        operators.release(piece)
      } else {
        let (piece, value) = (operators.piece(64), UInt(thread * 1_000_000 + step))
        unsafe UnsafeMutablePointer<UInt>(bitPattern: piece)!.pointee = value
        held.append((piece, value))
      }
    }
    for (piece, _) in held { operators.release(piece) }
    return faults
  }

  /// Kept beyond its run, a piece is nobody else's, and another thread may release it.
  @Test func whatIsKeptStaysValid() async throws {
    let operators = try Operators()
    cdnn_slots_begin()
    let kept = operators.piece(64)
    cdnn_slots_end()
    let bytes = unsafe try #require(UnsafeMutableRawPointer(bitPattern: kept))
    unsafe memset(bytes, 0x5a, 64)
    for _ in 0..<200 {
      cdnn_slots_begin()
      let piece = operators.piece(64)
      unsafe memset(UnsafeMutableRawPointer(bitPattern: piece)!, 0, 64)
      operators.release(piece)
      cdnn_slots_end()
    }
    let seen = (0..<64).map { unsafe bytes.load(fromByteOffset: $0, as: UInt8.self) }
    #expect(seen == [UInt8](repeating: 0x5a, count: 64))
    var thread = pthread_t()
    let created = unsafe pthread_create(
      &thread, nil,
      { piece in
        (try? Operators())?.release(UInt(bitPattern: piece))
        return nil
      }, bytes)
    #expect(created == 0 && pthread_join(thread, nil) == 0)
  }
}
