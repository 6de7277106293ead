/// An error answer of AWS.
struct ServiceError: Error {
  var status = 400
  var code: String
  var message: String
  /// What makes the error, which decides its format.
  var origin = Origin.service
  /// A body that replaces AWS's format, such as a proxy's page.
  var rawBody: String?

  enum Origin {
    /// The service itself. It writes `__type` and `message`.
    case service
    /// The framework before it. It writes a namespace before the type and, in one case, `Message`.
    case framework
  }

  init(
    _ code: String, _ message: String, status: Int = 400, origin: Origin = .service,
    rawBody: String? = nil
  ) {
    self.code = code
    self.message = message
    self.status = status
    self.origin = origin
    self.rawBody = rawBody
  }

  static let unknownOperation = ServiceError("UnknownOperationException", "", origin: .framework)

  /// The error for a content type or a method that no protocol uses.
  static let unknownPage = ServiceError(
    "UnknownOperationException", "", status: 404, rawBody: "<UnknownOperationException/>\n")

  static let serialization = ServiceError("SerializationException", "", origin: .framework)

  static let tooLarge = ServiceError(
    "RequestEntityTooLargeException", "Request entity too large", status: 413,
    origin: .framework)

  static let missingToken = ServiceError(
    "MissingAuthenticationTokenException", "Missing Authentication Token", origin: .framework)

  static func incompleteSignature(_ problem: String) -> ServiceError {
    ServiceError("IncompleteSignatureException", problem, origin: .framework)
  }

  static func invalidSignature(_ problem: String) -> ServiceError {
    ServiceError("InvalidSignatureException", problem, origin: .framework)
  }

  static let wrongSignature = invalidSignature(
    "The request signature we calculated does not match the signature you provided. Check "
      + "your AWS Secret Access Key and signing method. Consult the service documentation "
      + "for details.")

  static let unknownKey = ServiceError(
    "UnrecognizedClientException", "The security token included in the request is invalid.",
    origin: .framework)

  static let expiredToken = ServiceError(
    "ExpiredTokenException", "The security token included in the request is expired",
    origin: .framework)

  static func accessDenied(_ principal: String, _ action: String) -> ServiceError {
    ServiceError(
      "AccessDeniedException",
      "User: \(principal) is not authorized to perform: \(action) because no identity-based "
        + "policy allows the \(action) action",
      origin: .framework)
  }

  /// The error for a role that the caller may not assume. It does not say which condition failed.
  static func roleRefused(_ principal: String, _ request: FakeRequest) -> ServiceError {
    guard !request.isUnsigned else {
      return ServiceError(
        "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", status: 403)
    }
    return ServiceError(
      "AccessDenied",
      "User: \(principal) is not authorized to perform: sts:\(request.operation) on resource: "
        + request.object,
      status: 403)
  }

  static func invalidParameter(_ message: String) -> ServiceError {
    ServiceError("InvalidParameterException", message)
  }

  static func validation(_ message: String) -> ServiceError {
    ServiceError("ValidationException", message)
  }
}
