/// Whether a certificate may serve a domain, decided once more from ACM's data, without the code
/// of the checks. What `min_remaining` and `soak` ask for is left to the checks: urgency loosens
/// both.
struct ReviewedEligibility {
  let certificate: Certificate
  let mapping: Mapping
  let tags: [CertificateARN: [String: String]]?
  let now: Instant

  /// The first thing that rules the certificate out; nil when nothing does.
  var problem: String? {
    if certificate.status != .issued { return "not issued" }
    if certificate.managedBy != nil { return "managed by another service" }
    if certificate.arn.region != "us-east-1" { return "in \(certificate.arn.region)" }
    if certificate.type == .private || certificate.type == nil { return "not public" }
    if !isServedKey { return "CloudFront does not serve the key" }
    if !coversDomain { return "does not cover \(mapping.domain)" }
    guard let start = certificate.notBefore, let end = certificate.notAfter else {
      return "without dates"
    }
    if start > now { return "not valid before \(start.rfc3339)" }
    if end <= now { return "ended at \(end.rfc3339)" }
    return isSelected == true ? nil : "not selected by the mapping"
  }

  /// Whether ACM's word alone makes an attached certificate unusable. Data that ACM does not
  /// give make nothing unusable.
  var isStatedUnusable: Bool {
    if let end = certificate.notAfter, end <= now { return true }
    if certificate.namesAreComplete && !coversDomain { return true }
    switch certificate.status {
    case nil, .issued, .other: return false
    case .pendingValidation, .inactive, .expired, .validationTimedOut, .revoked, .failed:
      return true
    }
  }

  /// Whether the mapping's certificate rule selects it; nil when that cannot be told.
  var isSelected: Bool? {
    let rule = mapping.selector
    var unknown = false
    if let pinned = rule.arn, pinned != certificate.arn { return false }
    if let name = rule.domainName {
      guard let primary = certificate.primaryName else { return nil }
      if primary.lowercased() != name.lowercased() { return false }
    }
    if let type = certificate.type {
      if !rule.types.contains(type) { return false }
    } else {
      unknown = true
    }
    if let key = certificate.keyAlgorithm {
      if !rule.keyAlgorithms.contains(key) { return false }
    } else {
      unknown = true
    }
    if !rule.tags.isEmpty {
      guard let tags else { return nil }
      let own = tags[certificate.arn] ?? [:]
      if rule.tags.contains(where: { own[$0.key] != $0.value }) { return false }
    }
    return unknown ? nil : true
  }

  private var isServedKey: Bool {
    switch certificate.keyAlgorithm?.name {
    case "RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1": true
    case nil, .some: false
    }
  }

  /// Names compare without case; a wildcard stands for exactly one label.
  private var coversDomain: Bool {
    let labels = ReviewedEligibility.labels(mapping.domain.text)
    let names = certificate.names + [certificate.primaryName].compactMap { $0 }
    return names.contains { name in
      let pattern = ReviewedEligibility.labels(name)
      guard pattern.count == labels.count else { return false }
      let first = pattern.first == "*" && labels.count > 1 ? labels.first : pattern.first
      return first == labels.first && pattern.dropFirst().elementsEqual(labels.dropFirst())
    }
  }

  private static func labels(_ name: String) -> [Substring] {
    name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
  }
}
