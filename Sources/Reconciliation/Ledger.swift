import Narration
package import RolloutCore

/// What the loop knows: the configuration in force, every domain's record and memory, and whose
/// turn it is. Every decision is one step of this actor, against the latest records of all.
package actor Ledger {
  let ports: Ports
  let purpose: Purpose
  package internal(set) var fleet: Fleet
  /// How every domain stands, as far as this process knows.
  package internal(set) var records: [DomainName: DomainRecord] = [:]
  /// What of it is on disk.
  var durable: [DomainName: DomainRecord] = [:]
  var memories: [DomainName: DomainMemory] = [:]
  var mappings: [DomainName: Mapping] = [:]
  /// The fingerprints of the mappings' selectors, each worked out once.
  var fingerprints: [DomainName: String] = [:]
  var identities: [Identity] = []
  var mappingsOfIdentity: [Identity: [Mapping]] = [:]
  var roster: Roster
  var accounts: [Identity: AccountFacts] = [:]
  var polls: [Identity: PollResult] = [:]
  var shown = Shown()
  /// The uptime at which slots were last offered and cycles begun: what fell due since is still to be
  /// looked at.
  var turnsBegunAt = Duration.zero
  /// The uptime at which the dispatcher wakes by itself; nil while it is awake.
  var sleepEnd: Duration?
  /// What the cycles of each account depend on, worked out once.
  var settings: [Identity: AccountFacts.CycleSetting] = [:]
  /// The identity of each AWS account that the others of it are polled with.
  var leaders: [String: Identity] = [:]
  /// The numbers of the AWS accounts, where they matter and are known.
  var numbers: [Identity: String] = [:]
  private let lists = SharedLists()
  var updatePace = UpdatePace()
  /// Accounts whose poll left domains over.
  var unfinishedPolls: Set<Identity> = []
  let imports = ImportDates()
  /// Permissions that are still to be tried, by identity.
  var trials: [Identity: Set<PermissionTrial>] = [:]
  var troubles = TroubleLog()
  var journal: Journal
  var clockWatch: ClockWatch
  /// The records as they came from disk, until the time is first known to be another one.
  private var loaded: [DomainName: (original: DomainRecord, bounded: DomainRecord)] = [:]
  /// All steps of the clock since the start, added up.
  var clockSteps: Duration = .zero
  /// How often every waiting call was made due.
  var expeditions = 0
  /// Domains that wait for a lower wave, or for the end of a stop.
  var waitingForWave: Set<DomainName> = []
  var slots = SlotLine()
  /// Waves in which no further rollout begins.
  package internal(set) var stops: [Int: WaveStop] = [:]
  /// What of them is on disk.
  private var durableStops: [Int: WaveStop] = [:]
  /// Domains whose commit is under way, with those that wait for its end.
  private var committing: [DomainName: [CheckedContinuation<Void, Never>]] = [:]
  let requestTurn = Mutex()
  /// Whether obeyed requests are still in the state file, because it could not be written.
  var requestsAreUnwritten = false
  /// Domains whose record could not be written when an answer changed it, and the events that
  /// are logged once it is.
  var unwritten: Set<DomainName> = []
  var unlogged: [Event] = []
  private var isCarryingUnwritten = false
  var calls = 0
  /// What the decisions of a preview were made from.
  var noted: [DomainName: (facts: DomainFacts, assessment: Assessment)] = [:]
  /// Rises when a record, the edges of a domain, a stop or the configuration changes.
  package internal(set) var fleetVersion = 0
  package nonisolated let stop = Latch()

  /// How an account's last poll ended.
  struct PollResult {
    var succeededAt: Instant?
    /// The AWS account that the certificates of its last good list are of.
    var account: String?
    /// Why its certificates could not be listed.
    var failure: Failure?
  }

  /// What was shown last of the fleet as a whole.
  struct Shown {
    /// Whether a record has changed since.
    var statusIsOutdated = true
    /// Whether an account was polled since.
    var pollIsOutdated = false
    /// Uptime.
    var at = Duration.zero
    var isOutdated: Bool { statusIsOutdated || pollIsOutdated }
    var lastGoodPoll: Instant?
  }

  package init(ports: Ports, fleet: Fleet, purpose: Purpose = .service) {
    self.ports = ports
    self.purpose = purpose
    self.fleet = fleet
    roster = Roster(pacing: fleet.pacing)
    journal = Journal(state: ports.state)
    clockWatch = ClockWatch(ports.clock)
  }

  /// Reads the state file and gives every mapped domain its record. Open rollouts go on; a
  /// refused one is tried at once, since a restart may have changed something.
  package func start() async throws(StateFailure) {
    try await load()
    expediteCalls()
    for domain in loaded.keys {
      if let record = records[domain] { loaded[domain]?.bounded = record }
    }
    let stopped = stops.values.sorted { $0.wave < $1.wave }
    stops = [:]
    await release(stopped, by: .restart)
    let changed = records.values.filter { durable[$0.domain] != $0 }
      .sorted { $0.domain < $1.domain }
    if changed.isEmpty { return }
    // A disk without room does not keep the daemon from watching.
    if await commit(StateChange(records: changed), of: Set(changed.map(\.domain))) == nil {
      for record in changed { durable[record.domain] = record }
    }
  }

  /// Reads the state file and gives every mapped domain its record.
  func load() async throws(StateFailure) {
    let now = ports.clock.now
    for record in try await ports.state.loadRecords() {
      durable[record.domain] = record
      records[record.domain] = record.bounded(at: now, pacing: fleet.pacing)
    }
    imports.load(try await ports.state.loadFirstImports())
    for stop in try await ports.state.loadStoppedWaves() { durableStops[stop.wave] = stop }
    stops = durableStops
    put(fleet)
    for (domain, original) in durable {
      loaded[domain] = records[domain].map { (original, $0) }
    }
  }

  /// Puts a new configuration in force: no call is made under the former one after that. Every
  /// account is due, and every refused call is tried again.
  package func adopt(_ fleet: Fleet) async {
    noteClock()
    let former = self.fleet.pacing.stopAfterFailures
    put(fleet)
    await expedite()
    await noteReload(stoppingBefore: former)
    // An intent under the former configuration may be on its way to disk.
    for domain in committing.keys.sorted() { await waitForCommit(of: domain) }
    await recordDepartures()
  }

  /// Records that domains have left the configuration. They are not looked at again, so nothing else
  /// would.
  private func recordDepartures() async {
    let departed = durable.values.filter { $0.isMapped && mappings[$0.domain] == nil }
      .map(\.domain)
    while let busy = departed.first(where: isCommitting) { await waitForCommit(of: busy) }
    let changed = departed.filter { mappings[$0] == nil }.compactMap { records[$0] }
      .sorted { $0.domain < $1.domain }
    if changed.isEmpty { return }
    if await commit(StateChange(records: changed), of: Set(changed.map(\.domain))) == nil {
      for record in changed { durable[record.domain] = record }
    } else {
      unwritten.formUnion(changed.map(\.domain))
    }
  }

  private func put(_ fleet: Fleet) {
    self.fleet = fleet
    fleetVersion += 1
    roster.pacing = fleet.pacing
    fingerprints = [:]
    settings = [:]
    mappings = Dictionary(
      fleet.mappings.map { ($0.domain, $0) }, uniquingKeysWith: { first, _ in first })
    for (domain, record) in records where mappings[domain] == nil && record.isMapped {
      records[domain]?.isMapped = false
      records[domain]?.failure = nil
      memories[domain] = nil
      waitingForWave.remove(domain)
      slots.leave(domain)
    }
    for mapping in fleet.mappings {
      var record = records[mapping.domain] ?? DomainRecord(unseen: mapping)
      record.isMapped = true
      record.join(wave: mapping.wave)
      record.userPoolID = mapping.userPoolID
      record.region = mapping.region
      records[mapping.domain] = record
    }
    identities = fleet.identities
    mappingsOfIdentity = Dictionary(grouping: fleet.mappings, by: \.identity)
    roster.adopt(identities, at: ports.clock.uptime)
    accounts = accounts.filter { mappingsOfIdentity[$0.key] != nil }
    polls = polls.filter { mappingsOfIdentity[$0.key] != nil }
    numbers = numbers.filter { mappingsOfIdentity[$0.key] != nil }
    shown = Shown()
    unfinishedPolls.formIntersection(identities)
    trials = trials.filter { mappingsOfIdentity[$0.key] != nil }
    for identity in identities where accounts[identity] == nil {
      trials[identity] = [.chain, .tags]
      accounts[identity] = AccountFacts(
        ports: ports, identity: identity, stop: stop, imports: imports, lists: lists)
    }
  }

  /// Looks at everything now, with credentials read again, judges again every chain that was not
  /// trusted, and makes every call that waits: for SIGUSR1 and a new configuration.
  package func expedite() async {
    noteClock()
    expediteCalls()
    for domain in memories.keys {
      memories[domain]?.described = nil
      memories[domain]?.quiet = nil
    }
    roster.requestPolls()
    await lists.forget()
    await ports.credentials.refreshCredentials()
    for account in accounts.values { await account.forgetDoubts() }
  }

  private func expediteCalls() {
    expeditions += 1
    let now = ports.clock.now
    for domain in records.keys { records[domain]?.rollout?.expedite(at: now) }
  }

  /// Ends looks at once; a call that was journalled is waited for.
  package func beginStop() { stop.open() }

  /// Moves every remembered time when the time was stepped since the last call.
  func noteClock() {
    let steps = clockWatch.steps(ports.clock)
    if let step = steps.now {
      for domain in records.keys {
        // What came from disk was written by a right clock, before this one was known to be wrong.
        if steps.host == nil, let stored = loaded[domain], stored.bounded == records[domain] {
          records[domain] = stored.original.bounded(at: ports.clock.now, pacing: fleet.pacing)
        } else {
          records[domain]?.shift(by: step)
        }
      }
      for domain in memories.keys { memories[domain]?.shift(by: step) }
      clockSteps += step
      loaded = [:]
    }
    if let step = steps.host { ports.report.emit(.clockStepped(step)) }
    let hostError = ports.clock.hostError
    if troubles.isNews(hostError: hostError, at: ports.clock.uptime) {
      ports.report.hostErrorChanged(to: hostError)
      if hostError != .zero { ports.report.emit(.clockWrong(hostError: hostError)) }
    }
  }

  func forgetLoadedRecords() {
    noteClock()
    loaded = [:]
  }

  /// Whether the state file knows the stopped waves.
  var stopsAreDurable: Bool { stops == durableStops }

  /// The records of mapped domains, in the configuration's order.
  package var mappedRecords: [DomainRecord] {
    fleet.mappings.compactMap { records[$0.domain] }
  }

  var standing: FleetStanding {
    FleetStanding(
      mappings: fleet.mappings, pacing: fleet.pacing, now: ports.clock.now, records: records,
      memories: memories, stops: stops, line: slots.takers(at: ports.clock.uptime))
  }

  // MARK: Commits

  /// Commits a change of the domains; until it ends, no other change of them begins.
  func commit(_ change: StateChange, of domains: Set<DomainName>) async -> StateFailure? {
    for domain in domains { committing[domain] = [] }
    let failure = await commit(change)
    for domain in domains {
      for waiter in committing.removeValue(forKey: domain) ?? [] { waiter.resume() }
    }
    return failure
  }

  func isCommitting(_ domain: DomainName) -> Bool { committing[domain] != nil }

  /// Returns when no commit of the domain is under way.
  func waitForCommit(of domain: DomainName) async {
    while committing[domain] != nil {
      await withCheckedContinuation { committing[domain]?.append($0) }
    }
  }

  /// Commits a change, with the records that could not be written earlier. The failure, logged,
  /// when nothing of it was written.
  func commit(_ change: StateChange) async -> StateFailure? {
    var change = change
    change.firstImports = imports.unwritten
    change.stops = stops.values.filter { durableStops[$0.wave] != $0 }
      .sorted { $0.wave < $1.wave }
    change.resumedWaves = durableStops.keys.filter { stops[$0] == nil }.sorted()
    if change.isEmpty { return nil }
    // Records that could not be written earlier go with one commit at a time. Domains with a commit
    // under way are left out: their new record may still be taken back.
    let carries = !isCarryingUnwritten
    let late =
      carries
      ? unwritten.filter { committing[$0] == nil }.sorted().compactMap { records[$0] } : []
    let events = carries ? unlogged : []
    if carries { isCarryingUnwritten = true }
    defer { if carries { isCarryingUnwritten = false } }
    change.records = late + change.records
    if !change.records.isEmpty { shown.statusIsOutdated = true }
    fleetVersion += 1
    guard let failure = await journal.commit(change) else {
      imports.noteWritten(change.firstImports)
      for stop in change.stops { durableStops[stop.wave] = stop }
      for wave in change.resumedWaves { durableStops[wave] = nil }
      for record in late { durable[record.domain] = record }
      for record in change.records where records[record.domain] == record {
        unwritten.remove(record.domain)
      }
      unlogged.removeFirst(events.count)
      for event in events { ports.report.emit(event) }
      troubles.stateRecovered()
      noteRequestsMayBeWritten()
      return nil
    }
    if failure.kind != .requestWaiting,
      let finding = troubles.note(failure, at: ports.clock.uptime)
    {
      ports.report.emit(finding)
    }
    return failure
  }
}
