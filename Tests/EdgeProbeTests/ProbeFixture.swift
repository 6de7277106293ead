import EdgeProbe
import Foundation
import Reconciliation
import RolloutCore
import SimulatedAWS
import TestSupport
import Testing

/// A mint, its root in a file, and a probe: what nearly every test here begins with.
final class ProbeFixture: Sendable {
  static let start = Instant(year: 2026, month: 1, day: 1)
  static let end = Instant(year: 2027, month: 1, day: 1)
  static let now = Instant(year: 2026, month: 6, day: 1)

  let directory: TemporaryDirectory
  let mint: CertificateMint
  let caFile: String
  let domain: DomainName
  let probe: OpenSSLEdgeProbe

  init(
    limits: ProbeLimits = ProbeLimits(), lookUp: @escaping NameLookup = systemLookup
  ) throws {
    directory = try TemporaryDirectory()
    mint = try CertificateMint(notBefore: Self.start, notAfter: Self.end)
    caFile = directory["roots.pem"]
    try mint.rootPEM.write(toFile: caFile, atomically: true, encoding: .utf8)
    domain = try DomainName(parsing: "auth.example.com")
    probe = OpenSSLEdgeProbe(limits: limits, lookUp: lookUp)
  }

  func leaf(
    _ names: [String] = ["auth.example.com"], serial: UInt64 = 0x0A11, key: MintedKey = .ecP256
  ) throws -> MintedCertificate {
    try mint.issue(
      names: names, notBefore: Self.start, notAfter: Self.end, key: key, serial: serial)
  }

  /// One round at the given servers, by their addresses.
  func round(_ servers: TLSEdgeServer..., now: Instant = ProbeFixture.now) async -> ProbeRound {
    let endpoints = servers.map { ProbeTarget.Endpoint(host: $0.address, port: $0.port) }
    return await round(at: endpoints, now: now)
  }

  func round(
    at endpoints: [ProbeTarget.Endpoint], now: Instant = ProbeFixture.now
  ) async -> ProbeRound {
    await probe.probe(
      domain, at: ProbeTarget(connectTo: endpoints), caFile: caFile, now: now)
  }

  /// The result of a round that is to have one edge.
  func result(
    _ server: TLSEdgeServer, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> EdgeLook.Result {
    let round = await round(server)
    #expect(round.failure == nil, sourceLocation: sourceLocation)
    #expect(round.edges.count == 1, sourceLocation: sourceLocation)
    return try #require(round.edges.first, sourceLocation: sourceLocation).result
  }
}

extension EdgeLook.Result {
  var leaf: ServedLeaf? {
    switch self {
    case .served(let leaf): leaf
    case .unreachable, .noRoute: nil
    }
  }

  var failure: String? {
    switch self {
    case .unreachable(let text): text
    case .served, .noRoute: nil
    }
  }
}

/// Whether `condition` comes to hold within five seconds: for what another thread is about to
/// count.
func eventually(_ condition: () -> Bool) async throws -> Bool {
  for _ in 0..<500 {
    if condition() { return true }
    try await Task.sleep(for: .milliseconds(10))
  }
  return condition()
}

/// A port of 127.0.0.1 on which no one listens: it was had for a moment and given back.
func closedPort(_ certificate: MintedCertificate) throws -> Int {
  let server = try TLSEdgeServer(certificate: certificate)
  server.stop()
  return server.port
}
