import EdgeProbe
import Foundation
import Reconciliation
import RolloutCore
import SimulatedAWS
import TestSupport
import Testing

@Suite("Verification of certificates")
struct EvidenceTests {
  let fixture: ProbeFixture
  let arn: CertificateARN

  init() throws {
    fixture = try ProbeFixture()
    arn = try CertificateARN(parsing: "arn:aws:acm:us-east-1:123456789012:certificate/1")
  }

  func evidence(
    _ certificate: String, chain: String = "", caFile: String? = nil,
    now: Instant = ProbeFixture.now
  ) async throws(Failure) -> LeafEvidence {
    try await fixture.probe.evidence(
      of: CertificatePEM(certificate: certificate, chain: chain), arn: arn,
      caFile: caFile ?? fixture.caFile, now: now)
  }

  func verdict(
    _ minted: MintedCertificate, chain: String? = nil, now: Instant = ProbeFixture.now
  ) async throws -> ChainVerdict {
    try await evidence(minted.certificatePEM, chain: chain ?? minted.chainPEM, now: now).chain
  }

  @Test("A chain to a trusted root is trusted", arguments: MintedKey.allCases)
  func trusted(key: MintedKey) async throws {
    let minted = try fixture.leaf(key: key)
    let evidence = try await evidence(minted.certificatePEM, chain: minted.chainPEM)
    #expect(
      evidence
        == LeafEvidence(
          sha256: minted.sha256, serial: minted.serial, notAfter: minted.notAfter, chain: .trusted))
  }

  @Test(
    "Intermediates may be in any order, with other certificates, the root and comments among them")
  func untidyChain() async throws {
    let minted = try fixture.leaf()
    let stranger = try CertificateMint(
      commonName: "Stranger", notBefore: ProbeFixture.start, notAfter: ProbeFixture.end)
    let chain =
      "subject=CN = Stranger\n" + stranger.intermediatePEM + "\n\n" + fixture.mint.rootPEM
      + minted.chainPEM.replacingOccurrences(of: "\n", with: "\r\n")
    #expect(try await verdict(minted, chain: chain) == .trusted)
  }

  @Test("A self-signed certificate is reported as such, even if it is a trusted root")
  func selfSigned() async throws {
    let minted = try fixture.mint.issue(
      names: ["auth.example.com"], notBefore: ProbeFixture.start, notAfter: ProbeFixture.end,
      selfSigned: true, serial: 9)
    #expect(try await verdict(minted) == .selfSigned)
    let caFile = fixture.directory["own.pem"]
    try minted.certificatePEM.write(toFile: caFile, atomically: true, encoding: .utf8)
    #expect(try await evidence(minted.certificatePEM, caFile: caFile).chain == .selfSigned)
  }

  @Test("An untrusted root and a missing intermediate are named")
  func untrusted() async throws {
    let stranger = try CertificateMint(
      commonName: "Stranger", notBefore: ProbeFixture.start, notAfter: ProbeFixture.end)
    let foreign = try stranger.issue(
      names: ["auth.example.com"], notBefore: ProbeFixture.start, notAfter: ProbeFixture.end,
      serial: 9)
    #expect(
      try await verdict(foreign)
        == .untrusted("unable to get local issuer certificate (at /CN=Stranger Intermediate)"))
    #expect(
      try await verdict(foreign, chain: foreign.chainPEM + stranger.rootPEM)
        == .untrusted("self-signed certificate in certificate chain (at /CN=Stranger)"))
    #expect(
      try await verdict(try fixture.leaf(), chain: "")
        == .untrusted("unable to get local issuer certificate (at /CN=auth.example.com)"))
  }

  @Test("A certificate that is not for servers is not trusted")
  func wrongPurpose() async throws {
    let minted = try fixture.mint.issue(
      names: ["auth.example.com"], notBefore: ProbeFixture.start, notAfter: ProbeFixture.end,
      purpose: .client, serial: 9)
    #expect(
      try await verdict(minted)
        == .untrusted("unsuitable certificate purpose (at /CN=auth.example.com)"))
  }

  @Test(
    "A leaf is trusted from NotBefore to NotAfter, and the reason names the time that it misses")
  func validity() async throws {
    let begin = Instant(year: 2026, month: 3, day: 1)
    let end = Instant(year: 2026, month: 4, day: 1)
    let minted = try fixture.mint.issue(
      names: ["auth.example.com"], notBefore: begin, notAfter: end, serial: 9)
    #expect(try await verdict(minted, now: begin) == .trusted)
    #expect(try await verdict(minted, now: end - .milliseconds(1)) == .trusted)
    #expect(
      try await verdict(minted, now: begin - .milliseconds(1))
        == .untrusted(
          "certificate is not yet valid: it begins 2026-03-01T00:00:00Z; its chain is trusted"))
    #expect(
      try await verdict(minted, now: end)
        == .untrusted(
          "certificate has expired: it ended 2026-04-01T00:00:00Z; its chain is trusted"))
  }

  @Test("An expired intermediate or root is named, whether the leaf is valid or not")
  func expiredIntermediate() async throws {
    let minted = try fixture.mint.issue(
      names: ["auth.example.com"], notBefore: ProbeFixture.start,
      notAfter: ProbeFixture.end + .days(30), serial: 9)
    for days in [1, 60] as [Int64] {
      let verdict = try await verdict(minted, now: ProbeFixture.end + .days(days))
      guard case .untrusted(let reason) = verdict else {
        Issue.record("\(verdict)")
        continue
      }
      #expect(reason.hasPrefix("certificate has expired (at /CN=Simulated Root"), "\(reason)")
    }
  }

  @Test("A verification at an extreme time does not trap")
  func absurdTimes() async throws {
    let minted = try fixture.leaf()
    for now in [Instant(milliseconds: .min), Instant(milliseconds: .max)] {
      #expect(try await verdict(minted, now: now) != .trusted)
    }
  }

  @Test("Many certificates are verified concurrently")
  func sideBySide() async throws {
    let minted = try (0..<50).map { try fixture.leaf(serial: UInt64($0)) }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for one in minted {
        group.addTask {
          try await evidence(one.certificatePEM, chain: one.chainPEM).sha256 == one.sha256
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }
}
