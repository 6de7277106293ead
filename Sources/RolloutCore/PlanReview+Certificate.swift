extension PlanReview {
  /// What makes the certificate of a call unsuitable, whatever the call is for.
  static func brokenByCertificate(
    _ update: DomainUpdate, _ input: DomainInput, now: Instant
  ) -> [String] {
    guard let certificate = input.facts.certificates.first(where: { $0.arn == update.certificate })
    else { return ["ACM has the certificate"] }
    var broken: [String] = []
    func require(_ holds: Bool, _ rule: String) { if !holds { broken.append(rule) } }
    require(certificate.status == .issued, "the certificate is issued")
    require(certificate.arn.region == "us-east-1", "the certificate is in us-east-1")
    require(certificate.type != .private, "the certificate is public")
    require(certificate.managedBy == nil, "the certificate is not managed by another service")
    require(
      certificate.keyAlgorithm.map(KeyAlgorithm.servedByCloudFront.contains) ?? false,
      "CloudFront serves the key")
    require(certificate.covers(update.domain), "the certificate covers the domain")
    require(certificate.notBefore.map { $0 <= now } ?? false, "the certificate is valid already")
    require(certificate.notAfter.map { $0 > now } ?? false, "the certificate is valid still")
    require(selection(of: certificate, input) == true, "the selector selects the certificate")
    if case .seen(let evidence)? = input.facts.evidence[update.certificate] {
      require(evidence.chain == .trusted, "the chain is trusted")
    } else {
      broken.append("the chain was checked")
    }
    return broken
  }

  /// What makes the reason of a rollout that begins untrue: never to an older certificate,
  /// unless it is pinned, put back, or the attached one can serve no longer.
  static func brokenByCause(
    _ rollout: Rollout, _ input: DomainInput, now: Instant
  ) -> [String] {
    guard case .described(let description) = input.look, let attached = description.certificateARN
    else { return [] }
    let known = input.facts.certificates
    switch rollout.cause {
    case .replacement:
      let left = [attached, open(input.record.rollout)].compactMap { $0 }
      let candidate = known.first { $0.arn == rollout.certificate }
      let isNewer = known.contains { left.contains($0.arn) && candidate?.isNewer(than: $0) == true }
      return isNewer ? [] : ["a replacement is newer"]
    case .pinned:
      return input.mapping.selector.arn == rollout.certificate ? [] : ["the certificate is pinned"]
    case .restore:
      return input.record.lastAttached == rollout.certificate ? [] : ["it was attached before"]
    case .unusable:
      return isUnusable(attached, input, now: now) ? [] : ["the attached certificate is unusable"]
    }
  }

  /// The certificate of a rollout under way, which another may take the place of.
  private static func open(_ rollout: Rollout?) -> CertificateARN? {
    rollout.flatMap { $0.phase.isOpen ? $0.certificate : nil }
  }

  private static func isUnusable(
    _ attached: CertificateARN, _ input: DomainInput, now: Instant
  ) -> Bool {
    guard let certificate = input.facts.certificates.first(where: { $0.arn == attached }) else {
      return input.facts.details[attached] == .seen(nil)
    }
    let wasSelected = input.record.selectorFingerprint
    let isDeselected =
      wasSelected != nil && wasSelected != input.mapping.selector.fingerprint
      && selection(of: certificate, input) == false
    let isIssued =
      switch certificate.status {
      case nil, .issued, .other: true
      case .pendingValidation, .inactive, .expired, .validationTimedOut, .revoked, .failed: false
      }
    return !isIssued || isDeselected || certificate.notAfter.map { $0 <= now } ?? false
      || (certificate.namesAreComplete && !certificate.covers(input.mapping.domain))
  }

  /// Whether the mapping's own words select a certificate; nil when that cannot be told.
  private static func selection(of certificate: Certificate, _ input: DomainInput) -> Bool? {
    let selector = input.mapping.selector
    var parts: [Bool?] = [
      selector.arn.map { $0 == certificate.arn } ?? true,
      certificate.type.map(selector.types.contains),
      certificate.keyAlgorithm.map(selector.keyAlgorithms.contains),
    ]
    if let name = selector.domainName?.lowercased() {
      parts.append(certificate.primaryName.map { $0.lowercased() == name })
    }
    for (key, value) in selector.tags {
      parts.append(input.facts.tags?.value.map { $0[certificate.arn]?[key] == value })
    }
    if parts.contains(false) { return false }
    return parts.contains(nil) ? nil : true
  }
}
