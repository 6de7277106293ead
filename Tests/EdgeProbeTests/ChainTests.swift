import EdgeProbe
import Foundation
import Reconciliation
import RolloutCore
import Testing

@testable import SimulatedAWS

@Suite("Chains of certificates")
struct ChainTests {
  let fixture: ProbeFixture
  let root: Authority
  /// Not among the trusted roots.
  let unknown: Authority

  init() throws {
    fixture = try ProbeFixture()
    root = try Authority("Good Root")
    unknown = try Authority("Unknown Root")
    try trust([root])
  }

  /// EC keys make no signatures with MD5.
  private static let rsaKey = Result { try CertificateMintKey(rsa: 2048) }

  private func trust(_ roots: [Authority]) throws {
    let text = roots.map(\.pem).joined()
    try text.write(toFile: fixture.caFile, atomically: true, encoding: .utf8)
  }

  /// The verdict on ACM's text and on the same chain from an edge, which are the same.
  private func verdict(
    _ leaf: MintedCertificate, _ chain: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> ChainVerdict {
    let arn = try CertificateARN(parsing: "arn:aws:acm:us-east-1:123456789012:certificate/1")
    let pem = CertificatePEM(certificate: leaf.certificatePEM, chain: chain.joined())
    let stored = try await fixture.probe.evidence(
      of: pem, arn: arn, caFile: fixture.caFile, now: ProbeFixture.now
    ).chain
    let server = try TLSEdgeServer(certificate: leaf, chain: chain)
    let served = try await fixture.result(server, sourceLocation: sourceLocation).leaf?.chain
    #expect(served == stored, sourceLocation: sourceLocation)
    return stored
  }

  @Test("Of two versions of an intermediate, the one under a trusted root counts, in any order")
  func crossSigned() async throws {
    let bad = try Authority("Intermediate", issuer: unknown)
    let good = try bad.version(under: root)
    let leaf = try bad.leaf()
    #expect(try await verdict(leaf, [bad.pem, good.pem]) == .trusted)
    #expect(try await verdict(leaf, [good.pem, bad.pem]) == .trusted)
    #expect(try await verdict(leaf, [bad.pem, unknown.pem, good.pem, good.pem]) == .trusted)
    #expect(try await verdict(leaf, [bad.pem]) != .trusted)
  }

  @Test("Versions of two intermediates are tried in every combination")
  func crossSignedTwice() async throws {
    let upper = try Authority("Upper", issuer: unknown)
    let goodUpper = try upper.version(under: root)
    let orphan = try Authority("Orphan")
    let lower = try Authority("Lower", issuer: orphan)
    let goodLower = try lower.version(under: upper)
    let leaf = try lower.leaf()
    let chain = [lower.pem, goodLower.pem, upper.pem, goodUpper.pem, orphan.pem, unknown.pem]
    #expect(try await verdict(leaf, chain) == .trusted)
    #expect(try await verdict(leaf, chain.reversed()) == .trusted)
  }

  @Test("An expired version of an intermediate or of a root does not hide a valid one")
  func expiredVersion() async throws {
    let end = ProbeFixture.now - .days(1)
    let expired = try Authority("Intermediate", issuer: root, end: end)
    let good = try expired.version(under: root)
    let leaf = try expired.leaf()
    #expect(try await verdict(leaf, [expired.pem, good.pem]) == .trusted)
    #expect(try await verdict(leaf, [expired.pem]) != .trusted)

    // The trusted root has expired. A second root has signed a certificate with the same name and key.
    let old = try Authority("Old Root", end: end)
    let successor = try old.version(under: root)
    let intermediate = try Authority("Under Old", issuer: old)
    try trust([root, old])
    #expect(
      try await verdict(try intermediate.leaf(), [intermediate.pem, successor.pem]) == .trusted)
    #expect(try await verdict(try intermediate.leaf(), [intermediate.pem]) != .trusted)
  }

  @Test("A namesake with another key does not hide the issuer")
  func namesake() async throws {
    let good = try Authority("Intermediate", issuer: root)
    let other = try Authority("Intermediate", issuer: root)
    #expect(try await verdict(try good.leaf(), [other.pem, good.pem]) == .trusted)
    #expect(try await verdict(try good.leaf(), [other.pem]) != .trusted)
  }

  @Test(
    "A chain with more versions than are tried is refused in bounded time",
    .timeLimit(.minutes(2)))
  func tooManyVersions() async throws {
    let first = try Authority("Level 0", issuer: unknown)
    var chain = [first]
    for level in 0..<3 {
      let below = chain.last ?? first
      for _ in 0..<9 { chain.append(try below.version(under: unknown)) }
      if level < 2 { chain.append(try Authority("Level \(level + 1)", issuer: chain.last)) }
    }
    #expect(try await verdict(try first.leaf(), chain.map(\.pem)) != .trusted)
  }

  @Test(
    "A leaf that is signed with a broken digest is not trusted", arguments: SigningDigest.allCases)
  func digestOfLeaf(digest: SigningDigest) async throws {
    let intermediate = try Authority("Intermediate", issuer: root, key: try Self.rsaKey.get())
    let verdict = try await verdict(
      try intermediate.leaf(signing: digest), [intermediate.pem])
    #expect(
      verdict
        == (digest.isStrong
          ? .trusted
          : .untrusted("CA signature digest algorithm too weak (at /CN=auth.example.com)")))
  }

  @Test(
    "An intermediate that is signed with a broken digest is not trusted, a root is",
    arguments: SigningDigest.allCases)
  func digestOfIntermediate(digest: SigningDigest) async throws {
    let root = try Authority("Good Root", key: try Self.rsaKey.get())
    try trust([root])
    let weak = try Authority("Intermediate", issuer: root, signing: digest)
    let verdictOfWeak = try await verdict(try weak.leaf(), [weak.pem])
    #expect(
      verdictOfWeak
        == (digest.isStrong
          ? .trusted
          : .untrusted("CA signature digest algorithm too weak (at /CN=Intermediate)")))
    // A strong version of it counts.
    let strong = try weak.version(under: root)
    #expect(try await verdict(try weak.leaf(), [weak.pem, strong.pem]) == .trusted)

    let oldRoot = try Authority("Old Root", key: try Self.rsaKey.get(), signing: digest)
    try trust([oldRoot])
    let intermediate = try Authority("Intermediate", issuer: oldRoot)
    #expect(try await verdict(try intermediate.leaf(), [intermediate.pem]) == .trusted)
  }

  @Test(
    "An intermediate with an RSA key of less than 2,048 bits is not trusted, a leaf of 1,024 is")
  func smallKeys() async throws {
    for bits in [1024, 1536, 2048] {
      let key = try CertificateMintKey(rsa: bits)
      let intermediate = try Authority("Intermediate", issuer: root, key: key)
      let verdict = try await verdict(try intermediate.leaf(), [intermediate.pem])
      #expect(
        verdict
          == (bits == 2048
            ? .trusted : .untrusted("CA certificate key too weak (at /CN=Intermediate)")))
    }
    let intermediate = try Authority("Intermediate", issuer: root)
    let leaf = try intermediate.leaf(key: try CertificateMintKey(rsa: 1024))
    #expect(try await verdict(leaf, [intermediate.pem]) == .trusted)
  }
}
