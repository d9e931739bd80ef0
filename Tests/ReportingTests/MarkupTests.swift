import Testing

@testable import Reporting

@Suite struct MarkupTests {
  @Test func textIsEscapedMarkupIsNot() {
    let name = "<script>alert(\"1\" & '2')</script>"
    let inner: HTML = "<b>\(name)</b>"
    let outer: HTML = "<p title=\"\(name)\">\(inner)\([inner, inner])</p>"
    let safe = "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;"
    #expect(outer.text == "<p title=\"\(safe)\"><b>\(safe)</b><b>\(safe)</b><b>\(safe)</b></p>")
  }

  @Test func whatCouldDeceiveIsShownAsSuch() {
    // A right-to-left override would show "gnp.exe" as "exe.png".
    #expect(HTML.escaped("a\u{202E}b\u{0}c\u{7F}d\u{2067}").text == "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}")
    #expect(HTML.escaped("tab\tline\né😀").text == "tab\tline\né😀")
  }

  @Test(
    arguments: [
      ([], ""), ([0x66], "Zg=="), ([0x66, 0x6F], "Zm8="), ([0x66, 0x6F, 0x6F], "Zm9v"),
      ([0x66, 0x6F, 0x6F, 0x62], "Zm9vYg=="), ([0xFF, 0xFE, 0xFB], "//77"),
    ] as [([UInt8], String)]) func base64OfRFC4648(bytes: [UInt8], text: String)
  {
    #expect(base64(bytes) == text)
  }

  @Test func links() {
    #expect(relativeURL(Array("annotated/a b#1?é%.jpg".utf8)) == "annotated/a%20b%231%3F%C3%A9%25.jpg")
    #expect(relativeURL([0x61, 0xFF]) == "a%FF")
    #expect(relativeURL(Array("javascript:alert(1)".utf8)) == "javascript%3Aalert%281%29")
    #expect(relativeURL(Array("//evil/x".utf8)) == ".//evil/x")
  }

  @Test func numbers() {
    #expect(Format.count(0) == "0" && Format.count(1234567) == "1,234,567" && Format.count(-1000) == "-1,000")
    #expect(Format.fixed(1234.5678, 2) == "1,234.57" && Format.fixed(0.0049, 2) == "0.00")
    #expect(Format.fixed(-0.001, 2) == "0.00" && Format.fixed(-2.5, 1) == "-2.5" && Format.fixed(9.999, 2) == "10.00")
    #expect(Format.fixed(.nan, 2) == "none" && Format.fixed(.infinity, 2) == "∞")
    #expect(Format.percent(1, of: 3) == "33.3%" && Format.percent(0, of: 0) == "0%")
    #expect(Format.percent(1, of: 100_000) == "< 0.1%" && Format.percent(99_999, of: 100_000) == "> 99.9%")
    #expect(Format.percent(7, of: 7) == "100%")
    #expect(Format.milliseconds(0.4167) == "0.42 ms" && Format.milliseconds(12.34) == "12.3 ms")
    #expect(Format.milliseconds(1250) == "1.25 s")
    #expect(Format.duration(0.84) == "0.8 s" && Format.duration(125) == "2 min 05 s")
    #expect(Format.duration(10_920) == "3 h 02 min")
    #expect(Format.coordinate(1.0) == "1" && Format.coordinate(-0.001) == "0" && Format.coordinate(2.345) == "2.35")
    #expect(Format.list(["a"]) == "a" && Format.list(["a", "b", "c"]) == "a, b and c")
    #expect(Format.plural(1, "part") == "1 part" && Format.plural(2000, "part") == "2,000 parts")
  }

  @Test func ticksAreRoundAndInside() {
    #expect(Ticks(0, 1).values == [0, 0.2, 0.4, 0.6000000000000001, 0.8, 1])
    #expect(Ticks(0, 7, wholeNumbers: true).values == [0, 2, 4, 6])
    #expect(Ticks(0, 3, count: 5, wholeNumbers: true).values == [0, 1, 2, 3])
    #expect(
      Ticks(0, 0.003, count: 4).values.map { Format.tick($0, step: 0.001) } == ["0.000", "0.001", "0.002", "0.003"])
    #expect(Ticks(5, 5).values.count == 1)
    #expect(Format.tick(3e-6, step: 1e-6) == "3e-6" && Format.tick(1500, step: 500) == "1,500")
  }

  @Test func histogramForgetsNothing() {
    var histogram = ScoreHistogram(series: [("a", "s1"), ("b", "s2")])
    for score in [0, 0.001, 0.5, 0.999, 1, 1.7, -3] { histogram.add(score, series: 0) }
    for score in [Double.nan, .infinity] { histogram.add(score, series: 1) }
    #expect(histogram.total == 7 && histogram.withoutScore == 2)
    #expect(histogram.series[0].counts[0] == 3 && histogram.series[0].counts[39] == 3)
    let chart = histogram.chart(title: "x", thresholds: [.init(name: "reject from", value: 0.5, style: "reject")])
    #expect(HTMLChecker(chart.text).faults.isEmpty)
    #expect(HTMLChecker(chart.text).tags["rect"] == 3 + 2, "three filled bins and two keys of the legend")
  }

  @Test func staircasesKeepTheirEndsAndCorners() {
    var points: [(x: Double, y: Double)] = []
    for step in 0...1000 {
      let up = (step + 1) / 2
      points.append((Double(step / 2) / 500, Double(up) / 500))
    }
    let kept = thinned(points, tolerance: 0.01)
    #expect(kept.count < 250 && kept.count > 50)
    #expect(kept.first! == points.first! && kept.last! == points.last!)
    #expect(thinned([(0, 0), (0, 1), (1, 1)]).count == 3)
    #expect(thinned([]).isEmpty)
  }
}
