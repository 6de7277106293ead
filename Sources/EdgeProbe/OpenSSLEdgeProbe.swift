import COpenSSL
import POSIX
package import Reconciliation
package import RolloutCore

/// Looks at edges by TLS handshakes, and judges certificates, all by OpenSSL.
///
/// Everything that blocks runs on threads of its own, of which there are at most as many as
/// the limits say; the limits hold for all that one object does, so a process has one. A
/// cancelled task gets an answer at once.
package final class OpenSSLEdgeProbe: EdgePort {
  private let limits: ProbeLimits
  private let resolver: NameResolver
  private let crew: WorkerCrew
  /// Apart from the crew that looks at edges, which may all be waiting for silent ones.
  private let judges = WorkerCrew(limit: 2)
  private let client = Guarded<TLSClient?>(nil)
  private let roots = TrustRootsCache()

  package init(
    limits: ProbeLimits = ProbeLimits(), lookUp: @escaping NameLookup = systemLookup
  ) {
    // OpenSSL would else tear itself down at the end of the process under the hands of threads
    // that are still looking at a silent edge. Whoever uses OpenSSL first settles it.
    OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    self.limits = limits
    resolver = NameResolver(lookUp: lookUp, limit: limits.resolve)
    crew = WorkerCrew(limit: limits.concurrency)
  }

  package func probe(
    _ domain: DomainName, at target: ProbeTarget, caFile: String?, now: Instant
  ) async -> ProbeRound {
    let whole = [ProbeTarget.Endpoint(host: domain.text, port: OpenSSLEdgeProbe.defaultPort)]
    let endpoints = target.connectTo.isEmpty ? whole : target.connectTo
    let answers = await inOrder(endpoints) { await self.resolve($0) }
    let found = AddressesFound(answers, limit: limits.addresses)
    guard !found.addresses.isEmpty else {
      return ProbeRound(edges: [], failure: found.failure)
    }
    let looks = await inOrder(found.addresses) { address in
      await self.look(at: address, for: domain, caFile: caFile, now: now)
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
    do throws(StepFailure) {
      outcome = try await judges.run(ifCancelled: cancelled) {
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

  private func resolve(_ endpoint: ProbeTarget.Endpoint) async -> NamedAnswer {
    do throws(StepFailure) {
      let answer = try await crew.run(ifCancelled: .failed(cancellation)) { [resolver] in
        resolver.resolve(endpoint)
      }
      return NamedAnswer(endpoint: endpoint, answer: answer)
    } catch {
      return NamedAnswer(endpoint: endpoint, answer: .failed(error.text))
    }
  }

  private func look(
    at address: EdgeAddress, for domain: DomainName, caFile: String?, now: Instant
  ) async -> EdgeLook {
    let result: EdgeLook.Result
    do throws(StepFailure) {
      let cancelled = EdgeLook.Result(failing: .connect, StepFailure(cancellation))
      result = try await crew.run(ifCancelled: cancelled) {
        self.lookNow(at: address, for: domain, caFile: caFile, now: now)
      }
    } catch {
      result = EdgeLook.Result(failing: .connect, error)
    }
    return EdgeLook(address: address.description, result: result)
  }

  /// Blocks the thread for the limits of connection and handshake at most.
  private func lookNow(
    at address: EdgeAddress, for domain: DomainName, caFile: String?, now: Instant
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
    do throws(StepFailure) {
      return try sharedClient().handshake(
        on: connection, serverName: domain.text, within: limits.handshake
      ) { leaf, others in
        EdgeLook.Result(
          judging: leaf, others: others, for: domain, roots: roots, caFile: caFile, now: now)
      }
    } catch {
      return EdgeLook.Result(failing: .handshake, error)
    }
  }

  private func sharedClient() throws(StepFailure) -> TLSClient {
    try client.withLock { (client) throws(StepFailure) in
      if let client { return client }
      let made = try TLSClient()
      client = made
      return made
    }
  }
}

private let cancellation = "the probe was cancelled"

/// Runs `work` for every item side by side, and gives the results in the order of the items.
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
