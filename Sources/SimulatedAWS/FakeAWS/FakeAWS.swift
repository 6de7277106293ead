import POSIX
package import RolloutCore
package import Transport

/// A simulated AWS: ACM, the user pools and custom domains of Cognito, GetCallerIdentity and roles of STS,
/// SimulatePrincipalPolicy of IAM, and GetResources of the tagging service, for any number of accounts; and the services of a host that
/// hand out credentials.
///
/// It takes signed requests and returns bytes, so that the signer, the codec and the classification of
/// errors run as with AWS. It reads no clock and draws no random numbers: the time is a parameter, and
/// values that look random are derived from a seed.
package final class FakeAWS: Sendable {
  private let cloud: Guarded<FakeCloud>

  package init(seed: UInt64 = 1, options: FakeAWSOptions = FakeAWSOptions()) {
    cloud = Guarded(FakeCloud(random: SeededRandom(seed: seed), options: options))
  }

  /// Answers a request, and ignores faults that lose the answer; see `exchange`.
  package func handle(_ request: HTTPRequest, at now: Instant) -> HTTPResponse {
    switch exchange(request, at: now) {
    case .answered(let response), .cutShort(let response), .lost(_, let response): response
    }
  }

  /// Answers a request, or says how its answer is lost.
  package func exchange(_ request: HTTPRequest, at now: Instant) -> Exchange {
    if let request = HostRequest(request) {
      return cloud.withLock { $0.exchange(request, at: now) }
    }
    let admission = cloud.withLock { $0.admit(request, at: now) }
    let writer = AnswerWriter(admission: admission, at: now)
    let reply: Reply
    do throws(ServiceError) {
      reply = try carryOut(request, admission, at: now)
    } catch {
      return finish(.failure(error), writer)
    }
    return finish(.success(reply), writer)
  }

  private func carryOut(
    _ request: HTTPRequest, _ admission: Admission, at now: Instant
  ) throws(ServiceError) -> Reply {
    if let refusal = admission.fault.flatMap(admission.refusal) { throw refusal }
    let parsed = try admission.request.get()
    let caller = try caller(request, parsed, admission, at: now)
    let call = CallContext(
      request: parsed, key: caller.key, region: caller.region, now: now,
      awsNow: now + admission.clockOffset, requestID: admission.requestID, fault: admission.fault)
    return try cloud.withLock { (cloud) throws(ServiceError) in try cloud.perform(call) }
  }

  private func caller(
    _ request: HTTPRequest, _ parsed: FakeRequest, _ admission: Admission, at now: Instant
  ) throws(ServiceError) -> SignatureCheck.Caller {
    guard !parsed.isUnsigned else {
      let account = admission.opportunity.account
      return SignatureCheck.Caller(
        key: FakeAccessKey(id: "", secret: "", account: account, principal: ""),
        region: parsed.hostRegion ?? "")
    }
    // Without the lock, so that concurrent callers do not wait for each other's digests.
    let check = SignatureCheck(
      service: parsed.service, hostRegion: parsed.hostRegion, now: now + admission.clockOffset,
      tolerance: admission.clockTolerance)
    return try check.verify(request, key: admission.key)
  }

  private func finish(_ result: Result<Reply, ServiceError>, _ writer: AnswerWriter) -> Exchange {
    let exchange = writer.exchange(for: result)
    cloud.withLock { $0.record(writer.admission, result, exchange, at: writer.now) }
    return exchange
  }

  /// What every edge of a domain serves at that time; empty for an unknown domain.
  package func edges(of domain: String, at now: Instant) -> [SimulatedEdge] {
    cloud.withLock { $0.edges(of: domain, at: now) }
  }

  /// Every request so far, in the order of their answers.
  package var calls: [FakeCall] { cloud.withLock { $0.calls } }

  /// Every change of a domain's certificate so far, by calls and by operators.
  package var attachments: [AttachmentChange] { cloud.withLock { $0.attachments } }

  /// Reads or changes the state of the simulated AWS directly.
  package func withCloud<Result, Problem>(
    _ body: (inout FakeCloud) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    try cloud.withLock { (cloud) throws(Problem) in try body(&cloud) }
  }
}

/// The outcome of a request.
package enum Exchange: Sendable {
  case answered(HTTPResponse)
  /// The connection closes in the middle of this answer.
  case cutShort(HTTPResponse)
  /// No answer arrives; with the answer that was lost.
  case lost(Loss, HTTPResponse)

  package enum Loss: Sendable {
    /// The connection fails.
    case unreachable
    /// The request is lost before the operation is carried out.
    case request
    /// The operation was carried out, and its answer is lost.
    case answer
    /// No answer comes until the caller's time-out.
    case hang
  }
}

/// Options of the simulated AWS as a whole.
package struct FakeAWSOptions: Sendable {
  /// The maximum number of certificates or resources on a page, whatever the caller requests. AWS may
  /// return fewer, too.
  package var maximumPageSize = 1000
  /// Members that are absent from summaries of certificates, as in older partitions: `NotAfter`, ….
  package var omittedSummaryMembers: Set<String> = []
  package var timestamps = Timestamps.scientific
  /// False: any certificate can be attached, as in an emulator.
  package var checksCertificates = true
  package var clockTolerance: Duration = .minutes(5)
  /// How far AWS's clock, for signatures and dates, is ahead of the caller's.
  package var clockOffset: Duration = .zero
  /// How long ACM shows a certificate as in use after the last edge stopped serving it.
  package var inUseLag: Duration = .zero

  package enum Timestamps: String, Sendable, CaseIterable {
    /// `1.790000000123E9`, as ACM writes them.
    case scientific
    /// `1790000000.123`.
    case plain
  }

  package init() {}
}
