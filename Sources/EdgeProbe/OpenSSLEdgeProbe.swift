import COpenSSL
import POSIX
package import Reconciliation
package import RolloutCore

/// Probes edges with TLS handshakes, and verifies certificates, with OpenSSL.
///
/// Everything that blocks runs on threads of its own, whose number the limits bound. The limits apply
/// to one object, so a process uses one. A cancelled task gets an answer at once.
package final class OpenSSLEdgeProbe: EdgePort {
  private let limits: ProbeLimits
  private let resolver: NameResolver
  private let pool: ThreadPool
  /// A separate pool, because every thread of the other one may be waiting for a silent edge.
  private let evidencePool = ThreadPool(limit: 2)
  private let client = Guarded<TLSClient?>(nil)
  private let roots = TrustRootsCache()

  package init(
    limits: ProbeLimits = ProbeLimits(), lookUp: @escaping NameLookup = systemLookup
  ) {
    // Without this option OpenSSL frees its data at exit while other threads may still use it. It
    // takes effect only when set before OpenSSL's first use.
    OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    self.limits = limits
    resolver = NameResolver(lookUp: lookUp, limit: limits.resolve)
    pool = ThreadPool(limit: limits.concurrency)
  }

  package func probe(
    _ domain: DomainName, at target: ProbeTarget, caFile: String?, now: Instant
  ) async -> ProbeRound {
    let domainItself = [ProbeTarget.Endpoint(host: domain.text, port: OpenSSLEdgeProbe.defaultPort)]
    let endpoints = target.connectTo.isEmpty ? domainItself : target.connectTo
    let resolved = await inOrder(endpoints) { await self.resolve($0) }
    let found = ResolvedAddresses(resolved, limit: limits.addresses)
    guard !found.addresses.isEmpty else {
      return ProbeRound(edges: [], failure: found.failure)
    }
    let looks = await inOrder(found.addresses) { address in
      await self.probe(address, for: domain, caFile: caFile, now: now)
    }
    return ProbeRound(edges: looks + found.unresolved)
  }

  package func evidence(
    of pem: CertificatePEM, arn: CertificateARN, caFile: String?, now: Instant
  ) async throws(Failure) -> LeafEvidence {
    let roots = roots
    let cancelled = Result<LeafEvidence, Failure>.failure(
      Failure(.unreachable, operation: "verify", object: arn.text, message: cancellation))
    let outcome: Result<LeafEvidence, Failure>
    do throws(EdgeProbeError) {
      outcome = try await evidencePool.run(ifCancelled: cancelled) {
        Result { () throws(Failure) -> LeafEvidence in
          try LeafEvidence(of: pem, arn: arn, caFile: caFile, cache: roots, now: now)
        }
      }
    } catch {
      throw Failure(.unreachable, operation: "verify", object: arn.text, message: error.text)
    }
    return try outcome.get()
  }

  /// Parses the leaf and verifies its chain on the calling thread, which it occupies for well
  /// under a millisecond once the roots are read.
  package func judge(
    _ pem: CertificatePEM, arn: CertificateARN, caFile: String?, now: Instant
  ) throws(Failure) -> LeafEvidence {
    try LeafEvidence(of: pem, arn: arn, caFile: caFile, cache: roots, now: now)
  }

  private static let defaultPort = 443

  private func resolve(_ endpoint: ProbeTarget.Endpoint) async -> ResolvedEndpoint {
    do throws(EdgeProbeError) {
      let resolution = try await pool.run(ifCancelled: .failed(cancellation)) { [resolver] in
        resolver.resolve(endpoint)
      }
      return ResolvedEndpoint(endpoint: endpoint, resolution: resolution)
    } catch {
      return ResolvedEndpoint(endpoint: endpoint, resolution: .failed(error.text))
    }
  }

  private func probe(
    _ address: EdgeAddress, for domain: DomainName, caFile: String?, now: Instant
  ) async -> EdgeLook {
    let result: EdgeLook.Result
    do throws(EdgeProbeError) {
      let cancelled = EdgeLook.Result(failing: .connect, EdgeProbeError(cancellation))
      result = try await pool.run(ifCancelled: cancelled) {
        self.probeBlocking(address, for: domain, caFile: caFile, now: now)
      }
    } catch {
      result = EdgeLook.Result(failing: .connect, error)
    }
    return EdgeLook(address: address.description, result: result)
  }

  /// Blocks the thread for at most the limits of connection and handshake.
  private func probeBlocking(
    _ address: EdgeAddress, for domain: DomainName, caFile: String?, now: Instant
  ) -> EdgeLook.Result {
    let connection: EdgeConnection
    do throws(ConnectFailure) {
      connection = try EdgeConnection(to: address, within: limits.connect)
    } catch {
      switch error {
      case .noRoute: return .noRoute
      case .failed(let failure): return EdgeLook.Result(failing: .connect, failure)
      }
    }
    do throws(EdgeProbeError) {
      return try sharedClient().handshake(
        on: connection, serverName: domain.text, within: limits.handshake
      ) { leaf, others in
        EdgeLook.Result(
          served: leaf, others: others, for: domain, roots: roots, caFile: caFile, now: now)
      }
    } catch {
      return EdgeLook.Result(failing: .handshake, error)
    }
  }

  private func sharedClient() throws(EdgeProbeError) -> TLSClient {
    try client.withLock { (client) throws(EdgeProbeError) in
      if let client { return client }
      let made = try TLSClient()
      client = made
      return made
    }
  }
}

private let cancellation = "the probe was cancelled"

/// Runs `work` for every item concurrently, and returns the results in the order of the items.
private func inOrder<Item: Sendable, Output: Sendable>(
  _ items: [Item], _ work: @escaping @Sendable (Item) async -> Output
) async -> [Output] {
  await withTaskGroup(of: (Int, Output).self) { group in
    for (index, item) in items.enumerated() {
      group.addTask { (index, await work(item)) }
    }
    var outputs: [(Int, Output)] = []
    for await output in group { outputs.append(output) }
    return outputs.sorted { $0.0 < $1.0 }.map(\.1)
  }
}
