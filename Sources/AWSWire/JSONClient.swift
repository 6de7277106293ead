import LosslessJSON
import RolloutCore
import Transport

/// Makes requests to AWS: signs and sends them, tries reads again, and classifies the answers.
struct JSONClient: Sendable {
  let transport: any HTTPTransport
  let credentials: CredentialCache
  let endpoints: Endpoints
  let clock: any WireClock
  private let userAgent: String
  /// Called when an attempt of a request has ended; with nil when another source of keys than AWS's
  /// API has answered.
  let answered: @Sendable (RequestResult?) -> Void
  private let quota = RetryQuota()
  private let rates: RequestRates
  private let offsets = ClockOffsets()

  /// The attempts of one read, including the first.
  static let maximumAttempts = 3
  /// The bound of the delay between attempts without a `Retry-After`.
  static let maximumBackoff = Duration.seconds(20)
  /// A longer `Retry-After` ends the request. The loop tries again later.
  static let maximumWaitWithinRequest = Duration.seconds(20)
  /// A longer `Retry-After` counts as this.
  static let maximumRetryAfter = Duration.hours(1)

  init(
    transport: any HTTPTransport, credentials: CredentialCache, endpoints: Endpoints,
    clock: any WireClock, userAgent: String, accounts: AccountNumbers = AccountNumbers(),
    answered: @escaping @Sendable (RequestResult?) -> Void
  ) {
    self.transport = transport
    self.credentials = credentials
    self.endpoints = endpoints
    self.clock = clock
    self.userAgent = userAgent
    rates = RequestRates(accounts: accounts)
    self.answered = answered
  }

  /// The JSON object of a successful answer.
  struct ObjectAnswer {
    let value: JSONValue
    let response: HTTPResponse

    /// Worked out when it is wanted, which for most answers it is not.
    var requestID: String? { JSONClient.requestID(of: response) }
  }

  func object(from call: WireCall) async throws(Failure) -> ObjectAnswer {
    let response = try await answer(to: call)
    func malformed(_ problem: JSONError?) -> Failure {
      let message = ErrorAnswer.describeUnexpectedBody(of: response, problem: problem)
      return call.failure(
        .malformedAnswer, message, requestID: JSONClient.requestID(of: response))
    }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: response.body)
    } catch {
      throw malformed(error)
    }
    guard value.members != nil else { throw malformed(nil) }
    return ObjectAnswer(value: value, response: response)
  }

  /// The first successful answer, or the failure that ended the attempts.
  func answer(to call: WireCall) async throws(Failure) -> HTTPResponse {
    var corrections = Corrections(of: call.effect)
    var attempt = 1
    var cost = 0
    while true {
      let keys: Credentials?
      switch call.signer {
      case .identity: keys = try await credentials.credentials(for: call.identity, over: self)
      case .keys(let given): keys = given
      case .nobody: keys = nil
      }
      let endpoint = try endpoint(of: call)
      let wait = rates.reserve(call, at: clock.uptime)
      if wait > .zero { await clock.sleep(for: wait) }
      let begun = clock.uptime
      let outcome = await send(call, to: endpoint, signedBy: keys)
      answered(
        RequestResult(
          service: call.service.hostPrefix, operation: call.operation,
          outcome: JSONClient.word(for: outcome), duration: clock.uptime - begun))
      switch outcome {
      case .success(let response):
        quota.recordSuccess(afterRetryCosting: cost, in: call.quotaScope)
        return response
      case .failure(let failed):
        if failed.failure.kind == .throttled { rates.slowDown(call, at: clock.uptime) }
        if Task.isCancelled { throw failed.failure }
        if await isCorrected(failed, of: call, keys, &corrections) { continue }
        // After a time-out the loop tries again: it looks at such an account less often.
        guard attempt < JSONClient.maximumAttempts, call.effect == .read, !failed.isTimeout,
          let delay = delay(after: failed.failure, attempt: attempt)
        else { throw failed.failure }
        cost = RetryQuota.costOfRetry
        guard quota.spend(cost, in: call.quotaScope) else { throw failed.failure }
        attempt += 1
        await clock.sleep(for: delay)
      }
    }
  }

  // MARK: Attempts

  /// An attempt that failed, with what was learned from it.
  private struct FailedAttempt: Error {
    let failure: Failure
    var isTimeout = false
    /// AWS's clock is far from the time of the signature.
    var learnedOffset = false
  }

  /// `ok`, `timeout`, or the code of the reason.
  private static func word(for outcome: Result<HTTPResponse, FailedAttempt>) -> String {
    switch outcome {
    case .success: RequestResult.ok
    case .failure(let failed) where failed.isTimeout: RequestResult.timeout
    case .failure(let failed): failed.failure.kind.reason.word
    }
  }

  /// The corrections that are still allowed in this request. They do not count as attempts.
  private struct Corrections {
    /// Signing again with AWS's time. It is also allowed for a change, because a refusal because of
    /// the time proves that nothing was done.
    var clock = true
    /// Signing again with changed keys. It is not allowed for a change, whose next attempt the loop
    /// decides.
    var keys: Bool

    init(of effect: WireCall.Effect) { keys = effect == .read }
  }

  private struct Endpoint {
    let url: String
    let caBundle: String?
  }

  /// A setting that cannot be obeyed is a failure of the identity's configuration, as a profile
  /// without keys is.
  private func endpoint(of call: WireCall) throws(Failure) -> Endpoint {
    do throws(MalformedEndpoint) {
      let settings = try endpoints.settings(for: call.identity, at: clock.uptime)
      return Endpoint(
        url: try settings.url(of: call.service, in: call.region), caBundle: settings.caBundle)
    } catch {
      throw call.failure(.credentials, "nothing was sent: \(error)")
    }
  }

  private func isCorrected(
    _ failed: FailedAttempt, of call: WireCall, _ keys: Credentials?,
    _ corrections: inout Corrections
  ) async -> Bool {
    guard failed.failure.kind == .credentials else { return false }
    if failed.learnedOffset {
      defer { corrections.clock = false }
      return corrections.clock
    }
    // The keys of other requests are their sender's to judge.
    guard case .identity = call.signer, let keys else { return false }
    credentials.invalidate(call.identity, refused: keys, at: clock.uptime)
    guard corrections.keys else { return false }
    corrections.keys = false
    do throws(Failure) {
      return try await credentials.credentials(for: call.identity, over: self) != keys
    } catch {
      // The refusal is more useful than this error. The next request reads the source again.
      return false
    }
  }

  private func send(
    _ call: WireCall, to endpoint: Endpoint, signedBy keys: Credentials?
  ) async -> Result<HTTPResponse, FailedAttempt> {
    let url = endpoint.url
    var request = call.request(to: url, userAgent: userAgent, caBundle: endpoint.caBundle)
    let signedAt = clock.now + offsets.offset(for: url)
    if let keys {
      let signature = SignatureV4(
        credentials: keys, region: call.region.text, service: call.service.signingName)
      request.headers += signature.headers(signing: request, at: signedAt)
    }
    let secrets = (keys?.secrets ?? []) + call.secrets
    let response: HTTPResponse
    do throws(TransportError) {
      response = try await transport.send(request)
    } catch {
      return .failure(JSONClient.failedAttempt(of: call, error, hiding: secrets))
    }
    if (200..<300).contains(response.status) {
      noteDate(of: response, from: url)
      return .success(response)
    }
    let error = ErrorAnswer(reading: response, hiding: secrets)
    // Without a code it may be the page of a proxy.
    if error.code != nil { noteDate(of: response, from: url) }
    var failed = FailedAttempt(
      failure: call.failure(
        error.kind, error.message, code: error.code, requestID: JSONClient.requestID(of: response),
        retryAfter: JSONClient.retryAfter(of: response)))
    if let code = error.code, ErrorClassification.clockSkew.contains(code) {
      failed.learnedOffset = offsets.learn(
        from: response, of: url, signedAt: signedAt, now: clock.now)
    }
    return .failure(failed)
  }

  private func noteDate(of response: HTTPResponse, from url: String) {
    guard let date = response.header("date").flatMap(AnswerTime.httpDate),
      JSONClient.believableDates.contains(date)
    else { return }
    clock.note(date, from: url)
  }

  /// Dates that AWS's clock may show.
  private static let believableDates =
    Instant(year: 2025, month: 1, day: 1)..<Instant(year: 2100, month: 1, day: 1)

  private static func failedAttempt(
    of call: WireCall, _ error: TransportError, hiding secrets: [Secret]
  ) -> FailedAttempt {
    func attempt(
      _ kind: Failure.Kind, _ words: String, isTimeout: Bool = false
    ) -> FailedAttempt {
      let message = SafeMessage.local(words, hiding: secrets)
      return FailedAttempt(failure: call.failure(kind, message), isTimeout: isTimeout)
    }
    switch error {
    case .notSent(let words): return attempt(.unreachable, words)
    case .answerLost(let words): return attempt(.answerLost, words)
    case .timedOut(let words, let sent):
      return attempt(sent ? .answerLost : .unreachable, words, isTimeout: true)
    case .tooLarge(let limit):
      return attempt(.malformedAnswer, "the answer is over \(limit) bytes")
    }
  }

  /// How long to wait before the next attempt; nil when there is none.
  private func delay(after failure: Failure, attempt: Int) -> Duration? {
    switch failure.kind {
    case .throttled, .server, .unreachable, .answerLost: break
    case .malformedAnswer, .conflict, .certificateRejected, .credentials, .accessDenied, .notFound,
      .quotaExceeded, .notReady, .refused:
      return nil
    }
    let delay = delay(afterAttempt: attempt)
    guard let asked = failure.retryAfter else { return delay }
    return asked > JSONClient.maximumWaitWithinRequest ? nil : max(delay, asked)
  }

  func delay(afterAttempt attempt: Int) -> Duration {
    let doubled = Duration.seconds(Int64(1) << Int64(attempt - 1))
    return min(doubled, JSONClient.maximumBackoff) * clock.fraction()
  }

  // MARK: Headers of answers

  static func requestID(of response: HTTPResponse) -> String? {
    (response.header("x-amzn-requestid") ?? response.header("x-amz-request-id"))
      .flatMap { SafeMessage.token($0) }
  }

  /// `Retry-After` in seconds. The form with a date is ignored, because our clock may be wrong.
  private static func retryAfter(of response: HTTPResponse) -> Duration? {
    guard let text = response.header("retry-after"), text.utf8.count <= 9,
      let seconds = Int64(text), seconds >= 0
    else { return nil }
    return min(.seconds(seconds), maximumRetryAfter)
  }
}
