/// What one look brought: what was seen, or why nothing could be seen. The two are never
/// confused: "could not see" makes nothing unusable.
package enum Look<Value: Sendable>: Sendable {
  case seen(Value)
  case unseen(Failure)

  package var value: Value? {
    if case .seen(let value) = self { return value }
    return nil
  }

  package var failure: Failure? {
    if case .unseen(let failure) = self { return failure }
    return nil
  }
}

extension Look {
  package func map<Other>(_ transform: (Value) -> Other) -> Look<Other> {
    switch self {
    case .seen(let value): .seen(transform(value))
    case .unseen(let failure): .unseen(failure)
    }
  }
}

extension Look: Equatable where Value: Equatable {}

/// What DescribeUserPoolDomain showed.
package enum DomainLook: Equatable, Sendable {
  case described(DomainDescription)
  /// `{"DomainDescription":{}}`: AWS's answer for an unknown domain, or another account's.
  case empty
  /// Described, but without a certificate: a prefix domain, or an emulator.
  case withoutCertificate(DomainDescription)
  case unseen(Failure)
}

package struct DomainDescription: Equatable, Sendable {
  package var userPoolID: String?
  package var status: DomainStatus
  package var certificateARN: CertificateARN?
  /// The name of the CloudFront distribution that serves the domain: `d111.cloudfront.net`.
  package var cloudFrontDomain: String?
  package var settings: EchoedSettings

  package init(
    userPoolID: String?, status: DomainStatus, certificateARN: CertificateARN?,
    cloudFrontDomain: String? = nil, settings: EchoedSettings = EchoedSettings()
  ) {
    self.userPoolID = userPoolID
    self.status = status
    self.certificateARN = certificateARN
    self.cloudFrontDomain = cloudFrontDomain
    self.settings = settings
  }
}

/// Cognito's `DomainStatusType`.
package enum DomainStatus: Hashable, Sendable, CustomStringConvertible {
  case creating, deleting, updating, active, failed
  case other(String)

  package init(_ text: String) {
    switch text {
    case "CREATING": self = .creating
    case "DELETING": self = .deleting
    case "UPDATING": self = .updating
    case "ACTIVE": self = .active
    case "FAILED": self = .failed
    case let other: self = .other(other)
    }
  }

  package var description: String {
    switch self {
    case .creating: "CREATING"
    case .deleting: "DELETING"
    case .updating: "UPDATING"
    case .active: "ACTIVE"
    case .failed: "FAILED"
    case .other(let text): text
    }
  }

  /// Whether an update may be asked for: Cognito's answer to one while it is at work on
  /// another is documented nowhere.
  package var acceptsUpdates: Bool { self == .active || self == .failed }
}

/// All that a description held and the update accepts, save the certificate's ARN: sent back
/// word for word, since what an omitted member does is documented nowhere.
///
/// The values are JSON texts in canonical form (sorted keys, no white space, numbers as they
/// were written), so that equal settings are equal texts.
package struct EchoedSettings: Equatable, Sendable {
  /// The members of `CustomDomainConfig` but `CertificateArn`, known to this program or not.
  package var customDomainConfig: [String: String]
  /// Members beside it: `ManagedLoginVersion`, `Routing`.
  package var topLevel: [String: String]

  package init(customDomainConfig: [String: String] = [:], topLevel: [String: String] = [:]) {
    self.customDomainConfig = customDomainConfig
    self.topLevel = topLevel
  }

  /// Every member by its path (`CustomDomainConfig.SecurityPolicy`), sorted.
  package var members: [(path: String, json: String)] {
    let inner = customDomainConfig.map { ("CustomDomainConfig.\($0.key)", $0.value) }
    return (inner + topLevel.map { ($0.key, $0.value) }).sorted { $0.0 < $1.0 }
      .map { (path: $0.0, json: $0.1) }
  }
}

/// One UpdateUserPoolDomain call, complete: whoever carries it out has no choice left.
package struct DomainUpdate: Equatable, Sendable {
  package var domain: DomainName
  package var userPoolID: UserPoolID
  package var region: Region
  package var identity: Identity
  package var certificate: CertificateARN
  package var settings: EchoedSettings

  package init(
    domain: DomainName, userPoolID: UserPoolID, region: Region, identity: Identity,
    certificate: CertificateARN, settings: EchoedSettings
  ) {
    self.domain = domain
    self.userPoolID = userPoolID
    self.region = region
    self.identity = identity
    self.certificate = certificate
    self.settings = settings
  }
}

/// How an UpdateUserPoolDomain call ended.
package enum UpdateOutcome: Equatable, Sendable {
  /// With the name of the distribution that the answer named.
  case accepted(requestID: String?, cloudFrontDomain: String? = nil)
  case failed(Failure)
}

/// One look at every edge of a domain.
package struct ProbeRound: Equatable, Sendable {
  package var edges: [EdgeLook]
  /// Set when no address could be had at all: the name does not resolve.
  package var failure: Failure?

  package init(edges: [EdgeLook], failure: Failure? = nil) {
    self.edges = edges
    self.failure = failure
  }
}

package struct EdgeLook: Equatable, Sendable {
  /// `192.0.2.7:443` or `[2001:db8::1]:443`.
  package var address: String
  package var result: Result
  /// How long the connection and the handshake took; nil where it was not measured.
  package var took: Duration?

  package init(address: String, result: Result, took: Duration? = nil) {
    self.address = address
    self.result = result
    self.took = took
  }

  package enum Result: Equatable, Sendable {
    case served(ServedLeaf)
    /// It was reached, speaks TLS, and refuses the name with an alert: `handshake: unrecognized
    /// name`. It serves the domain to nobody.
    case refusing(String)
    /// With the stage and the reason: `connect: connection refused`.
    case unreachable(String)
    /// This host has no route to the address's family; it says nothing about the edge.
    case noRoute
  }
}

/// The leaf that an edge showed in a handshake.
package struct ServedLeaf: Equatable, Sendable {
  /// SHA-256 over its DER, 64 lower-case hexadecimal digits.
  package var sha256: String
  /// Hexadecimal, upper case, without colons.
  package var serial: String
  package var notAfter: Instant
  /// Whether its names cover the domain that was asked for.
  package var coversDomain: Bool
  package var chain: ChainVerdict
  /// What people recognise it by; nothing is decided by that.
  package var details: LeafDetails?

  package init(
    sha256: String, serial: String, notAfter: Instant, coversDomain: Bool, chain: ChainVerdict,
    details: LeafDetails? = nil
  ) {
    self.sha256 = sha256
    self.serial = serial
    self.notAfter = notAfter
    self.coversDomain = coversDomain
    self.chain = chain
    self.details = details
  }
}

/// What people recognise a served leaf by.
package struct LeafDetails: Equatable, Sendable {
  /// In the notation of RFC 4514: `CN=auth.example.com`.
  package var subject: String
  package var issuer: String
  /// `TLSv1.3`.
  package var tlsVersion: String

  package init(subject: String, issuer: String, tlsVersion: String) {
    self.subject = subject
    self.issuer = issuer
    self.tlsVersion = tlsVersion
  }
}
