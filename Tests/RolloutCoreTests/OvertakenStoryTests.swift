import Narration
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

  @Test("before the call was accepted the rollout is abandoned, and a newer certificate is adopted")
  func beforeAccepted() {
    var scene = waiting()
    scene.list(newerOne)
    scene.drift(to: newerOne.arn)
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.update == nil && pass.logged == [.rolloutSuperseded, .driftDetected])
    #expect(scene.phase == .abandoned && scene.condition == .inSync)
    #expect(scene.record.lastAttached == newerOne.arn)
  }

  @Test("an older third certificate: a new rollout begins from there")
  func olderThird() {
    var scene = waiting()
    let third = certificate("third", from: -50, to: 70)
    scene.list(third)
    scene.drift(to: third.arn)
    let first = scene.record.rollout?.id
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.update?.certificate == newOne.arn && pass.plan.ended?.id == first)
    #expect(pass.plan.ended?.phaseName == .abandoned)
    #expect(scene.record.rollout?.previous == third.arn)
  }

  @Test("a refused rollout and one after a power cut are abandoned, too")
  func refusedOrSubmitting() {
    var cut = Scene([oldOne, newOne, newerOne])
    cut.list(certificate("newer", from: 0, to: 90) { $0.status = .pendingValidation })
    cut.pass()
    for scene in [waiting(.refused(.invalidRequest)), cut] {
      var scene = scene
      scene.list(newerOne)
      scene.drift(to: newerOne.arn)
      #expect(
        scene.pass(after: .minutes(1)).update == nil && scene.phase == .abandoned)
    }
  }

  @Test("after the call was accepted a newer certificate is adopted")
  func newerAfterAccepted() {
    var scene = Scene.propagating()
    scene.list(newerOne)
    scene.drift(to: newerOne.arn)
    let pass = scene.pass(after: .minutes(5))
    #expect(pass.update == nil && scene.phase == .abandoned)
    #expect(scene.condition == .inSync && scene.record.lastAttached == newerOne.arn)
  }

  @Test("after the call was accepted an older one is replaced again, as often as resubmits allows")
  func olderAfterAccepted() {
    var scene = Scene.propagating()
    scene.list(theirs)
    for resubmit in 1...3 {
      scene.drift(to: theirs.arn)
      #expect(scene.pass(after: .minutes(5)).logged == [.updateRetrying])
      #expect(scene.record.rollout?.resubmits == resubmit)
      #expect(scene.run(for: .minutes(30)) { $0.condition == .submitting })
      scene.accept()
    }
    scene.pass(after: .minutes(5))
    #expect(scene.condition == .refused && scene.record.rollout?.error?.code == "update_not_kept")
  }

  @Test(
    "a rollout that is abandoned has its drift judged in the same pass")
  func abandoned() {
    let revoked = certificate("theirs", from: -90, to: 80) { $0.status = .revoked }
    var scene = Scene.drifted(to: revoked, with: [newOne])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    #expect(scene.record.rollout?.cause == .unusable && scene.condition == .retrying)
    scene.listed = .seen([revoked])
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.logged == [.rolloutSuperseded, .driftDetected, .candidateMissing])
    #expect(scene.pass().logged == [])
  }

  @Test("a third certificate that cannot be described does not end the rollout")
  func unseenThird() {
    var scene = Scene.propagating()
    scene.cognito(.active, arn("third"))
    scene.details[arn("third")] = unseen(.throttled)
    scene.pass(after: .minutes(5))
    #expect(scene.phase == .retrying && scene.record.rollout?.certificate == newOne.arn)
  }

  @Test("when the previous certificate is shown again, the call is made again")
  func previous() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.pass(after: .minutes(5))
    scene.drift(to: oldOne.arn)
    #expect(scene.pass(after: .minutes(5)).logged == [.updateRetrying])
    #expect(scene.phase == .retrying)
  }
}
