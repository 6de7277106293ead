import Narration
import RolloutCore
import Testing

@Suite("A newer certificate while a rollout is under way")
struct SupersedeStoryTests {
  /// A newer certificate comes; the rollout is to give way with the next pass.
  private func expectSuperseded(
    _ scene: inout Scene, from phase: PhaseName,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(scene.phase == phase, sourceLocation: sourceLocation)
    let id = scene.record.rollout?.id
    scene.list(newerOne)
    let pass = scene.pass()
    #expect(
      pass.logged.contains(.rolloutSuperseded) && pass.logged.last == .updateSubmitted,
      sourceLocation: sourceLocation)
    #expect(pass.plan.ended?.id == id, sourceLocation: sourceLocation)
    #expect(pass.plan.ended?.phaseName == .superseded, sourceLocation: sourceLocation)
    #expect(pass.update?.certificate == newerOne.arn, sourceLocation: sourceLocation)
    #expect(scene.record.rollout?.id != id, sourceLocation: sourceLocation)
  }

  @Test("while it is retried")
  func retrying() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    expectSuperseded(&scene, from: .retrying)
    #expect(scene.record.rollout?.previous == oldOne.arn)
  }

  @Test("while it is refused: the new candidate is tried at once")
  func refused() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.refused(.settingsRejected))))
    expectSuperseded(&scene, from: .refused)
  }

  @Test("while its proof is awaited, once Cognito accepts updates again")
  func propagating() {
    var scene = Scene.propagating()
    scene.list(newerOne)
    let waiting = scene.pass()
    #expect(waiting.update == nil && waiting.logged == [.replacementFound])
    #expect(scene.condition == .propagating && scene.record.desired == newerOne.arn)
    #expect(scene.pass().logged == [])
    scene.cognito(.active, newOne.arn)
    expectSuperseded(&scene, from: .propagating)
    #expect(scene.record.rollout?.previous == newOne.arn)
  }

  @Test("when it is overdue")
  func overdue() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.serve(oldOne.arn)
    scene.pass(after: .hours(2))
    expectSuperseded(&scene, from: .overdue)
  }

  @Test("after a power cut, with the intent's outcome unknown")
  func submitting() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.restart()
    scene.now = scene.now + scene.pacing.checkInterval
    expectSuperseded(&scene, from: .submitting)
  }

  @Test("in the pass that completes it: the completed one is recorded as ended")
  func completing() {
    var scene = Scene.propagating { $0.probe.isEnabled = false }
    scene.cognito(.active, newOne.arn)
    scene.list(newerOne)
    let pass = scene.pass(after: .minutes(1))
    #expect(
      pass.logged == [.rolloutCompleted, .replacementFound, .updateSubmitted])
    #expect(pass.plan.ended?.phaseName == .completed)
    #expect(pass.plan.ended?.certificate == newOne.arn)
    #expect(scene.record.rollout?.certificate == newerOne.arn)
  }

  @Test("a rollout goes on while UPDATING shows the old certificate")
  func notItself() {
    var scene = Scene.propagating()
    let id = scene.record.rollout?.id
    #expect(scene.run(for: .minutes(55)) { $0.phase != .propagating } == false)
    #expect(scene.record.rollout?.id == id && scene.record.rollout?.attempts == 1)
    #expect(scene.record.desired == newOne.arn)
  }

  @Test("a rollout to an older certificate goes on while UPDATING shows the revoked one")
  func notItselfBackwards() {
    let revoked = certificate("revoked", from: -1, to: 89) { $0.status = .revoked }
    var scene = Scene([revoked, oldOne])
    scene.pass()
    scene.accept()
    scene.cognito(.updating, revoked.arn)
    #expect(scene.run(for: .minutes(55)) { $0.phase != .propagating } == false)
    #expect(scene.record.rollout?.certificate == oldOne.arn && scene.record.rollout?.attempts == 1)
  }

  @Test("a certificate that is not newer than the rollout's own changes nothing")
  func notNewer() {
    var scene = Scene.propagating()
    scene.list(certificate("between", from: -2, to: 400))
    #expect(scene.pass(after: .minutes(5)).logged == [.propagationWaiting])
    for _ in 0..<3 { #expect(scene.pass(after: .minutes(5)).logged == []) }
    #expect(scene.record.desired == newOne.arn)
  }

  @Test("a rollout whose certificate is revoked while it waits is abandoned")
  func revoked() {
    for kind in [Failure.Kind.throttled, .refused(.invalidRequest)] {
      var scene = Scene([oldOne, newOne])
      scene.pass()
      scene.answer(.failed(failure(kind)))
      scene.list(certificate("new", from: -1, to: 89) { $0.status = .revoked })
      let pass = scene.pass(after: .hours(2))
      #expect(pass.update == nil && scene.phase == .abandoned && scene.condition == .inSync)
      #expect(pass.event(.rolloutSuperseded)?.level == .warning)
      #expect(pass.event(.rolloutSuperseded)?.fields[.reason]?.contains("not_issued") == true)
    }
  }

  @Test("a rollout that is abandoned and replaced in one pass is recorded as ended")
  func revokedAndReplaced() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    scene.list(certificate("new", from: -1, to: 89) { $0.status = .revoked })
    scene.list(newerOne)
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.update?.certificate == newerOne.arn)
    #expect(pass.plan.ended?.phaseName == .abandoned)
    #expect(pass.plan.ended?.certificate == newOne.arn)
  }

  @Test(
    "the attached and only certificate is revoked before its proof: nothing can serve the domain")
  func revokedWhilePropagating() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.listed = .seen([certificate("new", from: -1, to: 89) { $0.status = .revoked }])
    let pass = scene.pass()
    #expect(pass.logged == [.rolloutSuperseded, .candidateMissing])
    #expect(scene.condition == .noCandidate && scene.phase == .abandoned)
  }

  @Test(
    "a certificate revoked before Cognito shows it: the attached one is judged in the same pass")
  func revokedWhileUpdating() {
    let short = certificate("old", from: -60, to: 5)
    var scene = Scene([short, newOne])
    scene.pass()
    scene.accept()
    scene.cognito(.updating, short.arn)
    scene.list(certificate("new", from: -1, to: 89) { $0.status = .revoked })
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.event(.rolloutSuperseded)?.fields[.reason]?.contains("REVOKED") == true)
    #expect(scene.phase == .abandoned && scene.condition == .inSync)
    #expect(scene.record.desired == short.arn && scene.record.lastAttached == short.arn)
  }

  @Test("an expired certificate that is renewed before the call is kept, without a call")
  func renewedInTime() {
    for kind in [Failure.Kind.throttled, .refused(.invalidRequest)] {
      var scene = Scene([certificate("old", from: -60, to: 0), theirs])
      scene.pass()
      scene.answer(.failed(failure(kind)))
      #expect(scene.record.rollout?.certificate == theirs.arn)
      scene.list(
        certificate("old", from: -60, to: 90) {
          $0.notBefore = noon
          $0.issuedAt = noon
        })
      let pass = scene.pass(after: .hours(1))
      #expect(pass.update == nil && pass.logged == [.rolloutSuperseded])
      #expect(scene.phase == .abandoned && scene.condition == .inSync)
    }
  }

  @Test("while the newer one waits for a wave, the call of the rollout under way is made again")
  func blockedByWave() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    scene.list(newerOne)
    scene.constraint = lowerWaveUnsettled
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.update?.certificate == newOne.arn)
    #expect(scene.record.rollout?.attempts == 2)
  }

  @Test("while the newer one cannot be judged, the call of the rollout under way is made again")
  func newerUnseen() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    scene.list(newerOne)
    scene.evidence[newerOne.arn] = unseen(.accessDenied)
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.update?.certificate == newOne.arn)
  }

  @Test("when nothing can be listed, nothing is called")
  func unlisted() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    scene.listed = unseen(.accessDenied)
    #expect(scene.pass(after: .minutes(1)).update == nil)
    #expect(scene.condition == .retrying && scene.record.reason?.code == "access_denied")
  }

  @Test("urgency comes from the attached certificate, not from one whose call was never accepted")
  func urgency() {
    let ends: [(old: Int64, new: Int64)] = [(2, 89), (60, 2)]
    for (old, new) in ends {
      var scene = Scene([
        certificate("old", from: -60, to: old), certificate("new", from: -1, to: new),
      ]) {
        $0.selector.minRemaining = .zero
        $0.selector.arn = arn("new")
        $0.probe.isEnabled = false
      }
      scene.pass()
      scene.answer(.failed(failure(.refused(.invalidRequest))))
      scene.mapping.selector.arn = nil
      scene.record.selectorFingerprint = scene.mapping.selector.fingerprint
      scene.list(newerOne)
      scene.constraint = lowerWaveUnsettled
      #expect((scene.pass().update?.certificate == newerOne.arn) == (old == 2))
    }
  }
}
