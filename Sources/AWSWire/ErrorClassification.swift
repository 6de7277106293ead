import RolloutCore

/// What an AWS error means to whoever made the call.
///
/// By code where the code says it, by status where it does not. Cognito says most things with
/// one code, InvalidParameterException, and means them by its text.
enum ErrorClassification {
  /// `code` nil: the answer had none that could be read.
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

  /// Whether a code names a problem that `kind` has a table entry for; an unknown one is shown
  /// in the message.
  static func isKnown(_ code: String) -> Bool {
    byCode(code) != nil || code == invalidParameter || plainRefusals.contains(code)
  }

  /// Codes by which AWS says that the time in a signature is not its own, or may say so: the
  /// answer's `Date` decides.
  static let clockSkew: Set<String> = [
    "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
    "SignatureDoesNotMatch", "AuthFailure",
  ]

  private static let invalidParameter = "InvalidParameterException"

  /// Refused for what the request said; their kind is the same as an unknown code's.
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
    // "TLS" in capitals: a domain's name, which is lower case, may well hold the letters.
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

  /// No text of Cognito's for a domain at work is published; these are the ways to say it.
  private static let busyTexts = [
    "being updated", "being created", "is updating", "currently updating", "already updating",
    "status updating", "status: updating", "in progress", "not in a valid state",
    "not in valid state", "invalid state", "not in an active state", "is not active",
    "not in active",
  ]
}
