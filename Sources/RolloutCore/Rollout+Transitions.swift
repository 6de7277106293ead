extension Rollout {
  /// What a transition asks of whoever made it.
  package enum Action: Equatable, Sendable {
    case none
    /// Journal the intent, then make the call.
    case call
    case completed
    case becameOverdue
    case refused
    case retrying(in: Duration)
  }

  /// How old a certificate may be at most for a refusal to count as "not yet": a just-issued
  /// one may be refused for a while and pass later.
  package static let freshness = Duration.minutes(15)

  /// How often a refused rollout is tried again by itself.
  package static let refusedInterval = Duration.hours(1)

  /// The condition that an open rollout puts its domain in; nil once it has ended.
  package var condition: Condition? {
    switch phase {
    case .submitting: .submitting
    case .retrying: .retrying
    case .propagating: .propagating
    case .overdue: .overdue
    case .refused: .refused
    case .completed, .superseded, .abandoned: nil
    }
  }

  /// Cognito shows the certificate: whether or not an answer ever came, the call was taken.
  /// True when that is news.
  package mutating func shown(at now: Instant, pacing: Pacing) -> Bool {
    switch phase {
    case .submitting, .retrying, .refused:
      accept(at: submittedAt ?? now, now: now, pacing: pacing)
      return true
    case .propagating, .overdue, .completed, .superseded, .abandoned: return false
    }
  }

  /// The call was answered with success.
  package mutating func accepted(at now: Instant, pacing: Pacing) {
    switch phase {
    case .submitting: accept(at: now, now: now, pacing: pacing)
    case .retrying, .propagating, .overdue, .refused, .completed, .superseded, .abandoned:
      preconditionFailure("a call was answered for a rollout that is \(phase)")
    }
  }

  private mutating func accept(at taken: Instant, now: Instant, pacing: Pacing) {
    phase = .propagating
    submittedAt = taken
    deadline = taken + pacing.window
    failures = 0
    checks = 0
    confirmations = 0
    lastError = nil
    refusal = nil
    nextStepAt = now + pacing.checkInterval
  }

  /// The call failed. What the failure says of this certificate decides between trying again
  /// and asking a person.
  package mutating func failed(
    _ failure: Failure, at now: Instant, pacing: Pacing, chance: UInt64
  ) -> Action {
    switch phase {
    case .submitting: break
    case .retrying, .propagating, .overdue, .refused, .completed, .superseded, .abandoned:
      preconditionFailure("a call failed for a rollout that is \(phase)")
    }
    lastError = failure.description
    switch failure.kind {
    case .answerLost, .server, .malformedAnswer: break
    case .unreachable, .throttled, .conflict, .certificateRejected, .credentials, .accessDenied,
      .notFound, .quotaExceeded, .notReady, .refused:
      // It was certainly not done.
      submittedAt = nil
    }
    if let reason = refusal(for: failure.kind, at: now) { return refuse(reason, at: now) }
    return retry(after: failure.retryAfter, at: now, pacing: pacing, chance: chance)
  }

  private func refusal(for kind: Failure.Kind, at now: Instant) -> RefusalReason? {
    switch kind {
    case .unreachable, .answerLost, .server, .malformedAnswer, .throttled, .conflict,
      .credentials, .notReady:
      nil
    case .certificateRejected:
      freshUntil.map { now < $0 } ?? false ? nil : .certificateRejected
    case .accessDenied: .accessDenied
    case .notFound: .notFound
    case .quotaExceeded: .quotaExceeded
    case .refused(let reason): reason
    }
  }

  private mutating func refuse(_ reason: RefusalReason, at now: Instant) -> Action {
    phase = .refused
    refusal = reason.rawValue
    nextStepAt = now + Rollout.refusedInterval
    return .refused
  }

  private mutating func retry(
    after retryAfter: Duration?, at now: Instant, pacing: Pacing, chance: UInt64
  ) -> Action {
    phase = .retrying
    failures += 1
    let delay = Backoff.delay(
      failures: failures, initial: pacing.retryInitial, maximum: pacing.retryMaximum,
      chance: chance, retryAfter: retryAfter)
    nextStepAt = now + delay
    return .retrying(in: delay)
  }

  /// Cognito took the call, and then shows FAILED or another certificate: ask again, as often
  /// as `resubmits` allows.
  package mutating func notKept(
    _ what: String, at now: Instant, pacing: Pacing, chance: UInt64
  ) -> Action {
    switch phase {
    case .propagating, .overdue: break
    case .submitting, .retrying, .refused, .completed, .superseded, .abandoned: return .none
    }
    lastError = what
    submittedAt = nil
    deadline = nil
    confirmations = 0
    if resubmits >= pacing.resubmits { return refuse(.notKept, at: now) }
    resubmits += 1
    return retry(after: nil, at: now, pacing: pacing, chance: chance)
  }

  /// The daemon came back and finds an intent without an outcome; Cognito does not show the
  /// certificate, so the call is due again.
  package mutating func outcomeUnknown(at now: Instant) {
    switch phase {
    case .submitting:
      phase = .retrying
      nextStepAt = now
    case .retrying, .propagating, .overdue, .refused, .completed, .superseded, .abandoned: break
    }
  }

  /// Whether a call is still to be made, now or later.
  package var isCallOpen: Bool {
    switch phase {
    case .retrying, .refused: true
    case .submitting, .propagating, .overdue, .completed, .superseded, .abandoned: false
    }
  }

  /// Whether a call is due.
  package func isCallDue(at now: Instant) -> Bool {
    switch phase {
    case .retrying, .refused: nextStepAt.map { $0 <= now } ?? true
    case .submitting, .propagating, .overdue, .completed, .superseded, .abandoned: false
    }
  }

  /// The intent of one more call, to be journalled before it is made.
  package mutating func intend(settings: EchoedSettings, mapping: String, at now: Instant) {
    phase = .submitting
    attempts += 1
    submittedAt = now
    nextStepAt = nil
    refusal = nil
    self.settings = settings
    mappingFingerprint = mapping
  }

  /// Whether the edges are awaited.
  package var isCheckOpen: Bool {
    switch phase {
    case .propagating, .overdue: true
    case .submitting, .retrying, .refused, .completed, .superseded, .abandoned: false
    }
  }

  /// Whether a look at the edges is due.
  package func isCheckDue(at now: Instant) -> Bool {
    isCheckOpen && nextStepAt.map { $0 <= now } ?? true
  }

  /// One look at the domain while its edges are awaited. `verdict` is nil when the probe is
  /// off; `isActive` is Cognito's word that the update has ended well.
  package mutating func checked(
    _ verdict: ProbeVerdict?, isActive: Bool, at now: Instant, pacing: Pacing
  ) -> Action {
    switch phase {
    case .propagating, .overdue: break
    case .submitting, .retrying, .refused, .completed, .superseded, .abandoned: return .none
    }
    if case .passed = verdict { confirmations += 1 } else { confirmations = 0 }
    if isActive, verdict == nil { return complete(.controlPlane, at: now) }
    if isActive, confirmations >= pacing.confirmations { return complete(.edge, at: now) }
    return wait(verdict, isActive: isActive, at: now, pacing: pacing)
  }

  private mutating func wait(
    _ verdict: ProbeVerdict?, isActive: Bool, at now: Instant, pacing: Pacing
  ) -> Action {
    let hasPassed = deadline.map { now >= $0 } ?? false
    if hasPassed, isActive, case .silent = verdict { return complete(.controlPlane, at: now) }
    checks += 1
    var next =
      now
      + (phase == .overdue
        ? pacing.maxCheckInterval
        : Backoff.checkInterval(
          checks: checks, initial: pacing.checkInterval, maximum: pacing.maxCheckInterval))
    if let deadline, now < deadline, deadline < next { next = deadline }
    nextStepAt = next
    guard hasPassed, phase == .propagating, confirmations == 0 || !isActive else { return .none }
    phase = .overdue
    return .becameOverdue
  }

  private mutating func complete(_ proof: Proof, at now: Instant) -> Action {
    phase = .completed
    completedAt = now
    self.proof = proof
    nextStepAt = nil
    lastError = nil
    return .completed
  }

  /// The certificate gives way to another, or is no longer eligible.
  package mutating func end(_ phase: Phase, at now: Instant) {
    precondition(!phase.isOpen && self.phase.isOpen, "only an open rollout ends")
    self.phase = phase
    completedAt = now
    nextStepAt = nil
  }

  /// What a restart, a signal, `retry` or a changed mapping does: the next call is due now.
  package mutating func hurry(at now: Instant) {
    switch phase {
    case .retrying, .refused: nextStepAt = now
    case .submitting, .propagating, .overdue, .completed, .superseded, .abandoned: break
    }
  }
}
