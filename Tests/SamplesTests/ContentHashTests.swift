import Testing

@testable import Samples

@Suite struct ContentHashTests {
  /// Reference values of the algorithm's own implementations: `xxhash.xxh64(b"...").hexdigest()` in Python.
  @Test(arguments: [
    ("", "ef46db3751d8e999"),
    ("a", "d24ec4f1a98c6e5b"),
    ("abc", "44bc2cf5ad770999"),
    ("Nobody inspects the spammish repetition", "fbcea83c8a378bf1"),
  ])
  func agreesWithTheReference(text: String, digest: String) {
    let hash = ContentHash(of: Array(text.utf8))
    #expect(hash.description == digest)
    #expect(hash.length == text.utf8.count)
  }

  @Test func everyByteCounts() {
    let bytes = (0..<100).map { UInt8($0) }
    var seen: Set<ContentHash> = [ContentHash(of: bytes)]
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1
      seen.insert(ContentHash(of: changed))
    }
    #expect(seen.count == 101)
  }
}
