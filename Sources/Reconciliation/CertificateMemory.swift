import RolloutCore

/// What need not be asked again about an account's certificates: descriptions of those that the
/// list tells too little of, and the leaf and chain of those that a decision depended on.
struct CertificateMemory: Sendable {
  /// How long a description is good for while the list shows the certificate unchanged.
  static let detailsLifetime = Duration.hours(1)
  /// How long a chain's verdict is good for: roots and intermediates end, too.
  static let evidenceLifetime = Duration.hours(24)
  /// How long a verdict against a chain is: the intermediate that it lacks may be imported
  /// under the same ARN, or a root added, at any time.
  static let doubtLifetime = Duration.minutes(10)
  /// Entries kept at the most: above it everything is asked again.
  static let maximumEntries = 20_000

  struct EvidenceKey: Hashable, Sendable {
    let arn: CertificateARN
    let caFile: String?
    /// A renewal or a second import keeps the ARN and changes these.
    let notBefore: Instant
    let notAfter: Instant
  }

  struct Details: Sendable {
    let summary: Certificate
    let described: Certificate
    let at: Instant
  }

  struct Evidence: Sendable {
    let leaf: LeafEvidence
    let at: Instant

    func isGood(at now: Instant) -> Bool {
      now.since(at)
        < (leaf.chain == .trusted
          ? CertificateMemory.evidenceLifetime : CertificateMemory.doubtLifetime)
    }
  }

  private(set) var details: [CertificateARN: Details] = [:]
  private(set) var evidence: [EvidenceKey: Evidence] = [:]

  func details(of summary: Certificate, now: Instant) -> Certificate? {
    guard let entry = details[summary.arn], entry.summary == summary,
      now.since(entry.at) < CertificateMemory.detailsLifetime
    else { return nil }
    return entry.described
  }

  func evidence(of certificate: Certificate, caFile: String?, now: Instant) -> LeafEvidence? {
    guard let key = key(certificate, caFile), let entry = evidence[key], entry.isGood(at: now)
    else { return nil }
    return entry.leaf
  }

  mutating func remember(_ described: Certificate, of summary: Certificate, at now: Instant) {
    details[summary.arn] = Details(summary: summary, described: described, at: now)
  }

  mutating func remember(
    _ leaf: LeafEvidence, of certificate: Certificate, caFile: String?, at now: Instant
  ) {
    guard let key = key(certificate, caFile) else { return }
    evidence[key] = Evidence(leaf: leaf, at: now)
  }

  /// Drops every verdict against a chain: someone says that things were corrected.
  mutating func forgetDoubts() {
    evidence = evidence.filter { $0.value.leaf.chain == .trusted }
  }

  /// Drops what has outlived its use.
  mutating func prune(at now: Instant) {
    details = details.filter { now.since($0.value.at) < CertificateMemory.detailsLifetime }
    evidence = evidence.filter { $0.value.isGood(at: now) }
    if details.count > CertificateMemory.maximumEntries { details = [:] }
    if evidence.count > CertificateMemory.maximumEntries { evidence = [:] }
  }

  private func key(_ certificate: Certificate, _ caFile: String?) -> EvidenceKey? {
    guard let notBefore = certificate.notBefore, let notAfter = certificate.notAfter else {
      return nil
    }
    return EvidenceKey(
      arn: certificate.arn, caFile: caFile, notBefore: notBefore, notAfter: notAfter)
  }
}
