/// A permission that is first needed when a replacement appears, and that is tried at the start, so
/// that a person need not hear of it only then.
package enum PermissionTrial: Hashable, Sendable {
  /// GetCertificate, of the attached certificate.
  case chain
  /// GetResources, where a mapping selects by tags.
  case tags

  func question(attached: CertificateARN) -> Question {
    switch self {
    case .chain: .evidence(attached)
    case .tags: .tags
    }
  }
}

extension CertificateFacts {
  /// How the request of a trial went; nil: it was not made.
  package func outcome(
    of trial: PermissionTrial, attached: CertificateARN
  ) -> Result<Void, Failure>? {
    let look =
      switch trial {
      case .chain: evidence[attached]?.map { _ in }
      case .tags: tags?.map { _ in }
      }
    return look.map { look in look.failure.map { .failure($0) } ?? .success(()) }
  }
}

/// Everything that one decision about a domain depends on.
package struct DomainFacts: Sendable {
  package var mapping: Mapping
  /// `mapping.selector.fingerprint`, which is expensive.
  package let selectorFingerprint: String
  package var pacing: Pacing
  package var record: DomainRecord
  package var memory: DomainMemory
  /// What DescribeUserPoolDomain showed at this look; nil: not asked yet.
  package var description: DomainLook?
  package var certificates: CertificateFacts
  /// Changes with every list that differs from the last one.
  package var listGeneration = 0
  /// A round of handshakes; nil: not made.
  package var round: ProbeRound?
  /// A round of handshakes at the domain's distribution; nil: not made.
  package var distributionRound: ProbeRound?
  /// When the look that produced these answers began.
  package var lookBeganAt: Instant
  package var now: Instant
  /// Whether the look is a poll, or a recheck between two polls.
  package var isPoll: Bool

  package init(
    mapping: Mapping, selectorFingerprint: String? = nil, pacing: Pacing, record: DomainRecord,
    memory: DomainMemory,
    description: DomainLook? = nil, certificates: CertificateFacts = CertificateFacts(),
    round: ProbeRound? = nil, lookBeganAt: Instant? = nil, now: Instant, isPoll: Bool = true
  ) {
    self.mapping = mapping
    self.selectorFingerprint = selectorFingerprint ?? mapping.selector.fingerprint
    self.pacing = pacing
    self.record = record
    self.memory = memory
    self.description = description
    self.certificates = certificates
    self.round = round
    self.lookBeganAt = lookBeganAt ?? now
    self.now = now
    self.isPoll = isPoll
  }

  /// Whether a remembered description is not good enough: a call is to be made.
  package var needsDescription = false
  /// Set while the edges are not to be asked yet: a call does not wait for them.
  package var defersProbe = false
  /// Permissions that are to be tried at this look, before a replacement needs them.
  package var trials: Set<PermissionTrial> = []

  /// Whether the release of the certificate before the last rollout may be looked at: at a poll, and
  /// while no other domain involves that certificate.
  package var looksAtRelease = false

  /// What Cognito shows: at this look or, while no description is due, as it was last described.
  package var shown: DomainLook? {
    if let description { return description }
    return isDescriptionDue ? nil : memory.described.map { .described($0.description) }
  }

  /// Whether the domain is to be described at this look. A domain at rest is described now and then
  /// only, so that a poll that finds nothing new is one list an account.
  package var isDescriptionDue: Bool {
    guard let described = memory.described, isAtRest, !needsDescription else { return true }
    return described.at > now || pacing.nextDescription(after: described.at) <= now
  }

  /// Whether this round shows a leaf that the last one did not.
  package var servesNewLeaves: Bool {
    let served = round?.served(expecting: nil).map(\.sha256) ?? []
    return !Set(served).isSubset(of: record.served.map(\.sha256))
  }

  /// Whether nothing is under way and nothing is wrong that a description may show to be over.
  package var isAtRest: Bool {
    guard openRollout == nil, !record.retryRequested, memory.obstruction == nil,
      memory.described?.description.status == .active
    else { return false }
    switch memory.found?.condition {
    case .inSync, .pending, .unserved: return true
    case .submitting, .propagating, .retrying, .overdue, .refused, .noCandidate, .unknown, .drifted,
      .held, .other, nil:
      return false
    }
  }

  /// The open rollout.
  package var openRollout: Rollout? { record.rollout.flatMap { $0.isOpen ? $0 : nil } }

  /// Whether the edges are to be looked at: for a rollout as its checks fall due, otherwise now
  /// and then, whatever the domain waits for.
  package var isProbeDue: Bool {
    guard mapping.probe.isEnabled else { return false }
    if let rollout = openRollout, rollout.propagation != nil {
      return rollout.isCheckDue(at: now)
    }
    guard let pause = idleProbePause else { return false }
    return memory.probedAt.map { now.since($0) >= pause } ?? true
  }

  /// How long the edges of a domain at rest are left alone; nil: they are never looked at.
  package var idleProbePause: Duration? {
    pacing.idleProbeInterval.map { interval in
      if let unserved = memory.unserved, unserved.rounds < pacing.confirmations {
        return min(interval, pacing.checkInterval)
      }
      let isDoubtful = record.hasStaleEdges || memory.unserved != nil
      return isDoubtful ? min(interval, pacing.maxCheckInterval) : interval
    }
  }

  /// The distribution of the domain, as Cognito named it last.
  package var cloudFrontDomain: String? {
    if case .described(let description) = shown, let name = description.cloudFrontDomain {
      return name
    }
    return record.cloudFrontDomain
  }

  /// Where the edges are looked for, with the distribution by its name.
  package var edgeTarget: ProbeTarget {
    ProbeTarget(
      connectTo: mapping.probe.connectTo + distribution(at: mapping.probe.distributionPorts))
  }

  /// The distribution itself.
  package var distributionTarget: ProbeTarget { ProbeTarget(connectTo: distribution(at: [443])) }

  /// Whether the mapping asks for the distribution, and Cognito has not named it.
  package var lacksDistribution: Bool {
    cloudFrontDomain == nil && !mapping.probe.distributionPorts.isEmpty
  }

  private func distribution(at ports: [Int]) -> [ProbeTarget.Endpoint] {
    guard let cloudFrontDomain else { return [] }
    return ports.map { ProbeTarget.Endpoint(host: cloudFrontDomain, port: $0) }
  }

  /// The earliest end of what the edges served lately: what they served earlier says nothing,
  /// because the certificate may have been renewed since.
  package var servedNotAfter: Instant? {
    if let round { return round.served(expecting: nil).map(\.notAfter).min() }
    guard let probedAt = memory.probedAt, now.since(probedAt) <= pacing.maxCheckInterval else {
      return nil
    }
    return record.served.map(\.notAfter).min()
  }

  /// When the domain first wanted this certificate. Only looks at lower waves that began at or after
  /// this time count.
  package func wantingSince(_ certificate: CertificateARN) -> Instant {
    record.desired == certificate ? memory.wantingSince ?? lookBeganAt : lookBeganAt
  }

  /// A chooser that decides whether `present` is left.
  func chooser(present: CertificateARN, attached: CertificateARN? = nil) -> Chooser {
    Chooser(
      mapping: mapping, facts: certificates, now: now, present: present, attached: attached,
      servedNotAfter: servedNotAfter,
      selectorChanged: record.selectorFingerprint.map { $0 != selectorFingerprint } ?? false,
      shunned: Set(record.shunned), rolledBack: record.rolledBack)
  }
}
