/// What is remembered of one domain across restarts: a row of the state file.
package struct DomainRecord: Equatable, Sendable {
  package let domain: DomainName
  package var userPoolID: UserPoolID
  package var region: Region
  /// False once the configuration no longer maps the domain; `status` then leaves it out.
  package var isMapped: Bool
  package var condition: Condition
  package var reason: Reason?
  /// The certificate that Cognito showed last.
  package var attached: CertificateARN?
  package var attachedNotAfter: Instant?
  /// The certificate that the last choice came to.
  package var desired: CertificateARN?
  /// The certificate that this daemon attached, or adopted, last.
  package var lastAttached: CertificateARN?
  /// `CertificateSelector.fingerprint` when the attached certificate was last selected by it.
  package var selectorFingerprint: String?
  /// When a drift was last undone: at most once in 24 hours.
  package var lastRestoredAt: Instant?
  /// The certificate that someone else attached and that was left to a person to judge.
  package var driftedTo: CertificateARN?
  /// Certificates that someone moved away from after a completed rollout.
  package var shunned: [CertificateARN]
  package var hold: Hold?
  package var served: [ServedEdge]
  /// The latest rollout, open or ended.
  package var rollout: Rollout?

  package init(
    domain: DomainName, userPoolID: UserPoolID, region: Region, isMapped: Bool = true,
    condition: Condition = .unknown, reason: Reason? = nil, attached: CertificateARN? = nil,
    attachedNotAfter: Instant? = nil, desired: CertificateARN? = nil,
    lastAttached: CertificateARN? = nil, selectorFingerprint: String? = nil,
    lastRestoredAt: Instant? = nil, driftedTo: CertificateARN? = nil,
    shunned: [CertificateARN] = [], hold: Hold? = nil, served: [ServedEdge] = [],
    rollout: Rollout? = nil
  ) {
    self.domain = domain
    self.userPoolID = userPoolID
    self.region = region
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
    self.hold = hold
    self.served = served
    self.rollout = rollout
  }
}

/// An operator's word that no call is to be made for a domain.
package struct Hold: Equatable, Sendable {
  package var since: Instant
  /// nil: until `resume`.
  package var until: Instant?

  package init(since: Instant, until: Instant?) {
    self.since = since
    self.until = until
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
package enum Condition: String, Sendable, CaseIterable {
  case inSync = "in_sync"
  /// A replacement was found; it soaks, waits for its wave, or the mode is observe.
  case pending
  case submitting
  case propagating
  case retrying
  /// The window passed without proof.
  case overdue
  /// The API said no; only a person can help.
  case refused
  /// The attached certificate is no longer usable and nothing eligible is there, or a pinned
  /// one is not eligible.
  case noCandidate = "no_candidate"
  /// The domain could not be described, or was described empty or malformed.
  case unknown
  case drifted
  case held

  /// Whether it stays so until a person acts.
  package var needsPerson: Bool {
    switch self {
    case .overdue, .refused, .noCandidate, .unknown, .drifted: true
    case .inSync, .pending, .submitting, .propagating, .retrying, .held: false
    }
  }

  /// Whether something is under way that will end by itself.
  package var isInProgress: Bool {
    switch self {
    case .pending, .submitting, .propagating, .retrying: true
    case .inSync, .overdue, .refused, .noCandidate, .unknown, .drifted, .held: false
    }
  }
}
