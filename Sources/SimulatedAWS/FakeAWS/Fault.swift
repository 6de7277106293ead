package import RolloutCore

/// One thing that can go wrong with one call.
package enum Fault: String, Sendable, CaseIterable {
  // Nothing is done, and the answer says so.
  /// Each service's own way to say it is asked too often.
  case throttled
  /// 500 before anything was done.
  case internalError = "internal_error"
  /// 503 before anything was done.
  case unavailable
  /// 503 with a page of a proxy.
  case proxyUnavailable = "html_503"
  case expiredCredentials = "expired_credentials"
  case wrongSignature = "wrong_signature"
  case accessDenied = "access_denied"
  /// The refusal that lacks of cloudfront:updateDistribution brings.
  case distributionDenied = "distribution_denied"
  case concurrentModification = "concurrent_modification"

  // Nothing is done, and nothing is answered.
  /// No connection.
  case unreachable
  /// The request is lost on its way.
  case requestLost = "request_lost"
  /// The request is lost, and no answer comes until the caller gives up.
  case unanswered

  // It is done, and the answer does not tell.
  /// The connection closes without an answer.
  case answerLost = "answer_lost"
  /// The connection closes in the middle of the answer.
  case halfAnswer = "half_answer"
  /// No answer comes until the caller gives up.
  case hangs
  /// 500 after all was done.
  case internalErrorAfterwards = "internal_error_afterwards"
  /// A whole answer whose JSON ends in the middle.
  case truncated
  /// 200 with a page of a proxy.
  case proxyPage = "html_200"
  /// `{}`.
  case emptyObject = "empty_object"
  /// Members that an answer usually has are absent.
  case missingMembers = "missing_members"
  /// Words where the model knows others.
  case unknownValues = "unknown_values"
  /// More bytes than any caller takes.
  case oversized
  /// A page token that leads to the same page, again and again.
  case endlessPages = "endless_pages"
  /// `{"DomainDescription":{}}` for a domain that is there.
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

  /// Whether the call has its effect nonetheless.
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
  /// Whether the fault means anything for calls of that operation.
  package func concerns(_ operation: String) -> Bool {
    switch self {
    case .distributionDenied, .concurrentModification, .staysUpdating, .endsFailed, .staleEdges,
      .oneStaleEdge:
      operation == "UpdateUserPoolDomain"
    case .emptyDescription: operation == "DescribeUserPoolDomain"
    case .endlessPages: operation == "ListCertificates" || operation == "GetResources"
    case .throttled, .internalError, .unavailable, .proxyUnavailable, .expiredCredentials,
      .wrongSignature, .accessDenied, .unreachable, .requestLost, .unanswered, .answerLost,
      .halfAnswer, .hangs, .internalErrorAfterwards, .truncated, .proxyPage, .emptyObject,
      .missingMembers,
      .unknownValues, .oversized:
      true
    }
  }
}

/// A call that is about to be carried out, as far as the choice of a fault may depend on it.
package struct FaultOpportunity: Hashable, Sendable {
  /// `ListCertificates`; the name that the service gives it.
  package var operation: String
  /// Empty while the access key is not known.
  package var account: String
  /// The domain or ARN that it is about; empty for a list.
  package var object: String
  /// How many calls of this kind there were before, for the same account and object.
  package var occurrence: Int
  package var at: Instant
}

/// Says what goes wrong with a call; nil: nothing. It must answer alike for like questions.
package typealias FaultDecider = @Sendable (FaultOpportunity) -> Fault?

/// Faults with their probabilities, drawn from one seed: like calls meet like faults, however
/// many run side by side.
package struct SeededFaults: Sendable {
  package var random: SeededRandom
  /// In millionths of all calls that could meet the fault.
  package var probabilities: [(fault: Fault, millionths: UInt64)]
  /// From then on nothing goes wrong any more; nil: never.
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

/// A fault that was asked for by name: for the next `count` calls that match.
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
