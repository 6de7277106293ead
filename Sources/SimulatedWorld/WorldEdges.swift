import EdgeProbe
import Reconciliation
import RolloutCore
import SimulatedAWS

/// The edges of the simulated domains, looked at without a network. Certificates are judged by
/// OpenSSL, as in the daemon.
struct WorldEdges: EdgePort {
  let aws: FakeAWS
  let clock: VirtualClock
  let judge: OpenSSLEdgeProbe
  let caFile: String
  /// Whether the probing host has a route at all at that time.
  let isReachable: @Sendable (DomainName) -> Bool

  func probe(
    _ domain: DomainName, at target: ProbeTarget, caFile: String?, now: Instant
  ) async -> ProbeRound {
    clock.advance(.milliseconds(30))
    let edges = aws.withCloud { $0.edges(of: domain.text, at: clock.trueTime) }
    if !isReachable(domain) {
      return ProbeRound(
        edges: edges.map { EdgeLook(address: $0.label, result: .unreachable("connect: timed out")) }
      )
    }
    return ProbeRound(
      edges: edges.map { edge in
        guard let material = edge.material else {
          return EdgeLook(address: edge.label, result: .unreachable("handshake: closed"))
        }
        return EdgeLook(
          address: edge.label,
          result: .served(
            ServedLeaf(
              sha256: material.sha256, serial: material.serial, notAfter: material.notAfter,
              coversDomain: true, chain: .trusted)))
      })
  }

  func evidence(
    of pem: CertificatePEM, arn: CertificateARN, caFile: String?, now: Instant
  ) async throws(Failure) -> LeafEvidence {
    try await judge.evidence(of: pem, arn: arn, caFile: self.caFile, now: now)
  }
}
