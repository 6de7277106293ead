import RolloutCore
import Testing

@Suite("Reasons")
struct ReasonTests {
  @Test("every reason has a code and a sentence, and no two have the same")
  func unique() {
    #expect(Set(Reason.known.map(\.word)).count == Reason.known.count)
    #expect(Set(Reason.known.map(\.sentence)).count == Reason.known.count)
    for reason in Reason.known {
      #expect(!reason.word.isEmpty && !reason.sentence.isEmpty)
      let isCode = reason.word.allSatisfy { $0 == "_" || ("a"..."z").contains($0) }
      #expect(isCode, "\(reason)")
      #expect(!reason.sentence.hasSuffix(".") && reason.sentence != reason.word)
    }
  }

  @Test("every reason that a failure or a check can have is a known one")
  func complete() {
    let kinds: [Failure.Kind] = [
      .unreachable, .answerLost, .server, .malformedAnswer, .throttled, .conflict,
      .certificateRejected, .credentials, .accessDenied, .notFound, .quotaExceeded, .notReady,
    ]
    let reasons = kinds.map(\.reason) + Check.chain.map(\.reason)
    #expect(Set(reasons).isSubset(of: Reason.known))
    #expect(Set(reasons).count == reasons.count)
    #expect(Failure.Kind.refused(.invalidRequest).reason == .invalidRequest)
  }

  @Test("the contract's reason codes of the checks are in the contract's order")
  func checkCodes() {
    #expect(
      Check.chain.map(\.reason.word) == [
        "not_issued", "managed_by_cloudfront", "wrong_region", "private_or_self_signed",
        "unsupported_key", "name_not_covered", "not_yet_valid", "expired", "expires_too_soon",
        "soaking", "not_selected", "chain_untrusted",
      ])
    #expect(Set(Check.chain) == Set(Check.allCases) && Check.chain.count == Check.allCases.count)
  }

  @Test("a code of another version keeps its word and shows it")
  func other() {
    let reason = Reason(word: "from_the_future")
    #expect(reason == .other("from_the_future") && reason.word == "from_the_future")
    #expect(reason.sentence == "from_the_future")
  }
}

@Suite("Explanations")
struct ExplanationTests {
  @Test("an explanation without facts is described by its reason's sentence")
  func description() {
    #expect(Explanation(.held, "until noon").description == "held: until noon")
    #expect(Explanation(.held).description == "held: \(Reason.held.sentence)")
    #expect(
      Explanation(failure(.throttled))
        == Explanation(.throttled, failure(.throttled).description))
  }

  @Test(
    "numbers, times and durations in the facts make no other trouble",
    arguments: [
      ("timed out after 5003 ms", "timed out after 4998 ms"), ("1.25 s", "17 s"),
      ("until 2026-03-01T12:00:00Z", "until 2027-11-30T01:02:03Z"), ("", ""), ("same", "same"),
    ])
  func same(left: String, right: String) {
    #expect(Explanation(.unreachable, left).isSameTrouble(as: Explanation(.unreachable, right)))
  }

  @Test("another reason, another object or nothing at all is another trouble")
  func different() {
    let trouble = Explanation(.unreachable, "connect a: refused after 3 ms")
    #expect(!trouble.isSameTrouble(as: Explanation(.throttled, "connect a: refused after 3 ms")))
    #expect(!trouble.isSameTrouble(as: Explanation(.unreachable, "connect b: refused after 3 ms")))
    #expect(!trouble.isSameTrouble(as: nil))
    let wave = Explanation(.waitsForWave, "d1.example.com (wave 0) is submitting")
    #expect(
      !wave.isSameTrouble(
        as: Explanation(.waitsForWave, "d2.example.com (wave 0) is submitting")))
  }

  @Test(
    "numbers are masked, and the digits of names are not",
    arguments: [
      ("1.5.2", "#"), ("", ""), ("no digits.", "no digits."), ("10 ms, 0.5 s", "# ms, # s"),
      ("1h30m left", "#h#m left"), ("2026-03-01T12:00:00Z", "#-#-#T#:#:#Z"),
      ("d1.example.com (wave 0)", "d1.example.com (wave #)"), ("eu-west-1_Ab12", "eu-west-1_Ab12"),
      ("at 192.0.2.1:443", "at #:#"), ("(3 polls)", "(# polls)"), ("code=17", "code=#"),
    ])
  func masked(text: String, masked: String) { #expect(text.maskingDigits == masked) }
}

@Suite("Words of the state file and the outputs")
struct OpenWordTests {
  private func expectRoundTrip<Word: OpenWord>(
    _ type: Word.Type, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(Word.known.map(\.word) == words, sourceLocation: sourceLocation)
    #expect(Set(words).count == words.count, sourceLocation: sourceLocation)
    for known in Word.known {
      #expect(Word(word: known.word) == known, sourceLocation: sourceLocation)
      #expect(known.description == known.word, sourceLocation: sourceLocation)
    }
    for unknown in ["from_the_future", "", words[0].uppercased()] {
      #expect(Word(word: unknown) == .other(unknown), sourceLocation: sourceLocation)
      #expect(Word(word: unknown).word == unknown, sourceLocation: sourceLocation)
    }
  }

  @Test("conditions are the contract's words, and an unknown one is kept")
  func conditions() {
    expectRoundTrip(
      Condition.self,
      [
        "in_sync", "pending", "submitting", "propagating", "retrying", "overdue", "refused",
        "no_candidate", "unknown", "drifted", "held", "unserved",
      ])
  }

  @Test("causes of a rollout are read as they were written, and an unknown one is kept")
  func causes() {
    expectRoundTrip(
      Rollout.Cause.self, ["replacement", "pinned", "unusable", "restore", "resubmit", "rollback"])
  }

  @Test("proofs of a rollout are read as they were written, and an unknown one is kept")
  func proofs() { expectRoundTrip(Rollout.Proof.self, ["edge", "control_plane"]) }

  @Test("reasons are read as they were written, and an unknown one is kept")
  func reasons() { expectRoundTrip(Reason.self, Reason.known.map(\.word)) }

  @Test("an unknown condition is not settled, and an unknown phase is not open")
  func unknown() {
    var record = DomainRecord(unseen: mapping())
    record.condition = .other("new")
    #expect(!record.isSettled && record.condition.needsPerson)
    record.rollout = rollout(.other)
    #expect(record.rollout?.isOpen == false)
  }
}
