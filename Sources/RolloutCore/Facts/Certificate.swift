/// What ACM says about one certificate. A member that neither the list nor the description
/// held is nil: "not said" is never read as "no".
package struct Certificate: Equatable, Sendable {
  package var arn: CertificateARN
  package var status: CertificateStatus?
  package var type: CertificateType?
  package var keyAlgorithm: KeyAlgorithm?
  /// ACM's `DomainName`: the first name that was asked for.
  package var primaryName: String?
  /// The names the certificate covers, the primary one included when it is known.
  package var names: [String]
  /// False while the list showed only the first 100 names, or none.
  package var namesAreComplete: Bool
  package var notBefore: Instant?
  package var notAfter: Instant?
  package var createdAt: Instant?
  package var issuedAt: Instant?
  package var importedAt: Instant?
  /// The first `importedAt` that was ever seen for the ARN; kept in the state file, because ACM
  /// remembers the last import alone.
  package var firstImportedAt: Instant?
  /// ACM's `ManagedBy`, `CLOUDFRONT` being the only value known.
  package var managedBy: String?
  package var serial: String?
  /// Whether a resource of AWS uses it, by the list.
  package var isInUse: Bool?
  /// How many resources of AWS use it, by its description.
  package var users: Int?
  /// Whether DescribeCertificate was asked, so that what is missing now stays missing.
  package var isDescribed: Bool

  package init(
    arn: CertificateARN, status: CertificateStatus? = nil, type: CertificateType? = nil,
    keyAlgorithm: KeyAlgorithm? = nil, primaryName: String? = nil, names: [String] = [],
    namesAreComplete: Bool = false, notBefore: Instant? = nil, notAfter: Instant? = nil,
    createdAt: Instant? = nil, issuedAt: Instant? = nil, importedAt: Instant? = nil,
    managedBy: String? = nil, serial: String? = nil, isInUse: Bool? = nil, users: Int? = nil,
    isDescribed: Bool = false
  ) {
    self.arn = arn
    self.status = status
    self.type = type
    self.keyAlgorithm = keyAlgorithm
    self.primaryName = primaryName
    self.names = names
    self.namesAreComplete = namesAreComplete
    self.notBefore = notBefore
    self.notAfter = notAfter
    self.createdAt = createdAt
    self.issuedAt = issuedAt
    self.importedAt = importedAt
    self.managedBy = managedBy
    self.serial = serial
    self.isInUse = isInUse
    self.users = users
    self.isDescribed = isDescribed
  }

  /// When the certificate was created under this ARN; ACM gives no CreatedAt for some imports,
  /// and then the first import counts: another one over the same ARN makes nothing newer. Beside NotBefore it tells a replacement from an old ARN that
  /// was renewed. IssuedAt does not: a renewal may move it.
  package var creation: Instant? { createdAt ?? firstImportedAt ?? importedAt }

  /// When the present key and names were issued or imported: what `soak` counts from.
  package var issue: Instant? {
    type == .imported ? importedAt ?? createdAt : issuedAt ?? createdAt ?? importedAt
  }
}

/// ACM's `CertificateStatus`. Only `issued` can be attached.
package enum CertificateStatus: Hashable, Sendable, CustomStringConvertible {
  case issued, pendingValidation, inactive, expired, validationTimedOut, revoked, failed
  case other(String)

  private static let known: [(CertificateStatus, String)] = [
    (.issued, "ISSUED"), (.pendingValidation, "PENDING_VALIDATION"), (.inactive, "INACTIVE"),
    (.expired, "EXPIRED"), (.validationTimedOut, "VALIDATION_TIMED_OUT"), (.revoked, "REVOKED"),
    (.failed, "FAILED"),
  ]

  package init(_ text: String) {
    self = CertificateStatus.known.first { $0.1 == text }?.0 ?? .other(text)
  }

  package var description: String {
    if case .other(let text) = self { return text }
    return CertificateStatus.known.first { $0.0 == self }?.1 ?? ""
  }
}

/// ACM's `CertificateType`.
package enum CertificateType: Hashable, Sendable, CustomStringConvertible {
  case amazonIssued, imported, `private`
  case other(String)

  package init(_ text: String) {
    switch text {
    case "AMAZON_ISSUED": self = .amazonIssued
    case "IMPORTED": self = .imported
    case "PRIVATE": self = .private
    case let other: self = .other(other)
    }
  }

  package var description: String {
    switch self {
    case .amazonIssued: "AMAZON_ISSUED"
    case .imported: "IMPORTED"
    case .private: "PRIVATE"
    case .other(let text): text
    }
  }
}

/// ACM's `KeyAlgorithm`, in the notation of ListCertificates (`RSA_2048`); DescribeCertificate
/// writes the same with a hyphen (`RSA-2048`) and is understood too.
package struct KeyAlgorithm: Hashable, Sendable, CustomStringConvertible {
  package let name: String

  package init(_ name: String) {
    let isHyphened = name.hasPrefix("RSA-") || name.hasPrefix("EC-")
    self.name = isHyphened ? String(name.map { $0 == "-" ? "_" : $0 }) : name
  }

  /// All that ListCertificates can filter on; it hides all but the first two unless asked.
  package static let all = [
    "RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1",
    "EC_secp521r1",
  ].map(KeyAlgorithm.init)

  /// What CloudFront serves to viewers.
  package static let servedByCloudFront = [
    "RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1",
  ].map(KeyAlgorithm.init)

  package var description: String { name }
}

/// What GetCertificate and a look at the chain showed of a certificate's present leaf.
package struct LeafEvidence: Equatable, Sendable {
  /// SHA-256 over the DER of the leaf, 64 lower-case hexadecimal digits.
  package let sha256: String
  package let serial: String
  package let notAfter: Instant
  package let chain: ChainVerdict

  package init(sha256: String, serial: String, notAfter: Instant, chain: ChainVerdict) {
    self.sha256 = sha256
    self.serial = serial
    self.notAfter = notAfter
    self.chain = chain
  }
}

/// Whether a certificate's chain leads to a root that is trusted for it.
package enum ChainVerdict: Equatable, Sendable {
  case trusted
  case selfSigned
  /// With OpenSSL's reason.
  case untrusted(String)
}
