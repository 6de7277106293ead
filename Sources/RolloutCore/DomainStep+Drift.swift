extension DomainStep {
  /// What another certificate than the one attached last calls for.
  enum Drift {
    case none
    case undetermined(Failure)
    /// The certificate is to be put back.
    case restore(Certificate)
    /// A person is asked. What replaces the attached one must be newer than this, too.
    case left(floor: Certificate?)
  }

  /// How often a drift is undone for a domain.
  static let restoreInterval = Duration.hours(24)

  /// Compares what Cognito shows with what this daemon attached last. Only where no rollout is
  /// open: one under way asks again instead.
  mutating func judgeDrift(attached: CertificateARN) throws(Needs) -> Drift {
    if record.rollout?.phase.isOpen ?? false { return .none }
    guard let last = record.lastAttached else { return .none }
    if last == attached {
      record.driftedTo = nil
      record.shunned.removeAll { $0 == last }
      return .none
    }
    let chooser = chooser(baseline: attached)
    switch (chooser.known(attached), chooser.known(last)) {
    case (.open(let question), _), (_, .open(let question)):
      throw Needs(inquiries: [.certificate(question)])
    case (.unseen(let failure), _), (_, .unseen(let failure)): return .undetermined(failure)
    case (.deleted, .deleted), (.certificate, .deleted), (.deleted, .certificate),
      (.certificate, .certificate):
      break
    }
    if case .certificate(let shown) = chooser.known(attached) {
      return try judge(shown, against: chooser.known(last), last: last, chooser)
    }
    // The attached one was deleted: the choice leaves it for the best there is.
    adopt(attached, from: last, because: "the attached certificate was deleted")
    return .none
  }

  private mutating func judge(
    _ shown: Certificate, against known: Chooser.Known, last: CertificateARN, _ chooser: Chooser
  ) throws(Needs) -> Drift {
    guard case .certificate(let mine) = known else {
      adopt(shown.arn, from: last, because: "the certificate attached before was deleted")
      return .none
    }
    let checks = chooser.checks(self.chooser(baseline: last).urgency(known))
    if shown.isNewer(than: mine) {
      switch try settle(checks.verdict(on: shown)) {
      case .failure(let failure): return .undetermined(failure)
      case .success(true):
        adopt(shown.arn, from: last, because: "it is newer and eligible")
        return .none
      case .success(false): break
      }
    }
    if chooser.unusable(.certificate(shown)) == nil, endsSoon(mine, before: shown) {
      adopt(shown.arn, from: last, because: "the certificate attached before ends sooner")
      return .none
    }
    switch try settle(checks.verdict(on: mine), ignoring: Rollout.Cause.restore.waived) {
    case .failure(let failure): return .undetermined(failure)
    case .success(false):
      adopt(shown.arn, from: last, because: "the certificate attached before is not eligible")
      return .none
    case .success(true): break
    }
    if mayRestore(shown.arn) { return .restore(mine) }
    leave(shown.arn, last: last)
    return .left(floor: mine)
  }

  private func endsSoon(_ mine: Certificate, before shown: Certificate) -> Bool {
    guard let end = mine.notAfter, let otherEnd = shown.notAfter else { return false }
    return end.since(now) < Urgency.threshold && end < otherEnd
  }

  private func settle(
    _ verdict: CandidateVerdict, ignoring: Set<Check> = []
  ) throws(Needs) -> Result<Bool, Failure> {
    if let failure = verdict.obstacle(ignoring: ignoring) { return .failure(failure) }
    let questions = verdict.questions(ignoring: ignoring)
    if !questions.isEmpty { throw Needs(inquiries: questions.map { .certificate($0) }) }
    return .success(verdict.isEligible(ignoring: ignoring))
  }

  private func mayRestore(_ shown: CertificateARN) -> Bool {
    if schedule.retryIsWanted { return true }
    switch mapping.onDrift {
    case .report: return false
    case .restore:
      if record.driftedTo == shown { return false }
      return record.lastRestoredAt.map { now.since($0) >= DomainStep.restoreInterval } ?? true
    }
  }

  private mutating func adopt(
    _ shown: CertificateARN, from last: CertificateARN, because reason: String
  ) {
    record.lastAttached = shown
    record.driftedTo = nil
    shun(last)
    record.shunned.removeAll { $0 == shown }
    events.append(
      event(
        .driftDetected,
        [
          .certificateARN: shown.text, .previousCertificateARN: last.text,
          .reason: "adopted: \(reason)",
        ]))
  }

  private mutating func leave(_ shown: CertificateARN, last: CertificateARN) {
    guard record.driftedTo != shown else { return }
    record.driftedTo = shown
    shun(last)
    let why =
      mapping.onDrift == .report
      ? "on_drift is report" : "it was put back once within 24 hours, and changed again"
    events.append(
      event(
        .driftDetected, level: .error,
        [.certificateARN: shown.text, .previousCertificateARN: last.text, .reason: why]))
  }

  /// Someone moved away from it: not chosen again until `retry`.
  private mutating func shun(_ arn: CertificateARN) {
    if record.shunned.contains(arn) { return }
    record.shunned.append(arn)
    if record.shunned.count > DomainStep.maximumShunned { record.shunned.removeFirst() }
  }

  /// Certificates remembered as moved away from, for a domain.
  static let maximumShunned = 32
}

extension Rollout.Cause {
  /// Checks that are no question for a certificate whose rollout has begun. One that is put
  /// back is no candidate either: it was chosen long ago.
  var waived: Set<Check> {
    switch self {
    case .replacement, .pinned, .unusable: [.soaking]
    case .restore: [.soaking, .expiresTooSoon]
    }
  }
}
