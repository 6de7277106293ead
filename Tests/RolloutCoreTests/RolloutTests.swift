import RolloutCore
import Testing

@Suite("One rollout")
struct RolloutTests {
  let pacing = Pacing()

  private func fail(
    _ kind: Failure.Kind, _ edit: (inout Rollout) -> Void = { _ in }
  ) -> (rollout: Rollout, answer: Rollout.CallFailure?) {
    var it = rollout(.submitting, edit)
    let answer = it.failed(failure(kind), at: noon, pacing: pacing, chance: 0)
    return (it, answer)
  }

  @Test("a rollout begins with its first call journalled, and the settings that it sends")
  func begun() {
    let settings = EchoedSettings(topLevel: ["Routing": "{}"])
    let it = Rollout.begun(
      id: "id", to: newOne, from: arn("old"), previousNotAfter: noon + .days(2),
      cause: .replacement, isUrgent: true, wasServed: false, settings: settings,
      mapping: "mapping", at: noon)
    #expect(it.isUrgent && !it.wasServed)
    #expect(it.attempts == 1 && it.resubmits == 0 && it.startedAt == noon)
    #expect(it.certificate == newOne.arn && it.previous == arn("old"))
    #expect(it.previousNotAfter == noon + .days(2))
    #expect(it.freshUntil == newOne.issuedAt.map { $0 + .minutes(15) })
    #expect(
      it.submission
        == Rollout.Submission(intendedAt: noon, settings: settings, mapping: "mapping"))
  }

  @Test("the window begins when Cognito accepts the call, and the first check is soon after")
  func accepted() {
    var it = rollout(.submitting)
    it.accepted(at: noon, pacing: pacing)
    #expect(it.submittedAt == noon && it.deadline == noon + .hours(1))
    #expect(it.nextStepAt == noon + .seconds(30) && it.error == nil)
    #expect(it.propagation?.confirmations == 0 && it.propagation?.checks == 0)
    #expect(it.propagation?.sent == EchoedSettings())
  }

  @Test("the window of a lost call counts from its intent, and that of a refused one from now")
  func shownLater() {
    var lost = rollout(.submitting)
    #expect(lost.shown(at: noon, pacing: pacing) == true)
    #expect(lost.submittedAt == noon - .minutes(1) && lost.deadline == noon + .minutes(59))
    #expect(lost.nextStepAt == noon + .seconds(30))
    var unanswered = fail(.answerLost).rollout
    #expect(unanswered.shown(at: noon + .minutes(3), pacing: pacing) == true)
    #expect(unanswered.deadline == noon + .minutes(59))
    #expect(unanswered.propagation?.sent == EchoedSettings())
    var refused = fail(.refused(.settingsRejected)).rollout
    #expect(refused.shown(at: noon + .minutes(3), pacing: pacing) == true)
    #expect(refused.submittedAt == noon + .minutes(3) && refused.error == nil)
    #expect(refused.deadline == noon + .minutes(63) && refused.propagation?.sent == nil)
  }

  @Test(
    "a failure that may pass by itself is tried again",
    arguments: [
      .unreachable, .answerLost, .server, .malformedAnswer, .throttled, .conflict, .credentials,
      .notReady,
    ] as [Failure.Kind])
  func retried(kind: Failure.Kind) {
    let (it, answer) = fail(kind)
    let wait: Duration = kind.mayHaveWorked ? .seconds(30) : .milliseconds(1)
    #expect(answer == .retrying(in: wait, Explanation(failure(kind))))
    #expect(it.pendingRetry?.failures == 1 && it.error == Explanation(failure(kind)))
    #expect(it.nextStepAt == noon + wait)
    #expect(it.pendingRetry?.mapping == "mapping")
  }

  @Test("a call that may have worked keeps its time and waits check_interval; others do neither")
  func mayHaveWorked() {
    for kind in [Failure.Kind.answerLost, .server, .malformedAnswer] {
      let it = fail(kind).rollout
      #expect(it.submittedAt == noon - .minutes(1))
      #expect(it.pendingRetry?.notBefore == noon + .seconds(30))
    }
    for kind in [Failure.Kind.unreachable, .throttled, .conflict, .credentials, .notReady] {
      #expect(fail(kind).rollout.submittedAt == nil)
      #expect(fail(kind).rollout.pendingRetry?.notBefore == nil)
    }
  }

  @Test("an intent whose outcome is unknown waits check_interval from the intent, and no longer")
  func outcomeUnknown() {
    var early = rollout(.submitting)
    early.outcomeUnknown(at: noon - .seconds(50), pacing: pacing)
    #expect(early.nextStepAt == noon - .seconds(30) && early.error?.reason == .answerLost)
    #expect(early.submittedAt == noon - .minutes(1) && early.pendingRetry?.failures == 0)
    var late = rollout(.submitting)
    late.outcomeUnknown(at: noon, pacing: pacing)
    #expect(late.nextStepAt == noon && late.isCallDue(at: noon))
  }

  @Test("what the API says of this certificate or domain is refused and tried again hourly")
  func refused() {
    let kinds: [Failure.Kind] = [
      .accessDenied, .notFound, .quotaExceeded, .certificateRejected, .refused(.settingsRejected),
      .refused(.parentDomainUnresolved), .refused(.featureUnavailable),
    ]
    for kind in kinds {
      let (it, answer) = fail(kind)
      #expect(answer == .refused(Explanation(failure(kind))))
      #expect(it.error == Explanation(failure(kind)) && it.error?.reason == kind.reason)
      #expect(it.nextStepAt == noon + .hours(1) && it.refusal?.mapping == "mapping")
    }
  }

  @Test("a refused certificate that is younger than 15 minutes is tried again")
  func fresh() {
    #expect(Rollout.youngCertificateAge == .minutes(15))
    let phase = { (freshUntil: Instant?) -> PhaseName in
      var it = Rollout(
        id: "", certificate: arn("new"), previous: nil, cause: .replacement, startedAt: noon,
        freshUntil: freshUntil, phase: rollout(.submitting).phase)
      _ = it.failed(failure(.certificateRejected), at: noon, pacing: Pacing(), chance: 0)
      return it.phaseName
    }
    #expect(phase(noon + .milliseconds(1)) == .retrying)
    #expect(phase(noon) == .refused)
    #expect(phase(noon - .days(1)) == .refused)
    #expect(phase(nil) == .refused)
  }

  @Test("a refusal is over when the next call fails in another way")
  func refusalOver() {
    var it = rollout(.refused)
    it.intend(settings: EchoedSettings(), mapping: "", at: noon)
    _ = it.failed(failure(.throttled), at: noon, pacing: pacing, chance: 0)
    #expect(it.phaseName == .retrying && it.error?.reason == .throttled)
  }

  @Test("a failure that asks for a wait gets it, up to retry.maximum")
  func retryAfter() {
    for (asked, delay) in [(Duration.minutes(2), Duration.minutes(2)), (.days(2), .minutes(30))] {
      var it = rollout(.submitting)
      let throttled = failure(.throttled, retryAfter: asked)
      let answer = it.failed(throttled, at: noon, pacing: pacing, chance: 0)
      #expect(answer == .retrying(in: delay, Explanation(throttled)))
      #expect(it.nextStepAt == noon + delay)
    }
  }

  @Test("calls are made again as often as resubmits allows, then the domain is refused")
  func resubmits() {
    var it = rollout(.propagating)
    let error = Explanation(.updateNotKept, "FAILED")
    for attempt in 1...3 {
      let answer = it.notKept("FAILED", mapping: "mapping", at: noon, pacing: pacing, chance: 0)
      #expect(answer == .retrying(in: .milliseconds(1), error) && it.resubmits == attempt)
      #expect(it.deadline == nil && it.submittedAt == nil)
      it.intend(settings: EchoedSettings(), mapping: "mapping", at: noon)
      it.accepted(at: noon, pacing: pacing)
    }
    #expect(
      it.notKept("FAILED", mapping: "mapping", at: noon, pacing: pacing, chance: 0)
        == .refused(error))
    #expect(it.nextStepAt == noon + .hours(1) && it.attempts == 4)
    #expect(!it.wasCalledFor(anotherThan: "mapping") && it.wasCalledFor(anotherThan: "changed"))
    #expect(!it.isCallDue(at: noon + .minutes(59)) && it.isCallDue(at: noon + .hours(1)))
  }

  @Test("with resubmits at 0 the first certificate not kept is a refusal")
  func noResubmits() {
    var it = rollout(.propagating)
    let never = Pacing(resubmits: 0)
    #expect(
      it.notKept("FAILED", mapping: "mapping", at: noon, pacing: never, chance: 0)
        == .refused(Explanation(.updateNotKept, "FAILED")))
    #expect(it.refusal?.error.reason == .updateNotKept)
  }

  @Test("failures in a row double the wait, and an accepted call ends the row")
  func failuresInARow() {
    var it = rollout(.submitting)
    var bounds: [Duration] = []
    for _ in 0..<4 {
      if case .retrying(let delay, _) = it.failed(
        failure(.throttled), at: noon, pacing: pacing, chance: .max)
      {
        bounds.append(delay)
      }
      it.intend(settings: EchoedSettings(), mapping: "", at: noon)
    }
    #expect(bounds.count == 4)
    for (bound, expected) in zip(bounds, [30, 60, 120, 240]) {
      #expect(bound <= .seconds(expected) && bound > .seconds(expected) - .seconds(1))
    }
    #expect(it.submission?.failures == 4)
    it.accepted(at: noon, pacing: pacing)
    _ = it.notKept("FAILED", mapping: "mapping", at: noon, pacing: pacing, chance: 0)
    #expect(it.pendingRetry?.failures == 1)
  }
}
