import Narration
import RolloutCore
import Testing

@Suite("Drift away from a pinned certificate")
struct PinnedDriftTests {
  private func scene(
    to shown: Certificate = theirs, _ policy: Mapping.DriftPolicy = .restore
  ) -> Scene {
    Scene.drifted(to: shown) {
      $0.onDrift = policy
      $0.selector.arn = oldOne.arn
    }
  }

  @Test("the pinned certificate is put back once in 24 hours, like any other")
  func once() {
    for shown in [theirs, newOne] {
      var scene = scene(to: shown)
      let pass = scene.pass()
      #expect(pass.update?.certificate == oldOne.arn && pass.logged.contains(.driftDetected))
      #expect(scene.record.rollout?.cause == .restore)
      scene.settle()
      scene.drift(to: shown.arn)
      let again = scene.pass(after: .hours(1))
      #expect(again.update == nil && again.logged == [.driftDetected])
      #expect(scene.condition == .drifted)
      #expect(scene.pass(after: .hours(30)).logged == [])
    }
  }

  @Test("with on_drift report the domain is drifted at once")
  func report() {
    var scene = scene(to: newOne, .report)
    #expect(scene.pass().logged == [.driftDetected] && scene.condition == .drifted)
    scene.retry()
    #expect(scene.pass().update?.certificate == oldOne.arn)
  }

  @Test("when the shown certificate is revoked, the pinned one is attached at once")
  func theirsRevoked() {
    var scene = scene(to: theirs, .report)
    scene.pass()
    #expect(scene.condition == .drifted)
    scene.list(certificate("theirs", from: -90, to: 80) { $0.status = .revoked })
    #expect(scene.pass().update?.certificate == oldOne.arn)
  }

  @Test("pinning what was attached by hand ends the drift")
  func pinnedTheirs() {
    var scene = scene(to: theirs, .report)
    scene.pass()
    scene.mapping.selector.arn = theirs.arn
    #expect(scene.pass().logged == [.driftDetected])
    #expect(scene.condition == .inSync && scene.record.lastAttached == theirs.arn)
  }

  @Test("pinning a third certificate is obeyed")
  func pinnedThird() {
    var scene = scene(to: theirs, .report)
    scene.list(newOne)
    scene.pass()
    scene.mapping.selector.arn = newOne.arn
    #expect(scene.pass().update?.certificate == newOne.arn)
  }

  @Test("pinning the attached certificate ends the rollout to another one without a call")
  func pinnedBack() {
    var scene = Scene([oldOne, newOne]) { $0.selector.arn = newOne.arn }
    scene.pass()
    scene.answer(.failed(failure(.refused(.invalidRequest))))
    scene.mapping.selector.arn = oldOne.arn
    let pass = scene.pass()
    #expect(pass.update == nil && pass.logged == [.rolloutSuperseded])
    #expect(scene.condition == .inSync && scene.phase == .abandoned)
  }

  @Test("a pinned certificate is attached even if someone moved away from it before")
  func pinnedShunned() {
    var scene = Scene([newOne, oldOne])
    scene.record.shunned = [oldOne.arn]
    scene.mapping.selector.arn = oldOne.arn
    #expect(scene.pass().update?.certificate == oldOne.arn)
    #expect(scene.record.rollout?.cause == .pinned)
  }
}
