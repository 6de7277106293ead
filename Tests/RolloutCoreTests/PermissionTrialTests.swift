import Narration
import RolloutCore
import Testing

@Suite("Permissions that a replacement will need")
struct PermissionTrialTests {
  private func scene(_ edit: (inout Mapping) -> Void = { _ in }) -> Scene {
    var scene = Scene([oldOne]) {
      $0.probe.isEnabled = false
      edit(&$0)
    }
    scene.trials = [.chain, .tags]
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

  @Test("Tags are tried only where the mapping selects by tags")
  func tags() {
    var plain = scene()
    #expect(plain.pass().asked == [.evidence(oldOne.arn)])
    var selecting = scene { $0.selector.tags = ["app": "login"] }
    selecting.tags = unseen(.accessDenied)
    let pass = selecting.pass()
    #expect(Set(pass.asked) == [.evidence(oldOne.arn), .tags])
    #expect(pass.logged == [.decisionBlocked] && selecting.condition == .inSync)
  }

  @Test("A failure of another kind is no missing permission")
  func throttled() {
    var scene = scene()
    scene.evidence[oldOne.arn] = unseen(.throttled)
    #expect(scene.pass().logged == [])
  }
}
