import Inspection
import Testing

@Suite struct ChallengeRecordTests {
  private let now = Timestamp(milliseconds: 1_769_850_843_201)

  private func record(_ mismatches: [ChallengeRecord.Mismatch] = []) throws -> ChallengeRecord {
    let policy = Policy(
      thresholds: try Policy.Thresholds(reject: 0.3, review: 0.1),
      perClass: ["a \"crack\"\n": try Policy.Thresholds(reject: 0.123456789, review: 0)], minimumConfidence: 0.7)
    return ChallengeRecord(
      time: now, model: model, policy: policy, set: "known parts", digest: String(repeating: "0f", count: 32),
      isExact: true, goodParts: 3, defectiveParts: 4, mismatches: mismatches)
  }

  @Test func whatIsWrittenIsRead() throws {
    let passed = try record()
    #expect(passed.isPassed && passed.parts == 7)
    #expect(try ChallengeRecord(json: passed.json, path: "c") == passed)
    let mismatch = ChallengeRecord.Mismatch(decision("x", verdict: .review), truth: "crack")
    let failed = try record([mismatch])
    #expect(!failed.isPassed)
    #expect(try ChallengeRecord(json: failed.json, path: "c") == failed)
    // A part that could not be read has no score.
    let unread = try record([.init(decision("y", unreadable: true), truth: "good")])
    let read = try ChallengeRecord(json: unread.json, path: "c")
    #expect(
      read.mismatches.count == 1 && read.mismatches[0].score.isNaN && read.mismatches[0].reasons == ["cannot read"])
  }

  @Test func whatIsNoRecord() throws {
    let text = String(decoding: try record().json, as: UTF8.self)
    func refused(_ change: (String) -> String) -> String {
      do throws(InspectionError) {
        _ = try ChallengeRecord(json: Array(change(text).utf8), path: "run/challenge.json")
        return "read"
      } catch {
        return "\(error)"
      }
    }
    #expect(refused { $0 } == "read")
    #expect(
      refused { String($0.dropLast(5)) }.hasPrefix("run/challenge.json is no record of a challenge (not JSON at "))
    #expect(refused { $0.replacing("\"time\"", with: "\"tide\"") }.contains("its `time` is missing or of another kind"))
    #expect(refused { $0.replacing("\"good_parts\": 3", with: "\"good_parts\": \"3\"") }.contains("`good_parts`"))
    #expect(refused { $0.replacing("\"reject\": 0.3", with: "\"reject\": 7") }.contains("its policy: "))
    // Neither a claim that the mismatches belie, nor one of a challenge that proves nothing.
    #expect(refused { $0.replacing("\"passed\": true", with: "\"passed\": false") }.contains("it contradicts itself"))
    #expect(refused { $0.replacing("\"good_parts\": 3", with: "\"good_parts\": 0") }.contains("it contradicts itself"))
  }

  @Test func aFreshPassAllowsARun() throws {
    let record = try record()
    func refusal(after seconds: Double, maxAge: Double = 3600) -> String? {
      record.refusal(
        model: model, policy: record.policy, maxAge: maxAge,
        now: Timestamp(milliseconds: now.milliseconds + Int64(seconds * 1000)))
    }
    #expect(refusal(after: 0) == nil && refusal(after: 3600) == nil && refusal(after: -299) == nil)
    #expect(
      refusal(after: 3601, maxAge: 3600)
        == "is of 2026-01-31T09:14:03.201Z, 60 min ago, and may be 60 min old at most; run the challenge again")
    #expect(refusal(after: 200_000, maxAge: 43_200)?.contains("2.3 days ago, and may be 12 h old") == true)
    #expect(refusal(after: -301)?.contains("5 min ahead of this machine's clock") == true)
  }

  @Test func anotherModelOrPolicyIsRefused() throws {
    let record = try record()
    func refusal(_ model: ModelIdentity, _ policy: Policy) -> String? {
      record.refusal(model: model, policy: policy, maxAge: 60, now: now)
    }
    let other = ModelIdentity(name: "bolts", sha256: String(repeating: "cd", count: 32))
    #expect(
      refusal(other, record.policy)
        == "is of the model washers (abababababab), not of bolts (cdcdcdcdcdcd); "
        + "run the challenge with the model of this run")
    // The name alone makes no other model.
    #expect(refusal(ModelIdentity(name: "new", sha256: model.sha256), record.policy) == nil)
    #expect(refusal(model, Policy())?.hasPrefix("was passed with other thresholds (") == true)
  }

  @Test func whatWasNotPassedIsRefusedFirst() throws {
    let failed = try record([.init(decision("x", verdict: .accept), truth: "crack")])
    let refusal = failed.refusal(model: model, policy: Policy(), maxAge: 60, now: now)
    #expect(refusal?.hasPrefix("was not passed: 1 of 7 parts were not judged as they must be;") == true)
    var empty = try record()
    empty.defectiveParts = 0
    #expect(empty.refusal(model: model, policy: empty.policy, maxAge: 60, now: now) != nil)
  }

  /// Label of what `decision` makes is "good" where it is accepted, else "scratch".
  @Test(arguments: [
    (Verdict.accept, "good", true, true), (.review, "good", false, false), (.reject, "good", false, false),
    (.accept, "scratch", false, false), (.review, "scratch", true, false), (.reject, "scratch", true, true),
    (.reject, "crack", true, false),
  ]) func aPartIsJudgedAsItMustBe(_ verdict: Verdict, _ truth: String, _ isMet: Bool, _ isMetExactly: Bool) {
    let decision = decision("x", verdict: verdict)
    func met(_ isExact: Bool) -> Bool {
      ChallengeRecord.isMet(decision, truth: truth, isGood: truth == "good", isExact: isExact)
    }
    #expect(met(false) == isMet && met(true) == isMetExactly)
  }

  @Test func anUnreadablePartIsAMismatch() {
    for truth in ["good", "scratch"] {
      let unread = decision("x", unreadable: true)
      #expect(!ChallengeRecord.isMet(unread, truth: truth, isGood: truth == "good", isExact: false))
    }
  }
}
