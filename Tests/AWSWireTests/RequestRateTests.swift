import LosslessJSON
import POSIX
import RolloutCore
import Testing

@testable import AWSWire

@Suite("The rate of requests")
struct RequestRateTests {
  private let accounts = AccountNumbers()
  private let time = Guarded<Duration>(.seconds(1000))

  private func rates() -> RequestRates { RequestRates(accounts: accounts) }

  private var now: Duration { time.withLock { $0 } }

  private func advance(_ duration: Duration) { time.withLock { $0 += duration } }

  private func call(_ operation: String, as identity: Identity = Identity()) -> WireCall {
    WireCall(
      service: .acm, region: .usEast1, identity: identity, operation: operation, object: "o",
      payload: .json([:]), effect: .read, maximumBodySize: 1)
  }

  @Test("A few requests go at once, and the next ones wait for their place")
  func burst() {
    let rates = rates()
    let tags = call("GetResources")
    for _ in 0..<2 { #expect(rates.reserve(tags, at: now) == .zero) }
    #expect(rates.reserve(tags, at: now) == .milliseconds(200))
    #expect(rates.reserve(tags, at: now) == .milliseconds(400))
    advance(.seconds(2))
    #expect(rates.reserve(tags, at: now) == .zero)
  }

  @Test(
    "Every operation stays within its published quota in every second, the first one included",
    arguments: [
      ("ListCertificates", 8), ("DescribeCertificate", 10), ("GetCertificate", 10),
      ("DescribeUserPoolDomain", 20), ("ListUserPools", 4), ("DescribeUserPool", 11),
    ])
  func quotas(_ operation: String, quota: Int) {
    let rates = rates()
    let call = call(operation)
    advance(.seconds(60))
    var sent: [Duration] = []
    for _ in 0..<100 {
      let wait = rates.reserve(call, at: now)
      sent.append(now + wait)
    }
    for start in sent {
      #expect(sent.filter { $0 >= start && $0 < start + .seconds(1) }.count <= quota)
    }
  }

  @Test("Another operation, region or account has a rate of its own")
  func scopes() {
    let rates = rates()
    for _ in 0..<2 { _ = rates.reserve(call("GetResources"), at: now) }
    #expect(rates.reserve(call("GetResources"), at: now) > .zero)
    #expect(rates.reserve(call("GetCertificate"), at: now) == .zero)
    #expect(rates.reserve(call("GetResources", as: Identity(profile: "p")), at: now) == .zero)
  }

  @Test("Roles of one account share its rate")
  func shared() {
    let rates = rates()
    let roles = ["one", "two"].map { Identity(roleARN: "arn:aws:iam::123456789012:role/\($0)") }
    let recipe = CredentialRecipe.fixed(
      Credentials(accessKeyID: "AKIA", secretAccessKey: "s", origin: "a test"))
    for role in roles { accounts.note("123456789012", of: role, with: recipe, at: .zero) }
    for index in 0..<2 {
      #expect(rates.reserve(call("GetResources", as: roles[index % 2]), at: now) == .zero)
    }
    for role in roles { #expect(rates.reserve(call("GetResources", as: role), at: now) > .zero) }
  }

  @Test("A throttled operation is slowed down each time, within a bound, and recovers in a minute")
  func adaptive() {
    let rates = rates()
    let tags = call("GetResources")
    func pause() -> Duration {
      while rates.reserve(tags, at: now) == .zero {}
      let first = rates.reserve(tags, at: now)
      return rates.reserve(tags, at: now) - first
    }
    #expect(pause() == .milliseconds(200))
    rates.slowDown(tags, at: now)
    #expect(pause() == .milliseconds(400))
    for _ in 0..<20 { rates.slowDown(tags, at: now) }
    #expect(pause() == .milliseconds(3200))
    advance(.seconds(30))
    #expect((.milliseconds(300)...(.milliseconds(400))).contains(pause()))
    advance(.seconds(30))
    #expect(pause() == .milliseconds(200))
  }

  @Test("Operations without a quota of their own never wait")
  func others() {
    let rates = rates()
    for _ in 0..<1000 { #expect(rates.reserve(call("GetCallerIdentity"), at: now) == .zero) }
  }
}

@Suite("The account of an identity")
struct AccountNumberTests {
  private func answer(_ account: String) -> ScriptedTransport.Reply {
    .json(
      """
      <GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::\(account):root</Arn>\
      <Account>\(account)</Account></GetCallerIdentityResult></GetCallerIdentityResponse>
      """)
  }

  @Test("GetCallerIdentity is sent once")
  func once() async throws {
    let aws = try ScriptedAWS([answer("123456789012")])
    for _ in 0..<3 { #expect(await aws.client.account(of: Example.identity) == "123456789012") }
    #expect(aws.transport.requests.count == 1)
  }

  @Test("A role's account is the one in its ARN, without a request")
  func role() async throws {
    let aws = try ScriptedAWS([])
    let role = Identity(roleARN: "arn:aws:iam::210987654321:role/rotator")
    #expect(await aws.client.account(of: role) == "210987654321")
    #expect(aws.transport.requests.isEmpty)
  }

  @Test("A failure is remembered, so that it costs no request at each poll")
  func failure() async throws {
    let aws = try ScriptedAWS([.error("AccessDenied", status: 403)])
    for _ in 0..<3 { #expect(await aws.client.account(of: Example.identity) == nil) }
    #expect(aws.transport.requests.count == 1)
  }
}
