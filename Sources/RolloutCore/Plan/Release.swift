/// Whether the certificate before a proven rollout is released: nothing uses it any more, so that a
/// person may delete it. The daemon itself deletes nothing.
package enum ReleaseJudgement: Equatable, Sendable {
  /// There is none to be released, or it is not looked at now.
  case none
  /// It was looked at: something uses it, or that could not be seen. It is looked at again later.
  case inUse
  case released(CertificateARN)
}

/// What ACM says of the use of a certificate, asked for this look alone: it changes without anything
/// else of the certificate changing.
package enum CertificateUse: Equatable, Sendable {
  /// `InUseBy` is empty.
  case unused
  case used
  /// The answer has no `InUseBy`: that is no "no".
  case unsaid
  case deleted

  /// - Parameter certificate: as it was described; nil when ACM says that it does not exist.
  package init(of certificate: Certificate?) {
    guard let certificate else {
      self = .deleted
      return
    }
    switch certificate.users {
    case nil: self = .unsaid
    case 0: self = .unused
    default: self = .used
    }
  }
}

package enum Release {
  /// How long after its proof a rollout's previous certificate is looked at. AWS shows it unused after
  /// minutes to hours; one that is in use for so long has another user.
  package static let lookTime = Duration.days(30)
  /// How often it is described at the most, unless `drift_interval` is longer.
  package static let interval = Duration.hours(1)
}

extension Rollout {
  /// The certificate that it replaced and that may be released: only edges prove that no viewer is
  /// served it any longer.
  package func releasable(at now: Instant) -> CertificateARN? {
    guard case .completed(let completion) = phase, completion.releasedAt == nil,
      completion.proof == .edge, let previous, previous != certificate,
      now.since(completion.completedAt) < Release.lookTime
    else { return nil }
    return previous
  }

  /// Remembers that the previous certificate is released.
  mutating func release(at now: Instant) {
    guard case .completed(var completion) = phase, completion.releasedAt == nil else { return }
    completion.releasedAt = now
    phase = .completed(completion)
  }
}

extension Rollout {
  /// The previous certificate is attached again: it is in use, and is not looked at any more.
  mutating func takeBackRelease() {
    guard case .completed(var completion) = phase, completion.releasedAt != nil else { return }
    completion.releasedAt = nil
    phase = .completed(completion)
  }
}

extension DomainRecord {
  /// Whether the domain has to do with the certificate: it is attached, chosen, or one of a rollout
  /// that is not over.
  package func involves(_ certificate: CertificateARN) -> Bool {
    if attached == certificate || desired == certificate { return true }
    guard let rollout, rollout.isOpen else { return false }
    return rollout.certificate == certificate || rollout.previous == certificate
  }
}

extension DomainFacts {
  /// The certificate whose release is to be looked at now, unless another domain involves it.
  package var certificateToRelease: CertificateARN? {
    guard mapping.probe.isEnabled, let certificate = record.rollout?.releasable(at: now),
      isReleaseLookDue
    else { return nil }
    // One that is not in the list was deleted. The list of an older partition does not tell the use.
    guard let summary = certificates.summary(of: certificate), summary.isInUse != true else {
      return nil
    }
    return certificate
  }

  /// Whether this look asks about a release.
  package var isReleaseDue: Bool { looksAtRelease && certificateToRelease != nil }

  package var isReleaseLookDue: Bool {
    nextReleaseLook.map { $0 <= now } ?? true
  }

  /// When it is looked at again; nil before the first time.
  var nextReleaseLook: Instant? {
    memory.releaseLookedAt.map { $0 + max(pacing.driftInterval, Release.interval) }
  }
}

/// Judges whether the certificate before a domain's last rollout is released.
struct ReleaseJudge {
  let facts: DomainFacts
  /// The certificate that Cognito shows.
  let attached: CertificateARN
  let course: Course
  /// What this look's round of handshakes proves of the attached certificate; nil when none was made.
  let verdict: ProbeVerdict?

  /// The use is asked first, then the edges, for what they serve now decides; then the leaf of the
  /// certificate itself.
  func judge() -> Answerable<ReleaseJudgement> {
    guard facts.looksAtRelease, course == .keep, let certificate = facts.certificateToRelease,
      facts.record.rollout?.certificate == attached
    else { return .known(.none) }
    switch facts.certificates.uses[certificate] {
    case nil: return .open([.use(certificate)])
    case .unseen, .seen(.used), .seen(.unsaid), .seen(.deleted): return .known(.inUse)
    case .seen(.unused): break
    }
    guard let round = facts.round else { return .open([.probe]) }
    guard case .passed = verdict else { return .known(.inUse) }
    switch facts.certificates.evidence[certificate] {
    case nil: return .open([.evidence(certificate)])
    // Every edge that answers serves the attached certificate's leaf. That is all there is to see.
    case .unseen: return .known(.released(certificate))
    case .seen(let leaf):
      let isServed = round.served(expecting: nil).contains { $0.sha256 == leaf.sha256 }
      return .known(isServed ? .inUse : .released(certificate))
    }
  }
}

extension DomainPlan {
  /// Records what a look at the certificate before the last rollout showed.
  mutating func noteRelease(_ judgement: ReleaseJudgement) {
    switch judgement {
    case .none: break
    case .inUse: memory.releaseLookedAt = now
    case .released(let certificate):
      guard var rollout = record.rollout else { return }
      rollout.release(at: now)
      record.rollout = rollout
      findings.append(.certificateReleased(certificate, rollout))
    }
  }

  /// When the domain must be looked at for a release; nil when there is none to wait for, or when the
  /// account's list changes first.
  var releaseLookAt: Instant? {
    guard let certificate = record.rollout?.releasable(at: now), mapping.probe.isEnabled,
      let summary = facts.certificates.summary(of: certificate), summary.isInUse != true
    else { return nil }
    var facts = facts
    facts.memory = memory
    return facts.nextReleaseLook ?? now
  }
}
