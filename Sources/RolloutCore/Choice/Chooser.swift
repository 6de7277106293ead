/// What the certificates that were seen mean for a domain.
package enum Choice: Equatable, Sendable {
  /// The present certificate is the right one.
  case keep
  case replace(Replacement)
  /// A replacement that only has to grow older.
  case wait(Certificate, Explanation, until: Instant)
  /// The present certificate is no longer usable and nothing eligible is there, or the pinned
  /// one is not eligible.
  case missing(Explanation)
  /// The decision depends on something that could not be seen.
  case blocked(Failure)
}

package struct Replacement: Equatable, Sendable {
  package var certificate: Certificate
  package var cause: Rollout.Cause
  package var isUrgent: Bool
}

/// A value that may hang on questions that were not asked yet.
package enum Answerable<Value: Sendable>: Sendable {
  case open([Question])
  case known(Value)
}

/// Why a certificate can serve its domain no longer.
package enum Unusability: Equatable, Sendable {
  /// ACM says so: not issued, revoked, deleted, expired, or its names do not cover the domain.
  case stated(Explanation)
  /// The mapping's certificate rule was changed and does not select it any more.
  case deselected(Explanation)

  package var explanation: Explanation {
    switch self {
    case .stated(let explanation), .deselected(let explanation): explanation
    }
  }
}

/// Picks a domain's certificate.
///
/// The *present* certificate is the one to be left or kept: the attached one or, while a rollout
/// is under way, the rollout's. A usable one is left only for a certificate that is newer (see
/// `Certificate.isNewer`) and has another leaf. An unusable one is left for the best eligible
/// candidate, whatever its age. A pinned certificate is obeyed as written, as long as it is
/// eligible. "Could not see" makes nothing unusable.
package struct Chooser: Sendable {
  package var mapping: Mapping
  package var facts: CertificateFacts
  package var now: Instant
  package var present: CertificateARN
  /// The certificate whose end makes the domain urgent.
  package var attached: CertificateARN
  /// The earliest end of what the edges were seen to serve lately.
  package var servedNotAfter: Instant?
  /// Whether the mapping's selector is another one than that which chose the present certificate.
  package var selectorChanged: Bool
  /// Certificates that someone moved away from: never candidates.
  package var shunned: Set<CertificateARN>
  /// One of them that edges did not serve: a pin does not bring it back.
  package var rolledBack: CertificateARN?
  /// What replaces a usable certificate must be newer than this one, too: someone moved away
  /// from it.
  package var floor: Certificate?

  package init(
    mapping: Mapping, facts: CertificateFacts, now: Instant, present: CertificateARN,
    attached: CertificateARN? = nil, servedNotAfter: Instant? = nil,
    selectorChanged: Bool = false, shunned: Set<CertificateARN> = [],
    rolledBack: CertificateARN? = nil, floor: Certificate? = nil
  ) {
    self.mapping = mapping
    self.facts = facts
    self.now = now
    self.present = present
    self.attached = attached ?? present
    self.servedNotAfter = servedNotAfter
    self.selectorChanged = selectorChanged
    self.shunned = shunned
    self.rolledBack = rolledBack
    self.floor = floor
  }

  /// Chains judged at a time: each costs a GetCertificate, of which ACM allows 10 a second.
  static let chainBatch = 8

  // MARK: The decision

  package func choose() -> Answerable<Choice> {
    let attached = facts.known(attached)
    let present = facts.known(present)
    for known in [attached, present] {
      if case .open(let question) = known { return .open([question]) }
    }
    if case .unseen(let failure) = facts.listed { return .known(.blocked(failure)) }
    if case .certificate(let certificate) = present, needsDescription(certificate) {
      return .open([.details(certificate.arn)])
    }
    if case .certificate(let certificate) = present, let failure = unseenDetails(of: certificate) {
      return .known(.blocked(failure))
    }
    switch selectionOfPresent(present) {
    case .open(let questions): return .open(questions)
    case .known(let failure?): return .known(.blocked(failure))
    case .known(nil): break
    }
    let unusability = unusability(of: present)
    if let pinned = mapping.selector.arn {
      return choosePinned(pinned, unusability)
    }
    if let unusability { return chooseForUnusable(unusability) }
    switch present {
    case .unseen(let failure): return .known(.blocked(failure))
    case .deleted, .open: return .known(.keep)
    case .certificate(let certificate): return chooseNewer(than: certificate)
    }
  }

  /// The dates of the present certificate decide what is newer, its status and names whether it
  /// can serve: a list without them is not enough.
  private func needsDescription(_ certificate: Certificate) -> Bool {
    if certificate.isDescribed || facts.details[certificate.arn] != nil { return false }
    let isNamed = certificate.namesAreComplete || certificate.covers(mapping.domain)
    return !(certificate.isDated && isNamed && certificate.status != nil)
  }

  /// Why what the list does not tell of the present certificate could not be seen: without its status,
  /// its names and its dates nobody can say that it is right.
  private func unseenDetails(of certificate: Certificate) -> Failure? {
    let isKnown =
      certificate.status != nil && certificate.isComparable
      && (certificate.namesAreComplete || certificate.covers(mapping.domain))
    return isKnown ? nil : facts.details[certificate.arn]?.failure
  }

  /// Whether a changed selector still selects the present certificate may depend on its tags.
  /// The failure when that cannot be seen: otherwise the new selector would be stored as the one
  /// that chose the certificate, and its change would go unnoticed.
  private func selectionOfPresent(_ present: CertificateFacts.Known) -> Answerable<Failure?> {
    guard selectorChanged, case .certificate(let certificate) = present,
      statedUnusability(of: present) == nil
    else { return .known(nil) }
    switch checks(nil).result(of: .notSelected, on: certificate) {
    case .open(let question): return .open([question])
    case .unseen(let failure): return .known(failure)
    case .passed, .failed: return .known(nil)
    }
  }

  private func choosePinned(
    _ pinned: CertificateARN, _ unusability: Unusability?
  ) -> Answerable<Choice> {
    if pinned == self.present {
      return .known(unusability.map { .missing($0.explanation) } ?? .keep)
    }
    if pinned == rolledBack {
      return .known(
        .missing(
          Explanation(
            .rolledBack, "edges did not serve \(pinned), which is pinned; 'retry' tries it again")))
    }
    switch facts.known(pinned) {
    case .open(let question): return .open([question])
    case .unseen(let failure): return .known(.blocked(failure))
    case .deleted:
      return .known(
        .missing(Explanation(.deleted, "ACM has no certificate \(pinned), which is pinned")))
    case .certificate(let certificate):
      let verdict = checks(urgency).verdict(on: certificate)
      return pick(
        [verdict], cause: .pinned,
        otherwise: .missing(verdict.failure ?? Explanation(.notSelected)))
    }
  }

  private func chooseForUnusable(_ unusability: Unusability) -> Answerable<Choice> {
    let checks = checks(urgency)
    return pick(
      candidates.map { checks.verdict(on: $0) }, cause: .unusable,
      otherwise: .missing(unusability.explanation))
  }

  private func chooseNewer(than present: Certificate) -> Answerable<Choice> {
    let checks = checks(urgency)
    let undated = candidates.filter { mayBeNewer($0, checks) }
    if !undated.isEmpty { return .open(undated.map { .details($0.arn) }) }
    let verdicts = candidates.filter { isNewer($0, than: present) }
      .map { checks.verdict(on: $0) }
    let unseen = candidates.lazy.compactMap { unseenDates(of: $0, checks) }.first
    return pick(
      verdicts, cause: .replacement, otherwise: unseen.map { .blocked($0) } ?? .keep,
      replacing: present)
  }

  /// Why it could not be seen whether a candidate is newer, when nothing else speaks against it.
  private func unseenDates(of candidate: Certificate, _ checks: CandidateChecks) -> Failure? {
    guard !candidate.isComparable, let failure = facts.details[candidate.arn]?.failure,
      checks.verdict(on: candidate).failure == nil
    else { return nil }
    return failure
  }

  private func isNewer(_ candidate: Certificate, than present: Certificate) -> Bool {
    candidate.isNewer(than: present) && (floor.map { candidate.isNewer(than: $0) } ?? true)
  }

  /// Whether only a description can tell if a candidate is newer.
  private func mayBeNewer(_ certificate: Certificate, _ checks: CandidateChecks) -> Bool {
    if certificate.isDated || certificate.isDescribed || facts.details[certificate.arn] != nil {
      return false
    }
    return checks.verdict(on: certificate).failure == nil
  }

  /// The best eligible candidate; failing that, the best that only has to grow older. One that
  /// could not be seen is passed over for the next best: it holds up the decision only when
  /// nothing else is eligible.
  ///
  /// Every question that the list leaves open is asked at once, then chains from the best down
  /// in batches, as far as the choice depends on them.
  private func pick(
    _ verdicts: [CandidateVerdict], cause: Rollout.Cause, otherwise: Choice,
    replacing present: Certificate? = nil
  ) -> Answerable<Choice> {
    let ordered = verdicts.sorted { Certificate.isPreferred($0.certificate, to: $1.certificate) }
    let details = ordered.flatMap { verdict -> [Question] in
      guard case .open(let open) = verdict.outcome(waiving: [.soaking, .chainUntrusted]) else {
        return []
      }
      return open
    }
    if !details.isEmpty { return .open(details.withoutRepetitions) }
    var chains: [Question] = []
    var soaking: CandidateVerdict?
    var unseen: Failure?
    for verdict in ordered where chains.count < Chooser.chainBatch {
      switch verdict.outcome(waiving: [.soaking]) {
      case .open(let open): chains += open
      case .unseen(let failure): unseen = unseen ?? failure
      case .ineligible: break
      case .eligible:
        if case .ineligible = verdict.outcome() {
          soaking = soaking ?? verdict
          continue
        }
        // A better one whose chain is not judged yet may still win.
        if !chains.isEmpty { return .open(chains) }
        switch hasSameLeaf(verdict.certificate, as: present) {
        case .open(let questions): return .open(questions)
        case .known(true): continue
        case .known(false):
          return .known(
            .replace(
              Replacement(
                certificate: verdict.certificate, cause: cause, isUrgent: urgency != nil)))
        }
      }
    }
    if !chains.isEmpty { return .open(chains) }
    if let soaking, let reason = soaking.failure, let issue = soaking.certificate.issue {
      return .known(.wait(soaking.certificate, reason, until: issue + mapping.selector.soak))
    }
    return .known(unseen.map { .blocked($0) } ?? otherwise)
  }

  /// Whether both have one leaf: an import of the same certificate under another ARN replaces
  /// nothing. When the present leaf cannot be seen they count as two.
  private func hasSameLeaf(
    _ candidate: Certificate, as present: Certificate?
  ) -> Answerable<Bool> {
    guard let present, case .seen(let leaf)? = facts.evidence[candidate.arn] else {
      return .known(false)
    }
    switch facts.evidence[present.arn] {
    case nil: return .open([.evidence(present.arn)])
    case .unseen: return .known(false)
    case .seen(let other): return .known(other.sha256 == leaf.sha256)
    }
  }

  // MARK: The present certificate

  /// Why the present certificate can serve no longer; nil when it can, or nothing says so.
  package func unusability(of known: CertificateFacts.Known) -> Unusability? {
    if let stated = statedUnusability(of: known) { return .stated(stated) }
    guard selectorChanged, case .certificate(let certificate) = known,
      case .failed(let detail) = selection(of: certificate)
    else { return nil }
    return .deselected(
      Explanation(.notSelected, "the mapping's certificate rule was changed: \(detail)"))
  }

  package func statedUnusability(of known: CertificateFacts.Known) -> Explanation? {
    switch known {
    case .deleted: return Explanation(.deleted, "ACM no longer has the attached certificate")
    case .unseen, .open: return nil
    case .certificate(let certificate): return statedUnusability(of: certificate)
    }
  }

  private func statedUnusability(of certificate: Certificate) -> Explanation? {
    switch certificate.status {
    case nil, .issued, .other: break
    case .pendingValidation, .inactive, .expired, .validationTimedOut, .revoked, .failed:
      return Explanation(
        .notIssued,
        "the attached certificate's Status is \(certificate.status?.description ?? "")")
    }
    if let notAfter = certificate.notAfter, notAfter <= now {
      return Explanation(.expired, "the attached certificate ended at \(notAfter.rfc3339)")
    }
    if certificate.namesAreComplete, !certificate.covers(mapping.domain) {
      return Explanation(.nameNotCovered, "the attached certificate does not cover the domain")
    }
    return nil
  }

  /// Whether the selector selects the certificate, by what ACM says. What ACM does not say
  /// leaves the question open, also once it was asked.
  private func selection(of certificate: Certificate) -> CheckResult {
    var certificate = certificate
    certificate.isDescribed = false
    return checks(nil).result(of: .notSelected, on: certificate)
  }

  // MARK: Candidates

  package func checks(_ urgency: Urgency?) -> CandidateChecks {
    CandidateChecks(
      domain: mapping.domain, selector: mapping.selector, facts: facts, now: now,
      urgency: urgency)
  }

  /// Whether the domain is urgent: ACM says that the attached certificate is unusable, or that
  /// one or what the edges serve ends within 72 hours. A changed selector alone is not urgent.
  package var urgency: Urgency? {
    let known = facts.known(attached)
    var notAfter: Instant?
    if case .certificate(let certificate) = known { notAfter = certificate.notAfter }
    let isShort = [notAfter, servedNotAfter].compactMap { $0 }
      .contains { $0.since(now) < Urgency.threshold }
    return isShort || statedUnusability(of: known) != nil
      ? Urgency(attachedNotAfter: notAfter) : nil
  }

  /// All but the present one and those that someone moved away from.
  package var candidates: [Certificate] {
    facts.certificates.filter { $0.arn != present && !shunned.contains($0.arn) }
  }
}

extension Certificate {
  /// Whether every date is known that tells what is newer.
  var isComparable: Bool { notBefore != nil && notAfter != nil && creation != nil }

  /// Whether the list holds every date that tells what is newer.
  var isDated: Bool { notBefore != nil && notAfter != nil && createdAt != nil }
}

extension Array where Element: Hashable {
  var withoutRepetitions: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
