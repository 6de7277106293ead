import LosslessJSON
import RolloutCore

/// A received request, with the fault that applies to it.
struct Admission {
  let request: Result<FakeRequest, ServiceError>
  let opportunity: FaultOpportunity
  let region: String
  let principal: String
  let requestID: String
  let fault: Fault?
  /// The key that the request names; nil when it is unknown, and for an unsigned request.
  let key: FakeAccessKey?
  let clockTolerance: Duration
  let clockOffset: Duration

  var service: FakeRequest.Service? { try? request.get().service }

  /// The error of a fault that prevents the operation; nil for every other fault.
  func refusal(_ fault: Fault) -> ServiceError? {
    switch fault {
    case .throttled: throttling
    case .internalError, .unreachable, .requestLost, .unanswered: FaultAnswer.internalError(service)
    case .unavailable:
      ServiceError("ServiceUnavailable", "Service is unavailable", status: 503)
    case .proxyUnavailable:
      ServiceError("", "", status: 503, rawBody: FaultAnswer.proxyPage("503 Service Unavailable"))
    case .expiredCredentials: .expiredToken
    case .wrongSignature: .wrongSignature
    case .accessDenied: accessDenied
    case .distributionDenied:
      ServiceError(
        "AccessDeniedException",
        RefusalText.distribution(principal: principal, requestID: requestID))
    case .concurrentModification: conflict
    case .answerLost, .halfAnswer, .hangs, .internalErrorAfterwards, .truncated, .proxyPage,
      .emptyObject, .missingMembers, .unknownValues, .oversized, .endlessPages,
      .emptyDescription, .staysUpdating, .endsFailed, .staleEdges, .oneStaleEdge:
      nil
    }
  }

  private var accessDenied: ServiceError {
    if let request = try? request.get(), request.sessionOrder != nil {
      return .roleRefused(principal, request)
    }
    return .accessDenied(principal, (service?.rawValue ?? "") + ":" + opportunity.operation)
  }

  private var throttling: ServiceError {
    switch service {
    case .cognito: ServiceError("TooManyRequestsException", "Too many requests")
    case .tagging: ServiceError("ThrottledException", "Rate exceeded")
    case .sts, .iam: ServiceError("Throttling", "Rate exceeded")
    case .acm, nil: ServiceError("ThrottlingException", "Rate exceeded")
    }
  }

  private var conflict: ServiceError {
    service == .acm
      ? ServiceError("ConflictException", "Another request is in progress for this resource.")
      : ServiceError(
        "ConcurrentModificationException",
        "The domain is being modified by another request. Please try again.")
  }

  /// The error code that the caller sees; empty after a success.
  func code(of result: Result<Reply, ServiceError>) -> String {
    switch result {
    case .success: fault == .internalErrorAfterwards ? FaultAnswer.internalError(service).code : ""
    case .failure(let error): error.code
    }
  }
}

/// A request whose signature is verified.
struct CallContext {
  let request: FakeRequest
  let key: FakeAccessKey
  let region: String
  let now: Instant
  /// AWS's clock, which dates certificates and their ends.
  let awsNow: Instant
  let requestID: String
  let fault: Fault?

  var account: String { key.account }
  var body: JSONValue { request.body }
}

/// The answer of an operation.
struct Reply {
  var content: Content
  var hadEffect = false

  enum Content {
    case json(JSONValue)
    case xml(String)
  }

  static func json(_ value: JSONValue, hadEffect: Bool = false) -> Reply {
    Reply(content: .json(value), hadEffect: hadEffect)
  }

  static func xml(_ text: String) -> Reply { Reply(content: .xml(text)) }
}
