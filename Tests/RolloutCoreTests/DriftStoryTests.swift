import Narration
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

  /// Cognito accepts the call under way and every edge serves its certificate.
  mutating func settle() {
    guard let certificate = record.rollout?.certificate else { return }
    accept()
    cognito(.active, certificate)
    serve(certificate)
    _ = run(for: .minutes(30)) { $0.phase == .completed }
  }
}

@Suite("Drift")
struct DriftStoryTests {
  @Test("a newer eligible certificate that someone attached is adopted")
  func adopted() {
    var scene = Scene.drifted(to: newOne)
    let pass = scene.pass()
    #expect(pass.logged == [.driftDetected] && pass.update == nil)
    #expect(pass.event(.driftDetected)?.level == .notice)
    #expect(scene.condition == .inSync && scene.record.lastAttached == newOne.arn)
    #expect(scene.record.shunned == [oldOne.arn])
    #expect(scene.pass(after: .minutes(5)).logged == [])
  }

  @Test("an older one is replaced by the former one, with a warning, and proven like any rollout")
  func restored() {
    var scene = Scene.drifted()
    let pass = scene.pass()
    #expect(pass.update?.certificate == oldOne.arn)
    #expect(pass.logged.contains(.driftDetected) && pass.logged.last == .updateSubmitted)
    #expect(pass.event(.driftDetected)?.level == .warning)
    #expect(scene.record.rollout?.cause == .restore && scene.record.lastRestoredAt == noon)
    scene.settle()
    #expect(scene.condition == .inSync && scene.record.rollout?.proof == .edge)
    #expect(scene.record.shunned == [])
  }

  @Test("a second drift within 24 hours is reported once and stays drifted after them")
  func secondTime() {
    var scene = Scene.drifted()
    scene.pass()
    scene.settle()
    scene.drift(to: theirs.arn)
    let again = scene.pass(after: (noon + .hours(24) - .milliseconds(1)).since(scene.now))
    #expect(again.update == nil && again.logged == [.driftDetected])
    #expect(again.event(.driftDetected)?.level == .error && scene.condition == .drifted)
    for _ in 0..<3 { #expect(scene.pass(after: .hours(9)).logged == []) }
    #expect(scene.condition == .drifted)
  }

  @Test("a new drift after 24 hours is undone again")
  func nextDay() {
    var scene = Scene.drifted()
    scene.pass()
    scene.settle()
    scene.now = noon + .hours(24)
    scene.drift(to: theirs.arn)
    #expect(scene.pass().update?.certificate == oldOne.arn)
  }

  @Test("with on_drift report the domain is drifted at once, and that is logged once as an error")
  func report() {
    var scene = Scene.drifted { $0.onDrift = .report }
    let pass = scene.pass()
    #expect(pass.logged == [.driftDetected] && pass.update == nil)
    #expect(pass.event(.driftDetected)?.level == .error)
    #expect(scene.condition == .drifted && scene.record.desired == oldOne.arn)
    #expect(scene.pass(after: .minutes(5)).logged == [])
  }

  @Test("retry puts the former certificate back, with on_drift report, too")
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

  @Test("retry on a domain that is not drifted does nothing later")
  func retryIsNotKept() {
    var scene = Scene([oldOne, theirs]) { $0.onDrift = .report }
    scene.retry()
    scene.pass()
    scene.drift(to: theirs.arn)
    #expect(scene.pass(after: .days(30)).update == nil)
    #expect(scene.condition == .drifted)
  }

  @Test("retry with mode observe leaves a drifted domain drifted")
  func retriedObserved() {
    var scene = Scene.drifted {
      $0.mode = .observe
      $0.onDrift = .report
    }
    scene.pass()
    scene.retry()
    for _ in 0..<3 {
      #expect(scene.pass(after: .minutes(5)).update == nil && scene.condition == .drifted)
    }
    #expect(!scene.record.retryRequested)
  }

  @Test("a drift that is undone by hand is over")
  func resolvedByHand() {
    var scene = Scene.drifted { $0.onDrift = .report }
    scene.pass()
    #expect(scene.record.shunned == [oldOne.arn])
    scene.drift(to: oldOne.arn)
    #expect(scene.pass().logged == [] && scene.condition == .inSync)
    #expect(scene.record.shunned == [] && scene.record.driftedTo == nil)
    scene.drift(to: theirs.arn)
    #expect(scene.pass().logged == [.driftDetected])
  }

  @Test("a drift that is undone by hand is over even while certificates cannot be listed")
  func resolvedUnlisted() {
    var scene = Scene.drifted { $0.onDrift = .report }
    scene.pass()
    scene.drift(to: oldOne.arn)
    scene.listed = unseen(.throttled)
    scene.pass()
    #expect(scene.condition == .inSync)
  }

  @Test("a drifted domain gets a certificate that is newer than the former one, and no other")
  func thenNewer() {
    var scene = Scene.drifted { $0.onDrift = .report }
    scene.pass()
    scene.list(certificate("between", from: -70, to: 95))
    #expect(scene.pass().update == nil && scene.condition == .drifted)
    scene.list(newOne)
    let pass = scene.pass()
    #expect(pass.logged == [.replacementFound, .updateSubmitted])
    #expect(pass.update?.certificate == newOne.arn && scene.record.rollout?.cause == .replacement)
    scene.settle()
    #expect(scene.condition == .inSync && scene.record.lastAttached == newOne.arn)
  }

  @Test(
    "a newer certificate that soaks is not logged before it may be attached to a drifted domain")
  func thenSoaking() {
    var scene = Scene.drifted(with: [newOne]) {
      $0.onDrift = .report
      $0.selector.soak = .days(9)
    }
    #expect(scene.pass().logged == [.driftDetected])
    #expect(scene.condition == .drifted)
    for _ in 0..<3 { #expect(scene.pass(after: .minutes(5)).logged == []) }
  }

  @Test("a soaking certificate is logged once, too, while mode observe leaves a drift as it is")
  func soakingObserved() {
    var scene = Scene.drifted(with: [newOne]) {
      $0.mode = .observe
      $0.selector.soak = .days(9)
    }
    scene.pass()
    for _ in 0..<3 { #expect(scene.pass(after: .minutes(5)).logged == []) }
  }

  @Test("a certificate that someone moved away from is not chosen again until retry")
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

  @Test("a domain that this daemon never attached anything to cannot drift")
  func firstSight() {
    var scene = Scene.drifted(theirs, to: oldOne)
    scene.forget()
    #expect(scene.pass().logged == [] && scene.condition == .inSync)
    scene.drift(to: theirs.arn)
    let pass = scene.pass()
    #expect(pass.update?.certificate == oldOne.arn && pass.event(.driftDetected) == nil)
    #expect(scene.record.rollout?.cause == .replacement && scene.record.lastRestoredAt == nil)
  }

  @Test("with mode observe or a hold a drift is not undone")
  func observedOrHeld() {
    var observed = Scene.drifted { $0.mode = .observe }
    #expect(observed.pass().update == nil && observed.condition == .pending)
    #expect(observed.pass(after: .minutes(5)).logged == [])
    var held = Scene.drifted()
    held.record.hold = Hold(since: noon, until: noon + .hours(1))
    #expect(held.pass().update == nil && held.condition == .held)
    #expect(held.pass(after: .hours(1)).update?.certificate == oldOne.arn)
  }
}
