/// Why a domain is urgent, and what that loosens.
package struct Urgency: Equatable, Sendable {
  /// When the attached certificate ends, as far as it is known.
  package let attachedNotAfter: Instant?

  package init(attachedNotAfter: Instant?) {
    self.attachedNotAfter = attachedNotAfter
  }

  /// An attached or served certificate with less than this left makes a domain urgent.
  package static let threshold = Duration.hours(72)
}

/// The checks of one domain at one moment. Each check is total: none relies on an earlier one
/// having passed.
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
      results: Check.chain.map { (check: $0, result: result(of: $0, on: certificate)) })
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
      "\(left.rounded.compact) are left until \(notAfter.rfc3339), min_remaining is \(selector.minRemaining.compact)"
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
