import LosslessJSON
import RolloutCore
import Testing

@testable import SimulatedAWS

@Suite("Custom domains of the simulated AWS")
struct FakeAWSDomainTests {
  let start = FakeAWSCaller.start
  let caller = FakeAWSCaller()
  let name = "auth.example.com"
  let old: String
  let new: String

  init() {
    let caller = caller
    let issue: (Int) -> String = { number in
      caller.aws.withCloud {
        $0.issue(
          CertificateOrder(
            account: caller.account, names: ["auth.example.com"], material: .numbered(number)),
          at: FakeAWSCaller.start - .days(Int64(10 - number)))
      }
    }
    old = issue(1)
    new = issue(2)
    let behaviour = DomainBehaviour(
      activeAfter: .minutes(10),
      edges: [
        .init(label: "fast", delay: .minutes(5)), .init(label: "slow", delay: .minutes(40)),
        .init(label: "stale", delay: nil),
      ])
    add(behaviour)
  }

  func add(_ behaviour: DomainBehaviour) {
    caller.aws.withCloud {
      $0.add(
        FakeDomain(
          name: name, userPoolID: FakeAWSCaller.pool, region: "eu-west-1",
          account: caller.account, certificateARN: old, since: start - .days(9),
          behaviour: behaviour,
          config: [
            .init("SecurityPolicy", "TLS_V1_2_2021"), .init("FutureMember", ["a": .number("1.0")]),
          ],
          topLevel: [.init("ManagedLoginVersion", 2)]))
    }
  }

  func change(_ body: (inout FakeDomain) -> Void) throws {
    try caller.aws.withCloud { try $0.change(domain: name, body) }
  }

  func served(_ now: Instant) -> [String] {
    caller.aws.withCloud { $0.edges(of: name, at: now).map(\.certificateARN) }
  }

  func shown(_ now: Instant) -> (status: String?, arn: String?) {
    let description = caller.describe(name, at: now)
    return (
      description?["Status"]?.string,
      description?["CustomDomainConfig"]?["CertificateArn"]?.string
    )
  }

  @Test("an unknown domain, another account's and another region's are described as empty")
  func emptyDescriptions() {
    caller.aws.withCloud {
      $0.add(FakeAccessKey(id: "AKIDOTHER", secret: "s", account: "999999999999"))
    }
    var stranger = caller
    stranger.keyID = "AKIDOTHER"
    stranger.secret = "s"
    let domain: JSONValue = ["Domain": .string(name)]
    let answers = [
      caller.cognito("DescribeUserPoolDomain", ["Domain": "nowhere.example.com"]),
      caller.cognito("DescribeUserPoolDomain", domain, region: "eu-west-2"),
      stranger.cognito("DescribeUserPoolDomain", domain),
    ]
    for answer in answers {
      #expect(answer.status == 200)
      #expect(answer.json == ["DomainDescription": [:]])
    }
  }

  @Test("an accepted update is UPDATING, then ACTIVE, and each edge changes after its delay")
  func journey() {
    let answer = caller.update(name, to: new)
    #expect(answer.status == 200)
    #expect(answer.json["CloudFrontDomain"]?.string?.hasSuffix(".cloudfront.net") == true)
    #expect(shown(start) == ("UPDATING", new))
    #expect(shown(start + .minutes(10) - .milliseconds(1)).status == "UPDATING")
    #expect(shown(start + .minutes(10)) == ("ACTIVE", new))
    #expect(served(start + .minutes(5) - .milliseconds(1)) == [old, old, old])
    #expect(served(start + .minutes(5)) == [new, old, old])
    #expect(served(start + .minutes(40)) == [new, new, old])
    #expect(served(start + .days(30)) == [new, new, old])
    caller.aws.withCloud { $0.release(at: start + .days(30)) }
    #expect(served(start + .days(30)) == [new, new, new])
  }

  @Test("the new certificate can be shown only when the domain is ACTIVE")
  func lateDisplay() throws {
    try change { $0.behaviour.showsNewARN = .whenActive }
    #expect(caller.update(name, to: new).status == 200)
    #expect(shown(start) == ("UPDATING", old))
    #expect(shown(start + .minutes(10)) == ("ACTIVE", new))
  }

  @Test("a stuck update stays UPDATING until it is released")
  func stuck() throws {
    try change { $0.behaviour.staysUpdating = true }
    #expect(caller.update(name, to: new).status == 200)
    #expect(shown(start + .days(9)).status == "UPDATING")
    caller.aws.withCloud { $0.release(at: start + .days(9)) }
    #expect(shown(start + .days(9)).status == "ACTIVE")
  }

  @Test("a failed update shows the old certificate, or the new one by setting; no edge changes")
  func failed() throws {
    try change { $0.behaviour.endsFailed = true }
    #expect(caller.update(name, to: new).status == 200)
    #expect(shown(start + .minutes(10)) == ("FAILED", old))
    try change { $0.behaviour.failureKeepsNewARN = true }
    #expect(shown(start + .minutes(10)) == ("FAILED", new))
    #expect(served(start + .days(1)) == [old, old, old])
    try change { $0.behaviour.endsFailed = false }
    #expect(caller.update(name, to: new, at: start + .days(1)).status == 200)
  }

  @Test("an update during another one gets one of two errors")
  func concurrentUpdates() throws {
    #expect(caller.update(name, to: new).status == 200)
    #expect(caller.update(name, to: old).code == "ConcurrentModificationException")
    try change { $0.behaviour.whileUpdating = .invalidParameter }
    #expect(caller.update(name, to: old).code == "InvalidParameterException")
    try change { $0.behaviour.forcedStatus = "DELETING" }
    #expect(caller.update(name, to: old, at: start + .hours(1)).code == "InvalidParameterException")
  }

  @Test("settings that are sent back stay; omitted ones are reset, or kept by setting")
  func settings() throws {
    let before = caller.aws.withCloud { $0.domains[name]?.settingsText }
    let echo = caller.update(
      name, to: new,
      config: [
        .init("SecurityPolicy", "TLS_V1_2_2021"), .init("FutureMember", ["a": .number("1.0")]),
      ],
      beside: [.init("ManagedLoginVersion", 2)])
    #expect(echo.status == 200)
    let change1 = try #require(caller.aws.withCloud { $0.attachments.last })
    #expect(change1.settingsBefore == before && change1.settingsAfter == before)
    #expect(change1.from == old && change1.to == new && change1.isByCall)

    let bare = caller.update(name, to: old, at: start + .hours(1))
    #expect(bare.status == 200)
    let change2 = try #require(caller.aws.withCloud { $0.attachments.last })
    #expect(
      change2.settingsAfter
        == #"{"CustomDomainConfig":{"SecurityPolicy":"TLS_V1"},"ManagedLoginVersion":1}"#)

    try change { $0.behaviour.omittedMembers = .kept }
    #expect(caller.update(name, to: new, at: start + .hours(2)).status == 200)
    let change3 = try #require(caller.aws.withCloud { $0.attachments.last })
    #expect(change3.settingsAfter == change2.settingsAfter)
  }

  @Test("errors have the texts that users report")
  func errorTexts() throws {
    let bare = caller.cognito(
      "UpdateUserPoolDomain",
      ["Domain": .string(name), "UserPoolId": .string(FakeAWSCaller.pool)])
    #expect(bare.message == "Cannot convert custom domain to prefix domain.")
    #expect(bare.code == "InvalidParameterException" && bare.status == 400)
    let gone = "User pool should have a custom domain associated, failed to update the certificate."
    #expect(caller.update(name, to: new, pool: "eu-west-1_Other").message == gone)
    #expect(caller.update("no.example.com", to: new).message == gone)
    try change {
      $0.behaviour.refusal = .init(message: RefusalText.parentDomain)
    }
    #expect(
      caller.update(name, to: new).message.hasPrefix("Custom domain is not a valid subdomain"))
    try change { $0.behaviour.refusal = nil }
    caller.aws.withCloud { $0.deny("cloudfront:updateDistribution", in: caller.account) }
    let denied = caller.update(name, to: new)
    #expect(denied.code == "AccessDeniedException")
    #expect(denied.message.contains("cloudfront:updateDistribution"))
    #expect(caller.aws.withCloud { $0.attachments.isEmpty })
  }

  @Test("old TLS with managed login 2 is refused by setting")
  func echoHazard() throws {
    try change { $0.behaviour.refusesOldPolicyWithManagedLogin = true }
    let config = [JSONValue.Member("SecurityPolicy", "TLS_V1")]
    let login = [JSONValue.Member("ManagedLoginVersion", 2)]
    let answer = caller.update(name, to: new, config: config, beside: login)
    #expect(answer.code == "InvalidParameterException")
    #expect(caller.update(name, to: new, config: config).status == 200)
  }

  enum Unfit: String, CaseIterable {
    case unknown, otherRegion, otherAccount, pending, expired, revoked, deleted, curve384
    case selfSigned, privateType, otherName, notYetValid, tooDeep
  }

  @Test("an unsuitable certificate is refused with CloudFront's text", arguments: Unfit.allCases)
  func unfitCertificates(unfit: Unfit) throws {
    let arn = try makeUnfit(unfit)
    let answer = caller.update(name, to: arn)
    #expect(answer.code == "InvalidParameterException")
    #expect(
      answer.message.hasPrefix(
        "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, "
          + "or doesn't include a valid certificate chain. (Service: AmazonCloudFront; "
          + "Status Code: 400; Error Code: InvalidViewerCertificate; Request ID: "))
    #expect(caller.aws.withCloud { $0.attachments.isEmpty })
    caller.aws.withCloud { $0.options.checksCertificates = false }
    #expect(caller.update(name, to: arn).status == 200)
  }

  private func makeUnfit(_ unfit: Unfit) throws -> String {
    var order = CertificateOrder(
      account: caller.account, names: [name], material: .numbered(3))
    switch unfit {
    case .unknown: return "arn:aws:acm:us-east-1:\(caller.account):certificate/none"
    case .otherRegion: order.region = "eu-west-1"
    case .otherAccount: order.account = "999999999999"
    case .pending: order.material = nil
    case .expired: order.material = .numbered(3, to: start)
    case .curve384: order.keyAlgorithm = "EC_secp384r1"
    case .selfSigned: order.material = .numbered(3, isSelfSigned: true)
    case .privateType: order.type = "PRIVATE"
    case .otherName: order.names = ["example.com", "*.example.org"]
    case .tooDeep: order.names = ["*.com", "*.auth.example.com"]
    case .notYetValid: order.material = .numbered(3, from: start + .milliseconds(1))
    case .revoked, .deleted: break
    }
    return try caller.aws.withCloud { cloud in
      let arn = cloud.issue(order, at: start)
      if unfit == .revoked { try cloud.revoke(arn, at: start) }
      if unfit == .deleted { try cloud.delete(arn, at: start) }
      return arn
    }
  }

  @Test("a wildcard one label above the domain is accepted, in any case")
  func wildcard() {
    let arn = caller.aws.withCloud {
      $0.issue(
        CertificateOrder(
          account: caller.account, names: ["*.EXAMPLE.com"], material: .numbered(3)), at: start)
    }
    #expect(caller.update(name, to: arn).status == 200)
  }

  @Test("a new certificate is refused for the set time")
  func youngCertificates() throws {
    try change { $0.behaviour.refusesYoungFor = .minutes(15) }
    let arn = caller.aws.withCloud {
      $0.issue(
        CertificateOrder(account: caller.account, names: [name], material: .numbered(3)),
        at: start)
    }
    let end = start + .minutes(15)
    #expect(caller.update(name, to: arn, at: end - .milliseconds(1)).status == 400)
    #expect(caller.update(name, to: arn, at: end).status == 200)
  }

  @Test("an attached certificate cannot be deleted, and is in use until no edge serves it")
  func deletion() throws {
    try change { $0.behaviour.edges.removeLast() }
    #expect(caller.update(name, to: new).status == 200)
    func delete(_ now: Instant) -> String {
      caller.acm("DeleteCertificate", ["CertificateArn": .string(old)], at: now).code
    }
    #expect(delete(start + .minutes(40) - .milliseconds(1)) == "ResourceInUseException")
    caller.aws.withCloud { $0.options.inUseLag = .hours(1) }
    #expect(delete(start + .minutes(99)) == "ResourceInUseException")
    #expect(delete(start + .minutes(100)) == "")
    #expect(throws: SimulationProblem.self) {
      try caller.aws.withCloud { try $0.delete(new, at: start + .hours(2)) }
    }
    try caller.aws.withCloud { try $0.delete(new, force: true, at: start + .hours(2)) }
  }

  @Test("after a renewal under the same ARN an edge serves the old leaf for its delay")
  func renewal() throws {
    try change { $0.behaviour.edges[1].renewalDelay = .hours(2) }
    let renewed = start + .hours(1)
    try caller.aws.withCloud { try $0.reissue(old, as: .numbered(7), at: renewed) }
    func leaves(_ now: Instant) -> [String?] {
      caller.aws.withCloud { $0.edges(of: name, at: now).map { $0.material?.certificatePEM } }
    }
    #expect(leaves(renewed) == ["leaf 7", "leaf 1", "leaf 7"])
    #expect(leaves(renewed + .hours(2)) == ["leaf 7", "leaf 7", "leaf 7"])
  }

  @Test("an operator's change is recorded as such and reaches the edges like any other")
  func byHand() throws {
    try caller.aws.withCloud { try $0.attach(new, to: name, at: start) }
    let change = try #require(caller.aws.withCloud { $0.attachments.last })
    #expect(!change.isByCall && change.to == new)
    #expect(shown(start) == ("UPDATING", new))
    #expect(served(start + .minutes(5)) == [new, old, old])
  }

  @Test("The pools of the account and region are listed and described, with their domains")
  func pools() {
    caller.aws.withCloud {
      $0.add(FakeUserPool(id: "eu-west-1_B", region: "eu-west-1", account: caller.account))
      $0.add(FakeUserPool(id: "eu-west-2_C", region: "eu-west-2", account: caller.account))
      $0.add(FakeUserPool(id: "eu-west-1_D", region: "eu-west-1", account: "210987654321"))
    }
    let first = caller.cognito("ListUserPools", ["MaxResults": 1]).json
    let second = caller.cognito(
      "ListUserPools", ["MaxResults": 1, "NextToken": first["NextToken"] ?? .null]
    ).json
    let ids = [first, second].flatMap { $0["UserPools"]?.array ?? [] }.map { $0["Id"]?.string }
    #expect(ids == [FakeAWSCaller.pool, "eu-west-1_B"] && second["NextToken"] == nil)
    func domain(_ pool: String) -> JSONValue? {
      caller.cognito("DescribeUserPool", ["UserPoolId": .string(pool)])
        .json["UserPool"]?["CustomDomain"]
    }
    #expect(domain(FakeAWSCaller.pool) == .string(name) && domain("eu-west-1_B") == nil)
    #expect(
      caller.cognito("DescribeUserPool", ["UserPoolId": "eu-west-2_C"]).code
        == "ResourceNotFoundException")
    for body: JSONValue in [[:], ["MaxResults": 61], ["MaxResults": 1, "NextToken": "x"]] {
      #expect(caller.cognito("ListUserPools", body).code == "InvalidParameterException")
    }
  }
}
