/// Why a look or a call did not do what it should: what was asked of what, and what came back.
///
/// `message` is safe to log and to store: the wire layer strips credentials, signatures and
/// nested request ids before it makes one.
package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
  package var kind: Kind
  /// The AWS operation, or another name of what was tried: `ListCertificates`, `connect`.
  package var operation: String
  /// What it was tried on: a domain, an ARN, an identity.
  package var object: String
  /// AWS's error code, where the answer had one.
  package var code: String?
  package var message: String
  package var requestID: String?
  /// How long the answer asked to wait.
  package var retryAfter: Duration?

  package init(
    _ kind: Kind, operation: String, object: String, code: String? = nil, message: String,
    requestID: String? = nil, retryAfter: Duration? = nil
  ) {
    self.kind = kind
    self.operation = operation
    self.object = object
    self.code = code
    self.message = message
    self.requestID = requestID
    self.retryAfter = retryAfter
  }

  package enum Kind: Hashable, Sendable {
    /// Nothing was sent: name not resolved, connection or TLS refused.
    case unreachable
    /// It was sent and no answer came: it may have been done.
    case answerLost
    /// 5xx: it may have been done.
    case server
    /// Not JSON, truncated, over the size limit, or without a member it must have. The call
    /// itself may have been done.
    case malformedAnswer
    case throttled
    /// Another writer, or the domain is being updated.
    case conflict
    /// The certificate was refused; one that was just issued may pass later.
    case certificateRejected
    /// Missing, expired or unknown credentials, a wrong signature, a clock far off.
    case credentials
    /// The identity lacks a permission.
    case accessDenied
    case notFound
    /// A hard quota, not throttling.
    case quotaExceeded
    /// ACM's RequestInProgressException: not issued yet.
    case notReady
    /// The API refuses the certificate or the domain, in a way that only a person can change.
    case refused(Reason)

    package var reason: Reason {
      switch self {
      case .unreachable: .unreachable
      case .answerLost: .answerLost
      case .server: .serverError
      case .malformedAnswer: .malformedAnswer
      case .throttled: .throttled
      case .conflict: .conflict
      case .certificateRejected: .certificateRejected
      case .credentials: .credentials
      case .accessDenied: .accessDenied
      case .notFound: .notFound
      case .quotaExceeded: .quotaExceeded
      case .notReady: .notReady
      case .refused(let reason): reason
      }
    }

    /// Whether the service itself answered.
    package var isAnswer: Bool {
      switch self {
      case .unreachable, .answerLost: false
      case .server, .malformedAnswer, .throttled, .conflict, .certificateRejected, .credentials,
        .accessDenied, .notFound, .quotaExceeded, .notReady, .refused:
        true
      }
    }

    /// Whether the request may have had its effect although no good answer came.
    package var mayHaveWorked: Bool {
      switch self {
      case .answerLost, .server, .malformedAnswer: true
      case .unreachable, .throttled, .conflict, .certificateRejected, .credentials,
        .accessDenied, .notFound, .quotaExceeded, .notReady, .refused:
        false
      }
    }
  }

  package var description: String {
    let code = code.map { "\($0): " } ?? ""
    return "\(operation) \(object): \(code)\(message)"
  }
}
