import RolloutCore

/// How a simulated domain answers where AWS's answer is not documented, or takes its time.
package struct DomainBehaviour: Sendable {
  /// From an accepted update to ACTIVE. 9 to 18 minutes were measured at AWS.
  package var activeAfter: Duration
  package var edges: [Edge]
  /// Whether a description names the new certificate while the update is under way.
  package var showsNewARN: NewARN
  /// What becomes of a member that an update leaves out.
  package var omittedMembers: OmittedMembers
  /// The answer to an update while another is under way.
  package var whileUpdating: UpdatingAnswer
  /// A certificate younger than this is refused, as CloudFront does for a while.
  package var refusesYoungFor: Duration
  /// The answer to every update, when set.
  package var refusal: Refusal?
  package var staysUpdating: Bool
  package var endsFailed: Bool
  /// Whether a description names the new certificate after the update has failed.
  package var failureKeepsNewARN: Bool
  /// Shown as the status, whatever goes on: `DELETING`, or a word that nobody knows.
  package var forcedStatus: String?
  /// The description has no `CustomDomainConfig`, as an emulator's or a prefix domain's.
  package var hidesCertificate: Bool
  /// `TLS_V1` together with managed login 2 is refused.
  package var refusesOldPolicyWithManagedLogin: Bool
  /// Settings that every accepted update leaves behind, whatever was sent: what an echo is
  /// compared against. Members of `CustomDomainConfig`, as JSON texts.
  package var overwrites: [String: String]
  /// How old the state is that a description shows.
  package var descriptionLag: Duration = .zero

  package struct Edge: Hashable, Sendable {
    package var label: String
    /// From an accepted update to the new certificate; nil: it never serves it.
    package var delay: Duration?
    /// Up to this much more, drawn from the seed at each update.
    package var jitter: Duration
    /// How long it goes on with the old leaf after a renewal under the same ARN.
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
    /// The newer update takes the place of the one under way.
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

/// The texts of real refusals, word for word, as far as they are known.
package enum RefusalText {
  package static let parentDomain = """
    Custom domain is not a valid subdomain: Was not able to resolve the root domain, please \
    ensure an A record exists for the root domain.
    """
  package static let noCustomDomain =
    "User pool should have a custom domain associated, failed to update the certificate."
  package static let prefixDomain = "Cannot convert custom domain to prefix domain."

  /// CloudFront's answer to a certificate that it does not take, as Cognito passes it on.
  static func certificate(requestID: String) -> String {
    "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or "
      + "doesn't include a valid certificate chain. (Service: AmazonCloudFront; "
      + "Status Code: 400; Error Code: InvalidViewerCertificate; "
      + "Request ID: \(requestID); Proxy: null)"
  }

  /// What a caller without the often forgotten permission is told.
  static func distribution(principal: String, requestID: String) -> String {
    "User: \(principal) is not authorized to perform: cloudfront:updateDistribution "
      + "(Service: AmazonCloudFront; Status Code: 403; Error Code: AccessDenied; "
      + "Request ID: \(requestID); Proxy: null)"
  }
}
