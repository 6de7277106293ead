import RolloutCore
import Testing

@Suite("A newer certificate while a rollout is under way")
struct SupersedeStoryTests {
  /// A newer certificate comes; the rollout is to give way with the next pass.
  private func expectSuperseded(
    _ scene: inout Scene, from phase: Rollout.Phase,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(scene.phase == phase, sourceLocation: sourceLocation)
    let id = scene.record.rollout?.id
    scene.list(newerOne)
    let pass = scene.pass()
    #expect(
      pass.told.contains(.rolloutSuperseded) && pass.told.last == .updateSubmitted,
      sourceLocation: sourceLocation)
    #expect(pass.decision.ended?.id == id, sourceLocation: sourceLocation)
    #expect(pass.decision.ended?.phase == .superseded, sourceLocation: sourceLocation)
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

  @Test("while its edges are awaited, once Cognito takes updates again")
  func propagating() {
    var scene = Scene.propagating()
    scene.list(newerOne)
    let waiting = scene.pass()
    #expect(waiting.update == nil && waiting.told == [.replacementFound])
    #expect(scene.condition == .propagating && scene.record.desired == newerOne.arn)
    #expect(scene.pass().told == [])
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
    scene.schedule = DomainSchedule()
    expectSuperseded(&scene, from: .submitting)
  }

  @Test("in the very pass that completes it: the completed one is handed on as ended")
  func completing() {
    var scene = Scene.propagating { $0.probe.isEnabled = false }
    scene.cognito(.active, newOne.arn)
    scene.list(newerOne)
    let pass = scene.pass(after: .minutes(1))
    #expect(
      pass.told == [.rolloutCompleted, .replacementFound, .updateSubmitted])
    #expect(pass.decision.ended?.phase == .completed)
    #expect(pass.decision.ended?.certificate == newOne.arn)
    #expect(scene.record.rollout?.certificate == newerOne.arn)
  }

  @Test("a rollout never supersedes itself, nor goes back, while UPDATING shows the old ARN")
  func notItself() {
    var scene = Scene.propagating()
    let id = scene.record.rollout?.id
    #expect(scene.run(for: .minutes(55)) { $0.phase != .propagating } == false)
    #expect(scene.record.rollout?.id == id && scene.record.rollout?.attempts == 1)
    #expect(scene.record.desired == newOne.arn)
  }

  @Test("nor when it leads to an older certificate, from one that ACM revoked")
  func notItselfBackwards() {
    let revoked = certificate("revoked", from: -1, to: 89) { $0.status = .revoked }
    var scene = Scene([revoked, oldOne])
    scene.pass()
    scene.accept()
    scene.cognito(.updating, revoked.arn)
    #expect(scene.run(for: .minutes(55)) { $0.phase != .propagating } == false)
    #expect(scene.record.rollout?.certificate == oldOne.arn && scene.record.rollout?.attempts == 1)
  }

  @Test("one that is no newer than the rollout's own leaves it alone")
  func notNewer() {
    var scene = Scene.propagating()
    scene.list(certificate("between", from: -2, to: 400))
    for _ in 0..<3 {
      #expect(scene.pass(after: .minutes(5)).told == [.propagationWaiting])
    }
  }

  @Test("the rollout's certificate is revoked while it waits: it is given up")
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

  @Test("given up and replaced in one pass: the one given up is handed on as ended")
  func revokedAndReplaced() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    scene.list(certificate("new", from: -1, to: 89) { $0.status = .revoked })
    scene.list(newerOne)
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.update?.certificate == newerOne.arn)
    #expect(pass.decision.ended?.phase == .abandoned)
    #expect(pass.decision.ended?.certificate == newOne.arn)
  }

  @Test("the attached and only certificate is revoked while its edges are awaited")
  func revokedWhilePropagating() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.listed = .seen([certificate("new", from: -1, to: 89) { $0.status = .revoked }])
    let pass = scene.pass()
    #expect(pass.told == [.rolloutSuperseded, .candidateMissing])
    #expect(scene.condition == .noCandidate && scene.phase == .abandoned)
  }

  @Test("revoked while Cognito still shows the one before: that one is judged by itself, at once")
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

  @Test("the certificate left as expired is renewed in time: no call is made for what is shown")
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
      #expect(pass.update == nil && pass.told == [.rolloutSuperseded])
      #expect(scene.phase == .abandoned && scene.condition == .inSync)
    }
  }

  @Test("while the newer one waits for a wave, the rollout under way goes on being called")
  func blockedByWave() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    scene.list(newerOne)
    scene.waveBlocker = "other.example.com (wave 0) is propagating"
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.update?.certificate == newOne.arn)
    #expect(scene.record.rollout?.attempts == 2)
  }

  @Test("while the newer one cannot be judged, the rollout under way goes on being called")
  func undetermined() {
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

  @Test("haste is made for what is attached, and not for a certificate whose call was never taken")
  func haste() {
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
      scene.waveBlocker = "other.example.com (wave 0) is propagating"
      #expect((scene.pass().update?.certificate == newerOne.arn) == (old == 2))
    }
  }
}
