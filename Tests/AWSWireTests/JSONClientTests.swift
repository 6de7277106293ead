import RolloutCore
import Testing
import Transport

@testable import AWSWire

@Suite("One request to AWS")
struct JSONClientTests {
  private let unknown = "{\"DomainDescription\":{}}"

  private func describe(_ aws: ScriptedAWS) async throws -> DomainLook {
    await aws.client.describeDomain(
      try Example.domain(), in: try Example.region(), as: Example.identity)
  }

  private func failure(of replies: [ScriptedTransport.Reply]) async throws -> Failure {
    guard case .unseen(let failure) = try await describe(ScriptedAWS(replies)) else {
      throw TransportError.notSent("the call did not fail")
    }
    return failure
  }

  @Test("A request has the target, the signature and the program's name")
  func request() async throws {
    let aws = try ScriptedAWS([.json(unknown)])
    #expect(try await describe(aws) == .empty)
    let request = try #require(aws.transport.requests.first)
    #expect(request.method == "POST")
    #expect(request.url == "https://cognito-idp.eu-west-1.amazonaws.com/")
    #expect(aws.transport.bodies == ["{\"Domain\":\"auth.example.com\"}"])
    #expect(!request.usesFreshConnection)
    func header(_ name: String) -> String? { request.headers.first { $0.name == name }?.value }
    #expect(header("Content-Type") == "application/x-amz-json-1.1")
    #expect(
      header("X-Amz-Target") == "AWSCognitoIdentityProviderService.DescribeUserPoolDomain")
    #expect(header("User-Agent") == "cognito-certd/test")
    #expect(header("X-Amz-Date") == "20261123T213651Z")
    #expect(header("X-Amz-Security-Token") == ScriptedAWS.secrets[2])
    let authorization = try #require(header("Authorization"))
    #expect(authorization.contains("/20261123/eu-west-1/cognito-idp/aws4_request, "))
    #expect(
      authorization.contains(
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "))
  }

  @Test(
    "Every attempt is reported with its outcome",
    arguments: [
      (.json("{\"DomainDescription\":{}}"), "ok"), (.error("ThrottlingException"), "throttled"),
      (.error("AccessDeniedException"), "access_denied"),
      (.error("UnrecognizedClientException"), "credentials"),
      (.error("ResourceNotFoundException"), "not_found"),
      (.error("InternalErrorException", status: 500), "server_error"),
      (.failure(.notSent("n")), "unreachable"), (.failure(.answerLost("l")), "answer_lost"),
      (.failure(.timedOut("t", sent: true)), "timeout"),
      (.failure(.timedOut("t", sent: false)), "timeout"),
      (.failure(.tooLarge(limit: 1)), "malformed_answer"),
    ] as [(ScriptedTransport.Reply, String)])
  func results(reply: ScriptedTransport.Reply, outcome: String) async throws {
    let clock = ScriptedClock()
    let transport = ScriptedTransport { index in
      clock.pass(.milliseconds(40))
      return index == 0 ? reply : .json("{\"DomainDescription\":{}}")
    }
    let aws = try ScriptedAWS(transport: transport, clock: clock)
    _ = try await describe(aws)
    #expect(
      aws.results.first
        == RequestResult(
          service: "cognito-idp", operation: "DescribeUserPoolDomain", outcome: outcome,
          duration: .milliseconds(40)))
    #expect(aws.results.dropFirst().allSatisfy { $0.outcome == "ok" })
    #expect(aws.results.count == aws.transport.requests.count)
  }

  @Test("AWS_CA_BUNDLE and endpoint variables reach the request")
  func environment() async throws {
    let more = ["AWS_CA_BUNDLE": "/ca.pem", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"]
    let aws = try ScriptedAWS(
      [.json(unknown)], environment: ScriptedAWS.environment.merging(more) { $1 })
    _ = try await describe(aws)
    #expect(aws.transport.requests.first?.caBundle == "/ca.pem")
    #expect(aws.transport.requests.first?.url == "http://127.0.0.1:1/")
  }

  @Test(
    "A read is tried again after a temporary failure, with growing delays",
    arguments: [
      .error("TooManyRequestsException"), .error("InternalErrorException", status: 500),
      .json("<html>", status: 503), .failure(.notSent("n")), .failure(.answerLost("l")),
    ] as [ScriptedTransport.Reply])
  func retried(reply: ScriptedTransport.Reply) async throws {
    let aws = try ScriptedAWS([reply, reply, .json(unknown)])
    #expect(try await describe(aws) == .empty)
    #expect(aws.clock.sleeps == [.milliseconds(500), .seconds(1)])
    let given = try ScriptedAWS([reply, reply, reply, .json(unknown)])
    guard case .unseen = try await describe(given) else {
      Issue.record("a fourth attempt was made")
      return
    }
    #expect(given.transport.requests.count == 3)
  }

  @Test(
    "A read is not tried again after a permanent failure, nor after a time-out",
    arguments: [
      .failure(.timedOut("t", sent: true)), .failure(.timedOut("t", sent: false)),
      .error("AccessDeniedException"), .error("ResourceNotFoundException"),
      .error("InvalidParameterException"), .error("ConcurrentModificationException"),
      .error("LimitExceededException"), .error("NewException"), .json("{"),
      .failure(.tooLarge(limit: 1)), .json("", status: 301),
    ] as [ScriptedTransport.Reply])
  func notRetried(reply: ScriptedTransport.Reply) async throws {
    let aws = try ScriptedAWS([reply, .json(unknown)])
    guard case .unseen = try await describe(aws) else {
      Issue.record("a second attempt was made")
      return
    }
    #expect(aws.transport.requests.count == 1)
    #expect(aws.clock.sleeps.isEmpty)
  }

  @Test("The delay is random, from 0 to its bound", arguments: [0.0, 0.999])
  func jitter(fraction: Double) async throws {
    let aws = try ScriptedAWS(
      [.failure(.notSent("n")), .json(unknown)], clock: ScriptedClock(fraction: fraction))
    _ = try await describe(aws)
    #expect(aws.clock.sleeps == [.seconds(1) * fraction])
  }

  @Test("Retry-After is obeyed up to a bound; beyond it the request fails with that delay")
  func retryAfter() async throws {
    func throttled(_ value: String) -> ScriptedTransport.Reply {
      .error("ThrottlingException", "m", status: 429, [Header("Retry-After", value)])
    }
    let short = try ScriptedAWS([throttled("20"), .json(unknown)])
    #expect(try await describe(short) == .empty)
    #expect(short.clock.sleeps == [.seconds(20)])
    #expect(try await failure(of: [throttled("21"), .json(unknown)]).retryAfter == .seconds(21))
    #expect(try await failure(of: [throttled("99999999")]).retryAfter == .hours(1))
    for odd in ["-1", "x", "99999999999999999999", "1.5", "Mon, 23 Nov 2026 21:36:51 GMT"] {
      let aws = try ScriptedAWS([throttled(odd), .json(unknown)])
      #expect(try await describe(aws) == .empty)
      #expect(aws.clock.sleeps == [.milliseconds(500)])
    }
  }

  @Test("When the retry quota is used up, failures are final until requests succeed again")
  func quota() async throws {
    let failure = ScriptedTransport.Reply.error("ThrottlingException")
    let aws = try ScriptedAWS([ScriptedTransport.Reply](repeating: failure, count: 1000))
    for _ in 0..<50 { _ = try await describe(aws) }
    #expect(aws.transport.requests.count == 150)
    _ = try await describe(aws)
    #expect(aws.transport.requests.count == 151)
    // Another account has its own quota.
    _ = await aws.client.listCertificates(as: Example.identity)
    #expect(aws.transport.requests.count == 154)
  }

  @Test("A retry costs tokens, and a success returns them")
  func quotaArithmetic() throws {
    let quota = RetryQuota()
    let scope = RetryQuota.Scope(
      service: .acm, region: .usEast1, identity: Example.identity)
    for _ in 0..<100 { #expect(quota.spend(RetryQuota.costOfRetry, in: scope)) }
    #expect(!quota.spend(1, in: scope))
    quota.recordSuccess(afterRetryCosting: 10, in: scope)
    #expect(quota.spend(10, in: scope))
    for _ in 0..<4 { quota.recordSuccess(afterRetryCosting: 0, in: scope) }
    #expect(!quota.spend(5, in: scope))
    quota.recordSuccess(afterRetryCosting: 0, in: scope)
    #expect(quota.spend(5, in: scope))
    for _ in 0..<2000 { quota.recordSuccess(afterRetryCosting: 0, in: scope) }
    for _ in 0..<100 { #expect(quota.spend(5, in: scope)) }
    #expect(!quota.spend(5, in: scope))
  }

  private func skewed(_ code: String, date: String) -> ScriptedTransport.Reply {
    .error(code, "Signature expired", status: 403, [Header("Date", date)])
  }

  private func dates(_ aws: ScriptedAWS) -> [String?] {
    aws.transport.requests.map { $0.headers.first { $0.name == "X-Amz-Date" }?.value }
  }

  @Test(
    "A clock that is far off is corrected once with AWS's time, and stays corrected",
    arguments: ["RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"])
  func clockSkew(code: String) async throws {
    let aws = try ScriptedAWS([
      skewed(code, date: "Mon, 23 Nov 2026 23:36:51 GMT"), .json(unknown), .json(unknown),
      skewed(code, date: "Mon, 23 Nov 2026 21:36:51 GMT"), .json(unknown),
    ])
    for _ in 0..<3 { #expect(try await describe(aws) == .empty) }
    #expect(
      dates(aws) == [
        "20261123T213651Z", "20261123T233651Z", "20261123T233651Z", "20261123T233651Z",
        "20261123T213651Z",
      ])
    #expect(aws.clock.sleeps.isEmpty)
  }

  @Test("A refusal is about the credentials when AWS's time is near ours, or when it repeats")
  func noSkew() async throws {
    for date in ["Mon, 23 Nov 2026 21:40:51 GMT", "Mon, 23 Nov 2026 21:32:51 GMT", "garbage"] {
      let failure = try await failure(of: [
        skewed("InvalidSignatureException", date: date), .json(unknown),
      ])
      #expect(failure.kind == .credentials)
    }
    let far = try ScriptedAWS([
      skewed("RequestTimeTooSkewed", date: "Mon, 23 Nov 2026 23:36:51 GMT"),
      skewed("RequestTimeTooSkewed", date: "Mon, 23 Nov 2026 20:36:51 GMT"), .json(unknown),
    ])
    guard case .unseen(let failure) = try await describe(far) else {
      Issue.record("the clock was corrected twice")
      return
    }
    #expect(failure.kind == .credentials)
    #expect(far.transport.requests.count == 2)
  }

  @Test("No failure shows a secret that an answer or the transport quoted")
  func secrets() async throws {
    let dump = ScriptedAWS.secrets.joined(separator: "\\n")
    let answers: [ScriptedTransport.Reply] = [
      .json("{\"__type\":\"AccessDeniedException\",\"message\":\"\(dump)\"}", status: 400),
      .json("{\"__type\":\"\(ScriptedAWS.secrets[2])\",\"message\":\"\(dump)\"}", status: 400),
      .json("{\"\(dump)\":1,\"\(dump)\":2}"), .json("\(dump)", status: 403),
      .json("<html>\(dump)</html>", status: 403),
      .json("{\"DomainDescription\":{\"Domain\":\"\(dump)\"}}"),
      .json("{\"DomainDescription\":{\"Status\":{\"\(dump)\":1}}}"),
      .failure(.answerLost(dump)), .failure(.notSent(dump)),
    ]
    for answer in answers {
      let failure = try await failure(of: [answer, answer, answer])
      var dumped = ""
      dump2(failure, to: &dumped)
      for secret in ScriptedAWS.secrets {
        #expect(!"\(failure)\(dumped)".contains(secret))
      }
    }
  }

  private func dump2(_ value: Any, to text: inout String) { dump(value, to: &text) }

  @Test("Without credentials nothing is sent")
  func noCredentials() async throws {
    let aws = try ScriptedAWS(
      [.json(unknown)], environment: ["AWS_EC2_METADATA_DISABLED": "true"])
    guard case .unseen(let failure) = try await describe(aws) else {
      Issue.record("a call was made without credentials")
      return
    }
    #expect(failure.kind == .credentials)
    #expect(aws.transport.requests.isEmpty)
  }
}
