import EdgeProbe
import Foundation
import Reconciliation
import RolloutCore
import SimulatedAWS
import Testing

@Suite("Edges that cannot be probed")
struct UnreachableEdgeTests {
  /// Short enough to wait for, long enough for a loaded machine.
  static let short = ProbeLimits(
    resolve: .milliseconds(300), connect: .milliseconds(300), handshake: .milliseconds(300))

  @Test("A port without a listener is unreachable, with the stage and the reason")
  func closed() async throws {
    let fixture = try ProbeFixture()
    let port = try closedPort(try fixture.leaf())
    let round = await fixture.round(at: [ProbeTarget.Endpoint(host: "127.0.0.1", port: port)])
    #expect(
      round.edges == [
        EdgeLook(
          address: "127.0.0.1:\(port)", result: .unreachable("connect: connection refused"))
      ])
    #expect(round.failure == nil)
  }

  @Test("An unreachable edge does not hide another one")
  func oneOfTwo() async throws {
    let fixture = try ProbeFixture()
    let minted = try fixture.leaf()
    let server = try TLSEdgeServer(certificate: minted)
    let closed = ProbeTarget.Endpoint(host: "127.0.0.1", port: try closedPort(minted))
    let open = ProbeTarget.Endpoint(host: "127.0.0.1", port: server.port)
    let round = await fixture.round(at: [closed, open])
    #expect(round.edges.map(\.result.leaf?.sha256) == [nil, minted.sha256])
  }

  @Test(
    "A handshake with a silent or very slow edge ends at its limit",
    arguments: [TLSEdgeServer.Behaviour.stalling, .dripping])
  func stalling(behaviour: TLSEdgeServer.Behaviour) async throws {
    let fixture = try ProbeFixture(limits: Self.short)
    let server = try TLSEdgeServer(certificate: try fixture.leaf())
    server.behave(behaviour)
    let begun = ContinuousClock.now
    #expect(
      try await fixture.result(server)
        == .unreachable("handshake: not complete within 300ms"))
    let taken = ContinuousClock.now - begun
    #expect(taken >= .milliseconds(290))
    #expect(taken < .seconds(60))
  }

  @Test("A connection to a full port ends at its limit")
  func fullBacklog() async throws {
    let fixture = try ProbeFixture(limits: Self.short)
    let full = try FullListener()
    let round = await fixture.round(
      at: [ProbeTarget.Endpoint(host: "127.0.0.1", port: full.port)])
    #expect(round.edges.map(\.result) == [.unreachable("connect: no answer within 300ms")])
  }

  @Test("An answer that is not TLS is a failed handshake")
  func garbage() async throws {
    let fixture = try ProbeFixture()
    let server = try TLSEdgeServer(certificate: try fixture.leaf())
    server.behave(.garbage)
    #expect(try await fixture.result(server) == .unreachable("handshake: wrong version number"))
  }

  @Test("A connection that is closed at once is a failed handshake")
  func refusing() async throws {
    let fixture = try ProbeFixture()
    let server = try TLSEdgeServer(certificate: try fixture.leaf())
    server.behave(.refusing)
    let failure = try #require(try await fixture.result(server).failure)
    // Either the close or the reset may be seen first.
    #expect(
      [
        "handshake: unexpected eof while reading", "handshake: connection reset by peer",
        "handshake: broken pipe", "handshake: the edge closed the connection",
      ].contains(failure), "\(failure)")
  }

  @Test(
    "An address to which this host has no route is skipped, not counted",
    arguments: ["224.0.0.1", "ff02::1"])
  func noRoute(address: String) async throws {
    let fixture = try ProbeFixture()
    let round = await fixture.round(at: [ProbeTarget.Endpoint(host: address, port: 443)])
    #expect(round.edges.map(\.result) == [.noRoute])
  }

  @Test("An edge is reported as served as soon as it works again")
  func recovery() async throws {
    let fixture = try ProbeFixture()
    let minted = try fixture.leaf()
    let server = try TLSEdgeServer(certificate: minted)
    for behaviour in [TLSEdgeServer.Behaviour.garbage, .refusing] {
      server.behave(behaviour)
      #expect(try await fixture.result(server).leaf == nil)
    }
    server.behave(.serving)
    #expect(try await fixture.result(server).leaf?.sha256 == minted.sha256)
  }

  @Test("A cancelled probe returns at once")
  func cancelled() async throws {
    let patient = ProbeLimits(connect: .minutes(10), handshake: .minutes(10))
    let fixture = try ProbeFixture(limits: patient)
    let server = try TLSEdgeServer(certificate: try fixture.leaf())
    server.behave(.stalling)
    let probing = Task { await fixture.round(server) }
    #expect(try await eventually { server.connections == 1 })
    probing.cancel()
    let round = await probing.value
    #expect(round.edges.map(\.result) == [.unreachable("handshake: the probe was cancelled")])
  }
}

/// A listener with a full queue, so that the kernel drops further connections.
private final class FullListener {
  let port: Int
  private let listener: Int32
  private var waiting: [Int32] = []

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.listener = listener
    let local = try #require(EdgeAddress("127.0.0.1", port: 0))
    _ = local.withSocketAddress { bind(listener, $0, $1) }
    listen(listener, 0)
    var given = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutableBytes(of: &given) {
      getsockname(listener, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, &length)
    }
    port = Int(UInt16(bigEndian: given.sin_port))
    let target = try #require(EdgeAddress("127.0.0.1", port: UInt16(port)))
    for _ in 0..<4 {
      let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
      let descriptor = socket(AF_INET, kind, 0)
      _ = target.withSocketAddress { connect(descriptor, $0, $1) }
      waiting.append(descriptor)
    }
  }

  deinit {
    for descriptor in waiting { close(descriptor) }
    close(listener)
  }
}
