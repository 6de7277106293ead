import EdgeProbe
import Foundation
import POSIX
import Reconciliation
import RolloutCore
import SimulatedAWS
import Testing

@Suite("The addresses of a domain's edges")
struct ResolvingTests {
  @Test("Two names for one address are one edge")
  func duplicates() async throws {
    let fixture = try ProbeFixture()
    let server = try TLSEdgeServer(certificate: try fixture.leaf())
    let round = await fixture.round(at: [
      ProbeTarget.Endpoint(host: "127.0.0.1", port: server.port),
      ProbeTarget.Endpoint(host: "localhost", port: server.port),
      ProbeTarget.Endpoint(host: "127.0.0.1", port: server.port),
    ])
    #expect(round.edges.filter { $0.address == "127.0.0.1:\(server.port)" }.count == 1)
    #expect(round.edges.count == Set(round.edges.map(\.address)).count)
  }

  @Test("Without connect_to the domain itself is resolved, on port 443")
  func wholeDomain() async throws {
    let asked = Guarded<[String]>([])
    let fixture = try ProbeFixture(lookUp: { host, port in
      asked.withLock { $0.append("\(host):\(port)") }
      return .failed("not today")
    })
    let round = await fixture.round(at: [])
    #expect(asked.withLock { $0 } == ["auth.example.com:443"])
    #expect(round.edges.isEmpty)
    let failure = try #require(round.failure)
    #expect(failure.kind == .unreachable)
    #expect(failure.description == "resolve auth.example.com:443: not today")
  }

  @Test("Every address of a name is an edge, in a constant order")
  func everyAddress() async throws {
    let orders = Guarded<[[String]]>([
      ["127.0.0.10", "127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.10", "127.0.0.2"],
    ])
    let fixture = try ProbeFixture(lookUp: { _, port in
      let order = orders.withLock { $0.removeFirst() }
      return .addresses(order.compactMap { EdgeAddress($0, port: port) })
    })
    let port = try closedPort(try fixture.leaf())
    let endpoint = ProbeTarget.Endpoint(host: "edge.example.net", port: port)
    let expected = ["127.0.0.1", "127.0.0.2", "127.0.0.10"].map { "\($0):\(port)" }
    for _ in 0..<2 {
      #expect(await fixture.round(at: [endpoint]).edges.map(\.address) == expected)
    }
  }

  @Test("A name that does not resolve is reported beside the edges of one that does")
  func oneOfTwo() async throws {
    let fixture = try ProbeFixture(lookUp: { host, port in
      host == "gone.example.net" ? .failed("no such name") : systemLookup(host, port: port)
    })
    let minted = try fixture.leaf()
    let server = try TLSEdgeServer(certificate: minted)
    let round = await fixture.round(at: [
      ProbeTarget.Endpoint(host: "gone.example.net", port: 8443),
      ProbeTarget.Endpoint(host: "127.0.0.1", port: server.port),
    ])
    #expect(round.failure == nil)
    #expect(round.edges.map(\.address) == ["127.0.0.1:\(server.port)", "gone.example.net:8443"])
    #expect(round.edges.map(\.result.failure) == [nil, "resolve: no such name"])
  }

  @Test("An unknown name is reported with the system's error text")
  func unknownName() async throws {
    let fixture = try ProbeFixture()
    // A label of more than 63 characters is refused without asking a name server.
    let host = String(repeating: "x", count: 64) + ".invalid"
    let round = await fixture.round(at: [ProbeTarget.Endpoint(host: host, port: 443)])
    #expect(round.edges.isEmpty)
    #expect(round.failure?.kind == .unreachable)
    #expect(round.failure?.message.isEmpty == false)
  }

  @Test(
    "A malformed endpoint does not resolve",
    arguments: [("127.0.0.1", 0), ("127.0.0.1", 65_536), ("127.0.0.1", -1), ("", 443)])
  func impossibleEndpoint(host: String, port: Int) async throws {
    let fixture = try ProbeFixture()
    let round = await fixture.round(at: [ProbeTarget.Endpoint(host: host, port: port)])
    #expect(round.failure?.kind == .unreachable)
  }

  @Test("Addresses over the limit are counted and not probed")
  func tooManyAddresses() async throws {
    let fixture = try ProbeFixture(lookUp: { _, port in
      .addresses((1...100).compactMap { EdgeAddress("127.0.1.\($0)", port: port) })
    })
    let port = try closedPort(try fixture.leaf())
    let round = await fixture.round(
      at: [ProbeTarget.Endpoint(host: "many.example", port: port)])
    #expect(round.edges.count == 65)
    #expect(
      round.edges.last
        == EdgeLook(
          address: "36 more",
          result: .unreachable("resolve: over the limit of 64 addresses a domain")))
  }

  @Test("An IPv6 edge is probed and shown in brackets", .enabled(if: hasIPv6Loopback))
  func ipv6() async throws {
    let fixture = try ProbeFixture()
    let minted = try fixture.leaf()
    let server = try TLSEdgeServer(address: "::1", certificate: minted)
    let round = await fixture.round(server)
    #expect(round.edges.map(\.address) == ["[::1]:\(server.port)"])
    #expect(round.edges.first?.result.leaf?.sha256 == minted.sha256)
  }
}

private let hasIPv6Loopback: Bool = {
  let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  let bound = EdgeAddress("::1", port: 0)?.withSocketAddress { bind(descriptor, $0, $1) }
  return descriptor >= 0 && bound == 0
}()
