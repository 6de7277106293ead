import EdgeProbe
import Reconciliation
import RolloutCore
import SimulatedAWS
import Testing

@Suite("Edges that refuse the handshake")
struct RefusingEdgeTests {
  private func result(
    _ fixture: ProbeFixture, port: Int
  ) async throws -> EdgeLook.Result {
    let round = await fixture.round(at: [ProbeTarget.Endpoint(host: "127.0.0.1", port: port)])
    return try #require(round.edges.first).result
  }

  @Test(
    "An edge that answers with a TLS alert was reached and refuses",
    arguments: [
      (112, "unrecognized name"), (40, "handshake failure"), (80, "internal error"),
      (70, "protocol version"), (49, "access denied"), (0, "close notify"),
      (110, "unsupported extension"), (116, "alert 116"), (250, "alert 250"),
    ] as [(UInt8, String)])
  func alerts(description: UInt8, words: String) async throws {
    let fixture = try ProbeFixture()
    let level: UInt8 = description == 0 ? 1 : 2
    let edge = try ScriptedEdge(
      answer: ScriptedEdge.alert(description, level: level), then: .close)
    #expect(try await result(fixture, port: edge.port) == .refusing("handshake: \(words)"))
  }

  @Test("A warning alert that is followed by a closed connection is a refusal")
  func warning() async throws {
    let fixture = try ProbeFixture()
    let edge = try ScriptedEdge(answer: ScriptedEdge.alert(112, level: 1), then: .close)
    #expect(
      try await result(fixture, port: edge.port) == .refusing("handshake: unrecognized name"))
  }

  @Test("A reset, a closed connection and bytes that are not TLS are no refusal")
  func notTLS() async throws {
    let fixture = try ProbeFixture()
    for (answer, ending) in [
      ([], .close), ([], .reset), (Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), .close),
      ([21, 3, 3], .close), ([0, 0, 0, 0, 0, 0, 0], .close),
    ] as [([UInt8], ScriptedEdge.Ending)] {
      let edge = try ScriptedEdge(answer: answer, then: ending)
      let failure = try #require(try await result(fixture, port: edge.port).failure)
      #expect(failure.hasPrefix("handshake: "), "\(answer)")
    }
  }

  @Test(
    "A server that knows other names only refuses, with TLS 1.2 and with 1.3",
    arguments: ["-tls1_2", "-tls1_3"])
  func unknownName(version: String) async throws {
    let fixture = try ProbeFixture()
    let minted = try fixture.leaf()
    let options = [version, "-servername", "other.example.org", "-servername_fatal"]
    try await OpenSSLServer.serving(minted, options) { server in
      let result = try await result(fixture, port: server.port)
      #expect(result == .refusing("handshake: unrecognized name"))
    }
  }

  @Test("A server without a common cipher refuses")
  func noCommonCipher() async throws {
    let fixture = try ProbeFixture()
    // Without encryption: no client offers this.
    let options = ["-tls1_2", "-cipher", "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0"]
    try await OpenSSLServer.serving(try fixture.leaf(), options) { server in
      let result = try await result(fixture, port: server.port)
      #expect(result == .refusing("handshake: handshake failure"))
    }
  }

  @Test(
    "An edge that requires a client certificate serves the leaf that it showed",
    arguments: [
      ["-tls1_2"], ["-tls1_3"], ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"],
      ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], ["-tls1_2", "-cipher", "AES128-SHA"],
    ])
  func clientCertificate(options: [String]) async throws {
    let fixture = try ProbeFixture()
    let minted = try fixture.leaf(key: options.count == 1 ? .ecP256 : .rsa2048)
    try await OpenSSLServer.serving(minted, options + ["-Verify", "1"]) { server in
      let result = try await result(fixture, port: server.port)
      #expect(result.leaf?.sha256 == minted.sha256, "\(result)")
      #expect(result.leaf?.chain == .trusted)
    }
  }

  @Test("A leaf is not believed when the edge fails before it has proven that it has the key")
  func unprovenLeaf() async throws {
    let fixture = try ProbeFixture()
    let minted = try fixture.leaf()
    let flight = try ServerFlight.hello(showing: minted)
    let silent = try ScriptedEdge(answer: flight, then: .close)
    #expect(try await result(fixture, port: silent.port).failure != nil)
    let alerting = try ScriptedEdge(answer: flight + ScriptedEdge.alert(80), then: .close)
    #expect(
      try await result(fixture, port: alerting.port) == .refusing("handshake: internal error"))
  }
}
