import RolloutCore
import SimulatedAWS
import Testing

@Suite("Issuing certificates for tests")
struct CertificateMintTests {
  static let start = Instant(year: 2026, month: 1, day: 1)
  static let end = Instant(year: 2027, month: 1, day: 1)

  @Test("A certificate has the requested serial, times and names")
  func carriesWhatWasAsked() throws {
    let mint = try CertificateMint(notBefore: Self.start, notAfter: Self.end)
    let minted = try mint.issue(
      names: ["auth.example.com", "*.example.org", "127.0.0.1"],
      notBefore: Self.start + .milliseconds(700), notAfter: Self.end, serial: 0xABC)
    #expect(minted.serial == "0ABC")
    #expect(minted.notBefore == Self.start)
    #expect(minted.notAfter == Self.end)
    #expect(minted.names == ["auth.example.com", "*.example.org", "127.0.0.1"])
    #expect(minted.sha256.utf8.count == 64)
    #expect(minted.certificatePEM.hasPrefix("-----BEGIN CERTIFICATE-----\n"))
    #expect(minted.chainPEM == mint.intermediatePEM)
    #expect(minted.privateKeyPEM.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
  }

  @Test("A certificate can have any kind of key, and be self-signed", arguments: MintedKey.allCases)
  func everyKey(kind: MintedKey) throws {
    let mint = try CertificateMint(notBefore: Self.start, notAfter: Self.end)
    let issued = try mint.issue(
      names: ["a.example.com"], notBefore: Self.start, notAfter: Self.end, key: kind, serial: 7)
    let selfSigned = try mint.issue(
      names: ["a.example.com"], notBefore: Self.start, notAfter: Self.end, key: kind,
      selfSigned: true, serial: 8)
    #expect(selfSigned.chainPEM.isEmpty)
    #expect(issued.privateKeyPEM == selfSigned.privateKeyPEM)
    #expect(issued.sha256 != selfSigned.sha256)
  }

  @Test("A certificate without a name, or with a time out of range, is an error")
  func refusals() throws {
    let mint = try CertificateMint(notBefore: Self.start, notAfter: Self.end)
    #expect(throws: MintError.self) {
      try mint.issue(names: [], notBefore: Self.start, notAfter: Self.end, serial: 1)
    }
    #expect(throws: MintError.self) {
      try mint.issue(
        names: ["a.example.com"], notBefore: Self.start,
        notAfter: Instant(milliseconds: .max), serial: 1)
    }
  }

  @Test("A name longer than the limit of common names is accepted")
  func longName() throws {
    let mint = try CertificateMint(notBefore: Self.start, notAfter: Self.end)
    let label = String(repeating: "a", count: 63)
    let minted = try mint.issue(
      names: ["\(label).example.com"], notBefore: Self.start, notAfter: Self.end, serial: 1)
    #expect(minted.certificatePEM.utf8.count > 100)
  }
}
