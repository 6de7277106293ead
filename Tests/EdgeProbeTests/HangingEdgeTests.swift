import EdgeProbe
import POSIX
import Reconciliation
import RolloutCore
import SimulatedAWS
import Testing

/// They hold many descriptors open: one test at a time, and a few hundred descriptors each, so that
/// the process that runs all tests does not reach its limit.
@Suite("Edges and name servers that hang", .serialized)
struct HangingEdgeTests {
  /// Lookups of names that begin with `hang` block until they are released; others are 127.0.0.1.
  private final class NameServer: Sendable {
    let asked = Guarded<[String]>([])
    private let isReleased = Guarded(false)

    @Sendable
    func lookUp(_ host: String, port: UInt16) -> NameResolution {
      asked.withLock { $0.append(host) }
      if host.hasPrefix("hang") { isReleased.wait { $0 } }
      return systemLookup("127.0.0.1", port: port)
    }

    func release() { isReleased.withLock { $0 = true } }
  }

  private func endpoint(_ host: String, _ server: TLSEdgeServer) -> ProbeTarget.Endpoint {
    ProbeTarget.Endpoint(host: host, port: server.port)
  }

  @Test("While the names of 150 accounts hang, the round of another one works at once")
  func hangingNames() async throws {
    let names = NameServer()
    let fixture = try ProbeFixture(
      limits: ProbeLimits(resolve: .seconds(60)), lookUp: names.lookUp)
    let server = try TLSEdgeServer(certificate: try fixture.leaf())
    try await withThrowingTaskGroup(of: ProbeRound.self) { group in
      for number in 0..<150 {
        group.addTask {
          await fixture.round(at: [endpoint("hang\(number).example", server)])
        }
      }
      let allHang = try await eventually { names.asked.withLock { $0.count } == 150 }
      #expect(allHang)
      let begun = ContinuousClock.now
      let round = await fixture.round(at: [endpoint("fine.example", server)])
      #expect(round.edges.first?.result.leaf != nil)
      // Far below the limits that the others wait for, also on a machine that is busy.
      #expect(ContinuousClock.now - begun < .seconds(15))
      group.cancelAll()
    }
    names.release()
  }

  @Test("While 120 edges of 20 domains are silent, the round of another one works at once")
  func silentEdges() async throws {
    let patient = ProbeLimits(connect: .seconds(60), handshake: .seconds(60))
    let fixture = try ProbeFixture(limits: patient)
    let minted = try fixture.leaf()
    let silent = try (0..<6).map { _ in try TLSEdgeServer(certificate: minted) }
    for server in silent { server.behave(.stalling) }
    let server = try TLSEdgeServer(certificate: minted)
    let endpoints = silent.map { ProbeTarget.Endpoint(host: $0.address, port: $0.port) }
    try await withThrowingTaskGroup(of: ProbeRound.self) { group in
      for _ in 0..<20 { group.addTask { await fixture.round(at: endpoints) } }
      let allHang = try await eventually { silent.reduce(0) { $0 + $1.connections } == 120 }
      #expect(allHang)
      let begun = ContinuousClock.now
      let round = await fixture.round(server)
      #expect(round.edges.first?.result.leaf != nil)
      // Far below the limits that the others wait for, also on a machine that is busy.
      #expect(ContinuousClock.now - begun < .seconds(15))
      group.cancelAll()
    }
  }

  @Test("Who asks for one name at the same time shares one lookup")
  func sharedLookup() async throws {
    let names = NameServer()
    let fixture = try ProbeFixture(lookUp: names.lookUp)
    let minted = try fixture.leaf()
    let servers = try (0..<8).map { _ in try TLSEdgeServer(certificate: minted) }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for server in servers {
        group.addTask {
          let round = await fixture.round(at: [endpoint("hang.example", server)])
          return round.edges.map(\.address) == ["127.0.0.1:\(server.port)"]
            && round.edges.first?.result.leaf?.sha256 == minted.sha256
        }
      }
      let isAsked = try await eventually { !names.asked.withLock { $0 }.isEmpty }
      #expect(isAsked)
      try await Task.sleep(for: .seconds(1))
      // Who asks after the release begins another lookup.
      #expect(names.asked.withLock { $0 } == ["hang.example"])
      names.release()
      for try await isRight in group { #expect(isRight) }
    }
  }

  @Test("A lookup that hangs is joined by later rounds, and not begun again")
  func joinedLookup() async throws {
    let names = NameServer()
    let fixture = try ProbeFixture(
      limits: ProbeLimits(resolve: .milliseconds(100)), lookUp: names.lookUp)
    let server = try TLSEdgeServer(certificate: try fixture.leaf())
    for _ in 0..<3 {
      let round = await fixture.round(at: [endpoint("hang.example", server)])
      #expect(round.failure?.message == "no answer within 100ms")
    }
    #expect(names.asked.withLock { $0 } == ["hang.example"])
    names.release()
  }

  @Test("An answer after the limit counts for the next round, also when the next one is late too")
  func lateAnswer() async throws {
    let (mayAnswer, answered) = (Guarded(1), Guarded(0))
    let fixture = try ProbeFixture(
      limits: ProbeLimits(resolve: .milliseconds(200)),
      lookUp: { _, port in
        let number = answered.withLock { $0 } + 1
        mayAnswer.wait { $0 > number }
        answered.withLock { $0 = number }
        return systemLookup("127.0.0.1", port: port)
      })
    let minted = try fixture.leaf()
    let server = try TLSEdgeServer(certificate: minted)
    let endpoints = [endpoint("late.example", server)]
    #expect(await fixture.round(at: endpoints).failure?.message == "no answer within 200ms")
    mayAnswer.withLock { $0 = 2 }
    #expect(try await eventually { answered.withLock { $0 } == 1 })
    // The lookup of this round hangs for good.
    for _ in 0..<2 {
      let round = await fixture.round(at: endpoints)
      #expect(round.edges.first?.result.leaf?.sha256 == minted.sha256)
    }
    mayAnswer.withLock { $0 = 9 }
  }

  @Test("The limit of a lookup counts from its own start, not from that of one that it waited for")
  func ownLimit() async throws {
    let names = NameServer()
    let fixture = try ProbeFixture(
      limits: ProbeLimits(resolve: .milliseconds(400)), lookUp: names.lookUp)
    let server = try TLSEdgeServer(certificate: try fixture.leaf())
    // The good name is the last of a domain whose other names hang.
    let hosts = (0..<40).map { "hang\($0).example" } + ["fine.example"]
    let round = await fixture.round(at: hosts.map { endpoint($0, server) })
    #expect(round.edges.first?.result.leaf != nil)
    #expect(
      round.edges.dropFirst().map(\.result)
        == Array(repeating: .unreachable("resolve: no answer within 400ms"), count: 40))
    names.release()
  }

  @Test("A cancelled round returns at once while its name hangs")
  func cancelled() async throws {
    let names = NameServer()
    let fixture = try ProbeFixture(lookUp: names.lookUp)
    let server = try TLSEdgeServer(certificate: try fixture.leaf())
    let probing = Task { await fixture.round(at: [endpoint("hang.example", server)]) }
    #expect(try await eventually { names.asked.withLock { $0.count } == 1 })
    let begun = ContinuousClock.now
    probing.cancel()
    #expect(await probing.value.failure?.message == "the probe was cancelled")
    #expect(ContinuousClock.now - begun < .seconds(10))
    names.release()
  }
}
