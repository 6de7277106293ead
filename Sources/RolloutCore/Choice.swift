/// What the certificates that were seen mean for a domain.
package enum Choice: Equatable, Sendable {
  /// The attached certificate is the right one. With a reason where something newer was left.
  case keep
  case replace(Certificate, Rollout.Cause, isUrgent: Bool)
  /// A replacement that only has to grow older.
  case wait(Certificate, Reason, until: Instant)
  /// The attached certificate is no longer usable and nothing eligible is there, or the pinned
  /// one is not eligible.
  case missing(Reason)
  /// Something that matters could not be seen.
  case undetermined(Failure)
  case ask([Question])
}

/// Picks a domain's certificate. Pure: what it must know and was not shown, it asks for.
package struct Chooser: Sendable {
  package let mapping: Mapping
  package let facts: CertificateFacts
  package let now: Instant
  /// The certificate to be left or kept: the attached one, or that of a rollout under way.
  package let baseline: CertificateARN
  /// The certificate whose end makes haste: the baseline, unless the call for that was never
  /// taken.
  package let attached: CertificateARN
  /// The earliest end of what the edges were seen to serve.
  package let servedNotAfter: Instant?
  /// The selector that chose the baseline; nil when the domain is seen for the first time.
  package let selectorFingerprint: String?
  package let shunned: Set<CertificateARN>
  /// Whoever replaces a usable baseline must be newer than this one too: someone moved away
  /// from it.
  package let floor: Certificate?

  package init(
    mapping: Mapping, facts: CertificateFacts, now: Instant, baseline: CertificateARN,
    attached: CertificateARN? = nil, servedNotAfter: Instant? = nil,
    selectorFingerprint: String? = nil, shunned: Set<CertificateARN> = [],
    floor: Certificate? = nil
  ) {
    self.mapping = mapping
    self.facts = facts
    self.now = now
    self.baseline = baseline
    self.attached = attached ?? baseline
    self.servedNotAfter = servedNotAfter
    self.selectorFingerprint = selectorFingerprint
    self.shunned = shunned
    self.floor = floor
  }

  /// What is known of a certificate that need not be in the list.
  package enum Known: Equatable, Sendable {
    case certificate(Certificate)
    case deleted
    case unseen(Failure)
    case open(Question)
  }

  /// Looks a certificate up in the list, then in the descriptions. Absence from the list alone
  /// proves nothing; only ACM's own word that it does not exist does, and that only for an
  /// account that the list is of.
  package func known(_ arn: CertificateARN) -> Known {
    if let found = facts.certificates.first(where: { $0.arn == arn }) {
      return .certificate(found)
    }
    if case .unseen(let failure) = facts.listed { return .unseen(failure) }
    switch facts.details[arn] {
    case nil: return .open(.details(arn))
    case .unseen(let failure): return .unseen(failure)
    case .seen(let certificate?): return .certificate(certificate)
    case .seen(nil):
      let accounts = Set((facts.listed.value ?? []).map(\.arn.account))
      if accounts.isEmpty || accounts.contains(arn.account) { return .deleted }
      return .unseen(
        Failure(
          .notFound, operation: "DescribeCertificate", object: arn.text,
          message:
            "the certificate is in account \(arn.account), which these credentials do not see"
        ))
    }
  }

  /// Why the baseline can serve no longer, by ACM's word; nil when it can, or nothing says so.
  package func unusable(_ known: Known) -> Reason? {
    switch known {
    case .deleted: return Reason("deleted", "ACM no longer has \(baseline)")
    case .unseen, .open: return nil
    case .certificate(let certificate): return unusable(certificate)
    }
  }

  private func unusable(_ certificate: Certificate) -> Reason? {
    switch certificate.status {
    case nil, .issued, .other: break
    case .pendingValidation, .inactive, .expired, .validationTimedOut, .revoked, .failed:
      return Reason(
        Check.notIssued.rawValue,
        "the attached certificate's Status is \(certificate.status?.description ?? "")")
    }
    if let notAfter = certificate.notAfter, notAfter <= now {
      return Reason(Check.expired.rawValue, "the attached certificate ended at \(notAfter.rfc3339)")
    }
    if certificate.namesAreComplete, !certificate.covers(mapping.domain) {
      return Reason(
        Check.nameNotCovered.rawValue, "the attached certificate does not cover the domain")
    }
    if selectorChanged, case .failed(let detail) = selection(of: certificate) {
      return Reason(Check.notSelected.rawValue, "the selector was changed: \(detail)")
    }
    return nil
  }

  /// Whether the selector selects the baseline, by what ACM says. What it does not say leaves
  /// the question open, also once it was asked.
  private func selection(of certificate: Certificate) -> CheckResult {
    var certificate = certificate
    certificate.isDescribed = false
    return checks(nil).result(of: .notSelected, on: certificate)
  }

  package var selectorChanged: Bool {
    selectorFingerprint.map { $0 != mapping.selector.fingerprint } ?? false
  }

  package func checks(_ urgency: Urgency?) -> CandidateChecks {
    CandidateChecks(
      domain: mapping.domain, selector: mapping.selector, facts: facts, now: now,
      urgency: urgency)
  }

  /// Whether haste is due, by what is attached and what is served.
  package func urgency(_ known: Known) -> Urgency? {
    var notAfter: Instant?
    if case .certificate(let certificate) = known { notAfter = certificate.notAfter }
    let ends = [notAfter, servedNotAfter].compactMap { $0 }
    let isShort = ends.contains { $0.since(now) < Urgency.threshold }
    return isShort || unusable(known) != nil ? Urgency(attachedNotAfter: notAfter) : nil
  }

  /// Whether haste is due, by what is attached in truth.
  var urgency: Urgency? { urgency(known(attached)) }

  package func choose() -> Choice {
    if case .unseen(let failure) = facts.listed { return .undetermined(failure) }
    if case .open(let question) = known(self.attached) { return .ask([question]) }
    let attached = known(baseline)
    if case .open(let question) = attached { return .ask([question]) }
    if case .certificate(let certificate) = attached, let question = openFacts(certificate) {
      return .ask([question])
    }
    let reason = unusable(attached)
    if reason == nil, let choice = openSelection(attached) { return choice }
    if let pinned = mapping.selector.arn { return choosePinned(pinned, attached) }
    if let reason { return chooseAnew(reason) }
    switch attached {
    case .unseen(let failure): return .undetermined(failure)
    case .deleted, .open: return .keep
    case .certificate(let certificate): return chooseReplacement(of: certificate)
    }
  }

  /// Whether a changed selector still selects the baseline may hang on its tags. As long as
  /// that cannot be seen nothing is decided, or the change would be taken for settled.
  private func openSelection(_ attached: Known) -> Choice? {
    guard selectorChanged, case .certificate(let certificate) = attached else { return nil }
    switch checks(nil).result(of: .notSelected, on: certificate) {
    case .open(let question): return .ask([question])
    case .unseen(let failure): return .undetermined(failure)
    case .passed, .failed: return nil
    }
  }

  /// The baseline's dates decide what is newer, and its status and names whether it can serve:
  /// a list without them is not enough.
  private func openFacts(_ certificate: Certificate) -> Question? {
    if certificate.isDescribed || facts.details[certificate.arn] != nil { return nil }
    let isDated =
      certificate.notBefore != nil && certificate.notAfter != nil && certificate.createdAt != nil
    let isNamed = certificate.namesAreComplete || certificate.covers(mapping.domain)
    return isDated && isNamed && certificate.status != nil ? nil : .details(certificate.arn)
  }

  private func choosePinned(_ pinned: CertificateARN, _ attached: Known) -> Choice {
    let isAttached = pinned == baseline
    let target = isAttached ? attached : known(pinned)
    switch target {
    case .open(let question): return .ask([question])
    case .unseen(let failure): return isAttached ? .keep : .undetermined(failure)
    case .deleted:
      return .missing(Reason("deleted", "ACM has no certificate \(pinned), which is pinned"))
    case .certificate(let certificate):
      if isAttached { return unusable(attached).map { .missing($0) } ?? .keep }
      let verdict = checks(urgency).verdict(on: certificate)
      return pick(
        [verdict], cause: .pinned, isUrgent: urgency != nil,
        otherwise: .missing(verdict.reason ?? Reason("pinned", "the pinned certificate")))
    }
  }

  private func chooseAnew(_ reason: Reason) -> Choice {
    let checks = checks(urgency)
    let verdicts = candidates.map { checks.verdict(on: $0) }
    return pick(verdicts, cause: .unusable, isUrgent: true, otherwise: .missing(reason))
  }

  private func chooseReplacement(of attached: Certificate) -> Choice {
    let urgency = urgency
    let checks = checks(urgency)
    let undated = candidates.filter { needsDates($0, checks) }
    if !undated.isEmpty { return .ask(undated.map { .details($0.arn) }) }
    let newer = candidates.filter { candidate in
      candidate.replaces(attached) && (floor.map { candidate.isNewer(than: $0) } ?? true)
    }
    let verdicts = newer.map { checks.verdict(on: $0) }
    return pick(verdicts, cause: .replacement, isUrgent: urgency != nil, otherwise: .keep)
  }

  private func needsDates(_ certificate: Certificate, _ checks: CandidateChecks) -> Bool {
    let isDated =
      certificate.notBefore != nil && certificate.notAfter != nil && certificate.createdAt != nil
    if isDated || certificate.isDescribed || facts.details[certificate.arn] != nil { return false }
    return checks.verdict(on: certificate).reason == nil
  }

  /// All but the baseline and what someone moved away from.
  var candidates: [Certificate] {
    facts.certificates.filter { $0.arn != baseline && !shunned.contains($0.arn) }
  }

  /// The best eligible one; failing that, the best that only has to grow older. Questions are
  /// asked from the best down, and only as far as the choice hangs on them.
  private func pick(
    _ verdicts: [CandidateVerdict], cause: Rollout.Cause, isUrgent: Bool, otherwise: Choice
  ) -> Choice {
    let ordered = verdicts.sorted {
      Certificate.isPreferred($0.certificate, to: $1.certificate)
    }
    var details: [Question] = []
    for verdict in ordered {
      details += verdict.questions(ignoring: [.soaking, .chainUntrusted])
    }
    if !details.isEmpty { return .ask(unique(details)) }
    var soaking: CandidateVerdict?
    var obstacle: Failure?
    for verdict in ordered {
      if let failure = verdict.obstacle(ignoring: [.soaking]) {
        // Haste takes the next best; otherwise the best is worth waiting for.
        obstacle = obstacle ?? failure
        if isUrgent { continue }
        return .undetermined(failure)
      }
      let open = verdict.questions(ignoring: [.soaking])
      if !open.isEmpty { return .ask(open) }
      if verdict.isEligible {
        return .replace(verdict.certificate, cause, isUrgent: isUrgent)
      }
      if soaking == nil, verdict.isEligible(ignoring: [.soaking]) { soaking = verdict }
    }
    if let obstacle { return .undetermined(obstacle) }
    guard let soaking, let reason = soaking.reason, let issue = soaking.certificate.issue else {
      return otherwise
    }
    return .wait(soaking.certificate, reason, until: issue + mapping.selector.soak)
  }

  private func unique(_ questions: [Question]) -> [Question] {
    var seen: Set<Question> = []
    return questions.filter { seen.insert($0).inserted }
  }
}
