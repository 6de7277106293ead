import Narration
import RolloutCore
import Testing

@Suite("A domain at rest")
struct RestStoryTests {
  @Test("a quiet pass logs nothing, changes nothing and probes the edges once an hour")
  func quiet() {
    var scene = Scene([oldOne])
    let first = scene.pass()
    #expect(first.asked == [.probe, .evidence(oldOne.arn)] && first.logged == [])
    let record = scene.record
    for _ in 0..<11 {
      let pass = scene.pass(after: .minutes(5))
      #expect(pass.asked == [] && pass.events == [] && scene.record == record)
      #expect(scene.nextLookAt == noon + .hours(1))
    }
    #expect(scene.pass(after: .minutes(5)).asked.contains(.probe))
    #expect(scene.record == record)
  }

  @Test("the edges are not probed when the probe or idle_probe_interval is off")
  func neverProbed() {
    var off = Scene([oldOne]) { $0.probe.isEnabled = false }
    #expect(off.pass().asked == [] && off.nextLookAt == nil)
    var never = Scene([oldOne])
    never.pacing.idleProbeInterval = nil
    #expect(never.pass().asked == [] && never.nextLookAt == nil)
  }

  @Test("a renewal that an edge does not serve yet is logged once and probed more often")
  func renewalUnserved() {
    var scene = Scene([oldOne])
    scene.pass()
    scene.serve(oldOne.arn, arn("before"))
    let pass = scene.pass(after: .hours(1))
    #expect(pass.logged == [.renewalUnserved] && pass.update == nil)
    #expect(pass.event(.renewalUnserved)?.level == .warning)
    #expect(pass.event(.renewalUnserved)?.fields[.edges] == "another leaf at 192.0.2.1:443")
    #expect(scene.condition == .inSync && scene.record.reason?.code == "renewal_unserved")
    #expect(scene.nextLookAt == scene.now + .minutes(5))
    for _ in 0..<5 { #expect(scene.pass(after: .minutes(5)).logged == []) }
    scene.serve(oldOne.arn, oldOne.arn)
    #expect(scene.pass(after: .minutes(5)).logged == [] && scene.record.reason == nil)
    #expect(scene.nextLookAt == scene.now + .hours(1))
  }

  @Test("edges that do not answer say nothing about a renewal")
  func silentEdges() {
    var scene = Scene([oldOne])
    scene.edges = round([.unreachable("connect: refused"), .noRoute])
    #expect(scene.pass().logged == [] && scene.condition == .inSync)
  }

  @Test("a leaf that cannot be compared says nothing about a renewal")
  func incomparable() {
    var scene = Scene([oldOne])
    scene.evidence[oldOne.arn] = unseen(.throttled)
    #expect(scene.pass().logged == [] && scene.condition == .inSync)
  }

  @Test("a renewal under the same ARN leads to no call")
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

  @Test("a newer certificate that fails a check is logged once for each reason")
  func nearMiss() {
    let untrusted = evidence(of: newOne, chain: .untrusted("no root"))
    var scene = Scene([oldOne, newOne])
    scene.evidence[newOne.arn] = .seen(untrusted)
    let pass = scene.pass()
    #expect(pass.logged == [.candidateIneligible] && scene.condition == .inSync)
    #expect(pass.event(.candidateIneligible)?.fields[.reason] == "chain_untrusted")
    #expect(pass.event(.candidateIneligible)?.fields[.certificateARN] == newOne.arn.text)
    // A chain is looked at anew now and then; the answer is not.
    #expect(scene.pass(after: .minutes(5)).logged == [])
    scene.list(certificate("new", from: -1, to: 89) { $0.status = .revoked })
    #expect(scene.pass(after: .minutes(5)).logged == [.candidateIneligible])
    scene.listed = .seen([oldOne])
    #expect(scene.pass(after: .minutes(5)).logged == [])
  }

  @Test("an eligible certificate that is not newer is logged once, at level info")
  func notNewer() {
    var scene = Scene([newOne, oldOne])
    let pass = scene.pass()
    #expect(pass.events.map(\.kind) == [.candidateIneligible])
    #expect(pass.event(.candidateIneligible)?.level == .info)
    #expect(pass.event(.candidateIneligible)?.fields[.reason] == "not_newer")
    #expect(pass.event(.candidateIneligible)?.fields[.certificateARN] == oldOne.arn.text)
    for _ in 0..<3 { #expect(scene.pass(after: .minutes(5)).events == []) }
  }

  @Test("the certificate that a rollout is about to replace is not logged as passed over")
  func attachedNotPassedOver() {
    var scene = Scene.propagating()
    #expect(scene.pass(after: .minutes(1)).event(.candidateIneligible) == nil)
  }

  @Test("another import of the attached leaf is logged once")
  func sameLeaf() {
    var scene = Scene([oldOne, newOne])
    scene.evidence[newOne.arn] = .seen(
      LeafEvidence(
        sha256: digest(oldOne.arn), serial: "01", notAfter: noon + .days(60), chain: .trusted))
    let pass = scene.pass()
    #expect(pass.logged == [.candidateIneligible] && pass.update == nil)
    #expect(pass.event(.candidateIneligible)?.fields[.reason] == "same_leaf")
    for _ in 0..<3 { #expect(scene.pass(after: .minutes(5)).logged == []) }
    #expect(scene.condition == .inSync)
  }

  @Test("a candidate that cannot be seen is logged and passed over for the next best")
  func unseenBest() {
    var scene = Scene([oldOne, newOne, newerOne])
    scene.evidence[newerOne.arn] = unseen(.accessDenied)
    let pass = scene.pass()
    #expect(pass.update?.certificate == newOne.arn)
    #expect(pass.logged == [.candidateIneligible, .replacementFound, .updateSubmitted])
    #expect(pass.event(.candidateIneligible)?.fields[.reason] == "access_denied")
    #expect(pass.event(.candidateIneligible)?.fields[.certificateARN] == newerOne.arn.text)
  }

  @Test("certificates whose tags were not looked up are not logged, nor logged twice for it")
  func nearMissTags() {
    let revoked = certificate("revoked", from: -1, to: 89) { $0.status = .revoked }
    var scene = Scene([oldOne, revoked]) { $0.selector.tags = ["app": "login"] }
    scene.tags = .seen([revoked.arn: ["app": "login"]])
    #expect(scene.pass().logged == [])
    scene.list(newOne)
    #expect(scene.pass(after: .minutes(5)).logged == [.candidateIneligible])
    scene.listed = .seen([oldOne, revoked])
    #expect(scene.pass(after: .minutes(5)).logged == [])
    scene.list(newOne)
    #expect(scene.pass(after: .minutes(5)).logged == [])
  }

  @Test("what the edges serve makes a domain urgent in the look that sees it")
  func servedSoonOver() {
    var scene = Scene([oldOne, newOne]) { $0.selector.soak = .days(9) }
    scene.edges = round([leaf(arn("before"), notAfter: noon + .hours(71))])
    #expect(scene.pass().update?.certificate == newOne.arn)
  }

  @Test("what the edges served longer ago than max_check_interval makes nothing urgent")
  func servedLongAgo() {
    var scene = Scene([oldOne]) { $0.selector.soak = .days(9) }
    scene.pacing.maxCheckInterval = .minutes(5)
    scene.record.served = [
      ServedEdge(
        address: "192.0.2.0:443", sha256: "", serial: "", notAfter: noon + .hours(1), matches: true)
    ]
    scene.list(newOne)
    scene.memory.probedAt = noon - .minutes(5)
    var recent = scene
    #expect(recent.pass().update?.certificate == newOne.arn)
    scene.memory.probedAt = noon - .minutes(5) - .milliseconds(1)
    #expect(scene.pass().update == nil && scene.condition == .pending)
  }

  @Test("what the edges served before a restart makes nothing urgent")
  func servedBeforeRestart() {
    var scene = Scene([oldOne]) {
      $0.selector.soak = .days(9)
      $0.probe.isEnabled = false
    }
    scene.record.served = [
      ServedEdge(
        address: "192.0.2.0:443", sha256: "", serial: "", notAfter: noon - .days(3), matches: true)
    ]
    scene.list(newOne)
    #expect(scene.pass().update == nil && scene.condition == .pending)
  }

  @Test("a pending domain is probed, too")
  func pendingProbed() {
    var scene = Scene([oldOne, newOne]) { $0.selector.soak = .days(9) }
    #expect(scene.pass().asked.contains(.probe) && scene.condition == .pending)
    #expect(!scene.pass(after: .minutes(5)).asked.contains(.probe))
    #expect(scene.pass(after: .minutes(55)).asked.contains(.probe))
  }

  @Test("edges that move to other addresses change no record")
  func movedEdges() {
    var scene = Scene([oldOne])
    scene.pass()
    let record = scene.record
    scene.edges = ProbeRound(
      edges: [
        EdgeLook(address: "203.0.113.9:443", result: leaf(oldOne.arn, notAfter: noon + .days(60)))
      ])
    scene.pass(after: .hours(1))
    #expect(scene.record == record && record.served.count == 1)
  }

  @Test("a domain at rest that Cognito shows as UPDATING has that as its reason")
  func updating() {
    var scene = Scene([oldOne]) { $0.probe.isEnabled = false }
    scene.cognito(.updating, oldOne.arn)
    #expect(scene.pass().logged == [] && scene.condition == .inSync)
    #expect(scene.record.reason == Explanation(.domainStatus, "Cognito shows UPDATING"))
  }

  @Test("a changed selector that still selects the attached certificate is remembered")
  func selectorRemembered() {
    var scene = Scene([oldOne])
    scene.mapping.selector.domainName = "auth.example.com"
    scene.pass()
    #expect(scene.record.selectorFingerprint == scene.mapping.selector.fingerprint)
  }

  @Test("a selector that changed during a rollout is obeyed after its completion")
  func selectorChangedMeanwhile() {
    var scene = Scene.propagating { $0.probe.isEnabled = false }
    scene.cognito(.active, newOne.arn)
    scene.mapping.selector.domainName = "*.example.com"
    #expect(scene.pass(after: .minutes(1)).update == nil && scene.condition == .noCandidate)
    for _ in 0..<3 {
      #expect(scene.pass(after: .minutes(5)).logged == [] && scene.condition == .noCandidate)
    }
    let other = certificate("other", from: -90, to: 90) {
      $0.primaryName = "*.example.com"
      $0.names = ["*.example.com"]
    }
    scene.list(other)
    #expect(scene.pass(after: .minutes(5)).update?.certificate == other.arn)
  }

  @Test("a changed selector is not settled while its tags cannot be seen")
  func selectorTags() {
    var scene = Scene([oldOne, certificate("older", from: -90, to: 90)])
    scene.mapping.selector.tags = ["app": "login"]
    scene.tags = unseen(.accessDenied)
    #expect(scene.pass().update == nil && scene.record.reason?.code == "access_denied")
    #expect(scene.condition == .inSync)
    scene.tags = .seen([arn("older"): ["app": "login"]])
    #expect(scene.pass(after: .minutes(5)).update?.certificate == arn("older"))
    #expect(scene.record.rollout?.cause == .unusable)
  }
}
