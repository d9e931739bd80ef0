// libFuzzer harness for the bitmap decoder. See run.sh.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let decoder = try? BMPDecoder(bytes.span, name: "fuzz") else { return 0 }
  guard decoder.width * decoder.height <= 4_000_000, decoder.leastBytes <= count else { return 0 }
  _ = try? decoder.decode(bytes.span)
  return 0
}
