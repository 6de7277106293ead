extension DomainStep {
  func chooser(baseline: CertificateARN, floor: Certificate? = nil) -> Chooser {
    let isTaken = !(record.rollout?.isCallOpen ?? false)
    return Chooser(
      mapping: mapping, facts: input.facts, now: now, baseline: baseline,
      attached: isTaken ? nil : record.attached, servedNotAfter: servedNotAfter,
      selectorFingerprint: record.selectorFingerprint, shunned: Set(record.shunned),
      floor: floor)
  }

  /// The earliest end of what the edges serve. Where they are no longer looked at, what was
  /// seen last says nothing: the certificate has been renewed since.
  private var servedNotAfter: Instant? {
    guard mapping.probe.isEnabled, pacing.idleProbeInterval != nil else { return nil }
    return record.served.map(\.notAfter).min()
  }

  /// Chooses, and turns the choice into a condition and perhaps a call.
  mutating func choose(
    _ description: DomainDescription, attached: CertificateARN,
    baseline: Result<CertificateARN, Failure>, drift: Drift
  ) throws(Needs) {
    if case .certificate(let certificate) = chooser(baseline: attached).known(attached) {
      record.attachedNotAfter = certificate.notAfter
    }
    var floor: Certificate?
    switch drift {
    case .undetermined(let failure): return undetermined(failure)
    case .left(let mine): floor = mine
    case .restore(let mine): floor = mine
    case .none: break
    }
    switch baseline {
    case .failure(let failure): return undetermined(failure)
    case .success(let arn):
      let chooser = chooser(baseline: arn, floor: floor)
      let choice = try choice(of: chooser)
      if let why = pointless(choice, baseline: arn, attached: attached) {
        giveUp(why, attached: attached)
        let drift = try judgeDrift(attached: attached)
        return try choose(
          description, attached: attached, baseline: .success(attached), drift: drift)
      }
      reportNearMisses(chooser)
      try follow(choice, description, attached: attached, baseline: arn, drift: drift)
    }
  }

  private func choice(of chooser: Chooser) throws(Needs) -> Choice {
    let choice = chooser.choose()
    if case .ask(let questions) = choice {
      throw Needs(inquiries: questions.map { .certificate($0) })
    }
    return choice
  }

  private mutating func undetermined(_ failure: Failure) {
    let reason = Reason(failure.kind.code, failure.description)
    outlook = Outlook(condition: standing, reason: reason)
  }

  /// How the domain stands when nothing new can be said of it.
  private var standing: Condition {
    if let condition = record.rollout?.condition { return condition }
    let last = input.schedule.found?.condition ?? before.condition
    switch last {
    case .inSync, .pending, .noCandidate, .unknown: return last
    case .drifted where record.driftedTo != nil: return .drifted
    case .submitting, .propagating, .retrying, .overdue, .refused, .drifted, .held:
      // What it was has ended: a rollout, a refusal, a drift, a hold.
      return record.lastAttached == record.attached ? .inSync : .unknown
    }
  }

  private mutating func follow(
    _ choice: Choice, _ description: DomainDescription, attached: CertificateARN,
    baseline: CertificateARN, drift: Drift
  ) throws(Needs) {
    switch choice {
    case .ask(let questions): throw Needs(inquiries: questions.map { .certificate($0) })
    case .undetermined(let failure):
      undetermined(failure)
      // What cannot be judged is some other candidate; the rollout's own was, and need not wait.
      if input.facts.listed.failure == nil { goOn(description) }
    case .missing(let reason):
      if case .restore(let mine) = drift {
        let chooser = chooser(baseline: attached)
        let isUrgent = chooser.urgency(chooser.known(attached)) != nil
        begin(mine, .restore, isUrgent: isUrgent, description, attached: attached)
      } else {
        missing(reason, attached: attached)
      }
    case .replace(let winner, let cause, let isUrgent):
      if isLeft(winner, drift, attached: attached) {
        try keep(description, attached: attached, baseline: baseline, drift: drift)
        return
      }
      begin(
        winner, isPutBack(winner, cause, drift) ? .restore : cause, isUrgent: isUrgent,
        description, attached: attached)
    case .wait(let winner, let reason, let until):
      if case .restore(let mine) = drift {
        // First things first: the one that soaks has its turn when the drift is undone.
        begin(mine, .restore, isUrgent: false, description, attached: attached)
        return
      }
      if announceIsDue(winner.arn) { announce(winner, .replacement, attached: attached) }
      try keep(description, attached: attached, baseline: baseline, drift: drift)
      record.desired = winner.arn
      if record.rollout?.condition == nil, outlook.condition == .inSync {
        outlook = Outlook(condition: .pending, reason: reason, recheckAt: until)
      }
    case .keep:
      record.desired = baseline
      try keep(description, attached: attached, baseline: baseline, drift: drift)
    }
  }

  /// Whether the pinned certificate is the one that someone moved away from, and a person is
  /// asked. One that took the place of an unusable one is not asked about.
  private func isLeft(
    _ winner: Certificate, _ drift: Drift, attached: CertificateARN
  ) -> Bool {
    guard case .left = drift, winner.arn == record.lastAttached else { return false }
    let chooser = chooser(baseline: attached)
    return chooser.unusable(chooser.known(attached)) == nil
  }

  /// Whether the pinned certificate is the one that someone moved away from, and it is put
  /// back: as a drift it is undone no more often than any other.
  private func isPutBack(
    _ winner: Certificate, _ cause: Rollout.Cause, _ drift: Drift
  ) -> Bool {
    guard case .restore(let mine) = drift, cause == .pinned else { return false }
    return mine.arn == winner.arn
  }

  private mutating func missing(_ reason: Reason, attached: CertificateARN) {
    giveUp(reason.description, attached: attached)
    record.desired = nil
    outlook = Outlook(condition: .noCandidate, reason: reason)
    guard isNews(.noCandidate, reason.code) else { return }
    events.append(
      event(
        .candidateMissing,
        [.certificateARN: record.attached?.text ?? "", .reason: reason.description]))
  }

  /// Nothing better than the baseline: a rollout under way goes on, a drift is dealt with, and
  /// a domain at rest is looked at now and then.
  private mutating func keep(
    _ description: DomainDescription, attached: CertificateARN, baseline: CertificateARN,
    drift: Drift
  ) throws(Needs) {
    if let rollout = record.rollout, let condition = rollout.condition {
      outlook = Outlook(condition: condition, reason: reason(of: rollout))
      goOn(description)
      return
    }
    switch drift {
    case .restore(let mine):
      begin(mine, .restore, isUrgent: false, description, attached: attached)
    case .left:
      record.desired = record.lastAttached
      outlook = Outlook(
        condition: .drifted,
        reason: Reason(
          "drifted",
          "someone attached \(attached) in place of \(record.lastAttached?.text ?? ""); 'retry' puts it back"
        ))
    case .none, .undetermined: try rest(description, attached: attached)
    }
  }

  /// Why a rollout stands as it does: in the words of the call that failed, as long as it is
  /// the last thing that happened.
  private func reason(of rollout: Rollout) -> Reason? {
    guard let error = rollout.lastError else { return nil }
    if let reason = before.reason, reason.text == error { return reason }
    if let refusal = rollout.refusal { return Reason(refusal, error) }
    return Reason("last_error", error)
  }

  private mutating func rest(
    _ description: DomainDescription, attached: CertificateARN
  ) throws(Needs) {
    record.selectorFingerprint = mapping.selector.fingerprint
    switch description.status {
    case .active: outlook = Outlook(condition: .inSync)
    case .failed:
      refuse(
        Reason(RefusalReason.domainFailed.rawValue, "Cognito shows FAILED for the domain"))
      return
    case .creating, .deleting, .updating, .other:
      outlook = Outlook(
        condition: .inSync,
        reason: Reason("domain_status", "Cognito shows \(description.status)"))
    }
    try lookAtRest(attached)
  }

  /// The look at the edges of a domain at rest: finds a renewal that CloudFront does not serve
  /// yet.
  private mutating func lookAtRest(_ attached: CertificateARN) throws(Needs) {
    guard mapping.probe.isEnabled, let interval = pacing.idleProbeInterval else { return }
    let pause = record.hasStaleEdges ? min(interval, pacing.maxCheckInterval) : interval
    if schedule.lastProbedAt.map({ now.since($0) >= pause }) ?? true {
      let hadStaleEdges = before.hasStaleEdges
      if case .stale(let addresses) = try probeVerdict(of: attached), !hadStaleEdges {
        events.append(
          event(
            .renewalUnserved,
            [.certificateARN: attached.text, .edges: addresses.joined(separator: ", ")]))
      }
    }
    if record.hasStaleEdges, outlook.reason == nil {
      let stale = record.served.filter { !$0.matches }.map(\.address)
      outlook.reason = Reason(
        "renewal_unserved", "another leaf at \(stale.joined(separator: ", "))")
    }
    let next = record.hasStaleEdges ? min(interval, pacing.maxCheckInterval) : interval
    outlook.recheckAt = schedule.lastProbedAt.map { $0 + next }
  }
}
