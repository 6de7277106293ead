/// One domain's journey to one certificate, from the decision to the proof.
package struct Rollout: Equatable, Sendable {
  /// 16 hexadecimal digits, drawn when the rollout begins.
  package let id: String
  package let certificate: CertificateARN
  package let previous: CertificateARN?
  package let cause: Cause
  package var phase: Phase
  package let startedAt: Instant
  /// When Cognito took the call, or when the call was journalled that it turned out to have
  /// taken.
  package var submittedAt: Instant?
  /// When the window of distribution ends.
  package var deadline: Instant?
  package var completedAt: Instant?
  package var proof: Proof?
  /// Calls that were journalled, answered or not.
  package var attempts: Int
  /// Failures in a row, for the backoff.
  package var failures: Int
  /// Calls made again because Cognito showed FAILED or another certificate.
  package var resubmits: Int
  /// Looks at the edges since the call was taken, for the growing interval.
  package var checks: Int
  /// Passed rounds in a row.
  package var confirmations: Int
  /// Not before this instant is the next step: a call, or a look at the edges.
  package var nextStepAt: Instant?
  /// A certificate this young may be refused and pass later.
  package let freshUntil: Instant?
  /// The settings that were sent, to be compared when the rollout ends.
  package var settings: EchoedSettings?
  package var lastError: String?
  /// The reason code of a refusal.
  package var refusal: String?
  /// The mapping that the refused call was made for: a changed one is tried at once.
  package var mappingFingerprint: String

  package init(
    id: String, certificate: CertificateARN, previous: CertificateARN?, cause: Cause,
    phase: Phase, startedAt: Instant, submittedAt: Instant? = nil, deadline: Instant? = nil,
    completedAt: Instant? = nil, proof: Proof? = nil, attempts: Int = 0, failures: Int = 0,
    resubmits: Int = 0, checks: Int = 0, confirmations: Int = 0, nextStepAt: Instant? = nil,
    freshUntil: Instant? = nil, settings: EchoedSettings? = nil, lastError: String? = nil,
    refusal: String? = nil, mappingFingerprint: String = ""
  ) {
    self.id = id
    self.certificate = certificate
    self.previous = previous
    self.cause = cause
    self.phase = phase
    self.startedAt = startedAt
    self.submittedAt = submittedAt
    self.deadline = deadline
    self.completedAt = completedAt
    self.proof = proof
    self.attempts = attempts
    self.failures = failures
    self.resubmits = resubmits
    self.checks = checks
    self.confirmations = confirmations
    self.nextStepAt = nextStepAt
    self.freshUntil = freshUntil
    self.settings = settings
    self.lastError = lastError
    self.refusal = refusal
    self.mappingFingerprint = mappingFingerprint
  }

  /// Where a rollout stands. Open: the first five; ended: the rest.
  package enum Phase: String, Sendable, CaseIterable {
    /// The intent is on disk and the outcome is not known: look before calling again.
    /// May become any other.
    case submitting
    /// A call failed and is due again at `nextStepAt`. To submitting, propagating (the call
    /// had worked after all), superseded, abandoned.
    case retrying
    /// Cognito took the call; ACTIVE and the edges are awaited. To overdue, completed,
    /// submitting (again), refused, superseded, abandoned.
    case propagating
    /// The window passed without proof; the looks go on. As propagating.
    case overdue
    /// The API said no. To submitting (hourly, or on a cure), propagating, superseded,
    /// abandoned.
    case refused
    case completed
    /// A newer certificate took its place while it was under way.
    case superseded
    /// Its certificate is no longer eligible, or someone else attached another.
    case abandoned

    package var isOpen: Bool {
      switch self {
      case .submitting, .retrying, .propagating, .overdue, .refused: true
      case .completed, .superseded, .abandoned: false
      }
    }
  }

  package enum Proof: String, Sendable, CaseIterable {
    /// Every edge that answered served the new leaf, in as many rounds as were asked for.
    case edge
    /// Cognito says ACTIVE, and no more is known.
    case controlPlane = "control_plane"
  }

  /// Why the rollout was begun.
  package enum Cause: String, Sendable, CaseIterable {
    case replacement
    case pinned
    /// The attached certificate is no longer usable.
    case unusable
    case restore
  }
}
