import Narration
import RolloutCore

extension Ledger {
  /// - Parameter isSinglePass: whether an account whose poll has ended is left alone.
  func beginTurns(isSinglePass: Bool) -> [Turn] {
    noteClock()
    sleepEnd = nil
    turnsBegunAt = ports.clock.uptime
    if stop.isOpen { return [] }
    offerSlots()
    showState()
    return roster.begin(at: ports.clock.uptime, leavingOut: { isSinglePass && polls[$0] != nil })
  }

  /// How long the dispatcher may sleep.
  func pause() -> Duration {
    let now = ports.clock.uptime
    let events = [roster.nextEvent(after: now), slots.nextLapse(after: turnsBegunAt), nextShow]
    let next = events.compactMap { $0 }.min() ?? now + Dispatcher.longestSleep
    let pause = min(max(next - now, .milliseconds(1)), Dispatcher.longestSleep)
    sleepEnd = now + pause
    return pause
  }

  /// Whether the dispatcher sleeps and need not be woken: nothing waits for a slot, and nothing is due
  /// earlier than it wakes by itself.
  var maySleepOn: Bool {
    guard let sleepEnd else { return false }
    let events = [roster.nextEvent(after: ports.clock.uptime), nextShow]
    return events.allSatisfy { $0.map { $0 >= sleepEnd } ?? true } && !roster.hasWaiting
  }

  /// The cycle that the turn asks for; nil when none of its domains is mapped any more.
  func cycle(for turn: Turn) -> AccountCycle? {
    noteClock()
    guard let account = accounts[turn.identity] else {
      // It left the configuration a moment ago.
      _ = roster.end(
        turn.identity, at: ports.clock.uptime, timedOut: false, leftOver: [], chance: 0)
      return nil
    }
    let wanted = Set(turn.domains)
    let mappings = mappingsOfIdentity[turn.identity] ?? []
    let due = mappings.filter { turn.isPoll || wanted.contains($0.domain) }
    let keyed = due.map { (wave: $0.wave, lookedAt: lookedAt($0), mapping: $0) }
    let ordered = keyed.sorted { ($0.wave, $0.lookedAt) < ($1.wave, $1.lookedAt) }.map(\.mapping)
    return AccountCycle(
      ports: ports, ledger: self, account: account, identity: turn.identity,
      isPoll: turn.isPoll || turn.isLeftOver, isLeftOver: turn.isLeftOver,
      lookBegan: LookStart(at: ports.clock.now, clockSteps: clockSteps),
      setting: setting(of: turn.identity, mappings), domains: ordered)
  }

  private func setting(
    of identity: Identity, _ mappings: [Mapping]
  ) -> AccountFacts.CycleSetting {
    if let known = settings[identity] { return known }
    let setting = setting(mappings)
    settings[identity] = setting
    return setting
  }

  private func setting(_ mappings: [Mapping]) -> AccountFacts.CycleSetting {
    let keys = Set(mappings.map { Set($0.selector.tags.keys) }.filter { !$0.isEmpty })
    return AccountFacts.CycleSetting(
      isOnlyIdentity: identities.count == 1,
      listLifetime: min(Ledger.listLifetime, fleet.pacing.pollInterval / 2),
      // What has all keys of a set has all keys of its subsets.
      tagKeys: keys.filter { set in !keys.contains { $0.isStrictSubset(of: set) } }
        .sorted { $0.sorted().lexicographicallyPrecedes($1.sorted()) })
  }

  /// How long the list of an account is good for another identity of it.
  private static let listLifetime = Duration.seconds(10)

  private func lookedAt(_ mapping: Mapping) -> Instant {
    memories[mapping.domain]?.lookedAt ?? .distantPast
  }

  /// A request of the account was answered: its cycle does not hang.
  func noteAnswer(of identity: Identity) {
    roster.noteAnswer(of: identity, at: ports.clock.uptime)
  }

  func end(
    _ turn: Turn, of account: AccountFacts, leftOver: [DomainName], took duration: Duration
  ) async {
    let identity = turn.identity
    let summary = await account.summary
    let listing = await account.listing
    let now = ports.clock.uptime
    await noteAccount(account, of: identity)
    let hasTimedOut = summary.timedOut != nil && !summary.hasAnswer
    let retryIn = roster.end(
      identity, at: now, timedOut: hasTimedOut, leftOver: leftOver, chance: ports.clock.random())
    // The account may have left the configuration meanwhile, and even have come back.
    guard !stop.isOpen, accounts[identity] === account else { return }
    if let finding = troubles.note(
      summary, listing: listing, of: identity, retryIn: retryIn, at: now)
    {
      ports.report.emit(finding)
    }
    defer { showState() }
    if !imports.unwritten.isEmpty || !stopsAreDurable { _ = await commit(StateChange()) }
    if turn.isPoll { unfinishedPolls.insert(identity) }
    guard leftOver.isEmpty, unfinishedPolls.remove(identity) != nil else { return }
    notePoll(of: identity, listing)
    ports.report.emit(
      .pollCompleted(
        identity, domains: mappingsOfIdentity[identity]?.count ?? 0, calls: calls,
        failures: summary.failures.count, took: duration))
    calls = 0
  }

  /// Has identities of one account polled together, so that they share its list.
  private func noteAccount(_ account: AccountFacts, of identity: Identity) async {
    guard let number = await account.number, accounts[identity] === account else { return }
    numbers[identity] = number
    guard let first = leaders[number], mappingsOfIdentity[first] != nil else {
      leaders[number] = identity
      return
    }
    if first != identity { roster.align(identity, with: first) }
  }

  private func notePoll(of identity: Identity, _ listing: Look<[Certificate]>?) {
    var result = polls[identity] ?? PollResult()
    result.failure = listing?.failure
    // AWS has answered: its clock is known.
    if listing?.value != nil { forgetLoadedRecords() }
    if let certificates = listing?.value {
      result.succeededAt = ports.clock.now
      result.account = certificates.first?.arn.account ?? result.account
    }
    polls[identity] = result
    shown.pollIsOutdated = true
  }

  // MARK: The state that is shown

  /// Shows systemd how the fleet stands, and the time of the last good poll. Both depend on every
  /// account: a large fleet is shown no more than once a second.
  ///
  /// - Parameter isLast: whether nothing comes after it.
  func showState(isLast: Bool = false) {
    let now = ports.clock.uptime
    guard shown.isOutdated, isLast || now >= shown.at + showInterval else { return }
    shown.at = now
    if shown.statusIsOutdated { ports.report.status(StatusLine.text(mappedRecords)) }
    shown.statusIsOutdated = false
    shown.pollIsOutdated = false
    guard let latest = lastGoodPoll, latest != shown.lastGoodPoll else { return }
    shown.lastGoodPoll = latest
    ports.report.pollSucceeded(at: latest)
  }

  private var nextShow: Duration? {
    shown.isOutdated ? shown.at + showInterval : nil
  }

  private var showInterval: Duration {
    identities.count > Ledger.smallFleet ? .seconds(1) : .zero
  }

  /// Accounts whose states cost next to nothing to go through.
  private static let smallFleet = 32

  /// Since when every account was listed well; nil when one never was.
  var lastGoodPoll: Instant? {
    let times = identities.map { polls[$0]?.succeededAt }
    return times.contains(nil) ? nil : times.compactMap { $0 }.min()
  }

  var isIdle: Bool { roster.isIdle }

  var hasPolledAll: Bool { polls.count == identities.count }

  /// Whether something will come of waiting: a rollout is under way, or a domain waits for one
  /// that is.
  var awaitsSomething: Bool {
    if stop.isOpen || troubles.stateHasFailed { return false }
    let isUnderWay = fleet.mappings.contains { records[$0.domain]?.movesOnByItself ?? false }
    if isUnderWay || roster.hasRequests { return true }
    // Nothing holds up the next wave any more: its domains are about to begin.
    return waitingForWave.contains { isOutdated($0, in: standing) }
  }

  /// How a run that ends by itself ends.
  var ending: Dispatcher.Ending {
    if let failure = troubles.lastStateFailure { return .stateFailed(failure) }
    let failures = identities.filter { polls[$0]?.failure != nil }
    if !failures.isEmpty, failures.count == identities.count {
      return .failed("no identity's certificates could be listed")
    }
    let now = ports.clock.now
    if mappedRecords.contains(where: { $0.needsPerson(at: now) }) {
      return .needsPerson
    }
    if failures.isEmpty { return .stopped }
    let names = failures.map(\.description).joined(separator: ", ")
    return .failed("the certificates of \(names) could not be listed")
  }
}

extension DomainRecord {
  /// Whether a person has something to do, which is so after a rollback, too.
  fileprivate func needsPerson(at now: Instant) -> Bool {
    condition.needsPerson || isEnding(at: now) || rolledBack != nil
  }

  /// Whether time alone moves the domain on: it is under way, and not held up by a mode, by other
  /// domains or by a stop.
  package var movesOnByItself: Bool {
    guard condition.isInProgress, let reason = reason?.reason else {
      return condition.isInProgress
    }
    return ![.observeMode, .waitsForWave, .waveStopped, .waitsForSlot].contains(reason)
  }
}
