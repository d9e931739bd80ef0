public import Metrics

#if canImport(Glibc)
  import Glibc
#endif

/// A promise with what it rests on.
public struct PromiseEvidence: Sendable, Hashable {
  public var promise: Promise
  /// What the promise asks of the score, 0...1.
  public var threshold: Double
  /// Calibration parts that the threshold judges wrong.
  public var errors: Int
  /// Calibration parts that the promise is about.
  public var trials: Int
  /// Upper bound of the true rate at the promise's confidence; at most its limit.
  public var bound: Double

  public init(_ promise: Promise, _ found: PromisedThreshold) {
    self.promise = promise
    threshold = found.threshold
    errors = found.errors
    trials = found.trials
    bound = found.bound
  }

  fileprivate init(_ promise: Promise, threshold: Double, errors: Int, trials: Int, bound: Double) {
    self.promise = promise
    self.threshold = threshold
    self.errors = errors
    self.trials = trials
    self.bound = bound
  }

  /// For people, in a sentence.
  public var sentence: String {
    let share = Promise.percent((bound * 1e4).rounded(.up) / 1e4, " %")
    return
      "\(promise): \(promise.sentence); \(errors) of \(trials) calibration parts judged wrong, which bounds the rate "
      + "by \(share)"
  }
}

/// The promises of a model: what its file keeps of them, and every report tells.
public struct PromiseCard: Sendable, Hashable {
  public var evidence: [PromiseEvidence]
  /// What was calibrated on, such as `val`.
  public var split: String
  /// Parts that were calibrated on.
  public var parts: Int
  /// Digest of those parts' contents and classes, hexadecimal.
  public var digest: String
  /// Share of them that goes to a person.
  public var reviewShare: Double

  public init(evidence: [PromiseEvidence], split: String, parts: Int, digest: String, reviewShare: Double) {
    self.evidence = evidence
    self.split = split
    self.parts = parts
    self.digest = digest
    self.reviewShare = reviewShare
  }

  public var json: String {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.text
  }

  /// Writes the card as a JSON object.
  public func write(to writer: inout JSONWriter) {
    writer.object { json in
      json.member("split", split)
      json.member("parts", parts)
      json.member("digest", digest)
      json.member("review_share", reviewShare)
      json.array("promises") { array in
        for one in evidence {
          array.object {
            $0.member("promise", one.promise.description)
            $0.member("threshold", one.threshold)
            $0.member("errors", one.errors)
            $0.member("trials", one.trials)
            $0.member("bound", one.bound)
          }
        }
      }
    }
  }

  /// Reads what ``json`` writes; nil for anything else.
  public init?(json text: String) {
    guard let json = try? JSON(parsing: Array(text.utf8)), let split = json["split"]?.stringValue,
      let parts = json["parts"]?.intValue, let digest = json["digest"]?.stringValue,
      let reviewShare = json["review_share"]?.doubleValue, let list = json["promises"]?.arrayValue
    else { return nil }
    var evidence: [PromiseEvidence] = []
    for one in list {
      guard let promise = (one["promise"]?.stringValue).flatMap({ try? Promise(parsing: $0) }),
        let threshold = one["threshold"]?.doubleValue, let errors = one["errors"]?.intValue,
        let trials = one["trials"]?.intValue, let bound = one["bound"]?.doubleValue
      else { return nil }
      evidence.append(PromiseEvidence(promise, threshold: threshold, errors: errors, trials: trials, bound: bound))
    }
    self.init(evidence: evidence, split: split, parts: parts, digest: digest, reviewShare: reviewShare)
  }
}

func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
