package import RolloutCore
package import Transport

/// A transport that calls the simulated AWS directly, without sockets and without waiting.
package struct FakeAWSTransport: HTTPTransport {
  private let aws: FakeAWS
  private let now: @Sendable () -> Instant
  private let elapse: @Sendable (Duration) async -> Void

  /// - Parameter elapse: waits as long as a caller waits for a time-out, so that a virtual clock
  ///   can advance.
  package init(
    _ aws: FakeAWS, now: @escaping @Sendable () -> Instant,
    elapse: @escaping @Sendable (Duration) async -> Void = { _ in }
  ) {
    self.aws = aws
    self.now = now
    self.elapse = elapse
  }

  package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    switch aws.exchange(request, at: now()) {
    case .answered(let response):
      guard response.body.count <= request.maximumBodySize else {
        throw .tooLarge(limit: request.maximumBodySize)
      }
      return response
    case .cutShort:
      throw .answerLost("transfer closed with outstanding read data remaining")
    case .lost(.unreachable, _):
      throw .notSent("Failed to connect: Connection refused")
    case .lost(.request, _), .lost(.answer, _):
      throw .answerLost("Empty reply from server")
    case .lost(.hang, _):
      await elapse(request.timeout)
      throw .timedOut("Operation timed out", sent: true)
    }
  }
}
