/// One domain at one moment: everything that a decision about it may depend on.
package struct DomainInput: Sendable {
  package var mapping: Mapping
  package var pacing: Pacing
  package var record: DomainRecord
  package var schedule: DomainSchedule
  package var look: DomainLook
  package var facts: CertificateFacts
  /// The look at the edges, once one was asked for.
  package var round: ProbeRound?
  package var now: Instant
  package var dice: Dice
  /// Why this domain's wave may not begin yet; nil when it may.
  package var waveBlocker: String?

  package init(
    mapping: Mapping, pacing: Pacing, record: DomainRecord, schedule: DomainSchedule,
    look: DomainLook, facts: CertificateFacts, round: ProbeRound? = nil, now: Instant,
    dice: Dice, waveBlocker: String? = nil
  ) {
    self.mapping = mapping
    self.pacing = pacing
    self.record = record
    self.schedule = schedule
    self.look = look
    self.facts = facts
    self.round = round
    self.now = now
    self.dice = dice
    self.waveBlocker = waveBlocker
  }
}

/// What is remembered of a domain while the daemon runs, and no longer.
package struct DomainSchedule: Equatable, Sendable {
  /// When something is due before the next poll.
  package var nextLookAt: Instant?
  package var lastProbedAt: Instant?
  package var lastExpiryWarningAt: Instant?
  /// The reason each ineligible certificate was last reported with.
  package var reported: [CertificateARN: String]
  /// An operator asked to try a drifted domain again.
  package var retryIsWanted: Bool
  /// How the domain was last found to stand: under a hold the record shows the hold.
  package var found: Finding?

  package init(
    nextLookAt: Instant? = nil, lastProbedAt: Instant? = nil,
    lastExpiryWarningAt: Instant? = nil, reported: [CertificateARN: String] = [:],
    retryIsWanted: Bool = false, found: Finding? = nil
  ) {
    self.nextLookAt = nextLookAt
    self.lastProbedAt = lastProbedAt
    self.lastExpiryWarningAt = lastExpiryWarningAt
    self.reported = reported
    self.retryIsWanted = retryIsWanted
    self.found = found
  }

  /// A condition and its reason's code: what makes a trouble news.
  package struct Finding: Equatable, Sendable {
    package var condition: Condition
    package var code: String?

    package init(_ condition: Condition, _ code: String?) {
      self.condition = condition
      self.code = code
    }
  }

  /// Moves every time with a clock that was stepped.
  package mutating func shift(by step: Duration) {
    nextLookAt = nextLookAt.map { $0 + step }
    lastProbedAt = lastProbedAt.map { $0 + step }
    lastExpiryWarningAt = lastExpiryWarningAt.map { $0 + step }
  }
}

/// What a decision still has to know.
package enum Inquiry: Hashable, Sendable {
  case certificate(Question)
  /// A handshake with every edge.
  case probe
}

/// What is to be remembered, logged and done about one domain. Nothing in it is left to choose.
package struct DomainDecision: Sendable {
  package var record: DomainRecord
  package var schedule: DomainSchedule
  package var events: [Event]
  /// A rollout that ended as another took its place in the record.
  package var ended: Rollout?
  /// The call to be made once `record` is on disk.
  package var update: DomainUpdate?
}

package enum DomainAnswer: Sendable {
  case ask([Inquiry])
  case decided(DomainDecision)
}

/// Decides what one look at a domain means. Pure: run again with what it asked for, it comes
/// to its decision.
package struct DomainStep {
  let input: DomainInput
  var record: DomainRecord
  var schedule: DomainSchedule
  var dice: Dice
  var events: [Event] = []
  var ended: Rollout?
  var update: DomainUpdate?
  var outlook: Outlook

  /// The condition that the step comes to, before a hold is laid over it.
  struct Outlook {
    var condition: Condition
    var reason: Reason?
    /// When to look again, where nothing else says so.
    var recheckAt: Instant?
  }

  /// Thrown to ask: what was decided so far is dropped and done again.
  struct Needs: Error { let inquiries: [Inquiry] }

  var mapping: Mapping { input.mapping }
  var pacing: Pacing { input.pacing }
  var now: Instant { input.now }
  var before: DomainRecord { input.record }

  init(_ input: DomainInput) {
    self.input = input
    record = input.record
    schedule = input.schedule
    dice = input.dice
    outlook = Outlook(condition: input.record.condition, reason: input.record.reason)
  }

  package static func decide(_ input: DomainInput) -> DomainAnswer {
    var step = DomainStep(input)
    do throws(Needs) {
      try step.run()
    } catch {
      return .ask(error.inquiries)
    }
    return .decided(
      DomainDecision(
        record: step.record, schedule: step.schedule, events: step.events, ended: step.ended,
        update: step.update))
  }

  mutating func run() throws(Needs) {
    record.userPoolID = mapping.userPoolID
    record.region = mapping.region
    record.isMapped = true
    if !record.isHeld(at: now) { record.hold = nil }
    switch input.look {
    case .described(let description):
      if let attached = description.certificateARN {
        try see(description, attached: attached)
      } else {
        cannotTell(Reason("no_certificate", "Cognito names no certificate for the domain"))
      }
    case .withoutCertificate:
      cannotTell(
        Reason(
          "no_certificate",
          "the description has no CustomDomainConfig: a prefix domain, or not AWS itself"))
    case .empty:
      cannotTell(
        Reason(
          "empty_description",
          "Cognito knows no such domain in this account and region; check domain, region and credentials"
        ))
    case .unseen(let failure):
      cannotTell(Reason(failure.kind.code, failure.description))
    }
    finish()
  }

  /// The domain could not be looked at: a rollout under way goes on waiting, and nothing is
  /// called.
  private mutating func cannotTell(_ reason: Reason) {
    guard var rollout = record.rollout, let condition = rollout.condition else {
      outlook = Outlook(condition: .unknown, reason: reason)
      return
    }
    // Awaiting the edges has a time of its own; a call that is open is not to wait for a poll.
    let recheckAt = rollout.isCheckOpen ? nil : now + pacing.checkInterval
    outlook = Outlook(condition: condition, reason: reason, recheckAt: recheckAt)
    guard rollout.isCheckDue(at: now) else { return }
    let action = rollout.checked(
      .incomparable(reason.description), isActive: false, at: now, pacing: pacing)
    record.rollout = rollout
    if action == .becameOverdue { reportOverdue(reason.description) }
    outlook.condition = rollout.condition ?? condition
  }

  private mutating func see(
    _ description: DomainDescription, attached: CertificateARN
  ) throws(Needs) {
    if attached != before.attached { record.attachedNotAfter = nil }
    record.attached = attached
    if let pool = description.userPoolID, pool != mapping.userPoolID.text {
      refuse(
        Reason(
          RefusalReason.domainNotInPool.rawValue,
          "the domain belongs to user pool \(pool), the configuration says \(mapping.userPoolID)"))
      return
    }
    try advanceRollout(description, attached: attached)
    if let condition = lagging(description, attached: attached) {
      outlook = Outlook(condition: condition)
      return
    }
    let baseline = try baseline(attached: attached)
    let drift = try judgeDrift(attached: attached)
    // A retry is for the drift of its day, and no licence for a later one.
    if case .none = drift { schedule.retryIsWanted = false }
    try choose(description, attached: attached, baseline: baseline, drift: drift)
  }
}

extension Failure.Kind {
  /// The code that a condition's reason shows.
  package var code: String {
    switch self {
    case .unreachable: "unreachable"
    case .answerLost: "answer_lost"
    case .server: "server_error"
    case .malformedAnswer: "malformed_answer"
    case .throttled: "throttled"
    case .conflict: "conflict"
    case .certificateRejected: RefusalReason.certificateRejected.rawValue
    case .credentials: "credentials"
    case .accessDenied: RefusalReason.accessDenied.rawValue
    case .notFound: RefusalReason.notFound.rawValue
    case .quotaExceeded: RefusalReason.quotaExceeded.rawValue
    case .notReady: "not_ready"
    case .refused(let reason): reason.rawValue
    }
  }
}
