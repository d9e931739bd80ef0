import CAllocations
import Glibc
import Testing

/// The counter is one for the whole process.
@Suite(.serialized)
struct CountTests {
  private func counted(_ body: () -> Void) -> callocations_count {
    callocations_arm()
    body()
    callocations_disarm()
    return callocations_of(CALLOCATIONS_PROGRAM)
  }

  @Test func everyFunctionCounts() {
    let list = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: 5)
    list.initialize(repeating: nil, count: 5)
    defer { list.deallocate() }
    let count = counted {
      list[0] = malloc(1000)
      list[1] = calloc(10, 20)
      list[2] = realloc(nil, 30)
      list[3] = aligned_alloc(64, 128)
      posix_memalign(&list[4], 64, 3)
      for index in 0..<5 { free(list[index]) }
      free(nil)
    }
    #expect(count.calls == 5)
    let bytes: UInt64 = 1000 + 200 + 30 + 128 + 3
    #expect(count.bytes == bytes)
    #expect(count.frees == 5)
  }

  @Test func theSwiftRuntimesCallsAreTheirCallers() {
    final class Object { var numbers = (1, 2, 3) }
    var objects: [Object] = []
    objects.reserveCapacity(8)
    let count = counted { for _ in 0..<5 { objects.append(Object()) } }
    #expect(count.calls == 5 && count.frees == 0)
    // An unrolled loop is several places.
    let places = (0..<callocations_sites()).map { callocations_site_at($0) }
    #expect(places.map(\.calls).reduce(0, +) == 5 && places.allSatisfy { $0.owner == CALLOCATIONS_PROGRAM })
  }

  @Test func otherThreadsCount() {
    let count = counted {
      var thread = pthread_t()
      pthread_create(
        &thread, nil,
        { _ in
          free(malloc(77))
          return nil
        }, nil)
      pthread_join(thread, nil)
    }
    #expect(count.bytes >= 77 && count.calls >= 1)
  }

  @Test func nothingCountsOtherwise() {
    #expect(counted {}.calls == 0)
    free(malloc(10))
    #expect(callocations_of(CALLOCATIONS_PROGRAM).calls == 0)
  }

  @Test func memoryIsAligned() {
    var pointer: UnsafeMutableRawPointer?
    #expect(posix_memalign(&pointer, 4096, 10) == 0 && UInt(bitPattern: pointer) % 4096 == 0)
    free(pointer)
    #expect(posix_memalign(&pointer, 24, 10) == EINVAL)
  }
}
