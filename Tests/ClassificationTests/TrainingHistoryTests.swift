import Testing

@testable import Classification

struct TrainingHistoryTests {
  private func history(_ looks: [(f1: Double, loss: Double)]) -> TrainingHistory {
    var history = TrainingHistory()
    for (index, look) in looks.enumerated() {
      history.validations.append(
        TrainingHistory.Validation(
          step: 10 * (index + 1), accuracy: 0.5, macroF1: look.f1, auroc: nil, negativeLogLikelihood: look.loss))
    }
    return history
  }

  @Test func staleIsWhatNeitherScoreNorLossImproved() {
    let flat = history([(0.8, 0.5), (0.8, 0.5), (0.7, 0.6), (0.8, 0.5)])
    #expect(flat.isStale(patience: 3, from: 0))
    // As many looks as patience asks for must follow the best one.
    #expect(!flat.isStale(patience: 4, from: 0))
    #expect(!flat.isStale(patience: 0, from: 0))
    // Not before the learning rate has come down.
    #expect(!flat.isStale(patience: 3, from: 41))
    #expect(flat.isStale(patience: 3, from: 40))
  }

  @Test(arguments: [(0.81, 0.9), (0.2, 0.49)])
  func oneBetterLookIsProgress(f1: Double, loss: Double) {
    #expect(!history([(0.8, 0.5), (0.7, 0.6), (f1, loss), (0.7, 0.6)]).isStale(patience: 3, from: 0))
    #expect(history([(0.8, 0.5), (f1, loss), (0.7, 0.6), (0.7, 0.6)]).isStale(patience: 2, from: 0))
  }
}
