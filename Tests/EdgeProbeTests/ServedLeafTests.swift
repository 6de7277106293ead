import EdgeProbe
import Foundation
import Reconciliation
import RolloutCore
import SimulatedAWS
import Testing

@Suite("What an edge serves")
struct ServedLeafTests {
  @Test(
    "A served leaf is reported with its hash, serial, end and trusted chain",
    arguments: MintedKey.allCases)
  func servedLeaf(key: MintedKey) async throws {
    let fixture = try ProbeFixture()
    let minted = try fixture.leaf(key: key)
    let server = try TLSEdgeServer(certificate: minted)
    let expected = ServedLeaf(
      sha256: minted.sha256, serial: "0A11", notAfter: minted.notAfter, coversDomain: true,
      chain: .trusted,
      details: LeafDetails(
        subject: "CN=auth.example.com", issuer: "CN=Simulated Root Intermediate",
        tlsVersion: "TLSv1.3"))
    let result = try await fixture.result(server)
    #expect(result == .served(expected))
  }

  @Test("The next round sees that an edge changed its certificate")
  func changedLeaf() async throws {
    let fixture = try ProbeFixture()
    let (old, new) = (try fixture.leaf(serial: 1), try fixture.leaf(serial: 2))
    let server = try TLSEdgeServer(certificate: old)
    #expect(try await fixture.result(server).leaf?.sha256 == old.sha256)
    try server.serve(new)
    #expect(try await fixture.result(server).leaf?.sha256 == new.sha256)
  }

  @Test("Of two edges, the late one is reported with the leaf that it serves")
  func oneStaleEdge() async throws {
    let fixture = try ProbeFixture()
    let (old, new) = (try fixture.leaf(serial: 1), try fixture.leaf(serial: 2))
    let fresh = try TLSEdgeServer(certificate: new)
    let stale = try TLSEdgeServer(address: "127.0.0.2", certificate: old)
    let round = await fixture.round(fresh, stale)
    #expect(
      round.edges.map(\.address) == ["127.0.0.1:\(fresh.port)", "127.0.0.2:\(stale.port)"])
    #expect(round.edges.map(\.result.leaf?.sha256) == [new.sha256, old.sha256])
  }

  @Test("The handshake asks for the domain by SNI, whatever the host is")
  func serverName() async throws {
    let fixture = try ProbeFixture()
    let server = try TLSEdgeServer(certificate: try fixture.leaf())
    _ = await fixture.round(
      at: [ProbeTarget.Endpoint(host: "localhost", port: server.port)])
    #expect(try await eventually { server.handshakes == 1 })
    #expect(server.serverNames == ["auth.example.com"])
  }

  @Test(
    "Names that do not cover the domain are reported independently of the chain",
    arguments: [
      (["auth.example.com"], true), (["*.example.com"], true),
      (["other.example.org", "AUTH.example.com"], true), (["other.example.com"], false),
      (["example.com"], false), (["*.com"], false), (["*.auth.example.com"], false),
      (["a*.example.com"], false),
    ])
  func coverage(names: [String], covers: Bool) async throws {
    let fixture = try ProbeFixture()
    let server = try TLSEdgeServer(certificate: try fixture.leaf(names))
    let leaf = try #require(try await fixture.result(server).leaf)
    #expect(leaf.coversDomain == covers)
    #expect(leaf.chain == .trusted)
  }

  @Test("A leaf of an untrusted authority is reported with an untrusted chain")
  func untrustedChain() async throws {
    let fixture = try ProbeFixture()
    let stranger = try CertificateMint(
      commonName: "Stranger", notBefore: ProbeFixture.start, notAfter: ProbeFixture.end)
    let minted = try stranger.issue(
      names: ["auth.example.com"], notBefore: ProbeFixture.start, notAfter: ProbeFixture.end,
      serial: 5)
    let server = try TLSEdgeServer(certificate: minted)
    let leaf = try #require(try await fixture.result(server).leaf)
    #expect(leaf.sha256 == minted.sha256)
    #expect(
      leaf.chain
        == .untrusted(
          "unable to get local issuer certificate (at /CN=Stranger Intermediate)"))
  }

  @Test("Without a file of roots the system's roots are used")
  func systemRoots() async throws {
    let fixture = try ProbeFixture()
    let minted = try fixture.leaf()
    let server = try TLSEdgeServer(certificate: minted)
    let endpoint = ProbeTarget.Endpoint(host: "127.0.0.1", port: server.port)
    let round = await fixture.probe.probe(
      fixture.domain, at: ProbeTarget(connectTo: [endpoint]), caFile: nil, now: ProbeFixture.now)
    let leaf = try #require(round.edges.first?.result.leaf)
    #expect(leaf.sha256 == minted.sha256)
    #expect(leaf.chain != .trusted)
  }

  @Test("A self-signed leaf is reported as self-signed")
  func selfSigned() async throws {
    let fixture = try ProbeFixture()
    let minted = try fixture.mint.issue(
      names: ["auth.example.com"], notBefore: ProbeFixture.start, notAfter: ProbeFixture.end,
      selfSigned: true, serial: 5)
    let server = try TLSEdgeServer(certificate: minted)
    #expect(try await fixture.result(server).leaf?.chain == .selfSigned)
  }

  @Test("An expired leaf is reported with a reason that says that its chain is trusted")
  func expired() async throws {
    let fixture = try ProbeFixture()
    let minted = try fixture.mint.issue(
      names: ["auth.example.com"], notBefore: ProbeFixture.start,
      notAfter: Instant(year: 2026, month: 5, day: 1), serial: 5)
    let server = try TLSEdgeServer(certificate: minted)
    let leaf = try #require(try await fixture.result(server).leaf)
    #expect(leaf.sha256 == minted.sha256)
    #expect(
      leaf.chain
        == .untrusted(
          "certificate has expired: it ended 2026-05-01T00:00:00Z; its chain is trusted"))
  }

  @Test("With an unreadable file of roots the leaf is reported with an untrusted chain")
  func unreadableRoots() async throws {
    let fixture = try ProbeFixture()
    let minted = try fixture.leaf()
    let server = try TLSEdgeServer(certificate: minted)
    let endpoint = ProbeTarget.Endpoint(host: "127.0.0.1", port: server.port)
    let round = await fixture.probe.probe(
      fixture.domain, at: ProbeTarget(connectTo: [endpoint]), caFile: "/nowhere/ca.pem",
      now: ProbeFixture.now)
    let leaf = try #require(round.edges.first?.result.leaf)
    #expect(leaf.sha256 == minted.sha256)
    #expect(
      leaf.chain
        == .untrusted(
          "the roots in /nowhere/ca.pem cannot be read: no such file or directory"))
  }

  @Test("A root that is added to the file takes effect in the next round")
  func rootsAreReadAgain() async throws {
    let fixture = try ProbeFixture()
    let stranger = try CertificateMint(
      commonName: "Stranger", notBefore: ProbeFixture.start, notAfter: ProbeFixture.end)
    let minted = try stranger.issue(
      names: ["auth.example.com"], notBefore: ProbeFixture.start, notAfter: ProbeFixture.end,
      serial: 5)
    let server = try TLSEdgeServer(certificate: minted)
    #expect(try await fixture.result(server).leaf?.chain != .trusted)
    let both = fixture.mint.rootPEM + "# and one more\n" + stranger.rootPEM
    try both.write(toFile: fixture.caFile, atomically: true, encoding: .utf8)
    #expect(try await fixture.result(server).leaf?.chain == .trusted)
  }
}
