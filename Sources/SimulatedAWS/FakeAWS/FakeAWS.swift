import POSIX
package import RolloutCore
package import Transport

/// AWS as the daemon meets it: ACM, the custom domains of Cognito, GetCallerIdentity and
/// AssumeRole of STS, and GetResources of the tagging service, for any number of accounts.
///
/// It takes signed requests and gives bytes, so that signer, codec and the judgement of
/// errors run as they do against AWS. It has no clock and no chance of its own: the time is an
/// argument, and all that looks random is drawn from the seed by what it is for.
package final class FakeAWS: Sendable {
  private let cloud: Guarded<FakeCloud>

  package init(seed: UInt64 = 1, options: FakeAWSOptions = FakeAWSOptions()) {
    cloud = Guarded(FakeCloud(random: SeededRandom(seed: seed), options: options))
  }

  /// Answers a request. A fault that keeps an answer from its caller shows only in `exchange`.
  package func handle(_ request: HTTPRequest, at now: Instant) -> HTTPResponse {
    switch exchange(request, at: now) {
    case .answered(let response), .cutShort(let response), .lost(_, let response): response
    }
  }

  /// Answers a request, or says how its answer is lost.
  package func exchange(_ request: HTTPRequest, at now: Instant) -> Exchange {
    let admission = cloud.withLock { $0.admit(request, at: now) }
    let writer = AnswerWriter(admission: admission, at: now)
    let reply: Reply
    do throws(ServiceError) {
      reply = try carryOut(request, admission, at: now)
    } catch {
      return settle(.failure(error), writer)
    }
    return settle(.success(reply), writer)
  }

  private func carryOut(
    _ request: HTTPRequest, _ admission: Admission, at now: Instant
  ) throws(ServiceError) -> Reply {
    if let refusal = admission.fault.flatMap(admission.refusal) { throw refusal }
    let parsed = try admission.request.get()
    // Outside the lock: parallel callers shall not wait for one another's digests.
    let check = SignatureCheck(
      service: parsed.service, hostRegion: parsed.hostRegion, now: now + admission.clockOffset,
      tolerance: admission.clockTolerance)
    let caller = try check.verify(request, keys: admission.keys)
    let call = CallContext(
      request: parsed, key: caller.key, region: caller.region, now: now,
      requestID: admission.requestID, fault: admission.fault)
    return try cloud.withLock { (cloud) throws(ServiceError) in try cloud.perform(call) }
  }

  private func settle(_ result: Result<Reply, ServiceError>, _ writer: AnswerWriter) -> Exchange {
    let exchange = writer.exchange(for: result)
    cloud.withLock { $0.record(writer.admission, result, exchange, at: writer.now) }
    return exchange
  }

  /// What every edge of a domain serves at that time; empty for a domain that is not there.
  package func edges(of domain: String, at now: Instant) -> [SimulatedEdge] {
    cloud.withLock { $0.edges(of: domain, at: now) }
  }

  /// Every call so far, in the order in which they were settled.
  package var calls: [FakeCall] { cloud.withLock { $0.calls } }

  /// Every change of a domain's certificate so far, by calls and by hand.
  package var attachments: [AttachmentChange] { cloud.withLock { $0.attachments } }

  /// Reads or changes the simulated world as nobody could from outside.
  package func withCloud<Result, Problem>(
    _ body: (inout FakeCloud) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    try cloud.withLock { (cloud) throws(Problem) in try body(&cloud) }
  }
}

/// What becomes of a request.
package enum Exchange: Sendable {
  case answered(HTTPResponse)
  /// The connection closes in the middle of this answer.
  case cutShort(HTTPResponse)
  /// Nothing comes back; with the answer that would have.
  case lost(Loss, HTTPResponse)

  package enum Loss: Sendable {
    /// No connection came about.
    case unreachable
    /// The request was sent and is lost before it was done.
    case request
    /// It was done, and its answer is lost.
    case answer
    /// Nothing comes until the caller gives up.
    case hang
  }
}

/// What holds for the whole of the simulated AWS.
package struct FakeAWSOptions: Sendable {
  /// Certificates or resources on a page at most, whatever the caller asks for: AWS may
  /// answer with fewer too.
  package var maximumPageSize = 1000
  /// Members that summaries of certificates lack, as in older partitions: `NotAfter`, ….
  package var omittedSummaryMembers: Set<String> = []
  package var timestamps = Timestamps.scientific
  /// False: any certificate can be attached, as an emulator lets it.
  package var checksCertificates = true
  package var clockTolerance: Duration = .minutes(5)
  /// How far the clock that judges signatures, and dates answers, is ahead of the caller's.
  package var clockOffset: Duration = .zero
  /// How long ACM calls a certificate in use after the last edge let go.
  package var inUseLag: Duration = .zero

  package enum Timestamps: String, Sendable, CaseIterable {
    /// `1.790000000123E9`, as ACM writes them.
    case scientific
    /// `1790000000.123`.
    case plain
  }

  package init() {}
}
