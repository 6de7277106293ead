extension DomainStep {
  /// Begins a rollout to `winner`, or says why it must wait.
  mutating func begin(
    _ winner: Certificate, _ cause: Rollout.Cause, isUrgent: Bool,
    _ description: DomainDescription, attached: CertificateARN
  ) {
    if announceIsDue(winner.arn) { announce(winner, cause, attached: attached) }
    record.desired = winner.arn
    if let reason = obstacle(description) ?? waveObstacle(isUrgent: isUrgent) {
      // A rollout under way goes on until the next one may begin.
      outlook = Outlook(
        condition: record.rollout?.condition ?? .pending, reason: reason,
        recheckAt: recheckAt(description))
      goOn(description)
      return
    }
    if var last = record.rollout, before.rollout?.phase.isOpen ?? false {
      if last.phase.isOpen {
        last.end(.superseded, at: now)
        events.append(
          event(
            .rolloutSuperseded, rollout: last,
            [.reason: "superseded by \(winner.arn)", .cause: cause.rawValue]))
      }
      ended = last
    }
    if cause == .restore {
      record.lastRestoredAt = now
      schedule.retryIsWanted = false
      record.driftedTo = nil
      events.append(
        event(
          .driftDetected, level: .warning,
          [
            .certificateARN: attached.text, .previousCertificateARN: winner.arn.text,
            .reason: "it is put back",
          ]))
    }
    var rollout = Rollout(
      id: dice.identifier(), certificate: winner.arn, previous: attached, cause: cause,
      phase: .retrying, startedAt: now,
      freshUntil: winner.issue.map { $0 + Rollout.freshness })
    submit(&rollout, description)
  }

  /// The rollout whose call failed, or whose outcome is unknown, goes on.
  mutating func goOn(_ description: DomainDescription) {
    guard var rollout = record.rollout else { return }
    if rollout.mappingFingerprint != mapping.fingerprint { rollout.hurry(at: now) }
    guard rollout.isCallDue(at: now) else { return }
    if let reason = obstacle(description) {
      outlook.reason = reason
      outlook.recheckAt = recheckAt(description)
      return
    }
    submit(&rollout, description)
  }

  /// When to look again at what stands against a call: Cognito's work ends by itself and soon;
  /// for a hold, a mode and a wave the poll is often enough.
  private func recheckAt(_ description: DomainDescription) -> Instant? {
    description.status.takesUpdates ? nil : now + pacing.checkInterval
  }

  private mutating func submit(_ rollout: inout Rollout, _ description: DomainDescription) {
    rollout.intend(settings: description.settings, mapping: mapping.fingerprint, at: now)
    record.rollout = rollout
    outlook = Outlook(condition: .submitting)
    update = DomainUpdate(
      domain: mapping.domain, userPoolID: mapping.userPoolID, region: mapping.region,
      identity: mapping.identity, certificate: rollout.certificate,
      settings: description.settings)
    events.append(event(.updateSubmitted, rollout: rollout, [.cause: rollout.cause.rawValue]))
  }

  /// What stands against any call for the domain.
  private func obstacle(_ description: DomainDescription) -> Reason? {
    if record.isHeld(at: now) { return Reason("held", "an operator holds the domain") }
    switch mapping.mode {
    case .observe: return Reason("observe_mode", "mode is observe: nothing is changed")
    case .apply: break
    }
    if !description.status.takesUpdates {
      return Reason("domain_updating", "Cognito shows \(description.status)")
    }
    return nil
  }

  private func waveObstacle(isUrgent: Bool) -> Reason? {
    if isUrgent { return nil }
    return input.waveBlocker.map { Reason("waits_for_wave", $0) }
  }

  func announceIsDue(_ arn: CertificateARN) -> Bool { before.desired != arn }

  mutating func announce(
    _ winner: Certificate, _ cause: Rollout.Cause, attached: CertificateARN
  ) {
    var fields: [Event.Field: String] = [
      .certificateARN: winner.arn.text, .previousCertificateARN: attached.text,
      .cause: cause.rawValue,
    ]
    if let notAfter = winner.notAfter { fields[.notAfter] = notAfter.rfc3339 }
    events.append(event(.replacementFound, fields))
  }

  /// Tells once of each newer certificate that would be chosen but for one check.
  mutating func reportNearMisses(_ chooser: Chooser) {
    guard chooser.seesNearMisses else { return }
    var reported: [CertificateARN: String] = [:]
    for verdict in chooser.nearMisses() {
      guard let reason = verdict.reason else { continue }
      let arn = verdict.certificate.arn
      reported[arn] = reason.code
      if schedule.reported[arn] == reason.code { continue }
      let isPending = verdict.certificate.status == .pendingValidation
      events.append(
        event(
          .candidateIneligible, level: isPending ? .info : nil,
          [.certificateARN: arn.text, .reason: reason.code, .error: reason.text]))
    }
    schedule.reported = reported
  }

  /// Lays a hold over the condition, says what is wrong for the first time, and sets the time
  /// of the next look.
  mutating func finish() {
    record.condition = outlook.condition
    record.reason = outlook.reason
    if record.isHeld(at: now) {
      let until = record.hold?.until.map { "until \($0.rfc3339)" } ?? "until 'resume'"
      record.condition = .held
      record.reason = Reason("held", "\(until); otherwise \(outlook.condition.rawValue)")
    }
    reportUnknown()
    reportExpiry()
    // What is due already and was not done now waits for something else: for the next poll,
    // unless a time is named. Looking at once would be looking without end.
    let due = [outlook.recheckAt, record.rollout?.nextStepAt, record.hold?.until]
    schedule.nextLookAt = due.compactMap { $0 }.filter { $0 > now }.min()
    if update != nil { schedule.nextLookAt = nil }
  }

  /// A refusal that no call brought.
  mutating func refuse(_ reason: Reason) {
    outlook = Outlook(condition: .refused, reason: reason)
    guard isNews(.refused, reason.code) else { return }
    events.append(event(.updateRefused, [.reason: reason.code, .error: reason.description]))
  }

  /// Whether the domain was not found to stand so before.
  func isNews(_ condition: Condition, _ code: String?) -> Bool {
    let known =
      input.schedule.found ?? DomainSchedule.Finding(before.condition, before.reason?.code)
    return known != DomainSchedule.Finding(condition, code)
  }

  private mutating func reportUnknown() {
    let code = outlook.reason?.code
    if outlook.condition == .unknown, isNews(.unknown, code) {
      events.append(event(.pollFailed, [.error: outlook.reason?.description ?? ""]))
    }
    schedule.found = DomainSchedule.Finding(outlook.condition, code)
  }

  /// How often the same certificate's coming end is told again.
  static let expiryWarningInterval = Duration.hours(24)

  private mutating func reportExpiry() {
    let isReplaced = record.desired.map { $0 != record.attached } ?? false
    guard let notAfter = record.attachedNotAfter, notAfter > now,
      notAfter.since(now) < Urgency.threshold, !isReplaced,
      !(record.rollout?.phase.isOpen ?? false),
      schedule.lastExpiryWarningAt.map({ now.since($0) >= DomainStep.expiryWarningInterval })
        ?? true
    else { return }
    schedule.lastExpiryWarningAt = now
    events.append(
      event(
        .certificateExpiring,
        [.certificateARN: record.attached?.text ?? "", .notAfter: notAfter.rfc3339]))
  }
}

extension Mapping {
  /// What a refused call depended on: when it changes, the call is tried at once.
  package var fingerprint: String {
    "\(domain) \(userPoolID) \(region) \(identity) \(selector.fingerprint)"
  }
}
