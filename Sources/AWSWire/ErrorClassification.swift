import RolloutCore

/// Classifies AWS errors by what the caller can do about them.
///
/// The code decides if it is known, otherwise the HTTP status. Cognito uses one code,
/// InvalidParameterException, for many errors; these are classified by the error that they quote, or by
/// their text.
enum ErrorClassification {
  /// - Parameter code: nil when the answer has none that could be read.
  static func kind(status: Int, code: String?, message: String) -> Failure.Kind {
    guard let code else {
      switch status {
      case 429: return .throttled
      case 408, 500...: return .server
      default: return .malformedAnswer
      }
    }
    let known = kind(ofCode: code)
    if let known, isTransient(known) { return known }
    if known == nil && status >= 500 { return .server }
    if known == nil && status == 429 { return .throttled }
    let wrapped = WrappedError(in: message)
    if let wrapped, case .known(let kind) = wrapped.kind { return kind }
    if let known { return known }
    guard code == invalidParameter || wrapped != nil else { return .refused(.invalidRequest) }
    return CognitoErrorText.kind(of: message) ?? .refused(.invalidRequest)
  }

  /// Whether an error usually passes. What it wraps does not matter then.
  private static func isTransient(_ kind: Failure.Kind) -> Bool {
    switch kind {
    case .unreachable, .answerLost, .server, .malformedAnswer, .throttled, .conflict,
      .credentials, .notReady:
      true
    case .certificateRejected, .accessDenied, .notFound, .quotaExceeded, .refused: false
    }
  }

  /// Whether the code has an entry in a table here. An unknown one is shown in the message.
  static func isKnown(_ code: String) -> Bool {
    kind(ofCode: code) != nil || code == invalidParameter || plainRefusals.contains(code)
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

  /// What a known code means, whatever the status is.
  static func kind(ofCode code: String) -> Failure.Kind? {
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
        "InvalidIdentityToken", "InvalidIdentityTokenException", "IDPRejectedClaim",
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
}
