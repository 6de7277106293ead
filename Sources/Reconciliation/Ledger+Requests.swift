import Narration
package import RolloutCore

extension Ledger {
  /// Obeys what operators asked for since. The records obey at once, also when the state file
  /// cannot be written; the requests then stay in it and are obeyed again.
  package func takeRequests() async {
    let requests: [OperatorRequest]
    do throws(StateFailure) {
      requests = try await ports.state.pendingRequests()
    } catch {
      if let finding = troubles.note(error, at: ports.clock.uptime) { ports.report.emit(finding) }
      return
    }
    if requests.isEmpty { return }
    // A record whose commit is under way is not touched: the look that commits it goes first.
    let ready = requests.filter { !committing.contains($0.domain) }
    noteClock()
    let now = ports.clock.now
    for request in ready {
      records[request.domain]?.obey(request.kind, at: now)
      guard let mapping = mappings[request.domain] else { continue }
      roster.requestLook(at: request.domain, of: mapping.identity)
    }
    let domains = Set(ready.map(\.domain))
    let changed = domains.compactMap { records[$0] }.filter { durable[$0.domain] != $0 }
      .sorted { $0.domain < $1.domain }
    committing.formUnion(domains)
    let change = StateChange(records: changed, handled: ready.map(\.id))
    if await commit(change) == nil {
      for record in changed { durable[record.domain] = record }
    }
    committing.subtract(domains)
    if ready.contains(where: { $0.kind == .retry }) {
      await ports.credentials.refreshCredentials()
      for domain in domains {
        if let identity = mappings[domain]?.identity { await accounts[identity]?.forgetDoubts() }
      }
    }
  }
}

extension DomainRecord {
  /// The record after an operator's request. `retry` also lifts what was moved away from.
  package mutating func obey(_ request: OperatorRequest.Kind, at now: Instant) {
    switch request {
    case .hold(let until):
      hold = Hold(since: now, until: until)
      condition = .held
      reason = Explanation(.held, until.map { "until \($0.rfc3339)" } ?? "until 'resume'")
    case .resume: hold = nil
    case .retry:
      retryRequested = true
      shunned = []
      rollout?.expedite(at: now)
    }
  }
}
