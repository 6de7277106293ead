import RolloutCore

/// How a simulated domain behaves: its delays, its faults, and what AWS does not document.
package struct DomainBehaviour: Sendable {
  /// The time from an accepted update to ACTIVE. At AWS it was measured as 9 to 18 minutes.
  package var activeAfter: Duration
  package var edges: [Edge]
  /// When a description names the new certificate.
  package var showsNewARN: NewARN
  /// What happens to a member that an update leaves out.
  package var omittedMembers: OmittedMembers
  /// The answer to an update during another one.
  package var whileUpdating: UpdatingAnswer
  /// A certificate younger than this is refused, because CloudFront does not know it yet.
  package var refusesYoungFor: Duration
  /// The answer to every update, when set.
  package var refusal: Refusal?
  package var staysUpdating: Bool
  package var endsFailed: Bool
  /// Whether a description names the new certificate after the update has failed.
  package var failureKeepsNewARN: Bool
  /// The status that is always shown: `DELETING`, or an unknown word.
  package var forcedStatus: String?
  /// The description has no `CustomDomainConfig`, as for a prefix domain or in an emulator.
  package var hidesCertificate: Bool
  /// `TLS_V1` together with managed login 2 is refused.
  package var refusesOldPolicyWithManagedLogin: Bool
  /// Members of `CustomDomainConfig` that every accepted update sets to these JSON texts, whatever was
  /// sent.
  package var overwrites: [String: String]
  /// Every edge answers a handshake for the domain with an alert.
  package var refusesHandshakes = false
  /// How old the state is that a description shows.
  package var descriptionLag: Duration = .zero

  package struct Edge: Hashable, Sendable {
    package var label: String
    /// The time from an accepted update until the edge serves the new certificate; nil: never.
    package var delay: Duration?
    /// The maximum that is added to the delay at each update, derived from the seed.
    package var jitter: Duration
    /// How long the edge serves the old leaf after a renewal under the same ARN.
    package var renewalDelay: Duration

    package init(
      label: String, delay: Duration?, jitter: Duration = .zero, renewalDelay: Duration = .zero
    ) {
      self.label = label
      self.delay = delay
      self.jitter = jitter
      self.renewalDelay = renewalDelay
    }
  }

  package struct Refusal: Hashable, Sendable {
    package var code: String
    package var message: String

    package init(code: String = "InvalidParameterException", message: String) {
      self.code = code
      self.message = message
    }
  }

  package enum NewARN: String, Sendable, CaseIterable {
    case atOnce = "at_once"
    case whenActive = "when_active"
  }

  package enum OmittedMembers: String, Sendable, CaseIterable { case kept, reset }

  package enum UpdatingAnswer: String, Sendable, CaseIterable {
    case concurrentModification = "concurrent_modification"
    case invalidParameter = "invalid_parameter"
    /// The newer update replaces the running one.
    case accepted
  }

  package init(
    activeAfter: Duration = .minutes(10), edges: [Edge] = [], showsNewARN: NewARN = .atOnce,
    omittedMembers: OmittedMembers = .reset,
    whileUpdating: UpdatingAnswer = .concurrentModification, refusesYoungFor: Duration = .zero,
    refusal: Refusal? = nil, staysUpdating: Bool = false, endsFailed: Bool = false,
    failureKeepsNewARN: Bool = false, forcedStatus: String? = nil,
    hidesCertificate: Bool = false, refusesOldPolicyWithManagedLogin: Bool = false,
    overwrites: [String: String] = [:]
  ) {
    self.activeAfter = activeAfter
    self.edges = edges
    self.showsNewARN = showsNewARN
    self.omittedMembers = omittedMembers
    self.whileUpdating = whileUpdating
    self.refusesYoungFor = refusesYoungFor
    self.refusal = refusal
    self.staysUpdating = staysUpdating
    self.endsFailed = endsFailed
    self.failureKeepsNewARN = failureKeepsNewARN
    self.forcedStatus = forcedStatus
    self.hidesCertificate = hidesCertificate
    self.refusesOldPolicyWithManagedLogin = refusesOldPolicyWithManagedLogin
    self.overwrites = overwrites
  }
}

/// The texts of AWS's refusals, as far as they are known.
package enum RefusalText {
  package static let parentDomain = """
    Custom domain is not a valid subdomain: Was not able to resolve the root domain, please \
    ensure an A record exists for the root domain.
    """
  package static let noCustomDomain =
    "User pool should have a custom domain associated, failed to update the certificate."
  package static let prefixDomain = "Cannot convert custom domain to prefix domain."

  /// CloudFront's refusal of a certificate, as Cognito forwards it.
  static func certificate(requestID: String) -> String {
    "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or "
      + "doesn't include a valid certificate chain. (Service: AmazonCloudFront; "
      + "Status Code: 400; Error Code: InvalidViewerCertificate; "
      + "Request ID: \(requestID); Proxy: null)"
  }

  /// The refusal of a caller without cloudfront:updateDistribution.
  static func distribution(principal: String, requestID: String) -> String {
    "User: \(principal) is not authorized to perform: cloudfront:updateDistribution "
      + "(Service: AmazonCloudFront; Status Code: 403; Error Code: AccessDenied; "
      + "Request ID: \(requestID); Proxy: null)"
  }
}
