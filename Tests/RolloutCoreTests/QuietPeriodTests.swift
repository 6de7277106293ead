import Narration
import RolloutCore
import Testing

@Suite("Quiet periods")
struct QuietPeriodTests {
  /// A domain in order, looked at once.
  private func scene(
    _ certificates: [Certificate] = [oldOne], _ edit: (inout Scene) -> Void = { _ in }
  ) -> Scene {
    var scene = Scene(certificates)
    scene.pacing = Pacing(idleProbeInterval: nil)
    edit(&scene)
    scene.pass()
    return scene
  }

  @Test("a domain in order is quiet until its next description")
  func inOrder() {
    let scene = scene()
    #expect(scene.memory.quiet?.end == noon + .minutes(57) + .seconds(30))
  }

  @Test("the next round of the edges ends it, and is what the domain is due for")
  func probe() {
    let scene = scene { $0.pacing.idleProbeInterval = .minutes(20) }
    #expect(scene.memory.quiet?.end == noon + .minutes(20))
    #expect(scene.memory.quiet?.nextLookAt == noon + .minutes(20))
  }

  @Test("the next threshold of an expiry warning ends it, and the end of the certificate")
  func expiry() {
    var ending = oldOne
    ending.notAfter = noon + .days(14) + .minutes(7)
    #expect(scene([ending]).memory.quiet?.end == noon + .minutes(7))
    ending.notAfter = noon + .hours(72) + .minutes(3)
    #expect(scene([ending]).memory.quiet?.end == noon + .minutes(3))
    ending.notAfter = noon + .minutes(2)
    #expect(scene([ending]).memory.quiet?.end == noon + .minutes(2))
  }

  @Test("a certificate that becomes valid, and one that has soaked, end it")
  func candidates() {
    var coming = newOne
    coming.createdAt = oldOne.createdAt.map { $0 + (.zero - .days(1)) }
    coming.notBefore = noon + .minutes(9)
    let valid = scene([oldOne, coming])
    #expect(valid.memory.quiet?.end == noon + .minutes(9))
    var older = oldOne
    older.arn = arn("older")
    older.createdAt = oldOne.createdAt.map { $0 + (.zero - .days(1)) }
    older.issuedAt = noon
    let soaked = scene([oldOne, older]) { $0.mapping.selector.soak = .minutes(12) }
    #expect(soaked.memory.quiet?.end == noon + .minutes(12))
  }

  @Test(
    "nothing else is quiet",
    arguments: [
      "newer", "held", "drift interval 0", "updating", "failed", "stale edge", "tags",
      "unseen list",
      "imported without a date", "untrusted chain",
    ])
  func notQuiet(_ what: String) {
    let scene = scene(what == "newer" ? [oldOne, newOne] : [oldOne]) { scene in
      switch what {
      case "held": scene.record.hold = Hold(since: noon, until: nil)
      case "drift interval 0": scene.pacing.driftInterval = .zero
      case "updating": scene.cognito(.updating, oldOne.arn)
      case "failed": scene.cognito(.failed, oldOne.arn)
      case "stale edge":
        scene.pacing.idleProbeInterval = .hours(1)
        scene.serve(arn("another"))
      case "tags":
        scene.mapping.selector.tags = ["app": "login"]
        scene.list(newOne)
      case "unseen list": scene.listed = unseen(.throttled)
      case "imported without a date":
        var imported = oldOne
        imported.createdAt = nil
        scene.list(imported)
      case "untrusted chain":
        scene.list(newOne)
        scene.evidence[newOne.arn] = .seen(
          LeafEvidence(
            sha256: "x", serial: "1", notAfter: noon + .days(90), chain: .untrusted("no root")))
      default: break
      }
    }
    #expect(scene.memory.quiet == nil, "\(what)")
  }

  @Test("a step of the clock ends it")
  func clock() {
    var scene = scene()
    scene.memory.shift(by: .hours(1))
    #expect(scene.memory.quiet == nil)
  }
}
