import Foundation
import LosslessJSON
import RolloutCore
import Testing
import Transport

@testable import SimulatedAWS

@Suite("Faults of the simulated AWS")
struct FakeAWSFaultTests {
  let start = FakeAWSCaller.start
  let caller = FakeAWSCaller()
  let name = "auth.example.com"
  let old: String
  let new: String

  init() {
    let caller = caller
    (old, new) = caller.aws.withCloud { cloud in
      let arns = (1...2).map { number in
        cloud.issue(
          CertificateOrder(
            account: caller.account, names: ["auth.example.com"], material: .numbered(number),
            keyAlgorithm: "RSA_2048"), at: FakeAWSCaller.start)
      }
      cloud.add(
        FakeDomain(
          name: "auth.example.com", userPoolID: FakeAWSCaller.pool, region: "eu-west-1",
          account: caller.account, certificateARN: arns[0], since: FakeAWSCaller.start,
          behaviour: DomainBehaviour(
            activeAfter: .minutes(1),
            edges: (1...4).map { .init(label: "edge-\($0)", delay: .minutes(1)) })))
      return (arns[0], arns[1])
    }
  }

  func script(_ fault: Fault, _ operation: String? = nil, count: Int = 1) {
    caller.aws.withCloud { $0.script(ScriptedFault(fault, operation: operation, count: count)) }
  }

  var isAttached: Bool { caller.aws.withCloud { !$0.attachments.isEmpty } }

  @Test(
    "a refusing fault has its status and code, and has no effect",
    arguments: [
      (.throttled, 400, "TooManyRequestsException"),
      (.internalError, 500, "InternalErrorException"), (.unavailable, 503, "ServiceUnavailable"),
      (.proxyUnavailable, 503, ""), (.expiredCredentials, 400, "ExpiredTokenException"),
      (.wrongSignature, 400, "InvalidSignatureException"),
      (.accessDenied, 400, "AccessDeniedException"),
      (.distributionDenied, 400, "AccessDeniedException"),
      (.concurrentModification, 400, "ConcurrentModificationException"),
    ] as [(Fault, Int, String)])
  func refusals(fault: Fault, status: Int, code: String) {
    script(fault, "UpdateUserPoolDomain")
    let answer = caller.update(name, to: new)
    #expect(answer.status == status && answer.code == code)
    #expect(!isAttached && !fault.performsCall)
    #expect(caller.update(name, to: new).status == 200)
  }

  @Test("each service has its own throttling error")
  func throttling() {
    script(.throttled, count: 2)
    #expect(caller.acm("ListCertificates").code == "ThrottlingException")
    #expect(caller.resources().code == "ThrottledException")
    #expect(caller.resources().status == 200)
  }

  @Test(
    "after a fault of the answer the update has taken effect",
    arguments: [
      .answerLost, .halfAnswer, .hangs, .internalErrorAfterwards, .truncated, .proxyPage,
      .emptyObject, .missingMembers, .oversized,
    ] as [Fault])
  func doneButUnsaid(fault: Fault) throws {
    script(fault, "UpdateUserPoolDomain")
    _ = caller.update(name, to: new)
    #expect(isAttached && fault.performsCall)
    let call = try #require(caller.aws.withCloud { $0.calls.last })
    #expect(call.hadEffect && call.fault == fault && call.certificateARN == new)
    #expect(call.object == name && call.operation == "UpdateUserPoolDomain")
  }

  @Test(
    "the transport reports what a socket would report",
    arguments: [
      (.unreachable, .notSent("Failed to connect: Connection refused"), false),
      (.requestLost, .answerLost("Empty reply from server"), false),
      (.answerLost, .answerLost("Empty reply from server"), true),
      (
        .halfAnswer, .answerLost("transfer closed with outstanding read data remaining"), true
      ),
      (.hangs, .timedOut("Operation timed out", sent: true), true),
      (.unanswered, .timedOut("Operation timed out", sent: true), false),
      (.oversized, .tooLarge(limit: 8 << 20), true),
    ] as [(Fault, TransportError, Bool)])
  func transportErrors(fault: Fault, error: TransportError, isDone: Bool) async throws {
    let start = start
    let transport = FakeAWSTransport(caller.aws) { start }
    let request = caller.signed(
      url: "https://cognito-idp.eu-west-1.amazonaws.com/", service: "cognito-idp",
      region: "eu-west-1",
      headers: [
        Header("Content-Type", "application/x-amz-json-1.1"),
        Header("X-Amz-Target", "AWSCognitoIdentityProviderService.UpdateUserPoolDomain"),
      ],
      body: Array(
        JSONValue.object([
          .init("Domain", .string(name)), .init("UserPoolId", .string(FakeAWSCaller.pool)),
          .init("CustomDomainConfig", ["CertificateArn": .string(new)]),
        ]).encoded.utf8), at: start)
    script(fault)
    await #expect(throws: error) { try await transport.send(request) }
    #expect(isAttached == isDone)
    let count = caller.aws.withCloud { $0.calls.count }
    #expect(count == 1)
    #expect(try await transport.send(request).status == (isDone ? 400 : 200))
  }

  @Test("each corrupted answer matches its name")
  func corruptedAnswers() throws {
    func describe(_ fault: Fault) -> FakeAWSCaller.Answer {
      script(fault)
      return caller.cognito("DescribeUserPoolDomain", ["Domain": .string(name)])
    }
    #expect(describe(.truncated).json == .null)
    #expect(describe(.truncated).response.body.first == UInt8(ascii: "{"))
    let page = describe(.proxyPage).response
    #expect(page.status == 200 && page.header("content-type") == "text/html")
    #expect(page.header("x-amzn-requestid") == nil)
    #expect(describe(.emptyObject).json == [:])
    #expect(describe(.emptyDescription).json == ["DomainDescription": [:]])
    #expect(describe(.unknownValues).json["DomainDescription"]?["Status"]?.string == "REBALANCING")
    #expect(describe(.missingMembers).json["DomainDescription"]?["Status"] == nil)
    #expect(describe(.oversized).response.body.count == 9 << 20)
    #expect(caller.describe(name, at: start)?["Status"]?.string == "ACTIVE")
  }

  @Test("an endless list has another token on every page")
  func endlessPages() {
    script(.endlessPages, count: 3)
    var token = caller.acm("ListCertificates").json["NextToken"]
    var seen: Set<String> = []
    for _ in 1...5 {
      let text = token?.string ?? ""
      #expect(seen.insert(text).inserted)
      let answer = caller.acm("ListCertificates", ["NextToken": .string(text)]).json
      #expect(answer["CertificateSummaryList"]?.array?.count == 2)
      token = answer["NextToken"]
    }
    script(.endlessPages)
    let pages = caller.resources().json["PaginationToken"]?.string ?? ""
    #expect(caller.resources(["PaginationToken": .string(pages)]).json["PaginationToken"] != "")
  }

  @Test("a fault of the rollout is accepted first and shows later")
  func rolloutFaults() {
    func outcome(_ fault: Fault) -> (status: String?, flipped: Int) {
      let trial = FakeAWSFaultTests()
      trial.script(fault, "UpdateUserPoolDomain")
      #expect(trial.caller.update(name, to: trial.new).status == 200)
      let later = start + .hours(5)
      let edges = trial.caller.aws.withCloud { $0.edges(of: name, at: later) }
      return (
        trial.caller.describe(name, at: later)?["Status"]?.string,
        edges.filter { $0.certificateARN == trial.new }.count
      )
    }
    #expect(outcome(.staysUpdating) == ("UPDATING", 4))
    #expect(outcome(.endsFailed) == ("FAILED", 0))
    #expect(outcome(.staleEdges) == ("ACTIVE", 0))
    #expect(outcome(.oneStaleEdge) == ("ACTIVE", 3))
  }

  @Test("seeded faults match their probabilities, and are equal for equal seeds")
  func seededFaults() {
    let faults = SeededFaults(
      seed: 3, probabilities: [(.throttled, 100_000), (.answerLost, 200_000)],
      until: start + .hours(1))
    func draw(_ seed: UInt64, at now: Instant) -> [Fault?] {
      var seeded = faults
      seeded.random = SeededRandom(seed: seed)
      return (0..<10_000).map {
        seeded.decide(
          FaultOpportunity(
            operation: "ListCertificates", account: "1", object: "", occurrence: $0, at: now))
      }
    }
    let drawn = draw(3, at: start)
    #expect((900...1100).contains(drawn.filter { $0 == .throttled }.count))
    #expect((1850...2150).contains(drawn.filter { $0 == .answerLost }.count))
    #expect(draw(3, at: start) == drawn)
    #expect(draw(4, at: start) != drawn)
    #expect(draw(3, at: start + .hours(1)).allSatisfy { $0 == nil })
  }

  @Test("a seeded fault applies only to its operations")
  func fittingFaults() {
    let faults = SeededFaults(
      seed: 1, probabilities: [(.endsFailed, 1_000_000), (.endlessPages, 1_000_000)])
    func drawn(_ operation: String) -> Fault? {
      faults.decide(
        FaultOpportunity(
          operation: operation, account: "1", object: "", occurrence: 0, at: start))
    }
    #expect(drawn("UpdateUserPoolDomain") == .endsFailed)
    #expect(drawn("ListCertificates") == .endlessPages)
    #expect(drawn("DescribeUserPoolDomain") == nil)
  }

  @Test("a decider gets the facts of the request, and a script has priority over it")
  func deciders() {
    caller.aws.withCloud { cloud in
      cloud.decider = { $0.object == "auth.example.com" && $0.occurrence == 1 ? .truncated : nil }
    }
    let body: JSONValue = ["Domain": .string(name)]
    let answers = (1...3).map { _ in caller.cognito("DescribeUserPoolDomain", body).json }
    #expect(answers.map { $0 == .null } == [false, true, false])
    script(.emptyObject, "DescribeUserPoolDomain")
    #expect(caller.cognito("DescribeUserPoolDomain", body).json == [:])
  }

  @Test("request ids do not depend on the order in which different calls arrive")
  func requestIDs() {
    func ids(_ first: Bool) -> [String?] {
      let trial = FakeAWSFaultTests().caller
      let list = { trial.acm("ListCertificates").response.header("x-amzn-requestid") }
      let tags = { trial.resources().response.header("x-amzn-requestid") }
      if first { return [list(), tags(), list()] }
      let second = tags()
      return [list(), second, list()]
    }
    #expect(ids(true) == ids(false))
    #expect(Set(ids(true)).count == 3)
  }
}
