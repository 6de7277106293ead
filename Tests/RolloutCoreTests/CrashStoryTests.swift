import RolloutCore
import Testing

@Suite("Power cuts and lost answers")
struct CrashStoryTests {
  /// The intent is on disk and the process is gone: nothing but the record comes back.
  private func crashedAfterIntent() -> Scene {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.schedule = DomainSchedule()
    scene.record.rollout?.hurry(at: scene.now)
    return scene
  }

  @Test("an intent without an outcome: Cognito shows the certificate, and no call is made again")
  func shown() {
    for status in [DomainStatus.updating, .active] {
      var scene = crashedAfterIntent()
      scene.cognito(status, newOne.arn)
      let pass = scene.pass(after: .minutes(10))
      #expect(pass.update == nil && pass.told == [.updateAccepted])
      #expect(scene.condition == .propagating && scene.record.rollout?.attempts == 1)
      #expect(scene.record.rollout?.deadline == noon + .hours(1))
      #expect(scene.record.lastAttached == newOne.arn)
    }
  }

  @Test("an intent without an outcome: Cognito does not show it, and exactly one more call is made")
  func notShown() {
    var scene = crashedAfterIntent()
    let pass = scene.pass(after: .minutes(10))
    #expect(pass.told == [.updateSubmitted] && pass.update?.certificate == newOne.arn)
    #expect(scene.record.rollout?.attempts == 2)
    scene.accept()
    scene.cognito(.active, newOne.arn)
    scene.serve(newOne.arn)
    #expect(scene.run(for: .minutes(20)) { $0.phase == .completed })
    #expect(scene.record.rollout?.attempts == 2)
  }

  @Test("an intent without an outcome, while Cognito is at work: it waits and looks again")
  func atWork() {
    var scene = crashedAfterIntent()
    scene.cognito(.updating, oldOne.arn)
    for _ in 0..<4 {
      let pass = scene.pass(after: .minutes(1))
      #expect(pass.update == nil && scene.condition == .retrying)
    }
    scene.cognito(.active, newOne.arn)
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.told == [.updateAccepted] && scene.record.rollout?.attempts == 1)
  }

  @Test("an intent without an outcome, and the domain cannot be seen: no call until it can")
  func blind() {
    var scene = crashedAfterIntent()
    for look in [DomainLook.unseen(failure(.unreachable)), .empty] {
      scene.look = look
      #expect(scene.pass(after: .minutes(5)).update == nil)
      #expect(scene.condition == .submitting)
      #expect(scene.schedule.nextLookAt == scene.now + .seconds(30))
    }
    scene.cognito(.active, newOne.arn)
    #expect(scene.pass(after: .seconds(30)).update == nil)
    #expect(scene.condition == .propagating)
  }

  @Test("an intent without an outcome for a certificate that is no longer eligible is given up")
  func ineligibleSince() {
    var scene = crashedAfterIntent()
    scene.list(certificate("new", from: -1, to: 89) { $0.status = .revoked })
    let pass = scene.pass(after: .minutes(10))
    #expect(pass.update == nil && pass.told.first == .rolloutSuperseded)
    #expect(scene.phase == .abandoned && scene.condition == .inSync)
  }

  @Test("a lost answer: the next look shows whether the call was taken")
  func answerLost() {
    for kind in [Failure.Kind.answerLost, .server, .malformedAnswer] {
      var scene = Scene([oldOne, newOne])
      scene.pass()
      scene.answer(.failed(failure(kind)))
      #expect(scene.condition == .retrying)
      scene.cognito(.updating, newOne.arn)
      let pass = scene.pass(after: .minutes(1))
      #expect(pass.update == nil && pass.told == [.updateAccepted])
      #expect(scene.record.rollout?.attempts == 1)
      #expect(scene.record.rollout?.submittedAt == noon)
    }
  }

  @Test("a lost answer to a call that was not taken: one more call, after the wait")
  func answerLostInVain() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.answerLost)))
    #expect(scene.pass(after: .minutes(1)).told == [.updateSubmitted])
    #expect(scene.record.rollout?.attempts == 2)
  }

  @Test("a restart in the middle of propagating goes on with the same window")
  func restartWhilePropagating() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.serve(newOne.arn)
    scene.pass(after: .minutes(5))
    let deadline = scene.record.rollout?.deadline
    scene.schedule = DomainSchedule()
    scene.record.rollout?.hurry(at: scene.now)
    #expect(scene.run(for: .minutes(30)) { $0.phase == .completed })
    #expect(scene.record.rollout?.deadline == deadline && deadline == noon + .hours(1))
  }

  @Test("a lost state file: what is attached is taken as it is, and nothing is called for it")
  func stateLost() {
    var scene = Scene([newOne, oldOne])
    scene.forget()
    let pass = scene.pass()
    #expect(pass.update == nil && pass.told == [])
    #expect(scene.condition == .inSync && scene.record.attached == newOne.arn)
    #expect(scene.record.selectorFingerprint == scene.mapping.selector.fingerprint)
    scene.cognito(.updating, newOne.arn)
    #expect(scene.pass().update == nil)
  }
}
