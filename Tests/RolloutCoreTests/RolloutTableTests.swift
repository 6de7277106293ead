import RolloutCore
import Testing

/// A rollout an hour old that stands in a phase as the machine itself would leave it.
func rollout(_ phase: Rollout.Phase, _ edit: (inout Rollout) -> Void = { _ in }) -> Rollout {
  var rollout = Rollout(
    id: "0123456789abcdef", certificate: arn("new"), previous: arn("old"), cause: .replacement,
    phase: phase, startedAt: noon - .hours(1), attempts: 1, mappingFingerprint: "mapping")
  switch phase {
  case .submitting: rollout.submittedAt = noon - .minutes(1)
  case .retrying:
    rollout.failures = 1
    rollout.lastError = "throttled"
    rollout.nextStepAt = noon
  case .propagating, .overdue:
    let taken = noon - (phase == .overdue ? .minutes(90) : .minutes(10))
    rollout.submittedAt = taken
    rollout.deadline = taken + .hours(1)
    rollout.nextStepAt = noon
  case .refused:
    rollout.refusal = "certificate_rejected"
    rollout.lastError = "refused"
    rollout.nextStepAt = noon
  case .completed, .superseded, .abandoned: rollout.completedAt = noon - .minutes(1)
  }
  edit(&rollout)
  return rollout
}

@Suite("The rollout machine, every phase and every event")
struct RolloutTableTests {
  typealias Phase = Rollout.Phase
  let pacing = Pacing()

  /// Every phase, with the phase that follows the event and what the event says.
  private func expect<Answer: Equatable>(
    _ table: [Phase: (Phase, Answer)], sourceLocation: SourceLocation = #_sourceLocation,
    _ event: (inout Rollout) -> Answer
  ) {
    for phase in Phase.allCases {
      guard let (next, answer) = table[phase] else {
        Issue.record("the table leaves out \(phase)", sourceLocation: sourceLocation)
        continue
      }
      var it = rollout(phase)
      let said = event(&it)
      #expect(it.phase == next, "after \(phase)", sourceLocation: sourceLocation)
      #expect(said == answer, "from \(phase)", sourceLocation: sourceLocation)
      if next == phase, !phase.isOpen { #expect(it == rollout(phase), "\(phase) is over") }
    }
  }

  @Test("five phases are open and put their domain in a condition, three have ended")
  func open() {
    expect([
      .submitting: (.submitting, .submitting), .retrying: (.retrying, .retrying),
      .propagating: (.propagating, .propagating), .overdue: (.overdue, .overdue),
      .refused: (.refused, .refused), .completed: (.completed, nil),
      .superseded: (.superseded, nil), .abandoned: (.abandoned, nil),
    ]) { $0.condition }
    for phase in Phase.allCases {
      #expect(phase.isOpen == (rollout(phase).condition != nil))
    }
  }

  @Test("Cognito shows the certificate: whatever the answer was, the call was taken")
  func shown() {
    expect([
      .submitting: (.propagating, true), .retrying: (.propagating, true),
      .refused: (.propagating, true), .propagating: (.propagating, false),
      .overdue: (.overdue, false), .completed: (.completed, false),
      .superseded: (.superseded, false), .abandoned: (.abandoned, false),
    ]) { $0.shown(at: noon, pacing: pacing) }
  }

  @Test("Cognito does not keep the certificate: the call is due again after a wait")
  func notKept() {
    let wait = Duration.milliseconds(14_999)
    expect([
      .propagating: (.retrying, Rollout.Action.retrying(in: wait)),
      .overdue: (.retrying, .retrying(in: wait)), .submitting: (.submitting, .none),
      .retrying: (.retrying, .none), .refused: (.refused, .none),
      .completed: (.completed, .none), .superseded: (.superseded, .none),
      .abandoned: (.abandoned, .none),
    ]) { rollout in
      switch rollout.notKept("FAILED", at: noon, pacing: pacing, chance: .max / 2) {
      case .retrying(let delay):
        .retrying(in: .milliseconds(delay.inMilliseconds))
      case let other: other
      }
    }
  }

  @Test("an intent without an outcome is due again; nothing else is moved by not knowing")
  func outcomeUnknown() {
    expect([
      .submitting: (.retrying, true), .retrying: (.retrying, true), .refused: (.refused, true),
      .propagating: (.propagating, false), .overdue: (.overdue, false),
      .completed: (.completed, false), .superseded: (.superseded, false),
      .abandoned: (.abandoned, false),
    ]) {
      $0.outcomeUnknown(at: noon)
      return $0.isCallDue(at: noon)
    }
  }

  @Test("a call is open where one failed or was refused, and due at its time")
  func callDue() {
    let table: [Phase: (Phase, Bool)] = [
      .submitting: (.submitting, false), .retrying: (.retrying, true),
      .refused: (.refused, true), .propagating: (.propagating, false),
      .overdue: (.overdue, false), .completed: (.completed, false),
      .superseded: (.superseded, false), .abandoned: (.abandoned, false),
    ]
    expect(table) { $0.isCallOpen }
    expect(table) { $0.isCallDue(at: noon) }
    expect(table.mapValues { ($0.0, false) }) { $0.isCallDue(at: noon - .milliseconds(1)) }
  }

  @Test("a look at the edges is due where they are awaited, at its time")
  func checkDue() {
    let table: [Phase: (Phase, Bool)] = [
      .submitting: (.submitting, false), .retrying: (.retrying, false),
      .refused: (.refused, false), .propagating: (.propagating, true),
      .overdue: (.overdue, true), .completed: (.completed, false),
      .superseded: (.superseded, false), .abandoned: (.abandoned, false),
    ]
    expect(table) { $0.isCheckDue(at: noon) }
    expect(table.mapValues { ($0.0, false) }) { $0.isCheckDue(at: noon - .milliseconds(1)) }
  }

  @Test("a look at the edges moves on only what awaits them")
  func checked() {
    func table(_ phase: Phase, _ action: Rollout.Action) -> [Phase: (Phase, Rollout.Action)] {
      [
        .submitting: (.submitting, .none), .retrying: (.retrying, .none),
        .refused: (.refused, .none), .propagating: (phase, action), .overdue: (phase, action),
        .completed: (.completed, .none), .superseded: (.superseded, .none),
        .abandoned: (.abandoned, .none),
      ]
    }
    expect(table(.completed, .completed)) {
      $0.checked(nil, isActive: true, at: noon, pacing: pacing)
    }
    let once = Pacing(confirmations: 1)
    expect(table(.completed, .completed)) {
      $0.checked(.passed(edges: 4), isActive: true, at: noon, pacing: once)
    }
    var waiting = table(.propagating, .none)
    waiting[.overdue] = (.overdue, .none)
    for verdict in [ProbeVerdict.stale(["192.0.2.1:443"]), .incomparable("no leaf")] {
      expect(waiting) { $0.checked(verdict, isActive: true, at: noon, pacing: pacing) }
      expect(waiting) { $0.checked(verdict, isActive: false, at: noon, pacing: pacing) }
    }
    expect(waiting) { $0.checked(nil, isActive: false, at: noon, pacing: pacing) }
    waiting[.overdue] = (.completed, .completed)
    expect(waiting) { $0.checked(.silent("none"), isActive: true, at: noon, pacing: pacing) }
  }

  @Test("a restart or a signal makes a waiting call due, and moves nothing else")
  func hurry() {
    for phase in Phase.allCases {
      var it = rollout(phase)
      it.hurry(at: noon - .minutes(5))
      #expect(it.phase == phase)
      let isWaiting = phase == .retrying || phase == .refused
      #expect(it.isCallDue(at: noon - .minutes(5)) == isWaiting)
      if !isWaiting { #expect(it == rollout(phase)) }
    }
  }

  @Test("an intent is of the settings and the mapping as they are now, and counts")
  func intend() {
    let settings = EchoedSettings(topLevel: ["ManagedLoginVersion": "2"])
    for phase in [Phase.retrying, .refused] {
      var it = rollout(phase)
      it.intend(settings: settings, mapping: "another", at: noon)
      #expect(it.phase == .submitting && it.attempts == 2)
      #expect(it.settings == settings && it.mappingFingerprint == "another")
      #expect(it.submittedAt == noon && it.nextStepAt == nil)
    }
  }

  @Test("an open rollout can end in every way, and is over then")
  func end() {
    for phase in Phase.allCases where phase.isOpen {
      for ending in Phase.allCases where !ending.isOpen {
        var it = rollout(phase)
        it.end(ending, at: noon)
        #expect(it.phase == ending && it.completedAt == noon && it.nextStepAt == nil)
      }
    }
  }

  @Test("the answer to a call that is not under way is a bug of ours")
  func wrongPhase() async {
    await #expect(processExitsWith: .failure) {
      var it = rollout(.propagating)
      it.accepted(at: noon, pacing: Pacing())
    }
    await #expect(processExitsWith: .failure) {
      var it = rollout(.refused)
      _ = it.failed(failure(.throttled), at: noon, pacing: Pacing(), chance: 0)
    }
    await #expect(processExitsWith: .failure) {
      var it = rollout(.completed)
      it.end(.abandoned, at: noon)
    }
    await #expect(processExitsWith: .failure) {
      var it = rollout(.retrying)
      it.end(.propagating, at: noon)
    }
  }
}
