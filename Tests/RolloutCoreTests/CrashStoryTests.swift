import Narration
import RolloutCore
import Testing

@Suite("Power cuts and lost answers")
struct CrashStoryTests {
  /// The intent is on disk and the process is gone: nothing but the record comes back.
  private func crashedAfterIntent() -> Scene {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.restart()
    return scene
  }

  @Test("after a power cut no call is made when Cognito shows the certificate")
  func shown() {
    for status in [DomainStatus.updating, .active] {
      var scene = crashedAfterIntent()
      scene.cognito(status, newOne.arn)
      let pass = scene.pass(after: .minutes(10))
      #expect(pass.update == nil && pass.logged == [.updateAccepted])
      #expect(scene.condition == .propagating && scene.record.rollout?.attempts == 1)
      #expect(scene.record.rollout?.deadline == noon + .hours(1))
      #expect(scene.record.lastAttached == newOne.arn)
    }
  }

  @Test("after a lost answer no other certificate is asked for before check_interval has passed")
  func lostAnswerAndNewerCertificate() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.answerLost)))
    scene.list(certificate("newest", from: 0, to: 90))
    let early = scene.pass(after: .seconds(1))
    #expect(early.update == nil && scene.condition == .retrying)
    let late = scene.pass(after: scene.pacing.checkInterval)
    #expect(late.update?.certificate == arn("newest"))
  }

  @Test("after a power cut one more call is made when Cognito does not show the certificate")
  func notShown() {
    var scene = crashedAfterIntent()
    let pass = scene.pass(after: .minutes(10))
    #expect(pass.logged == [.updateSubmitted] && pass.update?.certificate == newOne.arn)
    #expect(scene.record.rollout?.attempts == 2)
    scene.accept()
    scene.cognito(.active, newOne.arn)
    scene.serve(newOne.arn)
    #expect(scene.run(for: .minutes(20)) { $0.phase == .completed })
    #expect(scene.record.rollout?.attempts == 2)
  }

  @Test("after a power cut no call is made while Cognito works on the domain")
  func atWork() {
    var scene = crashedAfterIntent()
    scene.cognito(.updating, oldOne.arn)
    for _ in 0..<4 {
      let pass = scene.pass(after: .minutes(1))
      #expect(pass.update == nil && scene.condition == .retrying)
    }
    scene.cognito(.active, newOne.arn)
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.logged == [.updateAccepted] && scene.record.rollout?.attempts == 1)
  }

  @Test("after a power cut no call is made while the domain cannot be described")
  func blind() {
    var scene = crashedAfterIntent()
    for look in [DomainLook.unseen(failure(.unreachable)), .empty] {
      scene.look = look
      #expect(scene.pass(after: .minutes(5)).update == nil)
      #expect(scene.condition == .submitting)
      #expect(scene.nextLookAt == scene.now + .seconds(30))
    }
    scene.cognito(.active, newOne.arn)
    #expect(scene.pass(after: .seconds(30)).update == nil)
    #expect(scene.condition == .propagating)
  }

  @Test("after a power cut a rollout whose certificate is no longer eligible is abandoned")
  func ineligibleSince() {
    var scene = crashedAfterIntent()
    scene.list(certificate("new", from: -1, to: 89) { $0.status = .revoked })
    let pass = scene.pass(after: .minutes(10))
    #expect(pass.update == nil && pass.logged.first == .rolloutSuperseded)
    #expect(scene.phase == .abandoned && scene.condition == .inSync)
  }

  @Test("after a lost answer the next look shows that the call was accepted")
  func answerLost() {
    for kind in [Failure.Kind.answerLost, .server, .malformedAnswer] {
      var scene = Scene([oldOne, newOne])
      scene.pass()
      scene.answer(.failed(failure(kind)))
      #expect(scene.condition == .retrying)
      scene.cognito(.updating, newOne.arn)
      let pass = scene.pass(after: .minutes(1))
      #expect(pass.update == nil && pass.logged == [.updateAccepted])
      #expect(scene.record.rollout?.attempts == 1)
      #expect(scene.record.rollout?.submittedAt == noon)
    }
  }

  @Test("after a lost answer no second call is made before check_interval, whoever asks")
  func notTooSoon() {
    for kind in [Failure.Kind.answerLost, .server, .malformedAnswer] {
      var scene = Scene([oldOne, newOne])
      scene.pass()
      scene.answer(.failed(failure(kind)), chance: 0)
      #expect(scene.nextLookAt == noon + .seconds(30))
      scene.retry()
      #expect(scene.pass(after: .milliseconds(29_999)).update == nil)
      #expect(scene.pass(after: .milliseconds(1)).update?.certificate == newOne.arn)
    }
  }

  @Test("after a restart no second call is made before check_interval from the intent")
  func notTooSoonAfterRestart() {
    var scene = crashedAfterIntent()
    #expect(scene.pass(after: .milliseconds(29_999)).update == nil)
    #expect(scene.condition == .retrying && scene.nextLookAt == noon + .seconds(30))
    #expect(scene.pass(after: .milliseconds(1)).update?.certificate == newOne.arn)
  }

  @Test("after a lost answer no second call is made when the description lags")
  func laggingDescription() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.answerLost)))
    #expect(scene.pass(after: .seconds(3)).update == nil)
    scene.cognito(.updating, newOne.arn)
    #expect(scene.pass(after: .seconds(27)).logged == [.updateAccepted])
    #expect(scene.record.rollout?.attempts == 1)
  }

  @Test("after a lost answer one more call is made when the call was not accepted")
  func answerLostNotAccepted() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.answerLost)))
    #expect(scene.pass(after: .minutes(1)).logged == [.updateSubmitted])
    #expect(scene.record.rollout?.attempts == 2)
  }

  @Test("a restart while propagating keeps the window")
  func restartWhilePropagating() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.serve(newOne.arn)
    scene.pass(after: .minutes(5))
    #expect(scene.record.rollout?.deadline == noon + .hours(1))
    scene.restart()
    #expect(scene.record.rollout?.deadline == noon + .hours(1))
    #expect(scene.run(for: .minutes(30)) { $0.phase == .completed })
    #expect(scene.record.rollout?.submittedAt == noon)
  }

  @Test("without a state file the attached certificate is adopted without a call")
  func stateLost() {
    var scene = Scene([newOne, oldOne])
    scene.forget()
    let pass = scene.pass()
    #expect(pass.update == nil && pass.logged == [])
    #expect(scene.condition == .inSync && scene.record.attached == newOne.arn)
    #expect(scene.record.selectorFingerprint == scene.mapping.selector.fingerprint)
    scene.cognito(.updating, newOne.arn)
    #expect(scene.pass().update == nil)
  }
}
