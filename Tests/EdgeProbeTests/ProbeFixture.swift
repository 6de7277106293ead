import EdgeProbe
import Foundation
import Reconciliation
import RolloutCore
import SimulatedAWS
import TestSupport
import Testing

/// A mint, a file with its root, and a probe.
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

  /// Probes the given servers once.
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

  /// The result of a probe of one edge.
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
    case .refusing, .unreachable, .noRoute: nil
    }
  }

  var failure: String? {
    switch self {
    case .unreachable(let text): text
    case .served, .refusing, .noRoute: nil
    }
  }
}

/// Waits up to five seconds until `condition` is true, because another thread makes it true.
func eventually(_ condition: () -> Bool) async throws -> Bool {
  for _ in 0..<500 {
    if condition() { return true }
    try await Task.sleep(for: .milliseconds(10))
  }
  return condition()
}

/// A port of 127.0.0.1 without a listener. It was bound and closed.
func closedPort(_ certificate: MintedCertificate) throws -> Int {
  let server = try TLSEdgeServer(certificate: certificate)
  server.stop()
  return server.port
}
