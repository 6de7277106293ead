import RolloutCore

/// Classifies AWS errors by what the caller can do about them.
///
/// The code decides if it is known, otherwise the HTTP status. Cognito uses one code,
/// InvalidParameterException, for many errors; these are classified by their text.
enum ErrorClassification {
  /// - Parameter code: nil when the answer has none that could be read.
  static func kind(status: Int, code: String?, message: String) -> Failure.Kind {
    if let code {
      if let kind = byCode(code) { return kind }
      if status >= 500 { return .server }
      if status == 429 { return .throttled }
      return code == invalidParameter ? byText(message) : .refused(.invalidRequest)
    }
    switch status {
    case 429: return .throttled
    case 408, 500...: return .server
    default: return .malformedAnswer
    }
  }

  /// Whether the code has an entry in a table here. An unknown one is shown in the message.
  static func isKnown(_ code: String) -> Bool {
    byCode(code) != nil || code == invalidParameter || plainRefusals.contains(code)
  }

  /// Codes that may mean that the time of the signature is wrong. The `Date` of the answer decides.
  static let clockSkew: Set<String> = [
    "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
    "SignatureDoesNotMatch", "AuthFailure",
  ]

  private static let invalidParameter = "InvalidParameterException"

  /// Refusals of the request itself. They have the same kind as an unknown code.
  private static let plainRefusals: Set<String> = [
    "ValidationException", "ValidationError", "InvalidArnException", "InvalidArgsException",
    "SerializationException", "UnknownOperationException", "InvalidAction",
  ]

  private static func byCode(_ code: String) -> Failure.Kind? {
    table.first { $0.codes.contains(code) }?.kind
  }

  private static let table: [(kind: Failure.Kind, codes: Set<String>)] = [
    (
      .throttled,
      [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
        "RequestThrottledException", "TooManyRequestsException", "RequestLimitExceeded",
        "ProvisionedThroughputExceededException", "BandwidthLimitExceeded", "SlowDown",
        "EC2ThrottledException",
      ]
    ),
    (
      .server,
      [
        "InternalErrorException", "InternalFailure", "InternalError", "InternalServerError",
        "InternalServerException", "InternalServiceException", "ServiceUnavailable",
        "ServiceUnavailableException", "RequestTimeout", "RequestTimeoutException",
        "PriorRequestNotComplete",
      ]
    ),
    (
      .credentials,
      clockSkew.union([
        "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId",
        "InvalidClientTokenIdException", "ExpiredToken", "ExpiredTokenException",
        "IncompleteSignature", "IncompleteSignatureException", "MissingAuthenticationToken",
        "MissingAuthenticationTokenException", "InvalidToken", "InvalidTokenException",
        "MissingSecurityHeader", "TokenRefreshRequired", "InvalidSignature",
      ])
    ),
    (
      .accessDenied,
      [
        "AccessDenied", "AccessDeniedException", "NotAuthorizedException", "NotAuthorized",
        "UnauthorizedOperation", "OptInRequired", "SubscriptionRequiredException",
      ]
    ),
    (.conflict, ["ConcurrentModificationException", "ConflictException"]),
    (.quotaExceeded, ["LimitExceededException", "ServiceQuotaExceededException"]),
    (.notFound, ["ResourceNotFoundException"]),
    (.notReady, ["RequestInProgressException"]),
    (
      .refused(.featureUnavailable),
      ["FeatureUnavailableInTierException", "OperationNotEnabledException"]
    ),
  ]

  // MARK: InvalidParameterException

  private static func byText(_ message: String) -> Failure.Kind {
    let text = message.lowercased().replacing("’", with: "'")
    func says(_ phrases: [String]) -> Bool { phrases.contains { text.contains($0) } }
    if says(["should have a custom domain associated", "no such domain or user pool"])
      || says(["associated with another user pool"])
    {
      return .refused(.domainNotInPool)
    }
    if says(["not a valid subdomain", "for the parent domain"]) {
      return .refused(.parentDomainUnresolved)
    }
    if says(certificateTexts)
      || (text.contains("certificate") && says(rejectionTexts))
    {
      return .certificateRejected
    }
    if says(busyTexts) { return .conflict }
    // "TLS" in capitals only, because a domain name may contain the letters in lower case.
    let names = ["SecurityPolicy", "ManagedLoginVersion", "TLS"].contains { message.contains($0) }
    if names || says(["security policy", "managed login"]) { return .refused(.settingsRejected) }
    return .refused(.invalidRequest)
  }

  private static let certificateTexts = ["specified ssl certificate", "invalidviewercertificate"]

  private static let rejectionTexts = [
    "doesn't exist", "does not exist", "isn't valid", "is not valid", "invalid certificate",
    "certificate is invalid", "isn't in us-east-1", "not in us-east-1", "must be in us-east-1",
    "certificate chain", "not issued", "isn't issued", "certificate not found",
  ]

  /// Cognito's text for a domain that is being updated is not published. These are likely ones.
  private static let busyTexts = [
    "being updated", "being created", "is updating", "currently updating", "already updating",
    "status updating", "status: updating", "in progress", "not in a valid state",
    "not in valid state", "invalid state", "not in an active state", "is not active",
    "not in active",
  ]
}
