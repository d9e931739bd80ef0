/// The page around a report: one file with style and script inside and nothing from elsewhere.
struct Page: Sendable {
  /// What kind of report, such as "Inspection report".
  let kind: String
  /// What it is about, such as the folder inspected.
  let subject: String
  /// When and with what, in one line.
  let byline: String
  /// The result in plain sentences.
  let summary: HTML
  /// Sections, in order.
  var sections: [HTML] = []
  /// Data for the script.
  var data = HTML()
  /// Style and script of parts that only some reports have.
  var moreStyle = ""
  var moreScript = ""

  /// The whole file.
  func render() -> HTML {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="generator" content="Assay">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
    script-src 'unsafe-inline'; img-src 'self' data: file:">
    <title>\(kind): \(subject)</title>
    <style>\(HTML(trusted: Page.style + moreStyle))</style>
    </head>
    <body>
    <header><p class="kind">\(Page.logo)Assay <span>\(kind)</span></p><h1><bdi>\(subject)</bdi></h1>\
    <p class="byline">\(byline)</p></header>
    <main>
    <div class="summary">\(summary)</div>
    \(sections)
    </main>
    <footer>Made by Assay. This page is complete in itself: it loads nothing from the network.</footer>
    \(data)
    <script>\(HTML(trusted: Page.script + moreScript))</script>
    </body>
    </html>

    """
  }

  /// A washer in the cross-hairs.
  static let logo: HTML = """
    <svg class="logo" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="7.5"/>\
    <circle cx="12" cy="12" r="2.6"/><path d="M12 1v4M12 19v4M1 12h4M19 12h4"/></svg>
    """
}
