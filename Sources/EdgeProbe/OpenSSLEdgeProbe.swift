import COpenSSL
import POSIX
package import Reconciliation
package import RolloutCore

/// Probes edges with TLS handshakes, and verifies certificates, with OpenSSL.
///
/// What a probe waits for occupies no thread, except lookups of names. A cancelled task gets an answer
/// at once.
package final class OpenSSLEdgeProbe: EdgePort {
  private let limits: ProbeLimits
  private let uptime: (@Sendable () -> Duration)?
  private let reactor = Reactor()
  private let resolver: NameResolver
  /// For what reads files and computes. It does not wait for the network.
  private let verifiers = ThreadPool(limit: 2)
  private let client = Guarded<TLSClient?>(nil)
  private let roots = TrustRootsCache()

  /// - Parameter uptime: a clock that no one sets; nil: no look is timed.
  package init(
    limits: ProbeLimits = ProbeLimits(), lookUp: @escaping NameLookup = systemLookup,
    uptime: (@Sendable () -> Duration)? = nil
  ) {
    ignoreBrokenPipes()
    // Without this option OpenSSL frees its data at exit while other threads may still use it. It
    // takes effect only when set before OpenSSL's first use.
    OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    self.limits = limits
    self.uptime = uptime
    resolver = NameResolver(lookUp: lookUp, limits: limits, reactor)
  }

  package func probe(
    _ domain: DomainName, at target: ProbeTarget, caFile: String?, now: Instant
  ) async -> ProbeRound {
    let domainItself = [ProbeTarget.Endpoint(host: domain.text, port: OpenSSLEdgeProbe.defaultPort)]
    let endpoints = target.connectTo.isEmpty ? domainItself : target.connectTo
    let resolved = await inOrder(endpoints, atOnce: endpoints.count) { endpoint in
      ResolvedEndpoint(
        endpoint: endpoint, resolution: await self.resolver.resolve(endpoint))
    }
    let found = ResolvedAddresses(resolved, limit: limits.addresses)
    guard !found.addresses.isEmpty else {
      return ProbeRound(edges: [], failure: found.failure)
    }
    let looks = await inOrder(found.addresses, atOnce: limits.concurrency) { address in
      let begun = self.uptime?()
      let result = await self.look(at: address, for: domain, caFile: caFile, now: now)
      let took = begun.flatMap { begun in self.uptime.map { $0() - begun } }
      return EdgeLook(address: address.description, result: result, took: took)
    }
    return ProbeRound(edges: looks + found.unresolved)
  }

  package func evidence(
    of pem: CertificatePEM, arn: CertificateARN, caFile: String?, now: Instant
  ) async throws(Failure) -> LeafEvidence {
    let roots = roots
    let cancelled = Result<LeafEvidence, Failure>.failure(
      Failure(
        .unreachable, operation: "verify", object: arn.text, message: EdgeProbeError.cancelled.text)
    )
    let outcome: Result<LeafEvidence, Failure>
    do throws(EdgeProbeError) {
      outcome = try await verifiers.run(ifCancelled: cancelled) {
        Result { () throws(Failure) -> LeafEvidence in
          try LeafEvidence(of: pem, arn: arn, caFile: caFile, cache: roots, now: now)
        }
      }
    } catch {
      throw Failure(.unreachable, operation: "verify", object: arn.text, message: error.text)
    }
    return try outcome.get()
  }

  /// The addresses of a host, as the probe finds them.
  package func addresses(of host: String) async -> NameResolution {
    await resolver.resolve(
      ProbeTarget.Endpoint(host: host, port: OpenSSLEdgeProbe.defaultPort))
  }

  /// How many roots there are in a file, or on this system for nil.
  package func countRoots(caFile: String?) async throws(Failure) -> Int {
    let cancelled = Result<Int, EdgeProbeError>.failure(.cancelled)
    do throws(EdgeProbeError) {
      return try await verifiers.run(ifCancelled: cancelled) {
        Result { () throws(EdgeProbeError) -> Int in
          guard let caFile else { return try TrustRoots.countOfSystem() }
          return try TrustRoots.reading(file: caFile).count
        }
      }.get()
    } catch {
      throw Failure(
        .unreachable, operation: "roots", object: caFile ?? "system", message: error.text)
    }
  }

  /// Parses the leaf and verifies its chain on the calling thread, which it occupies for well
  /// under a millisecond once the roots are read.
  package func judge(
    _ pem: CertificatePEM, arn: CertificateARN, caFile: String?, now: Instant
  ) throws(Failure) -> LeafEvidence {
    try LeafEvidence(of: pem, arn: arn, caFile: caFile, cache: roots, now: now)
  }

  private static let defaultPort = 443

  private func look(
    at address: EdgeAddress, for domain: DomainName, caFile: String?, now: Instant
  ) async -> EdgeLook.Result {
    let connection: EdgeConnection
    do throws(ConnectFailure) {
      connection = try await EdgeConnection.open(to: address, within: limits.connect, reactor)
    } catch {
      switch error {
      case .noRoute: return .noRoute
      case .failed(let failure): return EdgeLook.Result(failing: .connect, failure)
      }
    }
    let shown: ShownCertificates
    do throws(HandshakeFailure) {
      shown = try await handshake(on: connection, for: domain)
    } catch {
      switch error {
      case .refused(let alert): return .refusing("\(ProbeStage.handshake.rawValue): \(alert)")
      case .failed(let failure): return EdgeLook.Result(failing: .handshake, failure)
      }
    }
    do throws(EdgeProbeError) {
      let cancelled = EdgeLook.Result(failing: .certificate, .cancelled)
      return try await verifiers.run(ifCancelled: cancelled) { [roots] in
        EdgeLook.Result(served: shown, for: domain, roots: roots, caFile: caFile, now: now)
      }
    } catch {
      return EdgeLook.Result(failing: .certificate, error)
    }
  }

  private func handshake(
    on connection: EdgeConnection, for domain: DomainName
  ) async throws(HandshakeFailure) -> ShownCertificates {
    let client: TLSClient
    do throws(EdgeProbeError) {
      client = try sharedClient()
    } catch {
      throw .failed(error)
    }
    return try await client.handshake(
      on: connection, serverName: domain.text, within: limits.handshake, reactor)
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

/// Runs `work` for every item, at most `atOnce` concurrently, and returns the results in the order of
/// the items.
private func inOrder<Item: Sendable, Output: Sendable>(
  _ items: [Item], atOnce: Int, _ work: @escaping @Sendable (Item) async -> Output
) async -> [Output] {
  await withTaskGroup(of: (Int, Output).self) { group in
    var outputs: [(Int, Output)] = []
    for (index, item) in items.enumerated() {
      if index >= atOnce, let output = await group.next() { outputs.append(output) }
      group.addTask { (index, await work(item)) }
    }
    for await output in group { outputs.append(output) }
    return outputs.sorted { $0.0 < $1.0 }.map(\.1)
  }
}
