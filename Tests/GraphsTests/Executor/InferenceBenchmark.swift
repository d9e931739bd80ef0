import Glibc
import Graphs
import Testing

/// Times of a small residual network, to be read beside `Support/benchmark.py`, which runs the same file in ONNX Runtime:
///
///     GRAPHS_BENCHMARK=/tmp/residual.onnx swift test -c release -Xswiftc -enable-testing --filter inferenceBenchmark
@Test(.enabled(if: environment("GRAPHS_BENCHMARK") != nil)) func inferenceBenchmark() throws {
  let path = try #require(environment("GRAPHS_BENCHMARK"))
  var network = ResidualNetwork(channels: 1, stem: 16, widths: [32, 64, 128], blocks: 2, classes: 6)
  try network.graph().write(to: path)
  let start = milliseconds()
  let graph = try Graph(contentsOf: path)
  let read = milliseconds()
  let cpu = milliseconds(CLOCK_PROCESS_CPUTIME_ID)
  let compiler = try GraphCompiler(graph)
  let shape = [1, 1, 128, 128]
  let first = try compiler.compile(inputShape: shape, threads: 2)
  print(
    "read \(read - start) ms, compile \(milliseconds() - read) ms (\(milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) ms of processor), working memory \(first.workingBytes) bytes"
  )
  let input = numbers(shape, seed: 1).floats!
  for threads in [1, 2] {
    let compiled = try compiler.compile(inputShape: shape, threads: threads)
    print("batch 1, \(threads) threads: \(try times(of: 300) { try compiled.run(input.span) })")
    compiled.isProfiling = true
    for _ in 0..<200 { try compiled.run(input.span) }
    if environment("GRAPHS_PROFILE") != nil {
      for timing in compiled.timings { print("  \(timing.node) \(timing.kernel): \(timing.microseconds)") }
    }
  }
  let runs = 400
  let begin = milliseconds()
  let results = inParallel(2) { _ in
    guard let own = try? compiler.compile(inputShape: shape, threads: 1) else { return false }
    for _ in 0..<runs { guard (try? own.run(input.span)) != nil else { return false } }
    return true
  }
  #expect(results == [true, true])
  print("two single-threaded graphs: \(Double(2 * runs) / (milliseconds() - begin) * 1000) images a second")
}

private func milliseconds(_ clock: clockid_t = CLOCK_MONOTONIC) -> Double {
  var time = timespec()
  unsafe clock_gettime(clock, &time)
  return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
}

/// Wall time, least and median, and the median of the calling thread's own time, which a busy machine disturbs less.
private func times(of count: Int, _ body: () throws -> Void) rethrows -> String {
  for _ in 0..<20 { try body() }
  var wall: [Double] = []
  var own: [Double] = []
  for _ in 0..<count {
    let start = (milliseconds(), milliseconds(CLOCK_THREAD_CPUTIME_ID))
    try body()
    wall.append(milliseconds() - start.0)
    own.append(milliseconds(CLOCK_THREAD_CPUTIME_ID) - start.1)
  }
  wall.sort()
  own.sort()
  func text(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
  return "least \(text(wall[0])), median \(text(wall[count / 2])), thread time \(text(own[count / 2])) ms"
}
