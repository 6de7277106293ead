package import RolloutCore

/// The loop's memory and one pass of it: observe, plan, review, journal, act, record, report.
package actor Reconciler {
  let ports: Ports
  package private(set) var fleet: Fleet
  /// How every domain stands, as far as this process knows.
  package private(set) var records: [DomainName: DomainRecord] = [:]
  /// What of it is on disk.
  private var durable: [DomainName: DomainRecord] = [:]
  /// What was learnt after a call and could not be written: goes with the next commit.
  private var backlog = StateChange()
  private(set) var schedules: [DomainName: DomainSchedule] = [:]
  private var memory = CertificateMemory()
  private var complaints = Complaints()
  private var isStopping = false
  /// The looks of the pass under way.
  private var looking: Task<[AccountLook], Never>?

  package init(ports: Ports, fleet: Fleet) {
    self.ports = ports
    self.fleet = fleet
  }

  /// Reads the state file and gives every mapped domain its record. Open rollouts go on; a
  /// refused one is tried at once, since a restart is one of its cures.
  package func start() async throws(StateFailure) {
    for record in try await ports.state.loadRecords() {
      durable[record.domain] = record
      records[record.domain] = record
    }
    adoptFleet(fleet)
    hurryAll()
    try await saveRecords()
  }

  /// Ends the pass under way at the next convenient place: looks are dropped at once, a call
  /// is waited for.
  package func stop() {
    isStopping = true
    looking?.cancel()
  }

  package var stopRequested: Bool { isStopping }

  /// Takes a new configuration. Records of domains that it does not map stay, unmapped.
  package func adoptFleet(_ fleet: Fleet) {
    self.fleet = fleet
    let mapped = Set(fleet.mappings.map(\.domain))
    for (domain, record) in records where !mapped.contains(domain) && record.isMapped {
      records[domain]?.isMapped = false
      schedules[domain] = nil
    }
    for mapping in fleet.mappings {
      var record =
        records[mapping.domain]
        ?? DomainRecord(
          domain: mapping.domain, userPoolID: mapping.userPoolID, region: mapping.region,
          reason: Reason("not_looked_at", "the domain was not looked at yet"))
      record.isMapped = true
      record.userPoolID = mapping.userPoolID
      record.region = mapping.region
      records[mapping.domain] = record
    }
  }

  /// Makes every call that waits due now, and looks again at every chain that was not trusted:
  /// a restart, a reload and SIGUSR1 cure a refusal.
  package func hurryAll() {
    memory.forgetDoubts()
    let now = ports.clock.now
    for domain in records.keys { records[domain]?.rollout?.hurry(at: now) }
  }

  /// Moves every deadline with a clock that was stepped.
  package func shift(by step: Duration) {
    for domain in records.keys { records[domain]?.shift(by: step) }
    for domain in schedules.keys { schedules[domain]?.shift(by: step) }
  }

  /// When the first domain is due before the next poll.
  package var nextLookAt: Instant? { schedules.values.compactMap(\.nextLookAt).min() }

  /// The records of mapped domains, in the configuration's order.
  package var mappedRecords: [DomainRecord] {
    fleet.mappings.compactMap { records[$0.domain] }
  }

  package enum Scope: Equatable, Sendable {
    case all
    /// Those whose next look is due.
    case due
  }

  package func pass(_ scope: Scope) async -> PassSummary {
    var summary = PassSummary(scope: scope)
    ports.report.passBegan()
    let requests = await takeRequests(&summary)
    let mappings = mappings(in: scope, requested: Set(requests.map(\.domain)))
    let looks = await observe(mappings)
    if isStopping || Task.isCancelled {
      summary.wasCutShort = true
      return summary
    }
    conclude(looks, &summary)
    let inputs = looks.flatMap(\.inputs)
    let plan = reviewed(Planner.plan(inputs, fleet: fleet, records: records), inputs)
    guard await journal(plan, handled: requests.map(\.id), &summary) else { return summary }
    await act(plan, &summary)
    memory.prune(at: ports.clock.now)
    if scope == .all, summary.unlisted.isEmpty {
      ports.report.pollSucceeded(at: ports.clock.now)
    }
    return summary
  }
}

// MARK: - Observe

extension Reconciler {
  /// What operators asked for; the records obey at once and the requests go with the commit.
  private func takeRequests(_ summary: inout PassSummary) async -> [OperatorRequest] {
    let requests: [OperatorRequest]
    do throws(StateFailure) {
      requests = try await ports.state.pendingRequests()
    } catch {
      stateFailed(error, &summary)
      return []
    }
    let now = ports.clock.now
    for request in requests {
      records[request.domain]?.obey(request.kind, at: now)
      if request.kind == .retry {
        schedules[request.domain, default: DomainSchedule()].retryIsWanted = true
        memory.forgetDoubts()
      }
    }
    return requests
  }

  private func mappings(in scope: Scope, requested: Set<DomainName>) -> [Mapping] {
    switch scope {
    case .all: return fleet.mappings
    case .due:
      let now = ports.clock.now
      return fleet.mappings.filter { mapping in
        requested.contains(mapping.domain)
          || schedules[mapping.domain]?.nextLookAt.map { $0 <= now } ?? false
      }
    }
  }

  /// Accounts side by side, up to `concurrency`; within one, one thing after the other.
  private func observe(_ mappings: [Mapping]) async -> [AccountLook] {
    let drafts = mappings.map(draft)
    let groups = Dictionary(grouping: drafts, by: \.mapping.identity)
    let ordered = Fleet(mappings: mappings).identities.compactMap { identity in
      groups[identity].map { (identity: identity, drafts: $0) }
    }
    let ports = ports
    let memory = memory
    let width = fleet.pacing.concurrency
    let looks = Task {
      await concurrently(ordered, width: width) { account in
        var look = AccountLook(ports: ports, identity: account.identity, memory: memory)
        await look.run(account.drafts)
        return look
      }
    }
    looking = looks
    defer { looking = nil }
    return await withTaskCancellationHandler {
      await looks.value
    } onCancel: {
      looks.cancel()
    }
  }

  private func draft(_ mapping: Mapping) -> DomainInput {
    let record =
      records[mapping.domain]
      ?? DomainRecord(
        domain: mapping.domain, userPoolID: mapping.userPoolID, region: mapping.region)
    return DomainInput(
      mapping: mapping, pacing: fleet.pacing, record: record,
      schedule: schedules[mapping.domain] ?? DomainSchedule(), look: .empty,
      facts: CertificateFacts(listed: .seen([])), now: ports.clock.now,
      dice: Dice(seed: ports.clock.random()))
  }

  private func conclude(_ looks: [AccountLook], _ summary: inout PassSummary) {
    let now = ports.clock.now
    for look in looks {
      memory.merge(look.learnt)
      summary.failures += look.failures.count
      summary.domains += look.inputs.count
      if look.listed.failure != nil { summary.unlisted.append(look.identity) }
      for event in complaints.hear(look.failures, listing: look.listed, look.identity, now) {
        ports.report.emit(event)
      }
    }
    summary.identities = looks.count
  }
}

// MARK: - Journal and act

extension Reconciler {
  /// Takes back every decision that the second reading objects to. That is a bug of ours; the
  /// domain stays as it was, and the log says so.
  private func reviewed(_ plan: PassPlan, _ inputs: [DomainInput]) -> PassPlan {
    let violations = PlanReview.violations(in: plan, inputs: inputs, now: ports.clock.now)
    if violations.isEmpty { return plan }
    let refused = Set(violations.map(\.domain))
    for violation in violations {
      ports.report.emit(
        Event(
          .updateRefused,
          [
            .domain: violation.domain.text, .reason: "plan_review",
            .error:
              "a planned call broke the rule \"\(violation.rule)\" and was not made; this is a defect of cognito-certd, please report it",
          ]))
    }
    return PassPlan(decisions: plan.decisions.filter { !refused.contains($0.record.domain) })
  }

  /// Writes every changed record and every intent in one transaction. False when it could not:
  /// then nothing of the plan happens, and the next pass decides afresh.
  private func journal(
    _ plan: PassPlan, handled: [Int64], _ summary: inout PassSummary
  ) async -> Bool {
    var change = backlog
    let now = ports.clock.now
    var next = records
    for decision in plan.decisions {
      next[decision.record.domain] = decision.record
      if let ended = decision.ended {
        change.ended.append(EndedRollout(domain: decision.record.domain, rollout: ended))
      }
      change.history += history(decision.events, of: decision.record.domain, at: now)
    }
    change.records = next.values.filter { durable[$0.domain] != $0 }
      .sorted { $0.domain < $1.domain }
    change.handled = handled
    guard await commit(change, &summary) else {
      // Keep looking: what was due stays due, a little later.
      for decision in plan.decisions {
        schedules[decision.record.domain, default: DomainSchedule()].nextLookAt =
          now + Reconciler.stateRetryInterval
      }
      return false
    }
    for event in backlog.history.map(\.event) { ports.report.emit(event) }
    backlog = StateChange()
    records = next
    for decision in plan.decisions {
      schedules[decision.record.domain] = decision.schedule
      for event in decision.events { ports.report.emit(event) }
    }
    summary.changes += change.records.count
    return true
  }

  /// How soon a state file that could not be written is tried again.
  package static let stateRetryInterval = Duration.seconds(30)

  /// Carries the plan out. Each answer is on disk before the next thing is said of it.
  private func act(_ plan: PassPlan, _ summary: inout PassSummary) async {
    let calls = plan.decisions.compactMap(\.update)
    if calls.isEmpty { return }
    let groups = Dictionary(grouping: calls, by: \.identity)
    var seen: Set<Identity> = []
    let ordered = calls.map(\.identity).filter { seen.insert($0).inserted }
      .compactMap { groups[$0] }
    summary.calls = calls.count
    let ports = ports
    let mappings = Dictionary(
      fleet.mappings.map { ($0.domain, $0) }, uniquingKeysWith: { first, _ in first })
    await concurrently(ordered, width: fleet.pacing.concurrency) { updates in
      for update in updates {
        // What is not called now was journalled, and is called after the next start.
        if await self.stopRequested { return }
        let outcome = await ports.domains.updateDomain(update)
        ports.report.alive()
        if let mapping = mappings[update.domain] { await self.record(outcome, mapping) }
      }
    }
  }

  private func record(_ outcome: UpdateOutcome, _ mapping: Mapping) async {
    guard let before = records[mapping.domain] else { return }
    let now = ports.clock.now
    let result = CallOutcome(
      of: outcome, record: before, schedule: schedules[mapping.domain] ?? DomainSchedule(),
      mapping: mapping, pacing: fleet.pacing, now: now, chance: ports.clock.random())
    records[mapping.domain] = result.record
    schedules[mapping.domain] = result.schedule
    let entries = history(result.events, of: mapping.domain, at: now)
    var summary = PassSummary(scope: .due)
    let change = StateChange(records: [result.record], history: entries)
    if await commit(change, &summary) {
      for event in result.events { ports.report.emit(event) }
    } else {
      backlog.history += entries
    }
  }

  private func history(
    _ events: [Event], of domain: DomainName, at now: Instant
  ) -> [HistoryEntry] {
    events.filter { $0.level != .debug && $0.level != .info }
      .map { HistoryEntry(at: now, domain: domain, event: $0) }
  }

  private func commit(_ change: StateChange, _ summary: inout PassSummary) async -> Bool {
    if change.isEmpty { return true }
    do throws(StateFailure) {
      try await ports.state.commit(change)
    } catch {
      stateFailed(error, &summary)
      return false
    }
    for record in change.records { durable[record.domain] = record }
    complaints.stateRecovered()
    return true
  }

  private func saveRecords() async throws(StateFailure) {
    let changed = records.values.filter { durable[$0.domain] != $0 }
      .sorted { $0.domain < $1.domain }
    if changed.isEmpty { return }
    try await ports.state.commit(StateChange(records: changed))
    for record in changed { durable[record.domain] = record }
  }

  private func stateFailed(_ failure: StateFailure, _ summary: inout PassSummary) {
    summary.stateFailure = failure
    if let event = complaints.hear(failure, ports.clock.now) { ports.report.emit(event) }
  }
}
