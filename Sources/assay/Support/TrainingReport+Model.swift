import Classification
import Imaging
import Metrics
import Reporting
import Samples

extension TrainCommand {
  /// The page on a finished training.
  func trainingReport(_ model: TrainedModel, _ set: PartSet, provenance: Reporting.Provenance) -> TrainingReport {
    let validation = model.validation
    let labels = model.info.labels
    let probabilities = validation.flatMap(\.judged.probabilities)
    let reject = model.info.thresholds.reject
    let evaluation = Evaluation(
      probabilities: probabilities, truth: validation.map(\.part.label), labels: labels, good: model.info.goodIndex,
      judgedGood: validation.map { part in
        model.info.goodIndex.map { 1 - part.judged.probabilities[$0] < reject } ?? false
      })
    let card = model.info.provenance
    let splits = Split.allCases.map { (name: $0.rawValue, counts: set.counts(in: $0)) }
    var settings: [(name: String, value: String)] = []
    if let card {
      let input = model.info.preprocessing
      settings = [
        ("Preset", card.settings.preset.rawValue), ("Seed", "\(card.settings.seed)"),
        ("Steps", "\(card.steps)\(Self.ending(model.history))"),
        ("Training time", model.seconds.duration),
        ("Input", "\(input.width) x \(input.height), \(input.channels == 1 ? "grey" : "colour")"),
        ("Largest learning rate", "\(card.settings.learningRate)"),
        ("Weight decay", "\(card.settings.weightDecay)"), ("Label smoothing", "\(card.settings.labelSmoothing)"),
        ("Temperature", card.temperature.fixed(3)),
      ]
    }
    return TrainingReport(
      subject: model.info.name, labels: labels,
      dataSet: TrainingReport.DataSet(name: card?.dataset ?? "", splits: splits, notes: notes(set)),
      validations: validations(model.history, seconds: model.seconds),
      chosenStep: model.history.validations.isEmpty ? nil : model.history.chosenStep,
      evaluation: evaluation,
      examples: examples(validation, labels), settings: settings,
      card: card.map { card in
        [
          ("Network", network(card.network)),
          ("Augmentation", card.augmentation.joined(separator: "; ")),
          ("Training parts' digest", card.trainDigest),
        ]
          + (card.synthetic.map { synthetic in
            [
              (
                "Synthetic parts",
                zip(labels, synthetic.counts).filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
                  + " of the training parts, with \((100 * synthetic.share).fixed(0)) % of their classes' places"
              )
            ]
          } ?? [])
      } ?? [],
      provenance: provenance)
  }

  private func network(_ network: NetworkConfiguration) -> String {
    let widths = network.widths.map(String.init).joined(separator: ", ")
    let depths = network.depths.map(String.init).joined(separator: ", ")
    return "residual, channels \(widths) at 1/2 to 1/16, blocks \(depths); image head"
      + (network.pixelClasses > 0 ? " and pixel head (mixed supervision)" : ", explained by Grad-CAM")
  }

  private func notes(_ set: PartSet) -> [String] {
    var notes: [String] = []
    if !set.dealtSplits.isEmpty {
      notes.append(
        "Dealt by content hash, as the set does not give them: "
          + set.dealtSplits.map(\.rawValue).joined(separator: ", ") + ".")
    }
    if !set.unreadable.isEmpty { notes.append("\(set.unreadable.count) files could not be read and were left out.") }
    return notes
  }

  /// The stretches between two looks at the validation split.
  private func validations(_ history: TrainingHistory, seconds: Double) -> [TrainingReport.Validation] {
    var validations: [TrainingReport.Validation] = []
    var from = 0
    for validation in history.validations {
      let points = history.points.filter { $0.step > from && $0.step <= validation.step }
      let loss = points.isEmpty ? Double.nan : points.reduce(0) { $0 + Double($1.imageLoss) } / Double(points.count)
      validations.append(
        TrainingReport.Validation(
          step: validation.step, trainingLoss: loss, validationLoss: validation.negativeLogLikelihood,
          validationMacroF1: validation.macroF1, validationAccuracy: validation.accuracy,
          learningRate: Double(points.last?.learningRate ?? .nan),
          seconds: seconds * Double(validation.step - from) / Double(max(1, history.validations.last?.step ?? 1))))
      from = validation.step
    }
    return validations
  }

  /// What the model got wrong first, then what it was least sure of.
  private func examples(_ validation: [JudgedPart], _ labels: [String]) -> [TrainingReport.Example] {
    func sureness(_ part: JudgedPart) -> Float {
      let truth = part.judged.probabilities[part.part.label]
      return truth.isFinite ? truth : -1
    }
    return validation.sorted { sureness($0) < sureness($1) }.prefix(24).map { part in
      let predicted = argMax(part.judged.probabilities)
      return TrainingReport.Example(
        id: part.part.id, truth: labels[part.part.label], predicted: predicted.map { labels[$0] } ?? "undetermined",
        probability: predicted.map { part.judged.probabilities[$0] } ?? .nan,
        thumbnail: Thumbnail.jpeg(ofFile: part.part.imagePath))
    }
  }
}
