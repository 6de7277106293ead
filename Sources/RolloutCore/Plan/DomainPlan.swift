/// One decision about one domain: its next record, the call to make if any, and what is to be
/// logged. Nothing in it is left to choose.
///
/// `DomainPlan.decide` reads from top to bottom:
///
/// 1. What could not be seen decides nothing.
/// 2. The description moves the rollout under way on.
/// 3. What the edges serve proves it, or makes it overdue.
/// 4. A drift is adopted or reported.
/// 5. The course is taken: keep, begin, wait, ask a person.
/// 6. An operator's orders, a released certificate, expiry warnings and the time of the next look come
///    last.
package struct DomainPlan: Sendable {
  package internal(set) var record: DomainRecord
  package internal(set) var memory: DomainMemory
  package internal(set) var findings: [Finding] = []
  /// A rollout that ended as another took its place in the record.
  package internal(set) var ended: Rollout?
  /// The call to be made once `record` is on disk.
  package internal(set) var update: DomainUpdate?
  /// When the domain is due again, where that is before the next poll.
  package internal(set) var nextLookAt: Instant?

  let facts: DomainFacts
  let constraint: Constraint?
  /// Why the rollout under way must wait with another call.
  let callConstraint: Constraint?
  var dice: Dice
  var condition: Condition
  var reason: Explanation?
  /// When to look again, where nothing else says so.
  var recheckAt: Instant?
  /// The certificate to go back to, while an order or Cognito's own work prevents that.
  private var rollbackInWaiting: CertificateARN?
  /// Whether an operator's `retry` still waits for something.
  var retryIsPending = false

  /// - Parameters:
  ///   - facts: what the assessment was made from.
  ///   - constraint: why the rules across domains keep this one from beginning a rollout.
  ///   - callConstraint: why they keep the rollout under way from making another call.
  ///   - dice: draws the id of a new rollout and the jitter of a retry.
  package static func of(
    _ facts: DomainFacts, _ assessment: Assessment, constraint: Constraint? = nil,
    callConstraint: Constraint? = nil, dice: Dice
  ) -> DomainPlan {
    var plan = DomainPlan(facts, constraint, callConstraint, dice)
    plan.decide(assessment)
    return plan
  }

  private init(
    _ facts: DomainFacts, _ constraint: Constraint?, _ callConstraint: Constraint?, _ dice: Dice
  ) {
    self.facts = facts
    self.constraint = constraint
    self.callConstraint = callConstraint
    self.dice = dice
    record = facts.record
    memory = facts.memory
    condition = facts.record.condition
    reason = facts.record.reason
  }

  var mapping: Mapping { facts.mapping }
  var pacing: Pacing { facts.pacing }
  var now: Instant { facts.now }
  var before: DomainRecord { facts.record }

  private mutating func decide(_ assessment: Assessment) {
    adoptMapping()
    memory.lookedAt = facts.lookBeganAt
    noteDescription()
    if assessment.isComplete { memory.seenAt = facts.lookBeganAt }
    switch assessment {
    case .undescribed(let explanation): waitForDescription(explanation)
    case .ofAnotherPool(let explanation): refuse(explanation)
    case .described(let domain):
      noteAttached(domain)
      let denials = domain.denials.values.sorted { $0.operation < $1.operation }
      findings += denials.map { .permissionMissing($0) }
      if waitForLostCall(domain) { break }
      followRollout(domain)
      checkEdges(domain)
      settleDrift(domain)
      take(domain.course, domain)
      showHarm(domain, summary(of: domain))
      finishRetry()
      noteRelease(domain.release)
    }
    layHoldOver()
    warnOfExpiry()
    scheduleNextLook()
    memory.quiet = quietPeriod(assessment)
  }

  private mutating func noteDescription() {
    switch facts.description {
    case .described(let description):
      memory.described = DomainMemory.Described(description, at: now)
    case .empty, .withoutCertificate, .unseen: memory.described = nil
    case nil: break
    }
  }

  private mutating func adoptMapping() {
    record.userPoolID = mapping.userPoolID
    record.region = mapping.region
    record.join(wave: mapping.wave)
    record.isMapped = true
    if !record.isHeld(at: now) { record.hold = nil }
    if !mapping.probe.isEnabled {
      record.served = []
      memory.unserved = nil
      memory.edgeStates = nil
    }
  }

  // MARK: 1. What could not be seen

  /// The domain could not be described: a rollout under way goes on waiting, and no call is
  /// made.
  private mutating func waitForDescription(_ explanation: Explanation) {
    retryIsPending = true
    obstruct(by: explanation, isLasting: false)
    reason = memory.obstruction?.explanation ?? explanation
    if facts.round != nil { memory.probedAt = now }
    guard var rollout = facts.openRollout else {
      condition = .unknown
      return
    }
    if rollout.isCheckDue(at: now) {
      let verdict = ProbeVerdict.incomparable(explanation.description)
      let outcome = rollout.checked(verdict, isActive: false, at: now, pacing: pacing)
      record.rollout = rollout
      if case .becameOverdue = outcome {
        record.noteFailure(of: rollout)
        findings.append(.rolloutOverdue(rollout, EdgeSummary(verdict: verdict), nil))
      }
    } else if rollout.awaitsCall {
      recheckAt = now + pacing.checkInterval
    }
    condition = rollout.condition ?? .unknown
  }

  /// Counts the polls that met an obstacle, and logs it: at once as a warning, after three polls
  /// as an error, and again every hour that it lasts.
  private mutating func obstruct(by explanation: Explanation, isLasting: Bool) {
    var obstruction =
      memory.obstruction
      ?? DomainMemory.Obstruction(
        explanation: explanation, reasons: [], polls: 0, loggedAt: .distantPast,
        isLoggedAsError: false)
    if obstruction.reasons.insert(explanation.reason).inserted {
      obstruction.explanation = explanation
    }
    if facts.isPoll || obstruction.polls == 0 { obstruction.polls += 1 }
    let isError = isLasting || obstruction.polls >= DomainMemory.Obstruction.lastingPolls
    let isDue = now.since(obstruction.loggedAt) >= DomainMemory.Obstruction.reminderInterval
    if isDue || (isError && !obstruction.isLoggedAsError) {
      obstruction.loggedAt = now
      obstruction.isLoggedAsError = isError
      findings.append(
        .decisionBlocked(explanation, polls: obstruction.polls, isLasting: isError))
    }
    memory.obstruction = obstruction
  }

  /// A refusal that no call brought.
  private mutating func refuse(_ explanation: Explanation) {
    memory.obstruction = nil
    record.retryRequested = false
    set(.refused, explanation)
    if isNews { findings.append(.updateRefused(nil, explanation, requestID: nil)) }
  }

  // MARK: 2. The rollout under way

  private mutating func noteAttached(_ domain: DescribedDomain) {
    if domain.attached != before.attached {
      record.attachedNotAfter = nil
      memory.unserved = nil
    }
    record.attached = domain.attached
    if record.rollout?.previous == domain.attached { record.rollout?.takeBackRelease() }
    if let name = domain.description.cloudFrontDomain,
      let finding = record.noteDistribution(name)
    {
      findings.append(finding)
    }
    if let certificate = domain.attachedCertificate {
      record.attachedNotAfter = certificate.notAfter
    }
    // A renewal makes what the edges served outdated; it stays only to be looked at again.
    if record.attachedNotAfter != before.attachedNotAfter, facts.idleProbePause == nil {
      record.served = []
    }
  }

  /// A call whose answer was lost may have worked, and a description may lag behind it. Until it
  /// would have caught up nothing is concluded from it, and no other call is made, whatever
  /// certificate it would be for.
  private mutating func waitForLostCall(_ domain: DescribedDomain) -> Bool {
    guard var rollout = facts.openRollout, domain.standing != .shown else { return false }
    rollout.outcomeUnknown(at: now, pacing: pacing)
    guard case .retrying(let retry) = rollout.phase, let notBefore = retry.notBefore,
      notBefore > now
    else { return false }
    record.rollout = rollout
    set(.retrying, retry.error)
    recheckAt = notBefore
    return true
  }

  private mutating func followRollout(_ domain: DescribedDomain) {
    guard var rollout = facts.openRollout else { return }
    defer { record.rollout = rollout }
    switch domain.standing {
    case .none, .underWay, .lagging: break
    case .awaitingCall: rollout.outcomeUnknown(at: now, pacing: pacing)
    case .shown:
      guard rollout.shown(at: now, pacing: pacing) else { return }
      rollout.cloudFrontDomain = record.cloudFrontDomain
      record.noteAttachment(of: rollout.certificate)
      record.expectNewLeaf()
      findings.append(.updateShown(rollout, domain.description.status))
    case .notKept:
      let shown = "Cognito shows \(domain.description.status) with \(domain.attached)"
      switch rollout.notKept(
        "\(shown) after it accepted the call", mapping: mapping.fingerprint, at: now,
        pacing: pacing, chance: dice.next())
      {
      case .retrying(let delay, let explanation):
        findings.append(.updateRetrying(rollout, explanation, in: delay, requestID: nil))
      case .refused(let explanation):
        record.noteFailure(of: rollout)
        findings.append(.updateRefused(rollout, explanation, requestID: nil))
      case nil: break
      }
    case .overtaken:
      rollout.abandon(at: now)
      findings.append(.rolloutOvertaken(rollout, by: domain.attached))
    case .ended(let explanation):
      rollout.abandon(at: now)
      findings.append(.rolloutAbandoned(rollout, explanation))
      // That Cognito shows something else than its certificate is nobody's drift.
      if record.lastAttached == rollout.certificate { record.lastAttached = domain.attached }
    }
  }

  // MARK: 4. Drift

  private mutating func settleDrift(_ domain: DescribedDomain) {
    let shown = domain.attached
    switch domain.drift {
    case .blocked, .restore: break
    case .none:
      if record.lastAttached == shown {
        record.driftedTo = nil
        // A rollback leaves it, and Cognito still shows it.
        if record.rolledBack != shown { record.shunned.removeAll { $0 == shown } }
      }
    case .adopt(let former, let adoption):
      record.lastAttached = shown
      record.driftedTo = nil
      record.rolledBack = nil
      record.failure = nil
      record.shun(former)
      record.shunned.removeAll { $0 == shown }
      findings.append(.driftAdopted(shown: shown, former: former, adoption))
    case .report(let former):
      guard record.driftedTo != shown else { return }
      record.driftedTo = shown
      record.shun(former.arn)
      findings.append(
        .driftReported(shown: shown, former: former.arn, mapping.onDrift))
    }
  }

  // MARK: 5. The course

  private mutating func take(_ course: Course, _ domain: DescribedDomain) {
    if domain.standing == .lagging {
      retryIsPending = true
      set(record.rollout?.condition ?? .unknown, nil)
      return
    }
    logPassedOver(domain.passedOver)
    switch course {
    case .blocked(let obstacle): waitForFacts(obstacle, domain)
    case .begin(let certificate, let cause, let isUrgent):
      memory.obstruction = nil
      begin(certificate, cause, isUrgent: isUrgent, domain)
    case .wait(let certificate, let explanation, let until):
      memory.obstruction = nil
      desire(certificate, .replacement, domain)
      goOn(domain)
      if record.rollout?.isOpen != true {
        set(.pending, explanation)
        recheckAt = until
      }
    case .keep:
      memory.obstruction = nil
      record.desired = facts.openRolloutAfter(domain.standing)?.certificate ?? domain.attached
      memory.wantingSince = nil
      goOn(domain)
      if record.rollout?.isOpen != true { rest(domain) }
    case .reportDrift(let former):
      memory.obstruction = nil
      record.desired = former
      set(
        .drifted,
        Explanation(
          .drifted,
          "someone attached \(domain.attached) in place of \(former); 'retry' puts it back"))
    case .missing(let explanation): miss(explanation, domain)
    }
  }

  /// Begins a rollout to `certificate`, or says why it must wait.
  private mutating func begin(
    _ certificate: Certificate, _ cause: Rollout.Cause, isUrgent: Bool, _ domain: DescribedDomain
  ) {
    desire(certificate, cause, domain)
    let constraint = isUrgent ? nil : constraint
    if let obstacle = obstacle(to: domain) ?? constraint?.explanation {
      if obstacle == constraint?.explanation { recheckAt = constraint?.endsAt }
      retryIsPending = obstacle.reason != .observeMode
      // A rollout under way goes on until the next one may begin.
      goOn(domain)
      set(record.rollout?.condition ?? .pending, explain(obstacle, cause, to: certificate.arn))
      return
    }
    if var last = record.rollout, before.rollout?.isOpen ?? false {
      if last.isOpen {
        last.supersede(at: now)
        if case .attach(_, let explanation) = domain.rollback {
          leave(last, for: certificate.arn, explanation)
        } else {
          findings.append(.rolloutSuperseded(last, by: certificate.arn, cause))
        }
      }
      ended = last
    }
    if cause == .restore {
      record.lastRestoredAt = now
      record.driftedTo = nil
      findings.append(.driftRestored(shown: domain.attached, former: certificate.arn))
    }
    switch cause {
    case .replacement, .pinned, .unusable, .other: record.rolledBack = nil
    case .restore, .resubmit, .rollback: break
    }
    submit(
      .begun(
        id: dice.identifier(), to: certificate, from: domain.attached,
        previousNotAfter: record.earliestEnd, cause: cause, isUrgent: isUrgent,
        wasServed: wasServed, settings: domain.description.settings, mapping: mapping.fingerprint,
        at: now),
      domain)
  }

  /// Makes the call of the rollout under way, when it is due.
  private mutating func goOn(_ domain: DescribedDomain) {
    guard var rollout = record.rollout, let condition = rollout.condition else { return }
    set(condition, rollout.propagation == nil ? rollout.error : knownTrouble)
    if rollout.wasCalledFor(anotherThan: mapping.fingerprint) { rollout.expedite(at: now) }
    record.rollout = rollout
    if rollout.awaitsCall { retryIsPending = true }
    guard rollout.isCallDue(at: now) else { return }
    if domain.isUrgent { rollout.isUrgent = true }
    let constraint = rollout.isUrgent ? nil : callConstraint
    if let obstacle = obstacle(to: domain) ?? constraint?.explanation {
      reason = obstacle
      return
    }
    rollout.intend(
      settings: domain.description.settings, mapping: mapping.fingerprint, at: now)
    submit(rollout, domain)
  }

  /// An obstacle as it is shown: what waits is said where it is a rollback.
  private mutating func explain(
    _ obstacle: Explanation, _ cause: Rollout.Cause, to certificate: CertificateARN
  ) -> Explanation {
    if cause != .rollback { return obstacle }
    rollbackInWaiting = certificate
    let detail = obstacle.detail.isEmpty ? obstacle.reason.sentence : obstacle.detail
    return Explanation(obstacle.reason, "\(detail); otherwise \(certificate) is attached again")
  }

  /// Whether no edge is known to refuse the domain, or to serve it to nobody.
  private var wasServed: Bool {
    memory.unserved == nil && memory.harm == nil && before.condition != .unserved
      && knownTrouble == nil
  }

  /// What the last round at the rollout's edges showed; before the first since the start, what the
  /// record says of it.
  private var knownTrouble: Explanation? {
    if memory.probedAt != nil { return memory.edgeTrouble }
    guard let reason = before.reason else { return nil }
    return [.edgesRefusing, .resolvesElsewhere].contains(reason.reason) ? reason : nil
  }

  private mutating func submit(_ rollout: Rollout, _ domain: DescribedDomain) {
    record.rollout = rollout
    memory.waiting = nil
    memory.unserved = nil
    memory.edgeTrouble = nil
    memory.harm = nil
    memory.refusalIsLogged = false
    set(.submitting, nil)
    update = DomainUpdate(
      domain: mapping.domain, userPoolID: mapping.userPoolID, region: mapping.region,
      identity: mapping.identity, certificate: rollout.certificate,
      settings: domain.description.settings)
    findings.append(.updateSubmitted(rollout))
  }

  /// Why no call may be made for the domain now.
  private mutating func obstacle(to domain: DescribedDomain) -> Explanation? {
    if record.isHeld(at: now) { return Explanation(.held) }
    switch mapping.mode {
    case .observe: return Explanation(.observeMode)
    case .apply: break
    }
    if domain.description.status.acceptsUpdates { return nil }
    // Cognito's work ends by itself and soon; for the others the poll is often enough.
    recheckAt = now + pacing.checkInterval
    return Explanation(.domainUpdating, "Cognito shows \(domain.description.status)")
  }

  /// Notes the certificate that the domain should have, and logs it the first time.
  private mutating func desire(
    _ certificate: Certificate, _ cause: Rollout.Cause, _ domain: DescribedDomain
  ) {
    if before.desired != certificate.arn, cause != .rollback {
      findings.append(.replacementFound(certificate, cause, attached: domain.attached))
    }
    memory.wantingSince = facts.wantingSince(certificate.arn)
    record.desired = certificate.arn
  }

  /// The attached certificate is right: the domain is at rest.
  private mutating func rest(_ domain: DescribedDomain) {
    record.selectorFingerprint = facts.selectorFingerprint
    let status = domain.description.status
    switch status {
    case .active:
      if let unserved = lastingUnserved(domain) {
        set(.unserved, unserved)
      } else {
        set(.inSync, memory.unserved?.explanation ?? unservedRenewal)
        restInSync()
      }
    case .failed:
      refuse(Explanation(.domainFailed, "Cognito shows FAILED; 'retry' sends the update again"))
    case .creating, .deleting, .updating, .other:
      set(.inSync, Explanation(.domainStatus, "Cognito shows \(status)"))
    }
  }

  private mutating func miss(_ explanation: Explanation, _ domain: DescribedDomain) {
    memory.obstruction = nil
    if var rollout = record.rollout, rollout.isOpen {
      rollout.abandon(at: now)
      record.rollout = rollout
      if record.lastAttached == rollout.certificate { record.lastAttached = domain.attached }
      findings.append(.rolloutAbandoned(rollout, explanation))
    }
    record.desired = nil
    set(.noCandidate, explanation)
    if isNews { findings.append(.candidateMissing(attached: domain.attached, explanation)) }
  }

  /// Something that the decision depends on could not be seen. The domain stays as it is found,
  /// for three polls; where ACM says that the attached certificate is unusable, not that long.
  private mutating func waitForFacts(_ obstacle: Course.Obstacle, _ domain: DescribedDomain) {
    retryIsPending = true
    let explanation = Explanation(obstacle.failure)
    obstruct(by: explanation, isLasting: obstacle.attachedIsUnusable)
    // What could not be seen is some other certificate: the rollout's own call need not wait.
    if !obstacle.holdsUpRollout { goOn(domain) }
    if update != nil { return }
    let isLasting = memory.obstruction?.isLoggedAsError ?? false
    let shown = memory.obstruction?.explanation ?? explanation
    if let condition = record.rollout?.condition {
      if obstacle.holdsUpRollout || record.rollout?.error == nil { set(condition, shown) }
      return
    }
    set(isLasting ? .unknown : conditionBeforeObstacle, shown)
  }

  /// The condition that is shown while an obstacle is not lasting yet.
  private var conditionBeforeObstacle: Condition {
    switch facts.memory.found?.condition ?? before.condition {
    case .inSync: .inSync
    case .pending: .pending
    case .noCandidate: .noCandidate
    case .unserved: .unserved
    case .unknown, .other: .unknown
    case .drifted where record.driftedTo != nil: .drifted
    case .submitting, .propagating, .retrying, .overdue, .refused, .drifted, .held:
      // What it was has ended: a rollout, a refusal, a drift, a hold.
      record.lastAttached == record.attached ? .inSync : .unknown
    }
  }

  /// Logs each passed-over certificate once for each reason.
  private mutating func logPassedOver(_ passedOver: [PassedOver]?) {
    guard let passedOver else { return }
    var logged: [CertificateARN: Reason] = [:]
    for entry in passedOver {
      let reason = entry.explanation.reason
      logged[entry.certificate] = reason
      if memory.passedOver[entry.certificate] != reason { findings.append(.passedOver(entry)) }
    }
    memory.passedOver = logged
  }

  // MARK: 6. Orders, expiry, and the next look

  /// An operator's `retry` is kept until it is carried out, or until a look shows that there is
  /// nothing to try again.
  private mutating func finishRetry() {
    guard record.retryRequested else { return }
    if update != nil || !retryIsPending { record.retryRequested = false }
  }

  private mutating func layHoldOver() {
    memory.found = DomainMemory.Found(condition, reason?.reason)
    guard record.isHeld(at: now) else {
      record.condition = condition
      // The same trouble in other numbers is no news, and costs no write.
      if reason?.isSameTrouble(as: before.reason) != true { record.reason = reason }
      return
    }
    let until = record.hold?.until.map { "until \($0.rfc3339)" } ?? "until 'resume'"
    record.condition = .held
    let otherwise = rollbackInWaiting.map { "\($0) is attached again" } ?? "\(condition)"
    record.reason = Explanation(.held, "\(until); otherwise \(otherwise)")
  }

  /// Logs each threshold of the coming end once, and the end itself.
  private mutating func warnOfExpiry() {
    guard let end = record.earliestEnd else { return }
    let left = end.since(now)
    guard let crossed = (pacing.expiryWarnings + [.zero]).filter({ left <= $0 }).min() else {
      return
    }
    let warning = ExpiryWarning(notAfter: end, threshold: crossed)
    if record.expiryWarning == warning { return }
    record.expiryWarning = warning
    findings.append(.expiring(record.attached, notAfter: end, left: left))
  }

  /// A step that is overdue and was not taken is blocked. It waits for the next poll or a named time,
  /// so that looks do not repeat without a pause.
  private mutating func scheduleNextLook() {
    if update != nil { return }
    var due = [recheckAt, record.rollout?.nextStepAt, record.hold?.until]
    if record.rollout?.propagation == nil, mapping.probe.isEnabled, let probedAt = memory.probedAt {
      var facts = facts
      facts.record = record
      facts.memory = memory
      due.append(facts.idleProbePause.map { probedAt + $0 })
    }
    if pacing.driftInterval > .zero, pacing.driftInterval < pacing.pollInterval,
      let described = memory.described
    {
      due.append(described.at + pacing.driftInterval)
    }
    nextLookAt = due.compactMap { $0 }.filter { $0 > now }.min()
  }

  private mutating func set(_ condition: Condition, _ reason: Explanation?) {
    self.condition = condition
    self.reason = reason
  }

  /// Whether the condition or its reason differs from the last look.
  private var isNews: Bool {
    let known =
      facts.memory.found ?? DomainMemory.Found(before.condition, before.reason?.reason)
    return known != DomainMemory.Found(condition, reason?.reason)
  }
}

extension DomainFacts {
  /// The rollout that stays open when the description means `standing` for it.
  fileprivate func openRolloutAfter(_ standing: RolloutStanding) -> Rollout? {
    switch standing {
    case .none, .overtaken, .ended: nil
    case .shown, .awaitingCall, .underWay, .lagging, .notKept: openRollout
    }
  }
}

extension Mapping {
  /// What a refused call depended on: when it changes, the call is made again at once.
  package var fingerprint: String {
    "\(domain) \(userPoolID) \(region) \(identity) \(selector.fingerprint)"
  }
}
