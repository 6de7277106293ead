package import RolloutCore

/// One pass of the daemon's own looks, decisions and review that changes nothing: what `plan` and
/// `explain` show.
package struct Preview: Sendable {
  private let ledger: Ledger
  private let ports: Ports
  private let fleet: Fleet

  /// - Parameters:
  ///   - ports: with a state port that keeps what is committed to itself.
  ///   - isStart: whether to decide as a daemon that starts now, because none runs.
  package init(ports: Ports, fleet: Fleet, isStart: Bool) {
    self.ports = ports
    self.fleet = fleet
    ledger = Ledger(ports: ports, fleet: fleet, purpose: .preview(isStart: isStart))
  }

  package struct Outcome: Sendable {
    package var decisions: [DomainName: Decision]
    /// Accounts whose certificates could not be listed, in the configuration's order.
    package var failures: [(identity: Identity, failure: Failure)]

    package var lacksCredentials: Bool {
      failures.contains { $0.failure.kind == .credentials }
    }
  }

  /// Looks at the given domains, and decides about them.
  ///
  /// - Parameter limit: what is not answered by then counts as not seen.
  package func run(
    lookingAt domains: Set<DomainName>, within limit: Duration
  ) async throws(StateFailure) -> Outcome {
    try await ledger.beginPreview(lookingAt: domains)
    await finish(within: limit) { await look(at: domains) }
    var failures: [(Identity, Failure)] = []
    for identity in fleet.identities {
      if let failure = await ledger.listFailure(of: identity) {
        failures.append((identity, failure))
      }
    }
    return Outcome(decisions: await ledger.decisions(), failures: failures)
  }

  /// The decision with every certificate judged, as far as AWS answers in time.
  package func complete(_ decision: Decision, within limit: Duration) async -> Decision {
    let result = Answer<Decision>()
    await finish(within: limit) { await result.set(ledger.complete(decision)) }
    return await result.value ?? decision
  }

  /// The leaf that ACM has for a certificate; nil where it cannot be seen in time.
  package func leaf(
    of certificate: CertificateARN, for mapping: Mapping, within limit: Duration
  ) async -> LeafEvidence? {
    let result = Answer<LeafEvidence>()
    await finish(within: limit) {
      await result.set(ledger.leaf(of: certificate, for: mapping))
    }
    return await result.value
  }

  private actor Answer<Value: Sendable> {
    private(set) var value: Value?
    func set(_ value: Value?) { self.value = value }
  }

  /// Runs the cycle of each account once, at most `concurrency` at a time.
  private func look(at domains: Set<DomainName>) async {
    await withTaskGroup(of: Void.self) { group in
      for (index, identity) in fleet.identities.enumerated() {
        if index >= fleet.pacing.concurrency { await group.next() }
        group.addTask {
          guard let cycle = await ledger.previewCycle(of: identity, lookingAt: domains) else {
            return
          }
          _ = await cycle.run()
        }
      }
    }
  }

  /// Runs `work`, and after `limit` ends the looks that go on.
  private func finish(
    within limit: Duration, _ work: @escaping @Sendable () async -> Void
  ) async {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        await work()
        return true
      }
      group.addTask {
        await ports.clock.pause(for: limit)
        return false
      }
      let isComplete = await group.next() ?? true
      if !isComplete { ledger.stop.open() }
      group.cancelAll()
      await group.waitForAll()
    }
  }
}
