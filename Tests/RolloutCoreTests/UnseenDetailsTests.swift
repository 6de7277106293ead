import Narration
import RolloutCore
import Testing

/// A certificate as a list without those members shows it.
private func bare(_ certificate: Certificate) -> Certificate {
  var bare = certificate
  bare.createdAt = nil
  bare.notAfter = nil
  return bare
}

@Suite("Descriptions of certificates that cannot be had")
struct UnseenDetailsTests {
  @Test(
    "block the decision when the list does not tell the dates of the attached certificate",
    arguments: [Failure.Kind.accessDenied, .server, .unreachable])
  func attached(kind: Failure.Kind) {
    var scene = Scene([oldOne])
    scene.listed = .seen([bare(oldOne)])
    scene.details[oldOne.arn] = unseen(kind)
    let first = scene.pass()
    #expect(first.logged == [.decisionBlocked] && scene.condition == .inSync)
    for _ in 0..<2 { scene.pass(after: .minutes(5)) }
    #expect(scene.condition == .unknown)
  }

  @Test("block it when the list does not tell whether a candidate is newer")
  func candidate() {
    var scene = Scene([oldOne, newOne])
    scene.listed = .seen([oldOne, bare(newOne)])
    scene.details[newOne.arn] = unseen(.accessDenied)
    #expect(scene.pass().logged == [.decisionBlocked])
    for _ in 0..<2 { scene.pass(after: .minutes(5)) }
    #expect(scene.condition == .unknown)
    scene.details = [:]
    scene.listed = .seen([oldOne, newOne])
    #expect(scene.pass(after: .minutes(5)).update?.certificate == newOne.arn)
  }

  @Test("do not when something else already speaks against the candidate")
  func ineligible() {
    var scene = Scene([oldOne, newOne])
    var revoked = bare(newOne)
    revoked.status = .revoked
    scene.listed = .seen([oldOne, revoked])
    scene.details[newOne.arn] = unseen(.accessDenied)
    scene.pass()
    #expect(scene.condition == .inSync && scene.memory.obstruction == nil)
  }

  @Test("A certificate without any creation time is logged once, whichever of the two it is")
  func undated() {
    for isAttached in [true, false] {
      var scene = Scene([oldOne, newOne])
      let odd = isAttached ? oldOne : newOne
      var undated = odd
      undated.createdAt = nil
      undated.isDescribed = true
      scene.listed = .seen([isAttached ? undated : oldOne, isAttached ? newOne : undated])
      scene.details[odd.arn] = .seen(undated)
      let pass = scene.pass()
      #expect(pass.logged == [.candidateIneligible], "\(isAttached)")
      #expect(pass.event(.candidateIneligible)?.fields[.certificateARN] == newOne.arn.text)
      #expect(scene.pass(after: .minutes(5)).logged == [] && scene.condition == .inSync)
    }
  }

  @Test("A right leaf is not called another one because it could not be compared")
  func incomparableLeaf() {
    var scene = Scene([oldOne])
    scene.edges = round([leaf(oldOne.arn, notAfter: oldOne.notAfter ?? noon)])
    scene.evidence[oldOne.arn] = unseen(.accessDenied)
    scene.pass()
    #expect(scene.condition == .inSync && scene.record.reason == nil)
    #expect(scene.record.served.map(\.matches) == [true])
    scene.edges = round([leaf(arn("before"), notAfter: noon + .days(9))])
    scene.pass(after: .hours(1))
    #expect(scene.record.served.map(\.matches) == [false])
  }
}
