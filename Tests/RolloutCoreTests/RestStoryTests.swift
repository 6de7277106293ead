import RolloutCore
import Testing

@Suite("A domain at rest")
struct RestStoryTests {
  @Test("a quiet pass tells nothing, changes nothing and looks at the edges once an hour")
  func quiet() {
    var scene = Scene([oldOne])
    let first = scene.pass()
    #expect(first.asked == [.certificate(.evidence(oldOne.arn)), .probe] && first.told == [])
    let record = scene.record
    for _ in 0..<11 {
      let pass = scene.pass(after: .minutes(5))
      #expect(pass.asked == [] && pass.decision.events == [] && scene.record == record)
      #expect(scene.schedule.nextLookAt == noon + .hours(1))
    }
    #expect(scene.pass(after: .minutes(5)).asked.contains(.probe))
    #expect(scene.record == record)
  }

  @Test("the edges of a domain at rest are not looked at when nobody wants it")
  func neverProbed() {
    var off = Scene([oldOne]) { $0.probe.isEnabled = false }
    #expect(off.pass().asked == [] && off.schedule.nextLookAt == nil)
    var never = Scene([oldOne])
    never.pacing.idleProbeInterval = nil
    #expect(never.pass().asked == [] && never.schedule.nextLookAt == nil)
  }

  @Test("a renewal that an edge does not serve yet is told once, and watched more closely")
  func renewalUnserved() {
    var scene = Scene([oldOne])
    scene.pass()
    scene.serve(oldOne.arn, arn("before"))
    let pass = scene.pass(after: .hours(1))
    #expect(pass.told == [.renewalUnserved] && pass.update == nil)
    #expect(pass.event(.renewalUnserved)?.level == .warning)
    #expect(pass.event(.renewalUnserved)?.fields[.edges] == "192.0.2.1:443")
    #expect(scene.condition == .inSync && scene.record.reason?.code == "renewal_unserved")
    #expect(scene.schedule.nextLookAt == scene.now + .minutes(5))
    for _ in 0..<5 { #expect(scene.pass(after: .minutes(5)).told == []) }
    scene.serve(oldOne.arn, oldOne.arn)
    #expect(scene.pass(after: .minutes(5)).told == [] && scene.record.reason == nil)
    #expect(scene.schedule.nextLookAt == scene.now + .hours(1))
  }

  @Test("edges that do not answer say nothing about a renewal")
  func silentEdges() {
    var scene = Scene([oldOne])
    scene.edges = round([.unreachable("connect: refused"), .noRoute])
    #expect(scene.pass().told == [] && scene.condition == .inSync)
  }

  @Test("a leaf that cannot be compared is no reason to speak of a renewal")
  func incomparable() {
    var scene = Scene([oldOne])
    scene.evidence[oldOne.arn] = unseen(.throttled)
    #expect(scene.pass().told == [] && scene.condition == .inSync)
  }

  @Test("a renewal under the same ARN is never a call")
  func renewal() {
    var scene = Scene([oldOne])
    scene.pass()
    scene.list(
      certificate("old", from: -60, to: 400) {
        $0.notBefore = noon
        $0.issuedAt = noon
      })
    #expect(scene.pass(after: .minutes(5)).update == nil && scene.condition == .inSync)
    #expect(scene.record.attachedNotAfter == noon + .days(400))
  }

  @Test("a certificate that ends within 72 hours, with nothing to replace it, is told once a day")
  func expiring() {
    var scene = Scene([certificate("old", from: -60) { $0.notAfter = noon + .hours(73) }])
    scene.pacing.idleProbeInterval = nil
    #expect(scene.pass(after: .hours(1)).told == [])
    let first = scene.pass(after: .milliseconds(1))
    #expect(first.told == [.certificateExpiring])
    #expect(first.event(.certificateExpiring)?.level == .error)
    #expect(scene.pass(after: .hours(23)).told == [])
    #expect(scene.pass(after: .hours(1)).told == [.certificateExpiring])
    #expect(scene.pass(after: .hours(24)).told == [.certificateExpiring])
    #expect(scene.pass(after: .hours(24)).told == [.candidateMissing])
  }

  @Test("it is told, too, when a pinned one that is not eligible stands in the way")
  func expiringPinned() {
    var scene = Scene([certificate("old", from: -60) { $0.notAfter = noon + .hours(50) }]) {
      $0.selector.arn = arn("new")
    }
    #expect(scene.pass().told == [.candidateMissing, .certificateExpiring])
    #expect(scene.pass(after: .minutes(5)).told == [])
    #expect(scene.pass(after: .hours(24)).told == [.certificateExpiring])
  }

  @Test("it is not told while something replaces it")
  func expiringReplaced() {
    let ending = certificate("old", from: -60) { $0.notAfter = noon + .hours(50) }
    var scene = Scene([ending, newOne])
    #expect(scene.pass().told == [.replacementFound, .updateSubmitted])
    scene.accept()
    #expect(!scene.pass(after: .minutes(1)).told.contains(.certificateExpiring))
  }

  @Test("a newer certificate that one check refuses is told once for each reason")
  func nearMiss() {
    let untrusted = evidence(of: newOne, chain: .untrusted("no root"))
    var scene = Scene([oldOne, newOne])
    scene.evidence[newOne.arn] = .seen(untrusted)
    let pass = scene.pass()
    #expect(pass.told == [.candidateIneligible] && scene.condition == .inSync)
    #expect(pass.event(.candidateIneligible)?.fields[.reason] == "chain_untrusted")
    #expect(pass.event(.candidateIneligible)?.fields[.certificateARN] == newOne.arn.text)
    // A chain is looked at anew now and then; the answer is not.
    #expect(scene.pass(after: .minutes(5)).told == [])
    scene.list(certificate("new", from: -1, to: 89) { $0.status = .revoked })
    #expect(scene.pass(after: .minutes(5)).told == [.candidateIneligible])
    scene.listed = .seen([oldOne])
    #expect(scene.pass(after: .minutes(5)).told == [])
  }

  @Test("of certificates whose tags nobody looked at nothing is told, nor told twice for it")
  func nearMissTags() {
    let revoked = certificate("revoked", from: -1, to: 89) { $0.status = .revoked }
    var scene = Scene([oldOne, revoked]) { $0.selector.tags = ["app": "login"] }
    scene.tags = .seen([revoked.arn: ["app": "login"]])
    #expect(scene.pass().told == [])
    scene.list(newOne)
    #expect(scene.pass(after: .minutes(5)).told == [.candidateIneligible])
    scene.listed = .seen([oldOne, revoked])
    #expect(scene.pass(after: .minutes(5)).told == [])
    scene.list(newOne)
    #expect(scene.pass(after: .minutes(5)).told == [])
  }

  @Test("what the edges served when they were last looked at hastens nothing once nobody looks")
  func staleLook() {
    let edits: [(inout Scene) -> Void] = [
      { $0.mapping.probe.isEnabled = false }, { $0.pacing.idleProbeInterval = nil },
    ]
    for edit in edits {
      var scene = Scene([oldOne]) { $0.selector.soak = .days(9) }
      scene.record.served = [
        ServedEdge(
          address: "192.0.2.0:443", sha256: "", serial: "", notAfter: noon - .days(3), matches: true
        )
      ]
      scene.list(newOne)
      var watched = scene
      #expect(watched.pass().update?.certificate == newOne.arn)
      edit(&scene)
      #expect(scene.pass().update == nil && scene.condition == .pending)
    }
  }

  @Test("a domain that Cognito is at work on says so")
  func updating() {
    var scene = Scene([oldOne]) { $0.probe.isEnabled = false }
    scene.cognito(.updating, oldOne.arn)
    #expect(scene.pass().told == [] && scene.condition == .inSync)
    #expect(scene.record.reason == Reason("domain_status", "Cognito shows UPDATING"))
  }

  @Test("a changed selector that still selects the attached certificate is remembered")
  func selectorRemembered() {
    var scene = Scene([oldOne])
    scene.mapping.selector.domainName = "auth.example.com"
    scene.pass()
    #expect(scene.record.selectorFingerprint == scene.mapping.selector.fingerprint)
  }

  @Test("a changed selector is not taken for settled while its tags cannot be seen")
  func selectorTags() {
    var scene = Scene([oldOne, certificate("older", from: -90, to: 90)])
    scene.mapping.selector.tags = ["app": "login"]
    scene.tags = unseen(.accessDenied)
    #expect(scene.pass().update == nil && scene.record.reason?.code == "access_denied")
    scene.tags = .seen([arn("older"): ["app": "login"]])
    #expect(scene.pass(after: .minutes(5)).update?.certificate == arn("older"))
    #expect(scene.record.rollout?.cause == .unusable)
  }
}
