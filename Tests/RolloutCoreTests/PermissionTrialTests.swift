import Narration
import RolloutCore
import Testing

@Suite("Permissions that a replacement will need")
struct PermissionTrialTests {
  private func scene(
    _ trials: Set<PermissionTrial> = [.chain], _ edit: (inout Mapping) -> Void = { _ in }
  ) -> Scene {
    var scene = Scene([oldOne]) {
      $0.probe.isEnabled = false
      edit(&$0)
    }
    scene.trials = trials
    return scene
  }

  @Test("A missing permission for GetCertificate is warned of while nothing needs it")
  func chain() {
    var scene = scene()
    scene.evidence[oldOne.arn] = unseen(.accessDenied)
    let pass = scene.pass()
    #expect(pass.logged == [.decisionBlocked])
    #expect(pass.event(.decisionBlocked)?.level == .warning)
    #expect(pass.event(.decisionBlocked)?.fields[.reason] == "access_denied")
    #expect(scene.condition == .inSync)
  }

  @Test("A missing permission for GetResources is warned of, too")
  func tags() {
    var scene = scene([.chain, .tags]) { $0.selector.tags = ["app": "login"] }
    scene.tags = unseen(.accessDenied)
    let pass = scene.pass()
    #expect(Set(pass.asked) == [.evidence(oldOne.arn), .tags])
    #expect(pass.logged == [.decisionBlocked] && scene.condition == .inSync)
  }

  @Test("A failure of another kind is no missing permission")
  func throttled() {
    var scene = scene()
    scene.evidence[oldOne.arn] = unseen(.throttled)
    #expect(scene.pass().logged == [])
  }
}
