import RolloutCore
import Testing

/// What someone else attaches in these stories: older than the daemon's, and eligible.
let theirs = certificate("theirs", from: -90, to: 80)

extension Scene {
  /// The daemon attached `mine`, and someone else attached `shown` in its place.
  static func drifted(
    _ mine: Certificate = oldOne, to shown: Certificate = theirs, with others: [Certificate] = [],
    _ edit: (inout Mapping) -> Void = { _ in }
  ) -> Scene {
    var scene = Scene([mine, shown] + others, edit)
    scene.drift(to: shown.arn)
    return scene
  }

  mutating func drift(to arn: CertificateARN) {
    cognito(.active, arn)
    serve(arn)
  }

  /// Cognito takes the call under way and every edge serves its certificate.
  mutating func settle() {
    guard let certificate = record.rollout?.certificate else { return }
    accept()
    cognito(.active, certificate)
    serve(certificate)
    _ = run(for: .minutes(30)) { $0.phase == .completed }
  }

  /// An operator's `retry`, as the loop obeys it.
  mutating func retry() {
    record.shunned = []
    record.rollout?.hurry(at: now)
    schedule.retryIsWanted = true
  }
}

@Suite("Drift")
struct DriftStoryTests {
  @Test("a newer eligible certificate that someone attached is adopted")
  func adopted() {
    var scene = Scene.drifted(to: newOne)
    let pass = scene.pass()
    #expect(pass.told == [.driftDetected] && pass.update == nil)
    #expect(pass.event(.driftDetected)?.level == .notice)
    #expect(scene.condition == .inSync && scene.record.lastAttached == newOne.arn)
    #expect(scene.record.shunned == [oldOne.arn])
    #expect(scene.pass(after: .minutes(5)).told == [])
  }

  @Test("an older one is undone once, told as a warning, and watched like any rollout")
  func restored() {
    var scene = Scene.drifted()
    let pass = scene.pass()
    #expect(pass.update?.certificate == oldOne.arn)
    #expect(pass.told.contains(.driftDetected) && pass.told.last == .updateSubmitted)
    #expect(pass.event(.driftDetected)?.level == .warning)
    #expect(scene.record.rollout?.cause == .restore && scene.record.lastRestoredAt == noon)
    scene.settle()
    #expect(scene.condition == .inSync && scene.record.rollout?.proof == .edge)
    #expect(scene.record.shunned == [])
  }

  @Test("a second time within 24 hours a person is asked, once; the hours of a day make it afresh")
  func secondTime() {
    var scene = Scene.drifted()
    scene.pass()
    scene.settle()
    scene.drift(to: theirs.arn)
    let again = scene.pass(after: (noon + .hours(24) - .milliseconds(1)).since(scene.now))
    #expect(again.update == nil && again.told == [.driftDetected])
    #expect(again.event(.driftDetected)?.level == .error && scene.condition == .drifted)
    for _ in 0..<3 { #expect(scene.pass(after: .hours(9)).told == []) }
    #expect(scene.condition == .drifted)
  }

  @Test("after 24 hours a new drift is undone again")
  func nextDay() {
    var scene = Scene.drifted()
    scene.pass()
    scene.settle()
    scene.now = noon + .hours(24)
    scene.drift(to: theirs.arn)
    #expect(scene.pass().update?.certificate == oldOne.arn)
  }

  @Test("with on_drift report it is drifted at once, and told once as an error")
  func report() {
    var scene = Scene.drifted { $0.onDrift = .report }
    let pass = scene.pass()
    #expect(pass.told == [.driftDetected] && pass.update == nil)
    #expect(pass.event(.driftDetected)?.level == .error)
    #expect(scene.condition == .drifted && scene.record.desired == oldOne.arn)
    #expect(scene.pass(after: .minutes(5)).told == [])
  }

  @Test("retry puts back what was drifted away from, with on_drift report, too")
  func retried() {
    for policy in Mapping.DriftPolicy.allCases {
      var scene = Scene.drifted { $0.onDrift = policy }
      scene.record.lastRestoredAt = noon - .hours(1)
      scene.pass()
      #expect(scene.condition == .drifted)
      scene.retry()
      #expect(scene.pass().update?.certificate == oldOne.arn)
      scene.settle()
      #expect(scene.condition == .inSync)
      scene.drift(to: theirs.arn)
      scene.pass()
      #expect(scene.condition == .drifted)
    }
  }

  @Test("retry on a domain that is not drifted is no licence for the future")
  func retryIsNotKept() {
    var scene = Scene([oldOne, theirs]) { $0.onDrift = .report }
    scene.retry()
    scene.pass()
    scene.drift(to: theirs.arn)
    #expect(scene.pass(after: .days(30)).update == nil)
    #expect(scene.condition == .drifted)
  }

  @Test("a drift that is undone by hand is over")
  func resolvedByHand() {
    var scene = Scene.drifted { $0.onDrift = .report }
    scene.pass()
    #expect(scene.record.shunned == [oldOne.arn])
    scene.drift(to: oldOne.arn)
    #expect(scene.pass().told == [] && scene.condition == .inSync)
    #expect(scene.record.shunned == [] && scene.record.driftedTo == nil)
    scene.drift(to: theirs.arn)
    #expect(scene.pass().told == [.driftDetected])
  }

  @Test("a drift that is undone by hand is over also while certificates cannot be listed")
  func resolvedUnlisted() {
    var scene = Scene.drifted { $0.onDrift = .report }
    scene.pass()
    scene.drift(to: oldOne.arn)
    scene.listed = unseen(.throttled)
    scene.pass()
    #expect(scene.condition == .inSync)
  }

  @Test("a drifted domain takes a certificate that is newer than the one left, and no other")
  func thenNewer() {
    var scene = Scene.drifted { $0.onDrift = .report }
    scene.pass()
    scene.list(certificate("between", from: -70, to: 95))
    #expect(scene.pass().update == nil && scene.condition == .drifted)
    scene.list(newOne)
    let pass = scene.pass()
    #expect(pass.told == [.replacementFound, .updateSubmitted])
    #expect(pass.update?.certificate == newOne.arn && scene.record.rollout?.cause == .replacement)
    scene.settle()
    #expect(scene.condition == .inSync && scene.record.lastAttached == newOne.arn)
  }

  @Test("a newer certificate that only soaks is told of once while the domain is drifted")
  func thenSoaking() {
    var scene = Scene.drifted(with: [newOne]) {
      $0.onDrift = .report
      $0.selector.soak = .days(9)
    }
    #expect(scene.pass().told == [.driftDetected, .replacementFound])
    #expect(scene.condition == .drifted)
    for _ in 0..<3 { #expect(scene.pass(after: .minutes(5)).told == []) }
  }

  @Test("nor is it told again and again while mode observe leaves the drift as it is")
  func soakingObserved() {
    var scene = Scene.drifted(with: [newOne]) {
      $0.mode = .observe
      $0.selector.soak = .days(9)
    }
    scene.pass()
    for _ in 0..<3 { #expect(scene.pass(after: .minutes(5)).told == []) }
  }

  @Test("what someone moved away from is not chosen again, until retry or a newer one")
  func shunned() {
    var scene = Scene.drifted(newOne, to: newerOne, with: [oldOne])
    scene.pass()
    #expect(scene.record.shunned == [newOne.arn])
    scene.list(certificate("newer", from: 0, to: 90) { $0.status = .revoked })
    scene.listed = .seen((scene.listed.value ?? []).filter { $0.arn != oldOne.arn })
    #expect(scene.pass().update == nil && scene.condition == .noCandidate)
    scene.retry()
    #expect(scene.pass().update?.certificate == newOne.arn)
  }

  @Test("a domain whose daemon never attached anything cannot drift")
  func firstSight() {
    var scene = Scene.drifted()
    scene.forget()
    #expect(scene.pass().told == [] && scene.condition == .inSync)
    scene.drift(to: oldOne.arn)
    #expect(scene.pass().told == [] && scene.condition == .inSync)
  }

  @Test("mode observe and a hold undo no drift")
  func observedOrHeld() {
    var observed = Scene.drifted { $0.mode = .observe }
    #expect(observed.pass().update == nil && observed.condition == .pending)
    #expect(observed.pass(after: .minutes(5)).told == [])
    var held = Scene.drifted()
    held.record.hold = Hold(since: noon, until: noon + .hours(1))
    #expect(held.pass().update == nil && held.condition == .held)
    #expect(held.pass(after: .hours(1)).update?.certificate == oldOne.arn)
  }
}
