/// One domain's journey to one certificate, from the decision to the proof.
package struct Rollout: Equatable, Sendable {
  /// 16 hexadecimal digits, drawn when the rollout begins.
  package let id: String
  package let certificate: CertificateARN
  package let previous: CertificateARN?
  /// When the previous certificate ends: until the proof, the edges may still serve it.
  package let previousNotAfter: Instant?
  package let cause: Cause
  package let startedAt: Instant
  /// Until then a refusal of the certificate counts as "not yet"; nil when ACM does not tell its
  /// age.
  package let freshUntil: Instant?
  /// The distribution that Cognito's answer to the last accepted call named.
  package var cloudFrontDomain: String?
  /// Whether it passes the limits of the fleet, and does not count for them.
  package var isUrgent: Bool
  /// Whether no edge was known to refuse the domain when it began: what refuses it since may be this
  /// certificate's fault.
  package let wasServed: Bool
  /// Calls that were journalled, answered or not.
  package var attempts: Int
  /// Calls made again because Cognito showed FAILED or another certificate.
  package var resubmits: Int
  package var phase: Phase

  package init(
    id: String, certificate: CertificateARN, previous: CertificateARN?,
    previousNotAfter: Instant? = nil, cause: Cause, startedAt: Instant,
    freshUntil: Instant? = nil, cloudFrontDomain: String? = nil, isUrgent: Bool = false,
    wasServed: Bool = true, attempts: Int = 0, resubmits: Int = 0, phase: Phase
  ) {
    self.id = id
    self.certificate = certificate
    self.previous = previous
    self.previousNotAfter = previousNotAfter
    self.cause = cause
    self.startedAt = startedAt
    self.freshUntil = freshUntil
    self.cloudFrontDomain = cloudFrontDomain
    self.isUrgent = isUrgent
    self.wasServed = wasServed
    self.attempts = attempts
    self.resubmits = resubmits
    self.phase = phase
  }

  /// Where a rollout stands, with the data of that phase alone. The first five are open.
  package enum Phase: Equatable, Sendable {
    /// The intent is on disk and the outcome is not known. May become any other phase; after a
    /// restart, `retrying`.
    case submitting(Submission)
    /// The call is due again. To submitting, propagating (an earlier call had worked after all),
    /// superseded, abandoned.
    case retrying(Retry)
    /// Cognito accepted the call; ACTIVE and the edges are awaited. To overdue, completed,
    /// retrying, refused, superseded, abandoned.
    case propagating(Propagation)
    /// The window passed without proof; the checks go on. As propagating.
    case overdue(Propagation)
    /// The API refused the call. To submitting (hourly, or at once when something changed),
    /// propagating, superseded, abandoned.
    case refused(Refusal)
    case completed(Completion)
    /// A better certificate took its place while it was open, or the one before it did.
    case superseded(at: Instant)
    /// Its certificate is no longer eligible, or someone else attached another one.
    case abandoned(at: Instant)
    /// A phase that another version wrote. It counts as ended: the domain is judged by what
    /// Cognito shows.
    case other(String)
  }

  /// A call that was journalled.
  package struct Submission: Equatable, Sendable {
    package var intendedAt: Instant
    /// The settings that were sent back, compared when the rollout completes.
    package var settings: EchoedSettings
    /// `Mapping.fingerprint` at the call.
    package var mapping: String
    /// Failed calls in a row before this one.
    package var failures: Int

    package init(
      intendedAt: Instant, settings: EchoedSettings, mapping: String, failures: Int = 0
    ) {
      self.intendedAt = intendedAt
      self.settings = settings
      self.mapping = mapping
      self.failures = failures
    }
  }

  /// A call that is to be made, for the first time or again.
  package struct Retry: Equatable, Sendable {
    package var dueAt: Instant
    /// Failed calls in a row.
    package var failures: Int
    /// Why the last call failed.
    package var error: Explanation
    /// The last call, when it may have worked although no good answer came.
    package var lost: Submission?
    /// No request makes the call earlier: a description may lag behind a lost call.
    package var notBefore: Instant?
    /// `Mapping.fingerprint` at the last call.
    package var mapping: String

    package init(
      dueAt: Instant, failures: Int, error: Explanation, lost: Submission? = nil,
      notBefore: Instant? = nil, mapping: String = ""
    ) {
      self.dueAt = dueAt
      self.failures = failures
      self.error = error
      self.lost = lost
      self.notBefore = notBefore
      self.mapping = mapping
    }
  }

  /// An accepted call whose certificate is not proven yet.
  package struct Propagation: Equatable, Sendable {
    /// When Cognito accepted the call, or when the call was journalled that had worked.
    package var acceptedAt: Instant
    /// When the window ends.
    package var deadline: Instant
    package var nextCheckAt: Instant
    /// Checks since the call, for the growing interval.
    package var checks: Int
    /// Passed rounds in a row.
    package var confirmations: Int
    /// The settings that were sent; nil when no call of this daemon is known to have worked.
    package var sent: EchoedSettings?

    package init(
      acceptedAt: Instant, deadline: Instant, nextCheckAt: Instant, checks: Int = 0,
      confirmations: Int = 0, sent: EchoedSettings? = nil
    ) {
      self.acceptedAt = acceptedAt
      self.deadline = deadline
      self.nextCheckAt = nextCheckAt
      self.checks = checks
      self.confirmations = confirmations
      self.sent = sent
    }
  }

  /// A call that the API refused.
  package struct Refusal: Equatable, Sendable {
    package var error: Explanation
    package var nextAttemptAt: Instant
    /// `Mapping.fingerprint` at the call: a changed mapping is tried at once.
    package var mapping: String

    package init(error: Explanation, nextAttemptAt: Instant, mapping: String) {
      self.error = error
      self.nextAttemptAt = nextAttemptAt
      self.mapping = mapping
    }
  }

  package struct Completion: Equatable, Sendable {
    package var acceptedAt: Instant
    package var completedAt: Instant
    package var proof: Proof
    /// When the previous certificate was seen to be no longer in use.
    package var releasedAt: Instant?

    package init(
      acceptedAt: Instant, completedAt: Instant, proof: Proof, releasedAt: Instant? = nil
    ) {
      self.acceptedAt = acceptedAt
      self.completedAt = completedAt
      self.proof = proof
      self.releasedAt = releasedAt
    }
  }

  package enum Proof: OpenWord {
    /// Every edge that answered served the new leaf, in as many rounds as were asked for.
    case edge
    /// Cognito says ACTIVE, and no more is known.
    case controlPlane
    case other(String)

    package static let known: [Proof] = [.edge, .controlPlane]

    package var word: String {
      switch self {
      case .edge: "edge"
      case .controlPlane: "control_plane"
      case .other(let word): word
      }
    }
  }

  /// Why the rollout began.
  package enum Cause: OpenWord {
    /// A newer certificate.
    case replacement
    /// The mapping pins the certificate.
    case pinned
    /// The attached certificate is no longer usable.
    case unusable
    /// Someone attached another certificate, and this one is put back.
    case restore
    /// An operator asked to send the attached certificate again, because Cognito shows FAILED.
    case resubmit
    /// Edges did not serve the certificate after this one, and it is attached again.
    case rollback
    case other(String)

    package static let known: [Cause] = [
      .replacement, .pinned, .unusable, .restore, .resubmit, .rollback,
    ]

    package var word: String {
      switch self {
      case .replacement: "replacement"
      case .pinned: "pinned"
      case .unusable: "unusable"
      case .restore: "restore"
      case .resubmit: "resubmit"
      case .rollback: "rollback"
      case .other(let word): word
      }
    }
  }
}

// MARK: - What readers ask of any phase

extension Rollout {
  /// The phase's word, as the state file and `status` show it.
  package var phaseWord: String {
    switch phase {
    case .submitting: "submitting"
    case .retrying: "retrying"
    case .propagating: "propagating"
    case .overdue: "overdue"
    case .refused: "refused"
    case .completed: "completed"
    case .superseded: "superseded"
    case .abandoned: "abandoned"
    case .other(let word): word
    }
  }

  /// Every phase word that this version writes.
  package static let phaseWords = [
    "submitting", "retrying", "propagating", "overdue", "refused", "completed", "superseded",
    "abandoned",
  ]

  package var isOpen: Bool { condition != nil }

  /// The condition that an open rollout puts its domain in; nil once it has ended.
  package var condition: Condition? {
    switch phase {
    case .submitting: .submitting
    case .retrying: .retrying
    case .propagating: .propagating
    case .overdue: .overdue
    case .refused: .refused
    case .completed, .superseded, .abandoned, .other: nil
    }
  }

  /// The accepted call whose proof is awaited.
  package var propagation: Propagation? {
    switch phase {
    case .propagating(let propagation), .overdue(let propagation): propagation
    case .submitting, .retrying, .refused, .completed, .superseded, .abandoned, .other: nil
    }
  }

  /// Whether no call was accepted yet, and one is to be made now or later.
  package var awaitsCall: Bool {
    switch phase {
    case .submitting, .retrying, .refused: true
    case .propagating, .overdue, .completed, .superseded, .abandoned, .other: false
    }
  }

  /// When the call was accepted or, before that, journalled.
  package var submittedAt: Instant? {
    switch phase {
    case .submitting(let submission): submission.intendedAt
    case .retrying(let retry): retry.lost?.intendedAt
    case .propagating(let propagation), .overdue(let propagation): propagation.acceptedAt
    case .completed(let completion): completion.acceptedAt
    case .refused, .superseded, .abandoned, .other: nil
    }
  }

  package var deadline: Instant? { propagation?.deadline }

  /// When it ended, proven or not.
  package var completedAt: Instant? {
    switch phase {
    case .completed(let completion): completion.completedAt
    case .superseded(let at), .abandoned(let at): at
    case .submitting, .retrying, .propagating, .overdue, .refused, .other: nil
    }
  }

  package var proof: Proof? {
    if case .completed(let completion) = phase { return completion.proof }
    return nil
  }

  /// When the previous certificate was seen to be no longer in use.
  package var releasedAt: Instant? {
    if case .completed(let completion) = phase { return completion.releasedAt }
    return nil
  }

  /// Why the last call failed or was refused.
  package var error: Explanation? {
    switch phase {
    case .retrying(let retry): retry.error
    case .refused(let refusal): refusal.error
    case .submitting, .propagating, .overdue, .completed, .superseded, .abandoned, .other: nil
    }
  }

  /// When the next call or check is due.
  package var nextStepAt: Instant? {
    switch phase {
    case .retrying(let retry): retry.dueAt
    case .propagating(let propagation), .overdue(let propagation): propagation.nextCheckAt
    case .refused(let refusal): refusal.nextAttemptAt
    case .submitting, .completed, .superseded, .abandoned, .other: nil
    }
  }

  /// Whether a call is due.
  package func isCallDue(at now: Instant) -> Bool {
    awaitsCall && nextStepAt.map { $0 <= now } ?? false
  }

  /// Whether a check of the edges is due.
  package func isCheckDue(at now: Instant) -> Bool {
    propagation.map { $0.nextCheckAt <= now } ?? false
  }
}
