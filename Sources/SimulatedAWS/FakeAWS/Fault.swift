package import RolloutCore

/// A fault that can apply to a request.
package enum Fault: String, Sendable, CaseIterable {
  // The operation is not carried out, and the answer says so.
  /// The service's own throttling error.
  case throttled
  /// 500 without an effect.
  case internalError = "internal_error"
  /// 503 without an effect.
  case unavailable
  /// 503 with a page of a proxy.
  case proxyUnavailable = "html_503"
  case expiredCredentials = "expired_credentials"
  case wrongSignature = "wrong_signature"
  case accessDenied = "access_denied"
  /// The error when cloudfront:updateDistribution is missing.
  case distributionDenied = "distribution_denied"
  case concurrentModification = "concurrent_modification"

  // The operation is not carried out, and there is no answer.
  /// The connection fails.
  case unreachable
  /// The request is lost.
  case requestLost = "request_lost"
  /// The request is lost, and no answer comes until the caller's time-out.
  case unanswered

  // The operation is carried out, and the answer does not show it.
  /// The connection closes without an answer.
  case answerLost = "answer_lost"
  /// The connection closes in the middle of the answer.
  case halfAnswer = "half_answer"
  /// No answer comes until the caller's time-out.
  case hangs
  /// 500 after the effect.
  case internalErrorAfterwards = "internal_error_afterwards"
  /// A complete answer whose JSON ends in the middle.
  case truncated
  /// 200 with a page of a proxy.
  case proxyPage = "html_200"
  /// `{}`.
  case emptyObject = "empty_object"
  /// Members that an answer usually has are absent.
  case missingMembers = "missing_members"
  /// Unknown values of enumerations.
  case unknownValues = "unknown_values"
  /// More bytes than any caller accepts.
  case oversized
  /// Page tokens that lead to the same page without end.
  case endlessPages = "endless_pages"
  /// `{"DomainDescription":{}}` for an existing domain.
  case emptyDescription = "empty_description"

  // The update is accepted, and then:
  /// It stays UPDATING until `release`.
  case staysUpdating = "stays_updating"
  /// It ends as FAILED.
  case endsFailed = "ends_failed"
  /// No edge ever serves it, until `release`.
  case staleEdges = "stale_edges"
  /// The first edge never serves it, until `release`.
  case oneStaleEdge = "one_stale_edge"

  /// Whether the operation is carried out.
  package var performsCall: Bool {
    switch self {
    case .throttled, .internalError, .unavailable, .proxyUnavailable, .expiredCredentials,
      .wrongSignature, .accessDenied, .distributionDenied, .concurrentModification,
      .unreachable, .requestLost, .unanswered:
      false
    case .answerLost, .halfAnswer, .hangs, .internalErrorAfterwards, .truncated, .proxyPage,
      .emptyObject, .missingMembers, .unknownValues, .oversized, .endlessPages,
      .emptyDescription, .staysUpdating, .endsFailed, .staleEdges, .oneStaleEdge:
      true
    }
  }
}

extension Fault {
  /// Whether the fault can apply to requests of that operation.
  package func concerns(_ operation: String) -> Bool {
    switch self {
    case .distributionDenied, .concurrentModification, .staysUpdating, .endsFailed, .staleEdges,
      .oneStaleEdge:
      operation == "UpdateUserPoolDomain"
    case .emptyDescription: operation == "DescribeUserPoolDomain"
    case .endlessPages: ["ListCertificates", "GetResources", "ListUserPools"].contains(operation)
    case .throttled, .internalError, .unavailable, .proxyUnavailable, .expiredCredentials,
      .wrongSignature, .accessDenied, .unreachable, .requestLost, .unanswered, .answerLost,
      .halfAnswer, .hangs, .internalErrorAfterwards, .truncated, .proxyPage, .emptyObject,
      .missingMembers,
      .unknownValues, .oversized:
      true
    }
  }
}

/// The facts of a request on which the choice of a fault may depend.
package struct FaultOpportunity: Hashable, Sendable {
  /// The name of the operation: `ListCertificates`.
  package var operation: String
  /// Empty for an unknown access key.
  package var account: String
  /// The domain, ARN or user pool of the request; empty for a list.
  package var object: String
  /// The number of earlier requests with the same operation, account and object.
  package var occurrence: Int
  package var at: Instant
}

/// Decides the fault of a request; nil for none. It must return the same fault for the same facts.
package typealias FaultDecider = @Sendable (FaultOpportunity) -> Fault?

/// Faults with probabilities, derived from a seed. Equal requests get equal faults, independently of
/// concurrency.
package struct SeededFaults: Sendable {
  package var random: SeededRandom
  /// In millionths of the requests to which the fault can apply.
  package var probabilities: [(fault: Fault, millionths: UInt64)]
  /// The time after which there are no faults; nil: never.
  package var until: Instant?

  package init(
    seed: UInt64, probabilities: [(fault: Fault, millionths: UInt64)], until: Instant? = nil
  ) {
    random = SeededRandom(seed: seed)
    self.probabilities = probabilities
    self.until = until
  }

  package func decide(_ opportunity: FaultOpportunity) -> Fault? {
    if let until, until <= opportunity.at { return nil }
    var draw = random.below(
      1_000_000, "fault", opportunity.operation, opportunity.account, opportunity.object,
      String(opportunity.occurrence))
    for (fault, millionths) in probabilities where fault.concerns(opportunity.operation) {
      if draw < millionths { return fault }
      draw -= millionths
    }
    return nil
  }
}

/// A fault for the next `count` matching requests.
package struct ScriptedFault: Sendable {
  package var fault: Fault
  /// nil: any.
  package var operation: String?
  /// nil: any. A domain or an ARN.
  package var object: String?
  package var account: String?
  package var count: Int

  package init(
    _ fault: Fault, operation: String? = nil, object: String? = nil, account: String? = nil,
    count: Int = 1
  ) {
    self.fault = fault
    self.operation = operation
    self.object = object
    self.account = account
    self.count = count
  }

  func matches(_ opportunity: FaultOpportunity) -> Bool {
    count > 0 && (operation ?? opportunity.operation) == opportunity.operation
      && (object ?? opportunity.object) == opportunity.object
      && (account ?? opportunity.account) == opportunity.account
  }
}
