import LosslessJSON
import RolloutCore
import Transport

/// Makes AWS calls: signs, sends, repeats what may be repeated, and judges the answer.
struct JSONClient: Sendable {
  private let transport: any HTTPTransport
  let credentials: CredentialCache
  private let endpoints: Endpoints
  private let clock: any WireClock
  private let userAgent: String
  private let quota = RetryQuota()
  private let offsets = ClockOffsets()

  /// Of one read, the first included.
  static let maximumAttempts = 3
  /// The longest delay between attempts by our own choice.
  static let maximumBackoff = Duration.seconds(20)
  /// A `Retry-After` beyond it ends the call; the loop above has longer breath.
  static let maximumWaitWithinCall = Duration.seconds(20)
  /// A `Retry-After` beyond it is taken for this.
  static let maximumRetryAfter = Duration.hours(1)

  init(
    transport: any HTTPTransport, credentials: CredentialCache, endpoints: Endpoints,
    clock: any WireClock, userAgent: String
  ) {
    self.transport = transport
    self.credentials = credentials
    self.endpoints = endpoints
    self.clock = clock
    self.userAgent = userAgent
  }

  /// The JSON object of a successful answer, and its request id.
  func object(
    from call: WireCall
  ) async throws(Failure) -> (value: JSONValue, requestID: String?) {
    let response = try await answer(to: call)
    let requestID = JSONClient.requestID(of: response)
    func malformed(_ problem: JSONError?) -> Failure {
      let message = ErrorAnswer.whatInstead(response, problem: problem)
      return call.failure(.malformedAnswer, message, requestID: requestID)
    }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: response.body)
    } catch {
      throw malformed(error)
    }
    guard value.members != nil else { throw malformed(nil) }
    return (value, requestID)
  }

  /// The first successful answer, or the failure that ended the attempts.
  func answer(to call: WireCall) async throws(Failure) -> HTTPResponse {
    var corrections = Corrections(of: call.discipline)
    var attempt = 1
    var cost = 0
    while true {
      let keys = try await credentials.credentials(for: call.identity)
      switch await send(call, signedBy: keys) {
      case .success(let response):
        quota.passed(returning: cost, in: call.quotaScope)
        return response
      case .failure(let refusal):
        if Task.isCancelled { throw refusal.failure }
        if await isCorrected(refusal, of: call, keys, &corrections) { continue }
        guard attempt < JSONClient.maximumAttempts, call.discipline == .read,
          let delay = delay(after: refusal.failure, attempt: attempt)
        else { throw refusal.failure }
        cost = refusal.isTimeout ? RetryQuota.costAfterTimeout : RetryQuota.costOfRetry
        guard quota.take(cost, in: call.quotaScope) else { throw refusal.failure }
        attempt += 1
        await clock.sleep(for: delay)
      }
    }
  }

  // MARK: Attempts

  /// An attempt that failed, and what it taught.
  private struct Refusal: Error {
    let failure: Failure
    var isTimeout = false
    /// AWS's clock is far from the one that signed.
    var learnedOffset = false
  }

  /// What may be put right once in a call, beside its attempts.
  private struct Corrections {
    /// A refusal for the time proves that nothing was done, so that a change may be signed
    /// anew as well.
    var clock = true
    /// New keys in the file. Not for a change: its next try is the state machine's.
    var keys: Bool

    init(of discipline: WireCall.Discipline) { keys = discipline == .read }
  }

  private func isCorrected(
    _ refusal: Refusal, of call: WireCall, _ keys: Credentials, _ corrections: inout Corrections
  ) async -> Bool {
    guard refusal.failure.kind == .credentials else { return false }
    if refusal.learnedOffset {
      defer { corrections.clock = false }
      return corrections.clock
    }
    await credentials.invalidate(call.identity, refused: keys)
    guard corrections.keys else { return false }
    corrections.keys = false
    do throws(Failure) {
      return try await credentials.credentials(for: call.identity) != keys
    } catch {
      // The refusal says more than that the file is gone as well; the next call reads it again.
      return false
    }
  }

  private func send(
    _ call: WireCall, signedBy keys: Credentials
  ) async -> Result<HTTPResponse, Refusal> {
    let url = endpoints.url(of: call.service, in: call.region)
    var request = call.request(to: url, userAgent: userAgent, caBundle: endpoints.caBundle)
    let signedAt = clock.now + offsets.offset(for: url)
    let signature = SignatureV4(
      credentials: keys, region: call.region.text, service: call.service.signingName)
    request.headers += signature.headers(signing: request, at: signedAt)
    let response: HTTPResponse
    do throws(TransportError) {
      response = try await transport.send(request)
    } catch {
      return .failure(JSONClient.refusal(of: call, error, hiding: keys.secrets))
    }
    if (200..<300).contains(response.status) { return .success(response) }
    let error = ErrorAnswer(reading: response, hiding: keys.secrets)
    let kind = ErrorClassification.kind(
      status: response.status, code: error.code, message: error.message)
    var refusal = Refusal(
      failure: call.failure(
        kind, error.message, code: error.code, requestID: JSONClient.requestID(of: response),
        retryAfter: JSONClient.retryAfter(of: response)))
    if let code = error.code, ErrorClassification.clockSkew.contains(code) {
      refusal.learnedOffset = offsets.learn(
        from: response, of: url, signedAt: signedAt, now: clock.now)
    }
    return .failure(refusal)
  }

  private static func refusal(
    of call: WireCall, _ error: TransportError, hiding secrets: [Secret]
  ) -> Refusal {
    func made(_ kind: Failure.Kind, _ words: String, isTimeout: Bool = false) -> Refusal {
      let message = SafeMessage.local(words, hiding: secrets)
      return Refusal(failure: call.failure(kind, message), isTimeout: isTimeout)
    }
    switch error {
    case .notSent(let words): return made(.unreachable, words)
    case .answerLost(let words): return made(.answerLost, words)
    case .timedOut(let words, let sent):
      return made(sent ? .answerLost : .unreachable, words, isTimeout: true)
    case .tooLarge(let limit):
      return made(.malformedAnswer, "the answer is over \(limit) bytes")
    }
  }

  /// How long to wait before the next attempt; nil when there is to be none.
  private func delay(after failure: Failure, attempt: Int) -> Duration? {
    switch failure.kind {
    case .throttled, .server, .unreachable, .answerLost: break
    case .malformedAnswer, .conflict, .certificateRejected, .credentials, .accessDenied, .notFound,
      .quotaExceeded, .notReady, .refused:
      return nil
    }
    let doubled = Duration.seconds(Int64(1) << Int64(attempt - 1))
    let bound = min(doubled, JSONClient.maximumBackoff)
    let fraction = Double(clock.random() >> 11) / Double(UInt64(1) << 53)
    let delay = bound * fraction
    guard let asked = failure.retryAfter else { return delay }
    return asked > JSONClient.maximumWaitWithinCall ? nil : max(delay, asked)
  }

  // MARK: Headers of answers

  static func requestID(of response: HTTPResponse) -> String? {
    (response.header("x-amzn-requestid") ?? response.header("x-amz-request-id"))
      .flatMap { SafeMessage.token($0) }
  }

  /// `Retry-After` in seconds; the form with a date is left out, since our clock may be off.
  private static func retryAfter(of response: HTTPResponse) -> Duration? {
    guard let text = response.header("retry-after"), text.utf8.count <= 9,
      let seconds = Int64(text), seconds >= 0
    else { return nil }
    return min(.seconds(seconds), maximumRetryAfter)
  }
}
