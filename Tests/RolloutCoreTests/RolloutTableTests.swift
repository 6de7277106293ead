import RolloutCore
import Testing

@Suite("Every transition of a rollout in every phase")
struct RolloutTableTests {
  let pacing = Pacing()
  private let settings = EchoedSettings(topLevel: ["ManagedLoginVersion": "2"])

  /// For every phase, the phase that follows the transition and what it returns. A phase that
  /// the table leaves out is left exactly as it was, and then the answer is `otherwise`.
  private func expect<Answer: Equatable>(
    _ table: [PhaseName: (PhaseName, Answer)], otherwise: Answer,
    sourceLocation: SourceLocation = #_sourceLocation, _ transition: (inout Rollout) -> Answer
  ) {
    for name in PhaseName.allCases {
      var it = rollout(name)
      let answer = transition(&it)
      if let (next, expected) = table[name] {
        #expect(it.phaseName == next, "after \(name)", sourceLocation: sourceLocation)
        #expect(answer == expected, "from \(name)", sourceLocation: sourceLocation)
      } else {
        #expect(it == rollout(name), "\(name) was changed", sourceLocation: sourceLocation)
        #expect(answer == otherwise, "from \(name)", sourceLocation: sourceLocation)
      }
    }
  }

  private func expect(
    _ table: [PhaseName: PhaseName], sourceLocation: SourceLocation = #_sourceLocation,
    _ transition: (inout Rollout) -> Void
  ) {
    expect(
      table.mapValues { ($0, true) }, otherwise: true, sourceLocation: sourceLocation
    ) {
      transition(&$0)
      return true
    }
  }

  @Test("five phases are open and give their domain a condition; the others have ended")
  func open() {
    let conditions: [PhaseName: Condition] = [
      .submitting: .submitting, .retrying: .retrying, .propagating: .propagating,
      .overdue: .overdue, .refused: .refused,
    ]
    for name in PhaseName.allCases {
      #expect(rollout(name).condition == conditions[name])
      #expect(rollout(name).isOpen == name.isOpen && name.isOpen == (conditions[name] != nil))
    }
  }

  @Test("every phase has a word of its own, and a word of another version is kept")
  func words() {
    let words = PhaseName.allCases.filter { $0 != .other }.map { rollout($0).phaseWord }
    #expect(words == Rollout.phaseWords && Set(words).count == words.count)
    #expect(rollout(.other).phaseWord == "paused" && !rollout(.other).isOpen)
  }

  @Test("an accepted call starts the window, and only where a call is under way")
  func accepted() {
    expect([.submitting: .propagating]) { $0.accepted(at: noon, pacing: pacing) }
  }

  @Test("a failed call is retried or refused, and only where a call is under way")
  func failed() {
    let retrying = Rollout.CallFailure.retrying(
      in: .milliseconds(1), Explanation(failure(.throttled)))
    expect([.submitting: (.retrying, retrying)], otherwise: nil) {
      $0.failed(failure(.throttled), at: noon, pacing: pacing, chance: 0)
    }
    let refused = Rollout.CallFailure.refused(Explanation(failure(.notFound)))
    expect([.submitting: (.refused, refused)], otherwise: nil) {
      $0.failed(failure(.notFound), at: noon, pacing: pacing, chance: 0)
    }
  }

  @Test("a certificate that Cognito shows proves that a call has worked, whatever was answered")
  func shown() {
    expect(
      [
        .submitting: (.propagating, true), .retrying: (.propagating, true),
        .refused: (.propagating, true),
      ], otherwise: false
    ) { $0.shown(at: noon, pacing: pacing) }
  }

  @Test("a certificate that Cognito does not keep makes the call due again")
  func notKept() {
    let retrying = Rollout.CallFailure.retrying(
      in: .milliseconds(1), Explanation(.updateNotKept, "FAILED"))
    expect(
      [.propagating: (.retrying, retrying), .overdue: (.retrying, retrying)], otherwise: nil
    ) { $0.notKept("FAILED", mapping: "mapping", at: noon, pacing: pacing, chance: 0) }
    let never = Pacing(resubmits: 0)
    let refused = Rollout.CallFailure.refused(Explanation(.updateNotKept, "FAILED"))
    expect([.propagating: (.refused, refused), .overdue: (.refused, refused)], otherwise: nil) {
      $0.notKept("FAILED", mapping: "mapping", at: noon, pacing: never, chance: 0)
    }
  }

  @Test("an intent whose outcome nobody knows is due again; no other phase is changed")
  func outcomeUnknown() {
    expect([.submitting: .retrying]) { $0.outcomeUnknown(at: noon, pacing: pacing) }
  }

  @Test("a new intent can be recorded only while a call is awaited, and it counts")
  func intend() {
    expect([.submitting: .submitting, .retrying: .submitting, .refused: .submitting]) {
      $0.intend(settings: settings, mapping: "another", at: noon)
    }
    for name in [PhaseName.retrying, .refused] {
      var it = rollout(name)
      it.intend(settings: settings, mapping: "another", at: noon)
      #expect(it.attempts == 2 && it.submittedAt == noon && it.nextStepAt == nil)
      #expect(
        it.submission
          == Rollout.Submission(
            intendedAt: noon, settings: settings, mapping: "another",
            failures: name == .retrying ? 1 : 0))
    }
  }

  @Test("a check of the edges changes only a rollout that awaits its proof")
  func checked() {
    func table(
      _ propagating: PhaseName, _ overdue: PhaseName, _ outcome: Rollout.CheckOutcome,
      _ lateOutcome: Rollout.CheckOutcome
    ) -> [PhaseName: (PhaseName, Rollout.CheckOutcome)] {
      [.propagating: (propagating, outcome), .overdue: (overdue, lateOutcome)]
    }
    let byCognito = Rollout.CheckOutcome.completed(.controlPlane)
    expect(table(.completed, .completed, byCognito, byCognito), otherwise: .waiting) {
      $0.checked(nil, isActive: true, at: noon, pacing: pacing)
    }
    let byEdges = Rollout.CheckOutcome.completed(.edge)
    let once = Pacing(confirmations: 1)
    expect(table(.completed, .completed, byEdges, byEdges), otherwise: .waiting) {
      $0.checked(.passed(edges: 4), isActive: true, at: noon, pacing: once)
    }
    let waiting = table(.propagating, .overdue, .waiting, .waiting)
    for verdict in [ProbeVerdict.stale(["192.0.2.1:443"]), .incomparable("no leaf"), nil] {
      expect(waiting, otherwise: .waiting) {
        $0.checked(verdict, isActive: false, at: noon, pacing: pacing)
      }
    }
    expect(table(.propagating, .completed, .waiting, byCognito), otherwise: .waiting) {
      $0.checked(.silent("none"), isActive: true, at: noon, pacing: pacing)
    }
    expect(table(.overdue, .overdue, .becameOverdue, .waiting), otherwise: .waiting) {
      $0.checked(.stale(["edge"]), isActive: true, at: noon + .hours(1), pacing: pacing)
    }
  }

  @Test("every open rollout can be superseded or abandoned, and no ended one")
  func end() {
    let open = PhaseName.allCases.filter(\.isOpen)
    expect(Dictionary(uniqueKeysWithValues: open.map { ($0, .superseded) })) {
      $0.supersede(at: noon)
    }
    expect(Dictionary(uniqueKeysWithValues: open.map { ($0, .abandoned) })) {
      $0.abandon(at: noon)
    }
    for name in open {
      var it = rollout(name)
      it.abandon(at: noon)
      #expect(it.completedAt == noon && it.nextStepAt == nil && it.deadline == nil)
    }
  }

  @Test("a restart, a signal or a retry makes a waiting call due, and changes nothing else")
  func expedite() {
    let early = noon - .minutes(5)
    expect([.retrying: (.retrying, true), .refused: (.refused, true)], otherwise: false) {
      $0.expedite(at: early)
      return $0.isCallDue(at: early)
    }
  }

  @Test("a call that may have worked is not made due before its time, whoever asks")
  func expediteLost() {
    var it = rollout(.submitting)
    _ = it.failed(failure(.answerLost), at: noon, pacing: pacing, chance: 0)
    it.expedite(at: noon)
    #expect(it.nextStepAt == noon + .seconds(30))
    it.expedite(at: noon + .seconds(40))
    #expect(it.nextStepAt == noon + .seconds(30))
  }

  @Test("a call is due at its time where one failed or was refused, and nowhere else")
  func callDue() {
    for name in PhaseName.allCases {
      let isWaiting = name == .retrying || name == .refused
      #expect(rollout(name).awaitsCall == (isWaiting || name == .submitting))
      #expect(rollout(name).isCallDue(at: noon) == isWaiting)
      #expect(!rollout(name).isCallDue(at: noon - .milliseconds(1)))
    }
  }

  @Test("a check of the edges is due at its time where a proof is awaited, and nowhere else")
  func checkDue() {
    for name in PhaseName.allCases {
      let isAwaited = name == .propagating || name == .overdue
      #expect(rollout(name).isCheckDue(at: noon) == isAwaited)
      #expect(!rollout(name).isCheckDue(at: noon - .milliseconds(1)))
      #expect((rollout(name).propagation != nil) == isAwaited)
    }
  }

  @Test("only a call that was made for another mapping is made due by a changed mapping")
  func otherMapping() {
    for name in PhaseName.allCases {
      let isWaiting = name == .retrying || name == .refused
      #expect(rollout(name).wasCalledFor(anotherThan: "changed") == isWaiting)
      #expect(!rollout(name).wasCalledFor(anotherThan: "mapping"))
    }
  }

  @Test("a stepped clock moves every time of an open rollout and none of an ended one")
  func shift() {
    for name in PhaseName.allCases {
      let before = rollout(name)
      var it = before
      it.shift(by: .days(-3))
      if !name.isOpen { #expect(it == before, "\(name)") }
      #expect(it.phaseName == name)
      let step = { (time: Instant?) in name.isOpen ? time.map { $0 - .days(3) } : time }
      #expect(it.submittedAt == step(before.submittedAt), "\(name)")
      #expect(it.nextStepAt == step(before.nextStepAt), "\(name)")
      #expect(it.deadline == step(before.deadline), "\(name)")
      #expect(it.completedAt == before.completedAt, "\(name)")
      it.shift(by: .days(3))
      #expect(it == before, "\(name)")
    }
  }

  @Test("a stepped clock moves the times of a lost call, too")
  func shiftLost() {
    var it = rollout(.submitting)
    _ = it.failed(failure(.answerLost), at: noon, pacing: pacing, chance: 0)
    it.shift(by: .hours(2))
    #expect(it.pendingRetry?.lost?.intendedAt == noon - .minutes(1) + .hours(2))
    #expect(it.pendingRetry?.notBefore == noon + .seconds(30) + .hours(2))
  }

  @Test("times from a disk written by a clock that was days ahead are bounded in every phase")
  func bound() {
    for name in PhaseName.allCases {
      var it = rollout(name)
      it.shift(by: .days(2))
      it.bound(at: noon, pacing: pacing)
      #expect(it.phaseName == name)
      let latest: [PhaseName: Instant] = [
        .retrying: noon + pacing.retryMaximum, .propagating: noon + pacing.maxCheckInterval,
        .overdue: noon + pacing.maxCheckInterval, .refused: noon + .hours(1),
      ]
      #expect(it.nextStepAt == latest[name], "\(name)")
      #expect((it.deadline ?? noon) <= noon + pacing.window, "\(name)")
      #expect((it.submittedAt ?? noon) <= noon, "\(name)")
      if !name.isOpen { #expect(it == rollout(name)) }
    }
  }

  @Test("times that are near enough are not changed when they are read from disk")
  func boundNear() {
    for name in PhaseName.allCases {
      var it = rollout(name)
      it.bound(at: noon, pacing: pacing)
      #expect(it == rollout(name), "\(name)")
    }
  }

  @Test("the wait after a lost call is bounded when it is read from disk")
  func boundLost() {
    var it = rollout(.submitting)
    _ = it.failed(failure(.answerLost), at: noon + .days(2), pacing: pacing, chance: 0)
    it.shift(by: .hours(1))
    it.bound(at: noon, pacing: pacing)
    #expect(it.pendingRetry?.notBefore == noon + pacing.checkInterval)
    #expect(it.pendingRetry.map { ($0.lost?.intendedAt ?? noon) <= noon } == true)
  }
}
