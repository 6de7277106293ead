/// The checks that a candidate must pass, in the order in which a failed one is reported.
package enum Check: String, Sendable, CaseIterable {
  case notIssued = "not_issued"
  case managedByCloudFront = "managed_by_cloudfront"
  case wrongRegion = "wrong_region"
  case privateOrSelfSigned = "private_or_self_signed"
  case unsupportedKey = "unsupported_key"
  case nameNotCovered = "name_not_covered"
  case notYetValid = "not_yet_valid"
  case expired = "expired"
  case expiresTooSoon = "expires_too_soon"
  case soaking = "soaking"
  case notSelected = "not_selected"
  case chainUntrusted = "chain_untrusted"
}

/// What one check found. Every check is total: none relies on an earlier one having passed.
package enum CheckResult: Equatable, Sendable {
  case passed
  /// With the value that failed, in a few words.
  case failed(String)
  /// It hangs on something that was not looked at yet.
  case open(Question)
  /// It hangs on something that could not be seen.
  case unseen(Failure)
}

/// A look that a choice asks for: only what the list could not tell, and only where it matters.
package enum Question: Hashable, Sendable {
  case details(CertificateARN)
  case tags
  case evidence(CertificateARN)
}

/// All that was seen of an account's certificates, as far as one domain may ask.
package struct CertificateFacts: Equatable, Sendable {
  package var listed: Look<[Certificate]>
  /// `.seen(nil)`: ACM says that it does not exist.
  package var details: [CertificateARN: Look<Certificate?>]
  package var tags: Look<[CertificateARN: [String: String]]>?
  package var evidence: [CertificateARN: Look<LeafEvidence>]

  package init(
    listed: Look<[Certificate]>, details: [CertificateARN: Look<Certificate?>] = [:],
    tags: Look<[CertificateARN: [String: String]]>? = nil,
    evidence: [CertificateARN: Look<LeafEvidence>] = [:]
  ) {
    self.listed = listed
    self.details = details
    self.tags = tags
    self.evidence = evidence
  }

  /// Every certificate, described where it was; a pinned or attached one that only a
  /// description showed is among them.
  package var certificates: [Certificate] {
    var all: [Certificate] = []
    var seen: Set<CertificateARN> = []
    for certificate in listed.value ?? [] {
      seen.insert(certificate.arn)
      guard let detail = details[certificate.arn] else {
        all.append(certificate)
        continue
      }
      switch detail {
      case .seen(let described?): all.append(described)
      case .seen(nil): break
      case .unseen: all.append(certificate)
      }
    }
    for arn in details.keys.sorted(by: { $0.text < $1.text }) where !seen.contains(arn) {
      if case .seen(let described?) = details[arn] { all.append(described) }
    }
    return all
  }
}

/// Why haste is due, and what it loosens.
package struct Urgency: Equatable, Sendable {
  /// When the attached certificate ends, as far as it is known.
  package let attachedNotAfter: Instant?

  package init(attachedNotAfter: Instant?) {
    self.attachedNotAfter = attachedNotAfter
  }

  /// An attached or served certificate with less than this left makes a domain urgent.
  package static let threshold = Duration.hours(72)
}

/// The checks of one domain at one moment.
package struct CandidateChecks: Sendable {
  package let domain: DomainName
  package let selector: CertificateSelector
  package let facts: CertificateFacts
  package let now: Instant
  package let urgency: Urgency?

  package init(
    domain: DomainName, selector: CertificateSelector, facts: CertificateFacts, now: Instant,
    urgency: Urgency?
  ) {
    self.domain = domain
    self.selector = selector
    self.facts = facts
    self.now = now
    self.urgency = urgency
  }

  package func verdict(on certificate: Certificate) -> CandidateVerdict {
    CandidateVerdict(
      certificate: certificate,
      results: Check.allCases.map { (check: $0, result: result(of: $0, on: certificate)) })
  }

  package func result(of check: Check, on certificate: Certificate) -> CheckResult {
    switch check {
    case .notIssued: issued(certificate)
    case .managedByCloudFront:
      certificate.managedBy.map { .failed("ManagedBy is \($0)") } ?? .passed
    case .wrongRegion: rightRegion(certificate)
    case .privateOrSelfSigned: publiclyIssued(certificate)
    case .unsupportedKey: supportedKey(certificate)
    case .nameNotCovered: nameCovered(certificate)
    case .notYetValid:
      dated(certificate, \.notBefore, "NotBefore") { $0 > now ? "NotBefore is" : nil }
    case .expired:
      dated(certificate, \.notAfter, "NotAfter") { $0 <= now ? "NotAfter was" : nil }
    case .expiresTooSoon: longEnough(certificate)
    case .soaking: soaked(certificate)
    case .notSelected: selected(certificate)
    case .chainUntrusted: chainTrusted(certificate)
    }
  }

  private func issued(_ certificate: Certificate) -> CheckResult {
    guard let status = certificate.status else { return missing("Status", certificate) }
    return status == .issued ? .passed : .failed("Status is \(status)")
  }

  private func rightRegion(_ certificate: Certificate) -> CheckResult {
    certificate.arn.region == Region.usEast1.text
      ? .passed : .failed("the certificate is in \(certificate.arn.region), not us-east-1")
  }

  private func publiclyIssued(_ certificate: Certificate) -> CheckResult {
    guard let type = certificate.type else { return missing("Type", certificate) }
    if type == .private { return .failed("Type is PRIVATE") }
    if case .seen(let evidence) = facts.evidence[certificate.arn], evidence.chain == .selfSigned {
      return .failed("the certificate is self-signed")
    }
    return .passed
  }

  private func supportedKey(_ certificate: Certificate) -> CheckResult {
    guard let key = certificate.keyAlgorithm else { return missing("KeyAlgorithm", certificate) }
    return KeyAlgorithm.servedByCloudFront.contains(key)
      ? .passed : .failed("CloudFront does not serve \(key)")
  }

  private func nameCovered(_ certificate: Certificate) -> CheckResult {
    if certificate.covers(domain) { return .passed }
    guard certificate.namesAreComplete else {
      return missing("SubjectAlternativeNames", certificate)
    }
    let shown = certificate.names.prefix(5).joined(separator: ", ")
    let more = certificate.names.count > 5 ? " and \(certificate.names.count - 5) more" : ""
    return .failed("its names are \(shown)\(more)")
  }

  private func longEnough(_ certificate: Certificate) -> CheckResult {
    guard let notAfter = certificate.notAfter else { return missing("NotAfter", certificate) }
    let left = notAfter.since(now)
    if left >= selector.minRemaining { return .passed }
    if let urgency, urgency.attachedNotAfter.map({ notAfter > $0 }) ?? true { return .passed }
    return .failed(
      "\(left.compact) are left until \(notAfter.rfc3339), min_remaining is \(selector.minRemaining.compact)"
    )
  }

  private func soaked(_ certificate: Certificate) -> CheckResult {
    if selector.soak == .zero || urgency != nil { return .passed }
    guard let issue = certificate.issue else { return missing("IssuedAt", certificate) }
    let end = issue + selector.soak
    return now >= end
      ? .passed : .failed("soak is \(selector.soak.compact) and ends at \(end.rfc3339)")
  }

  private func selected(_ certificate: Certificate) -> CheckResult {
    if let arn = selector.arn, arn != certificate.arn { return .failed("another arn is pinned") }
    if let wanted = selector.domainName {
      guard let name = certificate.primaryName else { return missing("DomainName", certificate) }
      if name.lowercased() != wanted.lowercased() {
        return .failed("domain_name is \(wanted), the certificate's is \(name)")
      }
    }
    guard let type = certificate.type else { return missing("Type", certificate) }
    if !selector.types.contains(type) { return .failed("types leaves out \(type)") }
    guard let key = certificate.keyAlgorithm else { return missing("KeyAlgorithm", certificate) }
    if !selector.keyAlgorithms.contains(key) { return .failed("key_algorithms leaves out \(key)") }
    return tagged(certificate)
  }

  private func tagged(_ certificate: Certificate) -> CheckResult {
    if selector.tags.isEmpty { return .passed }
    switch facts.tags {
    case nil: return .open(.tags)
    case .unseen(let failure): return .unseen(failure)
    case .seen(let tags):
      let own = tags[certificate.arn] ?? [:]
      for (key, value) in selector.tags.sorted(by: { $0.key < $1.key }) where own[key] != value {
        return .failed("the tag \(key) is \(own[key] ?? "absent"), not \(value)")
      }
      return .passed
    }
  }

  private func chainTrusted(_ certificate: Certificate) -> CheckResult {
    switch facts.evidence[certificate.arn] {
    case nil: return .open(.evidence(certificate.arn))
    case .unseen(let failure): return .unseen(failure)
    case .seen(let evidence):
      switch evidence.chain {
      case .trusted: return .passed
      case .selfSigned: return .failed("the certificate is self-signed")
      case .untrusted(let reason): return .failed(reason)
      }
    }
  }

  private func dated(
    _ certificate: Certificate, _ member: KeyPath<Certificate, Instant?>, _ name: String,
    fails: (Instant) -> String?
  ) -> CheckResult {
    guard let date = certificate[keyPath: member] else { return missing(name, certificate) }
    return fails(date).map { .failed("\($0) \(date.rfc3339)") } ?? .passed
  }

  private func missing(_ member: String, _ certificate: Certificate) -> CheckResult {
    if certificate.isDescribed { return .failed("ACM does not say its \(member)") }
    if case .unseen(let failure) = facts.details[certificate.arn] { return .unseen(failure) }
    return .open(.details(certificate.arn))
  }
}

/// Every check's result on one certificate.
package struct CandidateVerdict: Sendable {
  package let certificate: Certificate
  package let results: [(check: Check, result: CheckResult)]

  /// The first failed check: the reason that is shown.
  package var reason: Reason? {
    for (check, result) in results {
      if case .failed(let detail) = result { return Reason(check.rawValue, detail) }
    }
    return nil
  }

  package func failed(_ check: Check) -> Bool {
    results.contains { entry in
      guard entry.check == check, case .failed = entry.result else { return false }
      return true
    }
  }

  /// Whether every check passed.
  package var isEligible: Bool { isEligible(ignoring: []) }

  package func isEligible(ignoring ignored: Set<Check>) -> Bool {
    results.allSatisfy { ignored.contains($0.check) || $0.result == .passed }
  }

  /// What must still be looked at before the verdict stands; empty once a check has failed.
  package func questions(ignoring ignored: Set<Check> = []) -> [Question] {
    if fails(ignoring: ignored) { return [] }
    let open: [Question] = results.compactMap { entry in
      guard !ignored.contains(entry.check), case .open(let question) = entry.result else {
        return nil
      }
      return question
    }
    // The chain costs a call of its own: asked last, when all else holds.
    let cheap = open.filter { if case .evidence = $0 { false } else { true } }
    return cheap.isEmpty ? open : cheap
  }

  /// Why the verdict cannot be had, when no check failed.
  package func obstacle(ignoring ignored: Set<Check> = []) -> Failure? {
    if fails(ignoring: ignored) { return nil }
    for (check, result) in results where !ignored.contains(check) {
      if case .unseen(let failure) = result { return failure }
    }
    return nil
  }

  private func fails(ignoring ignored: Set<Check>) -> Bool {
    results.contains { entry in
      guard !ignored.contains(entry.check), case .failed = entry.result else { return false }
      return true
    }
  }
}
