import EdgeProbe
import Foundation
import Reconciliation
import RolloutCore
import SimulatedAWS
import TestSupport
import Testing

@Suite("Malformed PEM")
struct MalformedPEMTests {
  let fixture: ProbeFixture
  let arn: CertificateARN
  let minted: MintedCertificate

  init() throws {
    fixture = try ProbeFixture()
    arn = try CertificateARN(parsing: "arn:aws:acm:us-east-1:123456789012:certificate/1")
    minted = try fixture.leaf()
  }

  func failure(_ certificate: String, chain: String = "", caFile: String? = nil) async -> Failure? {
    do throws(Failure) {
      _ = try await fixture.probe.evidence(
        of: CertificatePEM(certificate: certificate, chain: chain), arn: arn,
        caFile: caFile ?? fixture.caFile, now: ProbeFixture.now)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "A leaf that cannot be read is a malformed answer, with the reason",
    arguments: [
      ("", "there is no PEM certificate in the answer"),
      ("garbage", "there is no PEM certificate in the answer"),
      (
        "-----BEGIN CERTIFICATE-----\n",
        "the certificate cannot be read: PEM block 1 cannot be read: bad end line"
      ),
      (
        "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
        "the certificate cannot be read: PEM block 1 cannot be read: bad base64 decode"
      ),
      (
        "-----BEGIN SECRET \u{1B}[2J-----\nAAAA\n-----END SECRET \u{1B}[2J-----\n",
        "the certificate cannot be read: PEM block 1 is not a certificate but \"SECRET \\u{1B}[2J\""
      ),
    ])
  func unreadable(pem: String, message: String) async throws {
    let failure = try #require(await failure(pem))
    #expect(failure.kind == .malformedAnswer)
    #expect(failure.operation == "GetCertificate")
    #expect(failure.object == arn.text)
    #expect(failure.message == message)
  }

  @Test("A private key, a second certificate and an encrypted block are refused as a leaf")
  func wrongBlocks() async throws {
    let encrypted = minted.certificatePEM.replacingOccurrences(
      of: "-----BEGIN CERTIFICATE-----\n",
      with: "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n")
    for pem in [
      minted.privateKeyPEM, minted.certificatePEM + minted.chainPEM, encrypted,
      minted.certificatePEM + "-----BEGIN CERTIFICATE-----\n",
    ] {
      let failure = try #require(await failure(pem))
      #expect(failure.kind == .malformedAnswer)
      #expect(!failure.message.contains("MII"))
    }
  }

  @Test("A leaf and a chain over their limits of bytes and blocks are refused")
  func overTheLimits() async throws {
    let padding = String(repeating: "x\n", count: 40_000)
    let tooLong = try #require(await failure(padding + minted.certificatePEM))
    #expect(
      tooLong.message.hasPrefix(
        "the certificate cannot be read: \(80_000 + minted.certificatePEM.utf8.count) bytes"))
    let blocks = String(repeating: minted.chainPEM, count: 33)
    #expect(
      await failure(minted.certificatePEM, chain: String(repeating: minted.chainPEM, count: 32))
        == nil)
    #expect(
      await failure(minted.certificatePEM, chain: blocks)?.message
        == "the chain cannot be read: there are more than 32 PEM blocks")
    let bytes = String(repeating: " ", count: (2 << 20) + 1)
    #expect(await failure(minted.certificatePEM, chain: bytes)?.kind == .malformedAnswer)
  }

  @Test("A chain of text that is not PEM is refused, and blank text is an empty chain")
  func chainOfText() async throws {
    #expect(await failure(minted.certificatePEM, chain: " \r\n\t") == nil)
    #expect(
      await failure(minted.certificatePEM, chain: "<html>")?.message
        == "the chain cannot be read: it is text without a PEM certificate")
  }

  @Test("Damaged certificates are read or refused, and never trap")
  func mutations() async throws {
    var seed: UInt64 = 20_261_123
    func draw(below bound: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((seed >> 33) % UInt64(bound))
    }
    var refused = 0
    let original = Array(minted.certificatePEM.utf8)
    let alphabet = Array(
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-\n\0".utf8)
    for round in 0..<3000 {
      var bytes = original
      for _ in 0...draw(below: 4) {
        let position = draw(below: bytes.count)
        switch draw(below: round.isMultiple(of: 2) ? 1 : 4) {
        case 0: bytes[position] = alphabet[draw(below: alphabet.count)]
        case 1: bytes.removeLast(draw(below: bytes.count))
        case 2: bytes.insert(alphabet[draw(below: alphabet.count)], at: position)
        default: bytes.removeSubrange(position..<min(bytes.count, position + draw(below: 70)))
        }
        if bytes.isEmpty { bytes = [0x2d] }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      if let failure = await failure(text, chain: text) {
        refused += 1
        #expect(failure.kind == .malformedAnswer, "\(failure)")
      }
    }
    // Some have only a changed signature and are read; most are refused.
    #expect(refused > 1000)
    #expect(refused < 3000)
  }

  @Test("A file of roots that cannot be used is reported with its path and the reason")
  func unusableRoots() async throws {
    let directory = fixture.directory
    let empty = directory["empty.pem"]
    try "no PEM here\n".write(toFile: empty, atomically: true, encoding: .utf8)
    let broken = directory["broken.pem"]
    try (fixture.mint.rootPEM + "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n")
      .write(toFile: broken, atomically: true, encoding: .utf8)
    let pipe = directory["pipe"]
    try #require(mkfifo(pipe, 0o600) == 0)
    for (path, reason) in [
      (directory["gone.pem"], "no such file or directory"),
      (directory.path, "it is not a regular file"), (pipe, "it is not a regular file"),
      (empty, "it contains no PEM certificate"),
      (broken, "PEM block 2 cannot be read: bad base64 decode"),
    ] {
      let failure = try #require(
        await failure(minted.certificatePEM, chain: minted.chainPEM, caFile: path))
      #expect(failure.kind == .unreachable)
      #expect(failure.message == "the roots in \(path) cannot be read: \(reason)")
    }
  }

  @Test("A file of roots may also contain keys and revocation lists")
  func mixedRoots() async throws {
    let path = fixture.directory["mixed.pem"]
    try (minted.privateKeyPEM + "# root\n" + fixture.mint.rootPEM)
      .write(toFile: path, atomically: true, encoding: .utf8)
    #expect(
      await failure(minted.certificatePEM, chain: minted.chainPEM, caFile: path) == nil)
  }
}
