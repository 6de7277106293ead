import RolloutCore
import Testing

@Suite("Certificates that were not chosen")
struct PassedOverTests {
  let old = certificate("old", from: -60, to: 60)
  let new = certificate("new", from: -1, to: 89)

  /// What is said of a newer certificate that was changed, as `reason` or `reason expected`.
  private func passedOver(
    _ edit: (inout Certificate) -> Void, attached: Certificate? = nil,
    select: (inout CertificateSelector) -> Void = { _ in },
    evidence: Look<LeafEvidence>? = nil
  ) -> [String] {
    var candidate = new
    edit(&candidate)
    var choosing = Choosing([attached ?? old, candidate])
    choosing.select(select)
    choosing.evidence[candidate.arn] = evidence
    return choosing.passedOver.map { "\($0.explanation.code)\($0.isExpected ? " expected" : "")" }
  }

  @Test("a newer certificate that fails a check is reported with the first check it fails")
  func failedCheck() {
    #expect(passedOver { $0.status = .revoked } == ["not_issued"])
    #expect(passedOver { $0.keyAlgorithm = KeyAlgorithm("EC_secp384r1") } == ["unsupported_key"])
    #expect(passedOver { $0.type = .private } == ["private_or_self_signed"])
    #expect(passedOver { $0.notAfter = noon + .days(1) } == ["expires_too_soon"])
    let undated: (inout Certificate) -> Void = {
      $0.isDescribed = true
      $0.notBefore = nil
    }
    #expect(passedOver(undated) == ["not_yet_valid"])
  }

  @Test("a certificate whose validation is pending is reported as expected")
  func pending() {
    #expect(passedOver { $0.status = .pendingValidation } == ["not_issued expected"])
  }

  @Test("a certificate that is chosen, or only soaks, is not reported")
  func chosen() {
    #expect(passedOver { _ in } == [])
    #expect(passedOver({ _ in }, select: { $0.soak = .days(9) }) == [])
  }

  @Test("a certificate that the operator's own words leave out is not reported")
  func notMeant() {
    #expect(passedOver({ $0.type = .private }, select: { $0.types = [.amazonIssued] }) == [])
    #expect(passedOver({ $0.status = .failed }, select: { $0.arn = arn("pinned") }) == [])
    #expect(passedOver { $0.managedBy = "CLOUDFRONT" } == [])
    #expect(
      passedOver {
        $0.names = ["x.example.com"]
        $0.primaryName = nil
        $0.status = .failed
      } == [])
  }

  @Test(
    "an older certificate that fails a check is reported only when the attached one is unusable")
  func olderFailed() {
    let older: (inout Certificate) -> Void = {
      $0.status = .failed
      $0.notBefore = noon - .days(90)
      $0.createdAt = noon - .days(90)
    }
    #expect(passedOver(older) == [])
    let revoked = certificate("old", from: -60, to: 60) { $0.status = .revoked }
    #expect(passedOver(older, attached: revoked) == ["not_issued"])
  }

  @Test("an eligible certificate that is not newer is reported as expected")
  func notNewer() {
    let sameTime: (inout Certificate) -> Void = { $0.createdAt = noon - .days(60) }
    #expect(passedOver(sameTime) == ["not_newer expected"])
    let earlierStart: (inout Certificate) -> Void = { $0.notBefore = noon - .days(61) }
    #expect(passedOver(earlierStart) == ["not_newer expected"])
  }

  @Test("another import of the attached leaf is reported")
  func sameLeaf() {
    let same = LeafEvidence(
      sha256: digest(old.arn), serial: "01", notAfter: noon + .days(60), chain: .trusted)
    #expect(passedOver({ _ in }, evidence: .seen(same)) == ["same_leaf"])
  }

  @Test("a newer certificate that cannot be seen is reported with the failure")
  func unseenOne() {
    #expect(passedOver({ _ in }, evidence: unseen(.accessDenied)) == ["access_denied"])
  }
}
