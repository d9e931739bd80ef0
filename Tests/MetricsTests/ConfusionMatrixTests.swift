import Metrics
import Testing

@Suite struct ConfusionMatrixTests {
  /// ```python
  /// r = lcg(400, 1); truth = [v % 4 for v in r[:200]]
  /// pred = [t if w % 10 < 7 else (w // 10) % 4 for t, w in zip(truth, r[200:])]
  /// ```
  static func sample() -> (truth: [Int], predicted: [Int]) {
    let r = lcg(400, seed: 1)
    let truth = r[..<200].map { $0 % 4 }
    return (truth, zip(truth, r[200...]).map { $1 % 10 < 7 ? $0 : $1 / 10 % 4 })
  }

  /// scikit-learn 1.9.1: `confusion_matrix`, `precision_recall_fscore_support`, `f1_score(average="macro")`,
  /// `accuracy_score` of `sample()`.
  @Test func agreesWithScikitLearn() {
    let (truth, predicted) = Self.sample()
    let matrix = ConfusionMatrix(truth: truth, predicted: predicted, classes: 4)
    #expect(matrix.counts == [50, 3, 3, 6, 5, 30, 4, 4, 4, 6, 33, 7, 5, 4, 5, 31])
    #expect(matrix[truth: 0, predicted: 3] == 6)
    let precision = [0.78125, 0.6976744186046512, 0.7333333333333333, 0.6458333333333334]
    let recall = [0.8064516129032258, 0.6976744186046512, 0.66, 0.6888888888888889]
    let f1 = [0.7936507936507936, 0.6976744186046512, 0.6947368421052632, 0.6666666666666666]
    for (index, row) in matrix.perClass.enumerated() {
      #expect(close(row.precision, precision[index]))
      #expect(close(row.recall, recall[index]))
      #expect(close(row.f1, f1[index]))
    }
    #expect(matrix.perClass.map(\.support) == [62, 43, 50, 45])
    #expect(close(matrix.macroF1, 0.7131821802568437))
    #expect(matrix.accuracy == 0.72)
    #expect(matrix.total == 200 && matrix.correct == 144)
  }

  @Test func classesThatNeverOccurAreLeftOutOfMacroF1() {
    // f1_score([0, 0, 1], [0, 1, 1], average="macro") with a third class that exists only in the model.
    let matrix = ConfusionMatrix(truth: [0, 0, 1], predicted: [0, 1, 1], classes: 3)
    #expect(close(matrix.macroF1, 2.0 / 3))
    #expect(matrix.f1(2) == 0 && matrix.precision(2) == 0 && matrix.recall(2) == 0)
  }

  @Test func undeterminedCountsAgainstItsClassAndForNone() {
    let matrix = ConfusionMatrix(truth: [0, 0, 1], predicted: [0, nil, nil], classes: 2)
    #expect(matrix.total == 3 && matrix.correct == 1 && matrix.undetermined == [1, 1])
    #expect(matrix.recall(0) == 0.5 && matrix.precision(0) == 1 && matrix.recall(1) == 0)
    #expect(matrix.support(0) == 2 && matrix.predictedCount(0) == 1)
    #expect(close(matrix.accuracy, 1.0 / 3))
  }

  @Test func foldsAddUp() {
    let (truth, predicted) = Self.sample()
    var sum = ConfusionMatrix(truth: Array(truth[..<80]), predicted: Array(predicted[..<80]), classes: 4)
    sum += ConfusionMatrix(truth: Array(truth[80...]), predicted: Array(predicted[80...]), classes: 4)
    #expect(sum == ConfusionMatrix(truth: truth, predicted: predicted, classes: 4))
  }

  @Test func emptyMatrixIsAllZero() {
    let matrix = ConfusionMatrix(classes: 2)
    #expect(matrix.accuracy == 0 && matrix.macroF1 == 0 && matrix.total == 0)
  }

  @Test func argMaxTrustsNoRowWithANumberMissing() {
    #expect(argMax([Float(0.1), 0.7, 0.2]) == 1)
    #expect(argMax([Float(0.5), 0.5]) == 0)
    #expect(argMax([Float(-3), -1, -2]) == 1)
    #expect(argMax([Float(0.9), .nan]) == nil)
    #expect(argMax([Float.infinity, 0]) == nil)
    #expect(argMax([Float]()) == nil)
  }
}
