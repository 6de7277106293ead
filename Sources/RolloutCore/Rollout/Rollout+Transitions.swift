/// The transitions of a rollout. Each is total: in a phase that it does not apply to, it changes
/// nothing.
extension Rollout {
  /// A certificate younger than this may be refused now and pass later: CloudFront does not
  /// know a just issued one at once.
  package static let youngCertificateAge = Duration.minutes(15)

  /// How often a refused rollout is tried again by itself.
  package static let refusedInterval = Duration.hours(1)

  /// What a failed call leads to.
  package enum CallFailure: Equatable, Sendable {
    case retrying(in: Duration, Explanation)
    case refused(Explanation)
  }

  /// What a check of the edges leads to.
  package enum CheckOutcome: Equatable, Sendable {
    case waiting
    /// The window passed without proof.
    case becameOverdue
    case completed(Proof)
  }

  /// A new rollout, as it is journalled before its first call.
  package static func begun(
    id: String, to certificate: Certificate, from previous: CertificateARN,
    previousNotAfter: Instant?, cause: Cause, isUrgent: Bool, wasServed: Bool,
    settings: EchoedSettings, mapping: String, at now: Instant
  ) -> Rollout {
    Rollout(
      id: id, certificate: certificate.arn, previous: previous,
      previousNotAfter: previousNotAfter, cause: cause, startedAt: now,
      freshUntil: certificate.issue.map { $0 + youngCertificateAge }, isUrgent: isUrgent,
      wasServed: wasServed, attempts: 1,
      phase: .submitting(Submission(intendedAt: now, settings: settings, mapping: mapping)))
  }

  // MARK: The call

  /// Records the intent of one more call, to be on disk before the call is made.
  package mutating func intend(settings: EchoedSettings, mapping: String, at now: Instant) {
    guard awaitsCall else { return }
    attempts += 1
    phase = .submitting(
      Submission(intendedAt: now, settings: settings, mapping: mapping, failures: failures))
  }

  private var failures: Int {
    switch phase {
    case .submitting(let submission): submission.failures
    case .retrying(let retry): retry.failures
    case .propagating, .overdue, .refused, .completed, .superseded, .abandoned, .other: 0
    }
  }

  /// The call was answered with success.
  package mutating func accepted(at now: Instant, pacing: Pacing) {
    guard case .submitting(let submission) = phase else { return }
    propagate(from: now, sent: submission.settings, now: now, pacing: pacing)
  }

  /// Cognito shows the certificate: whether or not an answer came, a call has worked. True when
  /// that was not known.
  package mutating func shown(at now: Instant, pacing: Pacing) -> Bool {
    switch phase {
    case .submitting(let submission):
      propagate(
        from: submission.intendedAt, sent: submission.settings, now: now, pacing: pacing)
    case .retrying(let retry):
      propagate(
        from: retry.lost?.intendedAt ?? now, sent: retry.lost?.settings, now: now,
        pacing: pacing)
    case .refused: propagate(from: now, sent: nil, now: now, pacing: pacing)
    case .propagating, .overdue, .completed, .superseded, .abandoned, .other: return false
    }
    return true
  }

  private mutating func propagate(
    from acceptedAt: Instant, sent: EchoedSettings?, now: Instant, pacing: Pacing
  ) {
    phase = .propagating(
      Propagation(
        acceptedAt: acceptedAt, deadline: acceptedAt + pacing.window,
        nextCheckAt: now + pacing.checkInterval, sent: sent))
  }

  /// The call failed. What the failure says of this certificate decides between trying again
  /// and asking a person.
  package mutating func failed(
    _ failure: Failure, at now: Instant, pacing: Pacing, chance: UInt64
  ) -> CallFailure? {
    guard case .submitting(let submission) = phase else { return nil }
    let error = Explanation(failure)
    if isFinal(failure.kind, at: now) {
      return refuse(error, mapping: submission.mapping, at: now)
    }
    var retry = Retry(
      dueAt: now, failures: submission.failures, error: error, mapping: submission.mapping)
    if failure.kind.mayHaveWorked {
      retry.lost = submission
      retry.notBefore = now + pacing.checkInterval
    }
    return postpone(retry, atLeast: failure.retryAfter, now: now, pacing: pacing, chance: chance)
  }

  /// Whether trying again soon would not help.
  private func isFinal(_ kind: Failure.Kind, at now: Instant) -> Bool {
    switch kind {
    case .unreachable, .answerLost, .server, .malformedAnswer, .throttled, .conflict,
      .credentials, .notReady:
      false
    case .certificateRejected: freshUntil.map { now >= $0 } ?? true
    case .accessDenied, .notFound, .quotaExceeded, .refused: true
    }
  }

  private mutating func refuse(
    _ error: Explanation, mapping: String, at now: Instant
  ) -> CallFailure {
    phase = .refused(
      Refusal(error: error, nextAttemptAt: now + Rollout.refusedInterval, mapping: mapping))
    return .refused(error)
  }

  private mutating func postpone(
    _ retry: Retry, atLeast pause: Duration?, now: Instant, pacing: Pacing, chance: UInt64
  ) -> CallFailure {
    var retry = retry
    retry.failures += 1
    let delay = Backoff.delay(
      failures: retry.failures, initial: pacing.retryInitial, maximum: pacing.retryMaximum,
      chance: chance, retryAfter: pause)
    retry.dueAt = max(now + delay, retry.notBefore ?? now)
    phase = .retrying(retry)
    return .retrying(in: retry.dueAt.since(now), retry.error)
  }

  /// A journalled call whose outcome nobody knows, and Cognito does not show the certificate:
  /// the call is due again, but not before a lagging description would have caught up.
  package mutating func outcomeUnknown(at now: Instant, pacing: Pacing) {
    guard case .submitting(let submission) = phase else { return }
    let notBefore = submission.intendedAt + pacing.checkInterval
    phase = .retrying(
      Retry(
        dueAt: max(now, notBefore), failures: submission.failures,
        error: Explanation(.answerLost, "the call was made and its answer is not known"),
        lost: submission, notBefore: notBefore, mapping: submission.mapping))
  }

  /// Cognito accepted the call and then shows FAILED or another certificate: the call is made
  /// again, as often as `resubmits` allows.
  ///
  /// - Parameter mapping: `Mapping.fingerprint`. Another one makes the call due at once.
  package mutating func notKept(
    _ detail: String, mapping: String, at now: Instant, pacing: Pacing, chance: UInt64
  ) -> CallFailure? {
    guard propagation != nil else { return nil }
    let error = Explanation(.updateNotKept, detail)
    if resubmits >= pacing.resubmits { return refuse(error, mapping: mapping, at: now) }
    resubmits += 1
    return postpone(
      Retry(dueAt: now, failures: 0, error: error, mapping: mapping), atLeast: nil, now: now,
      pacing: pacing, chance: chance)
  }

  /// Makes the next call due now: for a restart, a signal, `retry` or a changed mapping.
  package mutating func expedite(at now: Instant) {
    switch phase {
    case .retrying(var retry):
      retry.dueAt = min(retry.dueAt, max(now, retry.notBefore ?? now))
      phase = .retrying(retry)
    case .refused(var refusal):
      refusal.nextAttemptAt = min(refusal.nextAttemptAt, now)
      phase = .refused(refusal)
    case .submitting, .propagating, .overdue, .completed, .superseded, .abandoned, .other: break
    }
  }

  /// Whether the last call was made for another mapping than this one.
  package func wasCalledFor(anotherThan mapping: String) -> Bool {
    switch phase {
    case .retrying(let retry): !retry.mapping.isEmpty && retry.mapping != mapping
    case .refused(let refusal): refusal.mapping != mapping
    case .submitting, .propagating, .overdue, .completed, .superseded, .abandoned, .other: false
    }
  }

  // MARK: The edges

  /// One check of an accepted rollout. `verdict` is nil when the probe is off; `isActive` is
  /// Cognito's word that the update has ended well.
  package mutating func checked(
    _ verdict: ProbeVerdict?, isActive: Bool, at now: Instant, pacing: Pacing
  ) -> CheckOutcome {
    guard var propagation else { return .waiting }
    if case .passed = verdict {
      propagation.confirmations += 1
    } else {
      propagation.confirmations = 0
    }
    let hasPassed = now >= propagation.deadline
    if isActive, let proof = proof(by: verdict, propagation, pacing, windowHasPassed: hasPassed) {
      phase = .completed(
        Completion(acceptedAt: propagation.acceptedAt, completedAt: now, proof: proof))
      return .completed(proof)
    }
    propagation.checks += 1
    propagation.nextCheckAt = nextCheck(after: propagation, now: now, pacing: pacing)
    if case .overdue = phase {
      phase = .overdue(propagation)
      return .waiting
    }
    let isProving = propagation.confirmations > 0 && isActive
    if hasPassed && !isProving {
      phase = .overdue(propagation)
      return .becameOverdue
    }
    phase = .propagating(propagation)
    return .waiting
  }

  private func proof(
    by verdict: ProbeVerdict?, _ propagation: Propagation, _ pacing: Pacing,
    windowHasPassed: Bool
  ) -> Proof? {
    switch verdict {
    case nil: .controlPlane
    case .passed: propagation.confirmations >= pacing.confirmations ? .edge : nil
    case .silent: windowHasPassed ? .controlPlane : nil
    case .stale, .refused, .rejected, .incomparable: nil
    }
  }

  private func nextCheck(
    after propagation: Propagation, now: Instant, pacing: Pacing
  ) -> Instant {
    if now >= propagation.deadline { return now + pacing.maxCheckInterval }
    let interval = Backoff.checkInterval(
      checks: propagation.checks, initial: pacing.checkInterval,
      maximum: pacing.maxCheckInterval)
    return min(now + interval, propagation.deadline)
  }

  // MARK: The end

  /// A better certificate takes its place, or the one before it.
  package mutating func supersede(at now: Instant) {
    if isOpen { phase = .superseded(at: now) }
  }

  /// Its certificate is no longer eligible, or someone else attached another one.
  package mutating func abandon(at now: Instant) {
    if isOpen { phase = .abandoned(at: now) }
  }

  // MARK: Clocks

  /// Moves the times of an open rollout with a clock that was stepped.
  package mutating func shift(by step: Duration) {
    mapTimes { $0 + step }
  }

  /// Bounds times that came from disk: no next step further away than the longest interval, no
  /// deadline further than the window. A clock that was wrong when they were written would
  /// otherwise stop the rollout for as long as it was wrong.
  package mutating func bound(at now: Instant, pacing: Pacing) {
    switch phase {
    case .submitting(var submission):
      submission.intendedAt = min(submission.intendedAt, now)
      phase = .submitting(submission)
    case .retrying(var retry):
      retry.dueAt = min(retry.dueAt, now + max(pacing.retryMaximum, pacing.checkInterval))
      retry.notBefore = retry.notBefore.map { min($0, now + pacing.checkInterval) }
      if let lost = retry.lost { retry.lost?.intendedAt = min(lost.intendedAt, now) }
      phase = .retrying(retry)
    case .propagating(let propagation):
      phase = .propagating(bounded(propagation, at: now, pacing: pacing))
    case .overdue(let propagation):
      phase = .overdue(bounded(propagation, at: now, pacing: pacing))
    case .refused(var refusal):
      refusal.nextAttemptAt = min(refusal.nextAttemptAt, now + Rollout.refusedInterval)
      phase = .refused(refusal)
    case .completed, .superseded, .abandoned, .other: break
    }
  }

  private func bounded(
    _ propagation: Propagation, at now: Instant, pacing: Pacing
  ) -> Propagation {
    var bounded = propagation
    bounded.acceptedAt = min(bounded.acceptedAt, now)
    bounded.deadline = min(bounded.deadline, now + pacing.window)
    bounded.nextCheckAt = min(
      bounded.nextCheckAt, now + max(pacing.checkInterval, pacing.maxCheckInterval))
    return bounded
  }

  private mutating func mapTimes(_ map: (Instant) -> Instant) {
    switch phase {
    case .submitting(var submission):
      submission.intendedAt = map(submission.intendedAt)
      phase = .submitting(submission)
    case .retrying(var retry):
      retry.dueAt = map(retry.dueAt)
      retry.notBefore = retry.notBefore.map(map)
      if let lost = retry.lost { retry.lost?.intendedAt = map(lost.intendedAt) }
      phase = .retrying(retry)
    case .propagating(let propagation): phase = .propagating(mapped(propagation, map))
    case .overdue(let propagation): phase = .overdue(mapped(propagation, map))
    case .refused(var refusal):
      refusal.nextAttemptAt = map(refusal.nextAttemptAt)
      phase = .refused(refusal)
    case .completed, .superseded, .abandoned, .other: break
    }
  }

  private func mapped(_ propagation: Propagation, _ map: (Instant) -> Instant) -> Propagation {
    var mapped = propagation
    mapped.acceptedAt = map(mapped.acceptedAt)
    mapped.deadline = map(mapped.deadline)
    mapped.nextCheckAt = map(mapped.nextCheckAt)
    return mapped
  }
}
