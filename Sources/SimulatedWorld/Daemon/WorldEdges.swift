import EdgeProbe
import POSIX
import Reconciliation
import RolloutCore
import SimulatedAWS

/// The edges of the simulated domains, looked at without a network. Certificates are judged by
/// OpenSSL, as in the daemon.
struct WorldEdges: EdgePort {
  let world: World
  let judge: OpenSSLEdgeProbe

  private var machine: WorldMachine { world.machine }

  /// What the daemon's probe waits for an edge that does not answer.
  private static let connectTimeOut = Duration.seconds(5)

  func probe(
    _ domain: DomainName, at target: ProbeTarget, caFile: String?, now: Instant
  ) async -> ProbeRound {
    world.checkers.isolation.probes(domain.text, isOver: false)
    defer { world.checkers.isolation.probes(domain.text, isOver: true) }
    await machine.sleep(for: world.latency())
    let edges = world.aws.edges(of: domain.text, at: machine.trueTime)
    switch world.edges(of: domain.text) {
    case .reachable: break
    case .unreachable: return failing(edges, "connect: refused")
    case .hanging:
      await machine.sleep(for: WorldEdges.connectTimeOut)
      return failing(edges, "connect: timed out")
    }
    let refused = world.state.withLock { $0.refusedCertificates }
    return ProbeRound(
      edges: edges.map { edge in
        if refused.contains(edge.certificateARN) {
          return EdgeLook(address: edge.label, result: .refusing("handshake: internal error"))
        }
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

  private func failing(_ edges: [SimulatedEdge], _ reason: String) -> ProbeRound {
    ProbeRound(
      edges: edges.map { EdgeLook(address: $0.label, result: .unreachable(reason)) })
  }

  func evidence(
    of pem: CertificatePEM, arn: CertificateARN, caFile: String?, now: Instant
  ) async throws(Failure) -> LeafEvidence {
    try judge.judge(pem, arn: arn, caFile: world.caFile, now: now)
  }
}
