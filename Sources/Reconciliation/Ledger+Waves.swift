import Narration
import RolloutCore

// MARK: - Waiting

extension Ledger {
  /// A domain that waits for others is due when nothing holds it up any more; until then, the lower
  /// domains that were not looked at since are due.
  func noteWaves(of domain: DomainName) {
    guard let mapping = mappings[domain] else { return }
    if isFound(domain, [.waitsForWave, .waveSoaking, .waveStopped]) {
      waitingForWave.insert(domain)
      requestLooks(below: mapping)
    } else {
      waitingForWave.remove(domain)
    }
    if isFound(domain, [.waitsForSlot]) { slots.join(domain) } else { slots.leave(domain) }
    requestLooks(at: waitingForWave) { $0.wave > mapping.wave }
    offerSlots()
  }

  private func isFound(_ domain: DomainName, _ reasons: Set<Reason>) -> Bool {
    let found = [records[domain]?.reason?.reason, memories[domain]?.found?.reason]
    return found.contains { $0.map(reasons.contains) ?? false }
  }

  /// Looks at those of the waiting domains that nothing holds up any more, or something else than
  /// before.
  private func requestLooks(
    at waiting: Set<DomainName>, where isAffected: (Mapping) -> Bool
  ) {
    let affected = waiting.compactMap { mappings[$0] }.filter(isAffected)
    if affected.isEmpty { return }
    let standing = standing
    for mapping in affected where isOutdated(mapping.domain, in: standing) {
      roster.requestLook(at: mapping.domain, of: mapping.identity)
    }
  }

  /// Whether the domain was found to wait for something that it waits for no longer.
  func isOutdated(_ domain: DomainName, in standing: FleetStanding) -> Bool {
    guard let mapping = mappings[domain], let since = memories[domain]?.wantingSince else {
      return false
    }
    let constraint = Planner.constraint(on: mapping, wantingSince: since, in: standing)
    return constraint.map { !isFound(domain, [$0.explanation.reason]) } ?? true
  }

  private func requestLooks(below mapping: Mapping) {
    guard let since = memories[mapping.domain]?.wantingSince else { return }
    for other in fleet.mappings where other.wave < mapping.wave && other.mode == .apply {
      let lookedAt = memories[other.domain]?.lookedAt
      if lookedAt.map({ $0 < since }) ?? true {
        roster.requestLook(at: other.domain, of: other.identity)
      }
    }
  }

  /// Looks at the domains that are next in the line, as many as there are free slots.
  func offerSlots() {
    if slots.waiting.isEmpty { return }
    let standing = standing
    let free = standing.freeSlots ?? slots.waiting.count
    if free <= 0 { return }
    let now = ports.clock.uptime
    let ordered = standing.ordered(standing.line)
    for domain in slots.offer(free, to: ordered, at: now) {
      guard let mapping = mappings[domain] else { continue }
      roster.requestLook(at: domain, of: mapping.identity)
    }
  }
}

// MARK: - Stops

extension Ledger {
  /// Stops the domain's wave when one more of its rollouts has failed and that makes too many; puts
  /// the stop into the change that records the failure.
  func noteFailure(
    of domain: DomainName, since former: DomainRecord?, in change: inout StateChange
  ) -> WaveStop? {
    guard let failure = records[domain]?.failure, failure != former?.failure,
      stops[failure.wave] == nil, let stop = standing.stop(of: failure.wave)
    else { return nil }
    begin(stop, in: &change)
    return stop
  }

  /// Its row goes with the next commit; see `commit`.
  private func begin(_ stop: WaveStop, in change: inout StateChange) {
    stops[stop.wave] = stop
    requestLooks(at: waitingForWave.union(slots.waiting)) { $0.wave >= stop.wave }
    let event = Narration.event(for: .waveStopped(stop))
    change.history += [event.entry(of: nil, at: stop.at)].compactMap { $0 }
  }

  /// Takes back a stop whose failure could not be written, unless others that came meanwhile suffice.
  func takeBack(_ stop: WaveStop) async {
    stops[stop.wave] = standing.stop(of: stop.wave)
    guard let remaining = stops[stop.wave] else { return }
    let event = Narration.event(for: .waveStopped(remaining))
    ports.report.emit(event)
    await journal.keep([event.entry(of: nil, at: remaining.at)].compactMap { $0 })
  }

  /// What a new configuration means for the stops: without a limit nothing is stopped, a wave that
  /// is gone is not either, and a lower limit may have been reached already.
  func noteReload(stoppingBefore former: Int) async {
    let limit = fleet.pacing.stopAfterFailures
    let waves = Set(fleet.mappings.map(\.wave))
    let released = stops.values.filter { limit == 0 || !waves.contains($0.wave) }
    if !released.isEmpty {
      for stop in released { stops[stop.wave] = nil }
      await release(released.sorted { $0.wave < $1.wave }, by: .reload)
    }
    guard limit > 0, former == 0 || limit < former else { return }
    var change = StateChange()
    let reached = waves.sorted().filter { stops[$0] == nil }.compactMap { standing.stop(of: $0) }
    for stop in reached { begin(stop, in: &change) }
    if reached.isEmpty { return }
    await commitStops(change)
    for stop in reached { ports.report.emit(.waveStopped(stop)) }
  }

  /// Obeys `resume --wave`: the failures of the wave are forgotten, and it goes on.
  func resumeWaves(_ requests: [OperatorRequest]) async {
    var waves: [Int] = []
    var orders: [Order] = []
    for request in requests {
      guard case .resumeWave(let wave) = request.kind else { continue }
      waves.append(wave)
      orders.append(order(request, ofWave: wave))
    }
    if waves.isEmpty { return }
    while let busy = domainsThatFailed(in: waves).first(where: isCommitting) {
      await waitForCommit(of: busy)
    }
    let domains = domainsThatFailed(in: waves)
    for domain in domains { records[domain]?.failure = nil }
    let resumed = Set(waves).sorted().compactMap { stops.removeValue(forKey: $0) }
    let now = ports.clock.now
    let events = resumed.map { Narration.event(for: .waveResumed($0, .resume)) }
    let entries = events.compactMap { $0.entry(of: nil, at: now) }
    let change = StateChange(
      records: domains.compactMap { records[$0] },
      history: orders.compactMap(\.entry) + entries,
      handled: requests.filter { $0.domain == nil }.map(\.id))
    if await commit(change, of: Set(domains)) == nil {
      for record in change.records { durable[record.domain] = record }
      for order in orders { ports.report.emit(order.event) }
    } else {
      // The request stays and is obeyed again, and then no wave is left that goes on for it.
      await journal.keep(entries)
      unwritten.formUnion(domains)
      requestsAreUnwritten = true
    }
    for event in events { ports.report.emit(event) }
    requestLooks(at: waitingForWave) { mapping in
      resumed.contains { $0.wave <= mapping.wave }
    }
    offerSlots()
  }

  private func domainsThatFailed(in waves: [Int]) -> [DomainName] {
    records.values.filter { $0.failure.map { waves.contains($0.wave) } ?? false }
      .map(\.domain).sorted()
  }

  /// Stopped waves go on. What failed in them counts: the next failure stops them again.
  func release(_ stopped: [WaveStop], by release: WaveRelease) async {
    if stopped.isEmpty { return }
    let events = stopped.map { Narration.event(for: .waveResumed($0, release)) }
    let now = ports.clock.now
    await commitStops(StateChange(history: events.compactMap { $0.entry(of: nil, at: now) }))
    for event in events { ports.report.emit(event) }
  }

  /// What cannot be written is in force all the same, and goes with the next commit.
  private func commitStops(_ change: StateChange) async {
    if await commit(change) != nil { await journal.keep(change.history) }
  }
}
