/// What is remembered of one domain across restarts: a row of the state file.
package struct DomainRecord: Equatable, Sendable {
  package let domain: DomainName
  package var userPoolID: UserPoolID
  package var region: Region
  /// The wave that the configuration gave the domain last.
  package var wave: Int
  /// False once the configuration no longer maps the domain; `status` then leaves it out.
  package var isMapped: Bool
  package var condition: Condition
  package var reason: Explanation?
  /// The certificate that Cognito showed last.
  package var attached: CertificateARN?
  package var attachedNotAfter: Instant?
  /// The certificate that the last decision chose.
  package var desired: CertificateARN?
  /// The certificate that this daemon attached, or adopted, last.
  package var lastAttached: CertificateARN?
  /// `CertificateSelector.fingerprint` when the attached certificate was last selected by it.
  package var selectorFingerprint: String?
  /// When a drift was last undone: at most once in 24 hours.
  package var lastRestoredAt: Instant?
  /// The certificate that someone else attached and that a person is asked about.
  package var driftedTo: CertificateARN?
  /// Certificates that someone moved away from after a completed rollout, and those that edges did not
  /// serve.
  package var shunned: [CertificateARN]
  /// The certificate that edges did not serve, and that the one before it replaced again.
  package var rolledBack: CertificateARN?
  /// Rollouts that failed and that no proof has made good.
  package var failure: CampaignFailure?
  package var hold: Hold?
  /// An operator's `retry` that is not carried out yet.
  package var retryRequested: Bool
  /// What the edges served when that last changed.
  package var served: [ServedEdge]
  /// The name of the CloudFront distribution that serves the domain, as Cognito named it last.
  package var cloudFrontDomain: String?
  /// The last expiry warning that was logged.
  package var expiryWarning: ExpiryWarning?
  /// The latest rollout, open or ended.
  package var rollout: Rollout?

  package init(
    domain: DomainName, userPoolID: UserPoolID, region: Region, wave: Int = 0,
    isMapped: Bool = true,
    condition: Condition = .unknown, reason: Explanation? = nil,
    attached: CertificateARN? = nil, attachedNotAfter: Instant? = nil,
    desired: CertificateARN? = nil, lastAttached: CertificateARN? = nil,
    selectorFingerprint: String? = nil, lastRestoredAt: Instant? = nil,
    driftedTo: CertificateARN? = nil, shunned: [CertificateARN] = [],
    rolledBack: CertificateARN? = nil, failure: CampaignFailure? = nil, hold: Hold? = nil,
    retryRequested: Bool = false, served: [ServedEdge] = [], cloudFrontDomain: String? = nil,
    expiryWarning: ExpiryWarning? = nil, rollout: Rollout? = nil
  ) {
    self.domain = domain
    self.userPoolID = userPoolID
    self.region = region
    self.wave = wave
    self.isMapped = isMapped
    self.condition = condition
    self.reason = reason
    self.attached = attached
    self.attachedNotAfter = attachedNotAfter
    self.desired = desired
    self.lastAttached = lastAttached
    self.selectorFingerprint = selectorFingerprint
    self.lastRestoredAt = lastRestoredAt
    self.driftedTo = driftedTo
    self.shunned = shunned
    self.rolledBack = rolledBack
    self.failure = failure
    self.hold = hold
    self.retryRequested = retryRequested
    self.served = served
    self.cloudFrontDomain = cloudFrontDomain
    self.expiryWarning = expiryWarning
    self.rollout = rollout
  }

  /// The record of a domain that was never looked at.
  package init(unseen mapping: Mapping) {
    self.init(
      domain: mapping.domain, userPoolID: mapping.userPoolID, region: mapping.region,
      wave: mapping.wave, reason: Explanation(.notLookedAt))
  }
}

/// An operator's order that no call is to be made for a domain.
package struct Hold: Equatable, Sendable {
  package var since: Instant
  /// nil: until `resume`.
  package var until: Instant?

  package init(since: Instant, until: Instant?) {
    self.since = since
    self.until = until
  }
}

/// An expiry warning that was logged: each threshold is logged once for an end.
package struct ExpiryWarning: Equatable, Sendable {
  package var notAfter: Instant
  package var threshold: Duration

  package init(notAfter: Instant, threshold: Duration) {
    self.notAfter = notAfter
    self.threshold = threshold
  }
}

/// What one edge served when it was last looked at.
package struct ServedEdge: Equatable, Sendable {
  package var address: String
  package var sha256: String
  package var serial: String
  package var notAfter: Instant
  /// Whether it was the leaf of the certificate that was wanted then.
  package var matches: Bool

  package init(address: String, sha256: String, serial: String, notAfter: Instant, matches: Bool) {
    self.address = address
    self.sha256 = sha256
    self.serial = serial
    self.notAfter = notAfter
    self.matches = matches
  }
}

/// The state of a domain, in one word.
package enum Condition: OpenWord {
  case inSync
  /// A replacement was found; it soaks, waits for its wave, or the mode is observe.
  case pending
  case submitting
  case propagating
  case retrying
  /// The window passed without proof.
  case overdue
  /// The API refuses the certificate or the domain; only a person can help.
  case refused
  /// The attached certificate is no longer usable and nothing eligible is there, or a pinned
  /// one is not eligible.
  case noCandidate
  /// The domain could not be described, or was described empty or malformed, or something that
  /// its decision depends on could not be seen for several polls.
  case unknown
  case drifted
  case held
  /// The right certificate is attached, and for several rounds an edge refused the domain or served a
  /// leaf that viewers do not accept, or soon will not.
  case unserved
  case other(String)

  package static let known: [Condition] = [
    .inSync, .pending, .submitting, .propagating, .retrying, .overdue, .refused, .noCandidate,
    .unknown, .drifted, .held, .unserved,
  ]

  package var word: String {
    switch self {
    case .inSync: "in_sync"
    case .pending: "pending"
    case .submitting: "submitting"
    case .propagating: "propagating"
    case .retrying: "retrying"
    case .overdue: "overdue"
    case .refused: "refused"
    case .noCandidate: "no_candidate"
    case .unknown: "unknown"
    case .drifted: "drifted"
    case .held: "held"
    case .unserved: "unserved"
    case .other(let word): word
    }
  }

  /// Whether it stays so until a person acts. A word of another version counts: nobody here
  /// knows that it is harmless.
  package var needsPerson: Bool {
    switch self {
    case .overdue, .refused, .noCandidate, .unknown, .drifted, .unserved, .other: true
    case .inSync, .pending, .submitting, .propagating, .retrying, .held: false
    }
  }

  /// Whether something is under way that will end by itself.
  package var isInProgress: Bool {
    switch self {
    case .pending, .submitting, .propagating, .retrying: true
    case .inSync, .overdue, .refused, .noCandidate, .unknown, .drifted, .held, .unserved, .other:
      false
    }
  }
}
