/// How one attempt of a request ended, for the metrics.
package struct RequestResult: Equatable, Sendable {
  /// As it stands in the host's name: `acm`, `cognito-idp`, `tagging`, `sts`.
  package let service: String
  package let operation: String
  /// `ok`, `timeout`, or the code of a reason, such as `throttled` or `access_denied`.
  package let outcome: String
  /// The time from sending the request to its answer, without what it waited for a quota.
  package let duration: Duration

  package static let ok = "ok"
  package static let timeout = "timeout"

  package init(service: String, operation: String, outcome: String, duration: Duration) {
    self.service = service
    self.operation = operation
    self.outcome = outcome
    self.duration = duration
  }
}
