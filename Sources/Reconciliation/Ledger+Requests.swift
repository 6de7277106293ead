import Narration
package import RolloutCore

extension Ledger {
  /// Obeys what operators asked for since. The records obey at once, also when the state file
  /// cannot be written; the requests then stay in it and are obeyed again. Each comes into the
  /// history in the transaction that removes it, so that it is there once, and is logged after that.
  package func takeRequests() async {
    await requestTurn.take()
    let domains = await obeyRequests()
    await requestTurn.release()
    if domains.isEmpty { return }
    // An operator who asks to try again has corrected something.
    await ports.credentials.refreshCredentials()
    for identity in Set(domains.compactMap { mappings[$0]?.identity }) {
      await accounts[identity]?.forgetDoubts()
    }
  }

  /// Obeys every waiting request; the domains that are to be tried again.
  private func obeyRequests() async -> [DomainName] {
    let requests: [OperatorRequest]
    do throws(StateFailure) {
      requests = try await ports.state.pendingRequests()
    } catch {
      if let finding = troubles.note(error, at: ports.clock.uptime) { ports.report.emit(finding) }
      return []
    }
    if requests.isEmpty { return [] }
    // A record whose commit is under way is not touched.
    let domains = Set(requests.compactMap(\.domain))
    while let busy = domains.first(where: isCommitting) { await waitForCommit(of: busy) }
    noteClock()
    let (now, hostError) = (ports.clock.now, ports.clock.hostError)
    var orders: [Order] = []
    for request in requests {
      guard let domain = request.domain else { continue }
      let kind = request.kind(at: now, hostError: hostError)
      records[domain]?.obey(kind, at: now)
      memories[domain]?.quiet = nil
      orders.append(order(request, kind, of: domain))
      guard let mapping = mappings[domain] else { continue }
      roster.requestLook(at: domain, of: mapping.identity)
    }
    await resumeWaves(requests)
    let changed = domains.compactMap { records[$0] }.filter { durable[$0.domain] != $0 }
      .sorted { $0.domain < $1.domain }
    let obeyed = requests.filter { $0.domain != nil }
    if obeyed.isEmpty { return [] }
    let change = StateChange(
      records: changed, history: orders.compactMap(\.entry), handled: obeyed.map(\.id))
    if await commit(change, of: domains) == nil {
      for record in changed { durable[record.domain] = record }
      for order in orders { ports.report.emit(order.event) }
    } else {
      requestsAreUnwritten = true
    }
    return requests.filter { $0.kind == .retry }.compactMap(\.domain)
  }
}

/// An obeyed request, as it is logged and kept.
struct Order: Sendable {
  let event: Event
  /// With the time of the request.
  let entry: HistoryEntry?
}

extension Ledger {
  private func order(
    _ request: OperatorRequest, _ kind: OperatorRequest.Kind, of domain: DomainName
  ) -> Order {
    let user = request.user
    let finding: Finding =
      switch kind {
      case .hold(let until): .holdRequested(by: user, until: until)
      case .retry: .retryRequested(by: user)
      case .resume, .resumeWave: .resumeRequested(by: user)
      }
    let event = Narration.event(for: finding, of: domain, records[domain]?.userPoolID)
    return Order(event: event, entry: event.entry(of: domain, at: time(of: request)))
  }

  /// The order of `resume --wave`.
  func order(_ request: OperatorRequest, ofWave wave: Int) -> Order {
    let event = Narration.event(for: .waveResumeRequested(wave: wave, by: request.user))
    return Order(event: event, entry: event.entry(of: nil, at: time(of: request)))
  }

  /// When the request was made, by the time that decides. A command that was ahead of it, because a
  /// clock was set since, dates nothing into the future.
  private func time(of request: OperatorRequest) -> Instant {
    min(request.at + (.zero - ports.clock.hostError), ports.clock.now)
  }

  /// Obeys the requests again that could not be removed while the state file could not be written.
  func noteRequestsMayBeWritten() {
    guard requestsAreUnwritten else { return }
    requestsAreUnwritten = false
    ports.clock.wake(.operatorRequest)
  }
}

extension OperatorRequest {
  /// The order by the time that decides; commands date it by the host's clock. When that clock was set
  /// since, the order's length counts from now: it must not end before it was obeyed.
  fileprivate func kind(at now: Instant, hostError: Duration) -> Kind {
    switch kind {
    case .resume, .retry, .resumeWave, .hold(nil): return kind
    case .hold(let until?):
      let (length, age) = (until.since(at), (now + hostError).since(at))
      let isDated = age >= .zero && age <= length
      return .hold(until: isDated ? until + (.zero - hostError) : now + length)
    }
  }
}

extension DomainRecord {
  /// The record after an operator's request. `retry` also allows certificates
  /// again that someone moved away from.
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
      rolledBack = nil
      rollout?.expedite(at: now)
    case .resumeWave: break
    }
  }
}
