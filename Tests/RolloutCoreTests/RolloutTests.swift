import RolloutCore
import Testing

@Suite("One rollout")
struct RolloutTests {
  var pacing = Pacing()

  private func fail(
    _ kind: Failure.Kind, _ edit: (inout Rollout) -> Void = { _ in }
  ) -> (rollout: Rollout, action: Rollout.Action) {
    var it = rollout(.submitting, edit)
    let action = it.failed(failure(kind), at: noon, pacing: pacing, chance: 0)
    return (it, action)
  }

  @Test("the window begins when Cognito takes the call, and the first look is soon after")
  func accepted() {
    var it = rollout(.submitting) {
      $0.failures = 4
      $0.lastError = "lost"
    }
    it.accepted(at: noon, pacing: pacing)
    #expect(it.phase == .propagating && it.submittedAt == noon)
    #expect(it.deadline == noon + .hours(1) && it.nextStepAt == noon + .seconds(30))
    #expect(it.failures == 0 && it.lastError == nil)
  }

  @Test(
    "a call found to have been taken counts from its intent; one known to have failed, from now")
  func shownLater() {
    var lost = rollout(.submitting)
    #expect(lost.shown(at: noon, pacing: pacing) == true)
    #expect(lost.submittedAt == noon - .minutes(1) && lost.deadline == noon + .minutes(59))
    #expect(lost.nextStepAt == noon + .seconds(30))
    var unanswered = fail(.answerLost).rollout
    #expect(unanswered.shown(at: noon + .minutes(3), pacing: pacing) == true)
    #expect(unanswered.deadline == noon + .minutes(59))
    var refused = fail(.refused(.settingsRejected)).rollout
    #expect(refused.shown(at: noon + .minutes(3), pacing: pacing) == true)
    #expect(refused.submittedAt == noon + .minutes(3) && refused.refusal == nil)
    #expect(refused.lastError == nil && refused.deadline == noon + .minutes(63))
  }

  @Test(
    "what may pass by itself is tried again",
    arguments: [
      .unreachable, .answerLost, .server, .malformedAnswer, .throttled, .conflict, .credentials,
      .notReady,
    ] as [Failure.Kind])
  func retried(kind: Failure.Kind) {
    let (it, action) = fail(kind)
    #expect(it.phase == .retrying && action == .retrying(in: .milliseconds(1)))
    #expect(it.failures == 1 && it.refusal == nil && it.lastError == failure(kind).description)
    #expect(it.nextStepAt == noon + .milliseconds(1))
  }

  @Test("a call that may have been done keeps its time; one that was not done has none")
  func mayHaveBeenDone() {
    for kind in [Failure.Kind.answerLost, .server, .malformedAnswer] {
      #expect(fail(kind).rollout.submittedAt == noon - .minutes(1))
    }
    for kind in [Failure.Kind.unreachable, .throttled, .conflict, .credentials, .notReady] {
      #expect(fail(kind).rollout.submittedAt == nil)
    }
  }

  @Test("what the API says of this certificate or domain is refused and tried again hourly")
  func refused() {
    var kinds: [(Failure.Kind, String)] = [
      (.accessDenied, "access_denied"), (.notFound, "not_found"),
      (.quotaExceeded, "quota_exceeded"), (.certificateRejected, "certificate_rejected"),
    ]
    for reason in RefusalReason.allCases { kinds.append((.refused(reason), reason.rawValue)) }
    for (kind, code) in kinds {
      let (it, action) = fail(kind)
      #expect(it.phase == .refused && action == .refused)
      #expect(it.refusal == code && it.lastError == failure(kind).description)
      #expect(it.nextStepAt == noon + .hours(1))
    }
  }

  @Test("a certificate younger than 15 minutes that is refused may pass later")
  func fresh() {
    #expect(Rollout.freshness == .minutes(15))
    let young = { (until: Instant) -> Rollout.Phase in
      var it = Rollout(
        id: "", certificate: arn("new"), previous: nil, cause: .replacement, phase: .submitting,
        startedAt: noon, freshUntil: until)
      _ = it.failed(failure(.certificateRejected), at: noon, pacing: Pacing(), chance: 0)
      return it.phase
    }
    #expect(young(noon + .milliseconds(1)) == .retrying)
    #expect(young(noon) == .refused)
    #expect(young(noon - .days(1)) == .refused)
  }

  @Test("a refusal is over when the next call fails in another way")
  func refusalOver() {
    var it = rollout(.refused)
    it.intend(settings: EchoedSettings(), mapping: "", at: noon)
    _ = it.failed(failure(.throttled), at: noon, pacing: pacing, chance: 0)
    #expect(it.phase == .retrying && it.refusal == nil)
  }

  @Test("a failure that asks for a wait gets it, up to retry.maximum")
  func retryAfter() {
    for (asked, delay) in [(Duration.minutes(2), Duration.minutes(2)), (.days(2), .minutes(30))] {
      var it = rollout(.submitting)
      let action = it.failed(
        failure(.throttled, retryAfter: asked), at: noon, pacing: pacing, chance: 0)
      #expect(action == .retrying(in: delay) && it.nextStepAt == noon + delay)
    }
  }

  @Test("calls are made again as often as resubmits allows, then the domain is refused")
  func resubmits() {
    var it = rollout(.propagating)
    for attempt in 1...3 {
      let action = it.notKept("FAILED", at: noon, pacing: pacing, chance: 0)
      #expect(action == .retrying(in: .milliseconds(1)) && it.resubmits == attempt)
      #expect(it.deadline == nil && it.submittedAt == nil && it.confirmations == 0)
      it.intend(settings: EchoedSettings(), mapping: "mapping", at: noon)
      it.accepted(at: noon, pacing: pacing)
    }
    #expect(it.notKept("FAILED", at: noon, pacing: pacing, chance: 0) == .refused)
    #expect(it.phase == .refused && it.refusal == "update_not_kept")
    #expect(it.nextStepAt == noon + .hours(1) && it.attempts == 4)
    #expect(!it.isCallDue(at: noon + .minutes(59)) && it.isCallDue(at: noon + .hours(1)))
  }

  @Test("with resubmits at 0 the first certificate not kept is a refusal")
  func noResubmits() {
    var it = rollout(.propagating)
    let never = Pacing(resubmits: 0)
    #expect(it.notKept("FAILED", at: noon, pacing: never, chance: 0) == .refused)
    #expect(it.refusal == "update_not_kept")
  }

  @Test("failures in a row double the wait, and a call that was taken ends the row")
  func failuresInARow() {
    var it = rollout(.submitting)
    var bounds: [Duration] = []
    for _ in 0..<4 {
      if case .retrying(let delay) = it.failed(
        failure(.throttled), at: noon, pacing: pacing, chance: .max)
      {
        bounds.append(delay)
      }
      it.intend(settings: EchoedSettings(), mapping: "", at: noon)
    }
    for (bound, expected) in zip(bounds, [30, 60, 120, 240]) {
      #expect(bound <= .seconds(expected) && bound > .seconds(expected) - .seconds(1))
    }
    #expect(it.failures == 4)
    it.accepted(at: noon, pacing: pacing)
    #expect(it.failures == 0)
  }
}
