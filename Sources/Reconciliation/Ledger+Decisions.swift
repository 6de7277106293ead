import Narration
package import RolloutCore

/// When a look began, by the wall clock of that moment.
struct LookStart: Sendable {
  let at: Instant
  /// `Ledger.clockSteps` at that moment: what came since moves the look's time with it.
  let clockSteps: Duration
}

/// How a complete look ended.
package enum Settlement: Sendable {
  /// The decision is recorded and asks for no call.
  case settled
  /// The intent is on disk: make the call.
  case call(DomainUpdate)
  /// The mapping, the record or an order changed since the look: survey again.
  case outdated
  /// A call is planned and the description is too old for it: describe again.
  case tooOld
  /// The call would be more than its account's quota allows: it is made after this time.
  case early(Duration)
  /// The state file could not be written, and no call is made. The edges are still watched.
  case unrecorded
  /// Nothing was recorded: the daemon stops, or the review found a defect.
  case dropped
}

extension Ledger {
  /// A description older than this is not good enough for a call.
  static let maximumDescriptionAge = Duration.seconds(10)
  /// How soon a state file that could not be written is tried again.
  static let stateRetryInterval = Duration.seconds(30)

  /// The facts that a look at the domain begins with; nil when it is no longer mapped to the
  /// account.
  func facts(
    of domain: DomainName, for identity: Identity, lookBegan: LookStart, isPoll: Bool
  ) -> DomainFacts? {
    noteClock()
    let lookBeganAt = lookBegan.at + (clockSteps - lookBegan.clockSteps)
    guard let mapping = mappings[domain], mapping.identity == identity,
      let record = records[domain]
    else { return nil }
    var facts = DomainFacts(
      mapping: mapping, selectorFingerprint: fingerprint(of: mapping), pacing: fleet.pacing,
      record: record,
      memory: memories[domain] ?? DomainMemory(), lookBeganAt: lookBeganAt, now: ports.clock.now,
      isPoll: isPoll)
    facts.trials = openTrials(of: mapping)
    // A preview shows decisions, and none depends on it.
    if purpose == .service, facts.isReleaseLookDue,
      let certificate = record.rollout?.releasable(at: facts.now)
    {
      facts.looksAtRelease = !isInvolved(certificate, besides: domain)
    }
    return facts
  }

  /// Whether a mapped domain has to do with the certificate.
  private func isInvolved(_ certificate: CertificateARN, besides domain: DomainName) -> Bool {
    records.values.contains { record in
      record.domain != domain && record.isMapped && record.involves(certificate)
    }
  }

  private func fingerprint(of mapping: Mapping) -> String {
    if let known = fingerprints[mapping.domain] { return known }
    let fingerprint = mapping.selector.fingerprint
    fingerprints[mapping.domain] = fingerprint
    return fingerprint
  }

  func openTrials(of mapping: Mapping) -> Set<PermissionTrial> {
    let open = trials[mapping.identity] ?? []
    return mapping.selector.tags.isEmpty ? open.subtracting([.tags]) : open
  }

  /// Ends the trials that a look has answered: a permission is there, or it is missing and reported.
  func endTrials(_ facts: DomainFacts, _ assessment: Assessment) {
    guard !facts.defersProbe, case .described(let domain) = assessment else { return }
    for trial in facts.trials {
      switch facts.certificates.outcome(of: trial, attached: domain.attached) {
      case nil: break
      case .failure(let failure) where failure.kind != .accessDenied: break
      case .success, .failure: trials[facts.mapping.identity]?.remove(trial)
      }
    }
  }

  /// Decides from a complete assessment, has the decision reviewed, and records it. Where it
  /// asks for a call, its intent is on disk when this returns.
  ///
  /// - Parameter age: how old this look's description is; nil: the domain was not described.
  func settle(_ facts: DomainFacts, _ assessment: Assessment, age: Duration?) async -> Settlement {
    let domain = facts.mapping.domain
    noteClock()
    // A look that a stop cut short shows nothing: to record it would make every domain unknown.
    if stop.isOpen { return .dropped }
    if isCommitting(domain) {
      await waitForCommit(of: domain)
      return .outdated
    }
    // Facts that waited long for a lower wave, or from before the clock was set, decide nothing.
    let wait = ports.clock.now.since(facts.now)
    guard mappings[domain] == facts.mapping, records[domain] == facts.record, wait >= .zero,
      wait <= Ledger.maximumDescriptionAge
    else { return .outdated }
    var assessment = assessment
    assessment.keepDenials(of: openTrials(of: facts.mapping))
    if purpose != .service { return note(facts, assessment) }
    let plan = plan(facts, assessment)
    if plan.update != nil {
      guard let age, age <= Ledger.maximumDescriptionAge else { return .tooOld }
      let scope = UpdatePace.Scope(
        owner: numbers[facts.mapping.identity] ?? facts.mapping.identity.description,
        region: facts.mapping.region)
      if let wait = updatePace.take(scope, at: ports.clock.uptime) { return .early(wait) }
      let violations = PlanReview.violations(in: plan, of: facts)
      if !violations.isEmpty {
        for violation in violations { emit(.reviewObjected(violation), facts.mapping) }
        return .dropped
      }
    }
    let openTrials = trials[facts.mapping.identity]
    endTrials(facts, assessment)
    switch await record(plan, of: facts) {
    case .success: break
    case .failure(let failure) where failure.kind == .requestWaiting:
      await takeRequests()
      return .outdated
    case .failure:
      // What they brought was not logged.
      trials[facts.mapping.identity] = openTrials
      return .unrecorded
    }
    if plan.update != nil { calls += 1 }
    return plan.update.map { .call($0) } ?? .settled
  }

  func plan(_ facts: DomainFacts, _ assessment: Assessment) -> DomainPlan {
    DomainPlan.of(
      facts, assessment, constraint: constraint(on: facts, assessment),
      callConstraint: callConstraint(on: facts, assessment),
      dice: Dice(seed: ports.clock.random()))
  }

  /// What the rules across domains say to a rollout that is not urgent.
  private func constraint(on facts: DomainFacts, _ assessment: Assessment) -> Constraint? {
    guard assessment.beginsUnhurriedRollout, case .described(let domain) = assessment,
      case .begin(let certificate, _, _) = domain.course
    else { return nil }
    // A preview looks at every domain once.
    let since =
      purpose == .service ? facts.wantingSince(certificate.arn) : .distantPast
    return Planner.constraint(on: facts.mapping, wantingSince: since, in: standing)
  }

  /// What they say to another call of the rollout under way.
  private func callConstraint(on facts: DomainFacts, _ assessment: Assessment) -> Constraint? {
    guard case .described(let domain) = assessment, !domain.isUrgent,
      let rollout = facts.openRollout, rollout.awaitsCall, !rollout.isUrgent
    else { return nil }
    return Planner.constraint(onCallOf: facts.mapping.domain, in: standing)
  }

  /// Takes the plan's record into force and commits it; takes it back when the commit fails.
  /// Events are logged after their state is on disk.
  private func record(
    _ plan: DomainPlan, of facts: DomainFacts
  ) async -> Result<Void, StateFailure> {
    let domain = facts.mapping.domain
    let former = (records[domain], memories[domain])
    let now = ports.clock.now
    let events = plan.findings.map { Narration.event(for: $0, of: facts.mapping) }
    var change = StateChange(history: events.compactMap { $0.entry(of: domain, at: now) })
    if durable[domain] != plan.record { change.records = [plan.record] }
    if let ended = plan.ended { change.ended = [EndedRollout(domain: domain, rollout: ended)] }
    if plan.update != nil { change.guarding = domain }
    records[domain] = plan.record
    memories[domain] = plan.memory
    let stopped = noteFailure(of: domain, since: former.0, in: &change)
    // In uptime now: the clock may be set while the commit is under way.
    let nextLookAt = uptime(of: plan.nextLookAt)
    let (steps, expeditions) = (clockSteps, expeditions)
    if let failure = await commit(change, of: [domain]) {
      takeBack(
        former.0, former.1, clockSteps: clockSteps - steps,
        isExpedited: self.expeditions != expeditions)
      if let stopped { await takeBack(stopped) }
      offerSlots()
      let retry = ports.clock.uptime + Ledger.stateRetryInterval
      if failure.kind != .requestWaiting {
        roster.schedule(domain, of: facts.mapping.identity, at: retry)
      }
      return .failure(failure)
    }
    if !change.records.isEmpty { durable[domain] = plan.record }
    if plan.memory.edgeStates != former.1?.edgeStates { fleetVersion += 1 }
    for event in events { ports.report.emit(event) }
    if let stopped { ports.report.emit(.waveStopped(stopped)) }
    if let duration = plan.record.rollout?.durationOfProof(since: former.0?.rollout) {
      ports.report.rolloutProven(after: duration)
    }
    schedule(domain, nextLookAt)
    noteWaves(of: domain)
    return .success(())
  }

  /// The answer to a call: on disk before it is logged. It is kept in memory when it cannot be
  /// written, and goes with the next commit.
  func record(_ outcome: UpdateOutcome, of domain: DomainName, for mapping: Mapping) async {
    await waitForCommit(of: domain)
    noteClock()
    guard let before = records[domain] else { return }
    let now = ports.clock.now
    let result = CallOutcome(
      of: outcome, record: before, memory: memories[domain] ?? DomainMemory(), mapping: mapping,
      pacing: fleet.pacing, now: now, chance: ports.clock.random())
    records[domain] = result.record
    memories[domain] = result.memory
    schedule(domain, uptime(of: result.record.rollout?.nextStepAt))
    var events = result.findings.map { Narration.event(for: $0, of: mapping) }
    var change = StateChange(
      records: [result.record], history: events.compactMap { $0.entry(of: domain, at: now) })
    if let stopped = noteFailure(of: domain, since: before, in: &change) {
      events.append(Narration.event(for: .waveStopped(stopped)))
    }
    if await commit(change, of: [domain]) == nil {
      durable[domain] = result.record
      for event in events { ports.report.emit(event) }
    } else {
      await journal.keep(change.history)
      unlogged += events
      unwritten.insert(domain)
      roster.schedule(
        domain, of: mapping.identity, at: ports.clock.uptime + Ledger.stateRetryInterval)
    }
    noteWaves(of: domain)
  }

  /// Takes back a record whose commit failed, and brings it up to date with what changed every
  /// record meanwhile: steps of the clock, a new configuration, a request to try again.
  private func takeBack(
    _ former: DomainRecord?, _ memory: DomainMemory?, clockSteps: Duration, isExpedited: Bool
  ) {
    guard var former, let present = records[former.domain] else { return }
    former.shift(by: clockSteps)
    if isExpedited { former.rollout?.expedite(at: ports.clock.now) }
    former.isMapped = present.isMapped
    former.userPoolID = present.userPoolID
    former.region = present.region
    former.join(wave: present.wave)
    records[former.domain] = former
    memories[former.domain] = former.isMapped ? memory : nil
    memories[former.domain]?.shift(by: clockSteps)
  }

  func uptime(of instant: Instant?) -> Duration? {
    instant.map { ports.clock.uptime + max(.zero, $0.since(ports.clock.now)) }
  }

  func schedule(_ domain: DomainName, _ nextLookAt: Duration?) {
    guard let mapping = mappings[domain] else { return }
    roster.schedule(domain, of: mapping.identity, at: nextLookAt)
  }

  /// A defect of the survey: it asks for what was answered already.
  func noteStall(of mapping: Mapping, _ questions: [Question]) {
    let rule = PlanReview.Rule.surveyEnds
    emit(
      .reviewObjected(
        PlanReview.Violation(domain: mapping.domain, rule: rule, detail: "\(questions)")), mapping)
  }

  func emit(_ finding: Finding, _ mapping: Mapping) {
    ports.report.emit(Narration.event(for: finding, of: mapping))
  }
}

extension Assessment {
  /// Whether it begins a rollout that waits for its wave.
  var beginsUnhurriedRollout: Bool {
    guard case .described(let domain) = self, case .begin(_, _, let isUrgent) = domain.course
    else { return false }
    return !isUrgent
  }
}

extension Event {
  /// Its line of the history: what changed, what will be tried again, what needs a person.
  func entry(of domain: DomainName?, at now: Instant) -> HistoryEntry? {
    switch level {
    case .debug, .info: return nil
    case .notice, .warning, .error: break
    }
    let fields = Dictionary(
      fields.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: { first, _ in first })
    return HistoryEntry(
      at: now, domain: domain, event: kind.rawValue, level: level.rawValue, fields: fields)
  }
}
