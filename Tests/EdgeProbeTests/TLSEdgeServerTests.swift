import Foundation
import RolloutCore
import SimulatedAWS
import TestSupport
import Testing

@Suite("A simulated edge")
struct TLSEdgeServerTests {
  @Test("is trusted by curl, and serves its page", .enabled(if: hasCurl))
  func page() async throws {
    // curl uses the real clock, so the certificate must be valid in any year.
    let (begin, end) = (
      Instant(year: 2000, month: 1, day: 1), Instant(year: 2100, month: 1, day: 1)
    )
    let fixture = try ProbeFixture()
    let mint = try CertificateMint(notBefore: begin, notAfter: end)
    try mint.rootPEM.write(toFile: fixture.caFile, atomically: true, encoding: .utf8)
    let minted = try mint.issue(
      names: ["auth.example.com"], notBefore: begin, notAfter: end, serial: 1)
    let server = try TLSEdgeServer(certificate: minted, page: "<h1>Sign in</h1>\n")
    let directory = try TemporaryDirectory()
    let curl = try ChildProcess(
      curlPath,
      [
        "--silent", "--show-error", "--max-time", "10", "--cacert", fixture.caFile, "--noproxy",
        "*", "--connect-to", "auth.example.com:443:127.0.0.1:\(server.port)", "--write-out",
        "%{http_code} %{content_type}", "https://auth.example.com/login",
      ], environment: [:], output: directory["curl"])
    #expect(try await curl.end() == .exited(0), "\(curl.errorText)")
    #expect(curl.outputText == "<h1>Sign in</h1>\n200 text/html; charset=utf-8")
    #expect(server.serverNames == ["auth.example.com"])
  }

  @Test("reports a port in use and an address of another host as errors")
  func cannotListen() throws {
    let fixture = try ProbeFixture()
    let minted = try fixture.leaf()
    let server = try TLSEdgeServer(certificate: minted)
    let taken = #expect(throws: TLSEdgeServerError.self) {
      try TLSEdgeServer(port: server.port, certificate: minted)
    }
    #expect(
      taken?.description == "simulated edge 127.0.0.1:\(server.port): address already in use")
    for address in ["192.0.2.1", "localhost", ""] {
      #expect(throws: TLSEdgeServerError.self) {
        try TLSEdgeServer(address: address, certificate: minted)
      }
    }
    #expect(throws: TLSEdgeServerError.self) {
      try TLSEdgeServer(port: 70_000, certificate: minted)
    }
  }

  @Test("frees its port when it stops, and a second stop does nothing")
  func restart() async throws {
    let fixture = try ProbeFixture()
    let (first, second) = (try fixture.leaf(serial: 1), try fixture.leaf(serial: 2))
    let server = try TLSEdgeServer(certificate: first)
    #expect(try await fixture.result(server).leaf?.sha256 == first.sha256)
    server.stop()
    server.stop()
    #expect(try await fixture.result(server).leaf == nil)
    let next = try TLSEdgeServer(port: server.port, certificate: second)
    #expect(try await fixture.result(next).leaf?.sha256 == second.sha256)
  }

  @Test("ends connections that hang when it stops")
  func stopWhileHanging() async throws {
    let fixture = try ProbeFixture()
    let server = try TLSEdgeServer(certificate: try fixture.leaf())
    server.behave(.stalling)
    let probing = Task { await fixture.round(server) }
    #expect(try await eventually { server.connections == 1 })
    server.stop()
    let edge = try #require(await probing.value.edges.first)
    let failure = try #require(edge.result.failure)
    #expect(failure.hasPrefix("handshake: "))
    #expect(!failure.contains("not complete within"))
  }
}

private let curlPath = "/usr/bin/curl"
private let hasCurl = FileManager.default.isExecutableFile(atPath: curlPath)
