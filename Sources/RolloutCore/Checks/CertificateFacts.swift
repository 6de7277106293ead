/// Something that a decision depends on and that was not asked yet.
package enum Question: Hashable, Sendable {
  /// ListCertificates.
  case list
  /// DescribeUserPoolDomain.
  case describe
  /// DescribeCertificate: what the list does not tell.
  case details(CertificateARN)
  /// DescribeCertificate: what uses the certificate now.
  case use(CertificateARN)
  /// GetResources: the tags of every certificate.
  case tags
  /// GetCertificate and the judgement of the chain.
  case evidence(CertificateARN)
  /// A round of handshakes with every edge.
  case probe
  /// A round of handshakes with the addresses of the domain's distribution.
  case probeDistribution
}

/// What was seen of an account's certificates, as far as one domain's decision needs it.
package struct CertificateFacts: Equatable, Sendable {
  /// nil: not asked yet.
  package private(set) var listed: Look<[Certificate]>?
  /// `.seen(nil)`: ACM says that it does not exist.
  package var details: [CertificateARN: Look<Certificate?>] {
    didSet { mergeDetails() }
  }
  /// Asked for this look.
  package var uses: [CertificateARN: Look<CertificateUse>] = [:]
  package var tags: Look<[CertificateARN: [String: String]]>?
  package var evidence: [CertificateARN: Look<LeafEvidence>]
  /// Every certificate, described where it was, without those that ACM says do not exist; a
  /// pinned or attached one that only a description showed is among them.
  package private(set) var certificates: [Certificate] = []
  private var index: [CertificateARN: Int] = [:]

  package init(
    listed: Look<[Certificate]>? = nil, details: [CertificateARN: Look<Certificate?>] = [:],
    tags: Look<[CertificateARN: [String: String]]>? = nil,
    evidence: [CertificateARN: Look<LeafEvidence>] = [:]
  ) {
    self.listed = listed
    self.details = details
    self.tags = tags
    self.evidence = evidence
    indexList()
  }

  package mutating func list(_ look: Look<[Certificate]>) {
    listed = look
    indexList()
  }

  private mutating func indexList() {
    index = [:]
    for (position, certificate) in (listed?.value ?? []).enumerated() {
      index[certificate.arn] = position
    }
    mergeDetails()
  }

  private mutating func mergeDetails() {
    if details.isEmpty {
      certificates = listed?.value ?? []
      return
    }
    let listed = (listed?.value ?? []).compactMap { summary in
      switch details[summary.arn] {
      case nil, .unseen: summary
      case .seen(let described): described
      }
    }
    let others = details.compactMap { arn, look in index[arn] == nil ? look.value ?? nil : nil }
    certificates = listed + others.sorted { $0.arn.text < $1.arn.text }
  }

  /// What is known of a certificate that need not be in the list.
  package enum Known: Equatable, Sendable {
    case certificate(Certificate)
    case deleted
    case unseen(Failure)
    case open(Question)
  }

  /// What the list shows of a certificate; nil where it is not in it.
  package func summary(of arn: CertificateARN) -> Certificate? {
    guard let position = index[arn] else { return nil }
    return listed?.value?[position]
  }

  /// Looks a certificate up in the list, then in the descriptions. A certificate counts as deleted
  /// only if ACM says that it does not exist and the list is of that certificate's account.
  package func known(_ arn: CertificateARN) -> Known {
    guard let listed else { return .open(.list) }
    if case .seen(.some(let described))? = details[arn] { return .certificate(described) }
    if let position = index[arn], let summary = listed.value?[position] {
      if case .seen(.none)? = details[arn] { return .deleted }
      return .certificate(summary)
    }
    if case .unseen(let failure) = listed { return .unseen(failure) }
    switch details[arn] {
    case nil: return .open(.details(arn))
    case .unseen(let failure): return .unseen(failure)
    case .seen: return isOfListedAccount(arn) ? .deleted : .unseen(ofAnotherAccount(arn))
    }
  }

  private func isOfListedAccount(_ arn: CertificateARN) -> Bool {
    let certificates = listed?.value ?? []
    return certificates.isEmpty || certificates.contains { $0.arn.account == arn.account }
  }

  private func ofAnotherAccount(_ arn: CertificateARN) -> Failure {
    Failure(
      .notFound, operation: "DescribeCertificate", object: arn.text,
      message: "account \(arn.account) is not the account whose certificates were listed")
  }
}
