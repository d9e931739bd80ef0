import Inspection

/// How verdicts look in reports and pictures: a colour of Okabe and Ito's palette, which people with any kind of colour
/// vision tell apart ("Color Universal Design", 2008), and a shape and sign of its own besides.
extension Verdict {
  /// Ready to read, such as "Accepted".
  var done: String {
    switch self {
    case .accept: "Accepted"
    case .review: "For review"
    case .reject: "Rejected"
    }
  }

  /// Name of the CSS colour variable and class.
  var style: String { rawValue }

  /// A disc with a check mark, a diamond with a question mark, a square with a cross.
  var icon: HTML {
    let sign: HTML =
      switch self {
      case .accept:
        """
        <circle class="shape" cx="10" cy="10" r="9"/><path class="sign" d="M5.5 10.4l3 3 6-6.6"/>
        """
      case .review:
        """
        <path class="shape" d="M10 .4L19.6 10 10 19.6.4 10z"/>\
        <path class="sign" d="M7 7.6a3 3 0 1 1 4.5 2.6c-1.1.6-1.5 1.1-1.5 2.1m0 3.2v.1"/>
        """
      case .reject:
        """
        <rect class="shape" x="1" y="1" width="18" height="18" rx="3"/><path class="sign" d="M6 6l8 8m0-8l-8 8"/>
        """
      }
    return """
      <svg class="mark \(style)" viewBox="0 0 20 20" aria-hidden="true">\(sign)</svg>
      """
  }

  /// Icon and word.
  var badge: HTML { "<span class=\"badge\">\(icon)\(done)</span>" }
}
