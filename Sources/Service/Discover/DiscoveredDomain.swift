package import RolloutCore

/// A custom domain that Cognito showed, and how it was seen.
package struct DiscoveredDomain: Equatable, Sendable {
  package var domain: DomainName
  package var userPoolID: UserPoolID
  package var region: Region
  package var identity: Identity
  /// nil when the domain could not be described.
  package var status: DomainStatus?
  package var attached: Attached

  package init(
    domain: DomainName, userPoolID: UserPoolID, region: Region, identity: Identity,
    status: DomainStatus?, attached: Attached
  ) {
    self.domain = domain
    self.userPoolID = userPoolID
    self.region = region
    self.identity = identity
    self.status = status
    self.attached = attached
  }

  /// The attached certificate, as far as it was seen.
  package enum Attached: Equatable, Sendable {
    case described(Certificate)
    /// ACM says that it does not exist.
    case missing(CertificateARN)
    /// Its description failed.
    case unseen(CertificateARN)
    /// The domain's description failed, or names no certificate.
    case unknown
  }
}
