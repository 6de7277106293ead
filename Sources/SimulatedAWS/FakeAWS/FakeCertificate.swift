package import RolloutCore

/// The leaf and the chain of one issue of a certificate, with the values in them. The simulated AWS does
/// not parse the PEM, so tests need no real keys.
package struct CertificateMaterial: Hashable, Sendable {
  package var certificatePEM: String
  package var chainPEM: String
  /// SHA-256 over the leaf's DER, 64 lower-case hexadecimal digits.
  package var sha256: String
  /// Hexadecimal, upper case, without colons.
  package var serial: String
  package var notBefore: Instant
  package var notAfter: Instant
  package var isSelfSigned: Bool

  package init(
    certificatePEM: String, chainPEM: String, sha256: String, serial: String,
    notBefore: Instant, notAfter: Instant, isSelfSigned: Bool = false
  ) {
    self.certificatePEM = certificatePEM
    self.chainPEM = chainPEM
    self.sha256 = sha256
    self.serial = serial
    self.notBefore = notBefore
    self.notAfter = notAfter
    self.isSelfSigned = isSelfSigned
  }
}

/// One ARN of the simulated ACM with all its issues.
package struct FakeCertificate: Sendable {
  package let arn: String
  package let account: String
  package let region: String
  /// `AMAZON_ISSUED`, `IMPORTED`, `PRIVATE`.
  package var type: String
  /// In the notation of ListCertificates: `RSA_2048`.
  package var keyAlgorithm: String
  /// The primary name first.
  package var names: [String]
  package var state: State
  package var createdAt: Instant
  package var issuedAt: Instant?
  package var importedAt: Instant?
  package var revokedAt: Instant?
  package var deletedAt: Instant?
  package var managedBy: String?
  package var tags: [String: String]
  /// Oldest first; empty while the certificate is pending.
  package var issues: [Issue]
  /// The position in the order of creation, which page tokens contain.
  let sequence: Int

  package struct Issue: Sendable {
    package var since: Instant
    package var material: CertificateMaterial
  }

  /// The stored state. EXPIRED is computed from the time.
  package enum State: String, Sendable, CaseIterable {
    case pending = "PENDING_VALIDATION"
    case issued = "ISSUED"
    case inactive = "INACTIVE"
    case timedOut = "VALIDATION_TIMED_OUT"
    case revoked = "REVOKED"
    case failed = "FAILED"
  }

  package var current: CertificateMaterial? { issues.last?.material }

  package func status(at now: Instant) -> String {
    if state == .issued, let current, current.notAfter <= now { return "EXPIRED" }
    return state.rawValue
  }

  /// Whether a name of the certificate is `domain`, or a wildcard one label above it.
  package func covers(_ domain: String) -> Bool {
    let wanted = domain.lowercased()
    let parent = wanted.split(separator: ".", maxSplits: 1).last.map(String.init)
    return names.contains { name in
      let name = name.lowercased()
      if name == wanted { return true }
      return name.hasPrefix("*.") && parent.map { name == "*." + $0 } ?? false
    }
  }
}

/// A certificate that an operator requests or imports.
package struct CertificateOrder: Sendable {
  package var account: String
  package var region: String
  package var type: String
  package var keyAlgorithm: String
  package var names: [String]
  package var tags: [String: String]
  package var managedBy: String?
  /// nil: the certificate stays pending until `complete` gives it one.
  package var material: CertificateMaterial?
  /// When the ARN was created; nil: now.
  package var createdAt: Instant?
  /// nil: derived from the seed.
  package var id: String?

  package init(
    account: String, names: [String], material: CertificateMaterial?,
    region: String = "us-east-1", type: String = "AMAZON_ISSUED",
    keyAlgorithm: String = "EC_prime256v1", tags: [String: String] = [:],
    managedBy: String? = nil, createdAt: Instant? = nil, id: String? = nil
  ) {
    self.account = account
    self.names = names
    self.material = material
    self.region = region
    self.type = type
    self.keyAlgorithm = keyAlgorithm
    self.tags = tags
    self.managedBy = managedBy
    self.createdAt = createdAt
    self.id = id
  }
}
