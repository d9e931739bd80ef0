/// The report of a generator's training: how the two networks did, what was done about it, and what it paints.
public struct GeneratorReport: Sendable {
  /// Means over a stretch of steps.
  public struct Point: Sendable {
    public var step: Int
    public var generatorLoss: Double
    public var otherLoss: Double

    public init(step: Int, generatorLoss: Double, otherLoss: Double) {
      self.step = step
      self.generatorLoss = generatorLoss
      self.otherLoss = otherLoss
    }
  }

  /// A look at both networks; what there is not is NaN.
  public struct Check: Sendable {
    public var step: Int
    public var train: Double
    public var heldOut: Double
    public var painted: Double
    public var diversity: Double
    public var chance: Double
    public var action: String?

    public init(
      step: Int, train: Double, heldOut: Double, painted: Double, diversity: Double, chance: Double, action: String?
    ) {
      self.step = step
      self.train = train
      self.heldOut = heldOut
      self.painted = painted
      self.diversity = diversity
      self.chance = chance
      self.action = action
    }
  }

  public var subject: String
  public var dataSet: String
  public var isAdversarial: Bool
  public var seconds: Double
  public var steps: Int
  /// Real images by class.
  public var classes: [(name: String, count: Int)]
  /// What should be known, in plain sentences.
  public var notes: [String]
  public var points: [Point]
  public var checks: [Check]
  /// JPEG: real windows and painted ones.
  public var sheet: [UInt8]
  public var settings: [(name: String, value: String)]
  public var provenance: Provenance

  public init(
    subject: String, dataSet: String, isAdversarial: Bool, seconds: Double, steps: Int,
    classes: [(name: String, count: Int)], notes: [String], points: [Point], checks: [Check], sheet: [UInt8],
    settings: [(name: String, value: String)], provenance: Provenance
  ) {
    self.subject = subject
    self.dataSet = dataSet
    self.isAdversarial = isAdversarial
    self.seconds = seconds
    self.steps = steps
    self.classes = classes
    self.notes = notes
    self.points = points
    self.checks = checks
    self.sheet = sheet
    self.settings = settings
    self.provenance = provenance
  }

  /// The whole page.
  public func render() -> HTML {
    let images = classes.reduce(0) { $0 + $1.count }
    var page = Page(
      kind: "Generator training", subject: subject, byline: "Data set \(dataSet), started \(provenance.started)",
      summary: """
        <p>\(Format.plural(steps, "step")) in \(Format.duration(seconds)) on \(Format.plural(images, "real defect")) of \
        \(classes.count) \(classes.count == 1 ? "class" : "classes").</p>
        """)
    page.sections = [
      tileRow(
        [
          Tile(name: "Training time", value: Format.duration(seconds)), Tile(name: "Steps", value: Format.count(steps)),
          Tile(name: "Real defects", value: Format.count(images)),
          Tile(name: "Classes", value: Format.count(classes.count)),
        ]),
      card(
        "Real and painted", wide: true,
        note:
          "Windows as the networks see them: what a defect does to a grey part. Rows of real ones are cut from training"
          + " parts, a little turned, sized and shifted.", picture),
      card(
        "Losses",
        note: isAdversarial
          ? "Of two networks that play against each other: neither has to fall." : "",
        lineChart(
          [
            Curve(name: "generator", style: "s1", points: points.map { (Double($0.step), $0.generatorLoss) }),
            Curve(
              name: isAdversarial ? "discriminator" : "divergence", style: "s2",
              points: points.map { (Double($0.step), $0.otherLoss) }),
          ], xTitle: "step", yTitle: "loss", summary: "Losses by step.", wholeX: true)),
    ]
    if isAdversarial {
      page.sections += [
        card(
          "Discriminator's scores",
          note:
            "Where held-out defects score like painted ones and not like those of training, it knows these by heart.",
          lineChart(
            [
              Curve(name: "training", style: "s1", points: checks.map { (Double($0.step), $0.train) }),
              Curve(name: "held out", style: "s5", points: checks.map { (Double($0.step), $0.heldOut) }),
              Curve(name: "painted", style: "s2", points: checks.map { (Double($0.step), $0.painted) }),
            ], xTitle: "step", yTitle: "score", summary: "Mean scores by step.", wholeX: true))
      ]
    }
    page.sections += [
      card(
        "Diversity and augmentation",
        note:
          "How much draws of one place differ, over how much real defects of a class do; and the chance of each change"
          + " in front of the discriminator.",
        lineChart(
          [
            Curve(name: "diversity", style: "s3", points: checks.map { (Double($0.step), $0.diversity) }),
            Curve(name: "augmentation", style: "s6", points: checks.map { (Double($0.step), $0.chance) }),
          ], xTitle: "step", yTitle: "share", summary: "Diversity by step.", wholeX: true, fromZero: true)),
      card("Defects", defects), card("Settings", factList(settings)), provenance.card(),
    ]
    return page.render()
  }

  private var picture: HTML {
    """
    <p><img style="width:100%;height:auto" alt="Real and painted windows of each class" \
    src="data:image/jpeg;base64,\(base64(sheet))"></p>
    """
  }

  private var defects: HTML {
    // One line for each stretch of looks after which the same was done.
    var actions: [String] = []
    var last: (action: String, first: Int, last: Int)?
    func end() {
      guard let stretch = last else { return }
      let steps =
        stretch.first == stretch.last
        ? "Step \(Format.count(stretch.first))"
        : "Steps \(Format.count(stretch.first)) to \(Format.count(stretch.last))"
      actions.append("\(steps): \(stretch.action).")
    }
    for check in checks {
      guard let action = check.action else { continue }
      if last?.action == action {
        last?.last = check.step
      } else {
        end()
        last = (action, check.step, check.step)
      }
    }
    end()
    let lines = (notes + actions).map { note -> HTML in "<li>\(note)</li>" }
    return table(["Class", "Real defects"], classes.map { [.text($0.name), .number(Format.count($0.count))] })
      + (lines.isEmpty ? HTML() : "<ul class=\"notes\">\(lines)</ul>")
  }
}
