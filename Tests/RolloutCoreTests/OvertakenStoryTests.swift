import RolloutCore
import Testing

@Suite("Someone else's certificate while a rollout is under way")
struct OvertakenStoryTests {
  private func waiting(_ kind: Failure.Kind = .throttled) -> Scene {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(kind)))
    return scene
  }

  @Test("before the call was taken: the rollout gives way, and what is newest wins afterwards")
  func beforeTaken() {
    var scene = waiting()
    scene.list(newerOne)
    scene.drift(to: newerOne.arn)
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.update == nil && pass.told == [.rolloutSuperseded, .driftDetected])
    #expect(scene.phase == .abandoned && scene.condition == .inSync)
    #expect(scene.record.lastAttached == newerOne.arn)
  }

  @Test("an older third one: the rollout begins anew from there")
  func olderThird() {
    var scene = waiting()
    let third = certificate("third", from: -50, to: 70)
    scene.list(third)
    scene.drift(to: third.arn)
    let first = scene.record.rollout?.id
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.update?.certificate == newOne.arn && pass.decision.ended?.id == first)
    #expect(pass.decision.ended?.phase == .abandoned)
    #expect(scene.record.rollout?.previous == third.arn)
  }

  @Test("after a refusal and after a power cut alike")
  func refusedOrSubmitting() {
    var cut = Scene([oldOne, newOne, newerOne])
    cut.list(certificate("newer", from: 0, to: 90) { $0.status = .pendingValidation })
    cut.pass()
    for scene in [waiting(.refused(.invalidRequest)), cut] {
      var scene = scene
      scene.list(newerOne)
      scene.drift(to: newerOne.arn)
      #expect(scene.pass().update == nil && scene.phase == .abandoned)
    }
  }

  @Test("after the call was taken: a newer one is given way to")
  func newerAfterTaken() {
    var scene = Scene.propagating()
    scene.list(newerOne)
    scene.drift(to: newerOne.arn)
    let pass = scene.pass(after: .minutes(5))
    #expect(pass.update == nil && scene.phase == .abandoned)
    #expect(scene.condition == .inSync && scene.record.lastAttached == newerOne.arn)
  }

  @Test("after the call was taken: an older one is asked away again, as often as resubmits allows")
  func olderAfterTaken() {
    var scene = Scene.propagating()
    scene.list(theirs)
    for resubmit in 1...3 {
      scene.drift(to: theirs.arn)
      #expect(scene.pass(after: .minutes(5)).told == [.updateRetrying])
      #expect(scene.record.rollout?.resubmits == resubmit)
      #expect(scene.run(for: .minutes(30)) { $0.condition == .submitting })
      scene.accept()
    }
    scene.pass(after: .minutes(5))
    #expect(scene.condition == .refused && scene.record.rollout?.refusal == "update_not_kept")
  }

  @Test(
    "a rollout away from someone's unusable certificate is given up: the drift is judged at once")
  func givenUp() {
    let revoked = certificate("theirs", from: -90, to: 80) { $0.status = .revoked }
    var scene = Scene.drifted(to: revoked, with: [newOne])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    #expect(scene.record.rollout?.cause == .unusable && scene.condition == .retrying)
    scene.listed = .seen([revoked])
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.told == [.rolloutSuperseded, .driftDetected, .candidateMissing])
    #expect(scene.pass().told == [])
  }

  @Test("one that cannot be described is not given way to")
  func unseenThird() {
    var scene = Scene.propagating()
    scene.cognito(.active, arn("third"))
    scene.details[arn("third")] = unseen(.throttled)
    scene.pass(after: .minutes(5))
    #expect(scene.phase == .retrying && scene.record.rollout?.certificate == newOne.arn)
  }

  @Test("going back to the one before, by hand or by Cognito, is asked away again")
  func previous() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.pass(after: .minutes(5))
    scene.drift(to: oldOne.arn)
    #expect(scene.pass(after: .minutes(5)).told == [.updateRetrying])
    #expect(scene.phase == .retrying)
  }
}
