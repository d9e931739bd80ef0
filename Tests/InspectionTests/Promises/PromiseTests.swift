import Inspection
import Metrics
import Testing

@Suite("Promises as they are written")
struct PromiseTests {
  @Test(arguments: [
    ("escape<=1%@95%", Promise(.escape, RatePromise(limit: 0.01, confidence: 0.95)), "escape<=1%@95%"),
    ("overkill <= 2 % @ 90 %", Promise(.overkill, RatePromise(limit: 0.02, confidence: 0.9)), "overkill<=2%@90%"),
    ("crack<=0.1%@99%", Promise(.escapeOf("crack"), RatePromise(limit: 0.001, confidence: 0.99)), "crack<=0.1%@99%"),
    ("escape<=0.05", Promise(.escape, RatePromise(limit: 0.05, confidence: 0.95)), "escape<=5%@95%"),
    (
      "missing hole≤1%", Promise(.escapeOf("missing hole"), RatePromise(limit: 0.01, confidence: 0.95)),
      "missing hole<=1%@95%"
    ),
  ])
  func reads(_ text: String, _ promise: Promise, _ written: String) throws {
    let read = try Promise(parsing: text)
    #expect(read.subject == promise.subject)
    #expect(abs(read.rate.limit - promise.rate.limit) < 1e-12)
    #expect(abs(read.rate.confidence - promise.rate.confidence) < 1e-12)
    #expect(read.description == written)
    #expect(try Promise(parsing: read.description).description == written)
  }

  @Test(arguments: [
    ("escape=1%", "has no `<=`"), ("<=1%", "does not say what of"), ("escape<=0%", "needs a rate above 0 %"),
    ("escape<=100%", "needs a rate above 0 %"), ("escape<=few", "needs a rate above 0 %"),
    ("escape<=1%@100%", "needs a confidence of at least 50 %"), ("escape<=1%@30%", "needs a confidence"),
    ("escape<=1%@95%@9%", "has more than one `@`"), ("", "has no `<=`"), ("escape<=nan", "needs a rate"),
  ])
  func refuses(_ text: String, _ reason: String) {
    let error = #expect(throws: PromiseError.self) { _ = try Promise(parsing: text) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "nothing")")
    #expect(error?.description.contains("write it as escape<=1%@95%") == true)
  }

  @Test func saysWhatItMeans() throws {
    #expect(
      try Promise(parsing: "crack<=0.1%@99%").sentence
        == "at most 0.1 % of all parts with crack are accepted, with 99 % confidence")
  }
}
