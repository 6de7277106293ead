import LosslessJSON
import RolloutCore
import Testing
import Transport

@testable import SimulatedAWS

@Suite("Services of the host that hand out credentials")
struct HostCredentialsTests {
  let start = FakeAWSCaller.start
  let caller = FakeAWSCaller()
  let role = "arn:aws:iam::999999999999:role/instance"
  static let roles = "/latest/meta-data/iam/security-credentials/"

  init() {
    let role = role
    caller.aws.withCloud { cloud in
      cloud.add(FakeRole(arn: role))
      cloud.metadata.role = HostRole(arn: role)
      cloud.add(
        FakeContainer(name: "web", role: HostRole(arn: role), authorization: "container-token"))
    }
  }

  func send(
    _ method: String, _ path: String, _ headers: [Header] = [],
    at now: Instant = FakeAWSCaller.start
  ) -> HTTPResponse {
    caller.aws.handle(
      HTTPRequest(
        method: method, url: "http://169.254.169.254" + path, headers: headers, body: []),
      at: now)
  }

  func text(_ response: HTTPResponse) -> String { String(decoding: response.body, as: UTF8.self) }

  func token(_ seconds: String = "21600", at now: Instant = FakeAWSCaller.start) -> HTTPResponse {
    send(
      "PUT", "/latest/api/token", [Header("X-aws-ec2-metadata-token-ttl-seconds", seconds)],
      at: now)
  }

  func get(
    _ path: String, token: String?, at now: Instant = FakeAWSCaller.start
  ) -> HTTPResponse {
    send("GET", path, token.map { [Header("x-aws-ec2-metadata-token", $0)] } ?? [], at: now)
  }

  struct NoKeys: Error {}

  func keys(_ response: HTTPResponse) throws -> FakeAWSCaller {
    let json = try JSONValue(parsing: response.body)
    guard let id = json["AccessKeyId"]?.string, let secret = json["SecretAccessKey"]?.string,
      let token = json["Token"]?.string
    else { throw NoKeys() }
    var caller = caller
    (caller.keyID, caller.secret, caller.token) = (id, secret, token)
    return caller
  }

  @Test("a token, the role's name and its keys come in three requests, and the keys work")
  func metadata() throws {
    let answer = token()
    #expect(answer.status == 200)
    #expect(answer.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600")
    let names = get(HostCredentialsTests.roles, token: text(answer))
    #expect(names.status == 200 && text(names) == "instance")
    #expect(
      text(get(String(HostCredentialsTests.roles.dropLast()), token: text(answer))) == "instance")
    let credentials = get(HostCredentialsTests.roles + "instance", token: text(answer))
    let json = try JSONValue(parsing: credentials.body)
    #expect(json["Code"] == "Success" && json["Type"] == "AWS-HMAC")
    #expect(json["Expiration"] == "2026-11-24T03:36:51Z")
    let identity = try keys(credentials).sts("GetCallerIdentity")
    #expect(
      identity.field("Arn")
        == "arn:aws:sts::999999999999:assumed-role/instance/i-0123456789abcdef0")
    #expect(get(HostCredentialsTests.roles + "other", token: text(answer)).status == 404)
    #expect(get("/latest/meta-data/", token: text(answer)).status == 404)
    let calls = caller.aws.withCloud { $0.calls.map(\.operation) }
    #expect(
      calls.prefix(4) == [
        "PutMetadataToken", "GetMetadata", "GetMetadata", "GetMetadataCredentials",
      ])
    #expect(caller.aws.withCloud { $0.calls.first?.account } == "999999999999")
  }

  @Test(
    "a token is given by PUT with a lifetime, and not through a proxy",
    arguments: [("1", 200), ("21600", 200), ("0", 400), ("21601", 400), ("", 400), ("x", 400)])
  func tokenLifetimes(seconds: String, status: Int) {
    #expect(token(seconds).status == status)
    #expect(send("PUT", "/latest/api/token").status == 400)
    #expect(send("GET", "/latest/api/token").status == 405)
    let proxied = send(
      "PUT", "/latest/api/token",
      [
        Header("X-aws-ec2-metadata-token-ttl-seconds", "60"), Header("X-Forwarded-For", "10.0.0.1"),
      ])
    #expect(proxied.status == 403)
  }

  @Test("a token is valid to the instant before it expires; none, another or an old one is 401")
  func tokens() {
    let token = text(token("60"))
    let end = start + .seconds(60)
    let path = HostCredentialsTests.roles
    #expect(get(path, token: token, at: end - .milliseconds(1)).status == 200)
    #expect(get(path, token: token, at: end).status == 401)
    #expect(get(path, token: nil).status == 401)
    #expect(get(path, token: token + "x").status == 401)
    caller.aws.withCloud { $0.metadata.invalidateTokens() }
    #expect(get(path, token: token).status == 401)
    #expect(get(path, token: text(self.token())).status == 200)
    caller.aws.withCloud { $0.metadata.refusesTokens = true }
    #expect(get(path, token: text(self.token())).status == 401)
    caller.aws.withCloud { $0.release(at: FakeAWSCaller.start) }
    #expect(get(path, token: text(self.token())).status == 200)
  }

  @Test("an instance without a role has no credentials")
  func noRole() {
    caller.aws.withCloud { $0.metadata.role.change(arn: nil, lifetime: .hours(6)) }
    let token = text(token())
    let answer = get(HostCredentialsTests.roles, token: token)
    #expect(answer.status == 404 && answer.header("content-type") == "text/html")
    #expect(get(HostCredentialsTests.roles + "instance", token: token).status == 404)
  }

  @Test("keys stay the same until five minutes before their end, and short ones until their half")
  func renewal() throws {
    let token = text(token())
    func key(at now: Instant) throws -> String {
      try keys(get(HostCredentialsTests.roles + "instance", token: token, at: now)).keyID
    }
    let first = try key(at: start)
    let due = start + .hours(6) - .minutes(5)
    #expect(try key(at: due - .milliseconds(1)) == first)
    #expect(try key(at: due) != first)
    caller.aws.withCloud { $0.metadata.role.change(arn: role, lifetime: .seconds(4)) }
    let short = try key(at: start)
    #expect(short != first)
    #expect(try key(at: start + .milliseconds(1999)) == short)
    #expect(try key(at: start + .seconds(2)) != short)
  }

  @Test("expired keys are handed out when they are asked for")
  func expiredKeys() throws {
    caller.aws.withCloud { $0.metadata.role.change(arn: role, lifetime: .seconds(-1)) }
    let credentials = get(HostCredentialsTests.roles + "instance", token: text(token()))
    #expect(try JSONValue(parsing: credentials.body)["Expiration"] == "2026-11-23T21:36:50Z")
    #expect(try keys(credentials).acm("ListCertificates").code == "ExpiredTokenException")
  }

  @Test("a container gets its keys with its authorization alone")
  func container() throws {
    func get(_ name: String, _ authorization: String?) -> HTTPResponse {
      send(
        "GET", "/v2/credentials/" + name, authorization.map { [Header("Authorization", $0)] } ?? [])
    }
    let answer = get("web", "container-token")
    #expect(answer.status == 200)
    #expect(try JSONValue(parsing: answer.body)["RoleArn"]?.string == role)
    #expect(try keys(answer).acm("ListCertificates").status == 200)
    for wrong in [nil, "", "container-tokens"] { #expect(get("web", wrong).status == 401) }
    #expect(get("other", "container-token").status == 404)
    #expect(send("POST", "/v2/credentials/web").status == 405)
    caller.aws.withCloud { $0.add(FakeContainer(name: "open", role: HostRole(arn: role))) }
    #expect(get("open", nil).status == 200)
    let open = try #require(caller.aws.withCloud { $0.calls.last })
    #expect(open.operation == "GetContainerCredentials" && open.object == "open")
  }

  @Test(
    "faults work for these requests, too",
    arguments: [
      (.throttled, 429), (.internalError, 500), (.unavailable, 503), (.proxyUnavailable, 503),
      (.wrongSignature, 401), (.accessDenied, 403), (.internalErrorAfterwards, 500),
      (.proxyPage, 200), (.truncated, 200), (.emptyObject, 200), (.missingMembers, 200),
    ] as [(Fault, Int)])
  func faults(fault: Fault, status: Int) throws {
    caller.aws.withCloud {
      $0.script(ScriptedFault(fault, operation: "GetMetadataCredentials"))
    }
    let token = text(token())
    let path = HostCredentialsTests.roles + "instance"
    let answer = get(path, token: token)
    #expect(answer.status == status)
    #expect(throws: (any Error).self) { try keys(answer) }
    #expect(try keys(get(path, token: token)).acm("ListCertificates").status == 200)
    #expect(caller.aws.withCloud { $0.calls.contains { $0.fault == fault } })
  }

  @Test(
    "a lost answer is lost as for AWS's own services",
    arguments: [Fault.unreachable, .requestLost, .answerLost, .unanswered, .hangs, .halfAnswer])
  func lostAnswers(fault: Fault) {
    caller.aws.withCloud { $0.script(ScriptedFault(fault, operation: "PutMetadataToken")) }
    let request = HTTPRequest(
      method: "PUT", url: "http://169.254.169.254/latest/api/token",
      headers: [Header("X-aws-ec2-metadata-token-ttl-seconds", "60")], body: [])
    if case .answered = caller.aws.exchange(request, at: start) {
      Issue.record("it was answered")
    }
    #expect(caller.aws.withCloud { $0.calls.last?.outcome } == .lost)
    #expect(caller.aws.handle(request, at: start).status == 200)
  }

  @Test("every secret that was handed out or is required is in the list of secrets")
  func secrets() throws {
    caller.aws.withCloud {
      $0.roles[role]?.externalID = SimulatedSecret("external-id")
      $0.roles[role]?.replaceToken(by: "web-token-1")
      $0.roles[role]?.replaceToken(by: "web-token-2")
    }
    let token = text(token())
    let keys = try keys(get(HostCredentialsTests.roles + "instance", token: token))
    let secrets = caller.aws.withCloud { $0.secrets }
    for secret in [
      token, keys.secret, keys.token ?? "", "external-id", "web-token-1", "web-token-2",
      "container-token",
    ] {
      #expect(secrets.contains(secret))
    }
    #expect(!secrets.contains(caller.secret))
  }

  @Test("a running simulator serves them on its HTTP port, as its scenario and commands say")
  func process() throws {
    let fixture = try SimulatorFixture(
      #"{"roles":[{"arn":"\#(role)","trusted":["123456789012"],"external_id":"ticket","#
        + #""maximum_duration":7200,"session_lifetime":30,"web_identity_token":"token-1"}],"#
        + #""metadata":{"role":"\#(role)","lifetime":600},"#
        + #""containers":[{"name":"web","role":"\#(role)","authorization":"hush"}]}"#)
    let set = try #require(fixture.simulator.aws.withCloud { $0.roles[role] })
    #expect(set.trusted == ["123456789012"] && set.externalID?.text == "ticket")
    #expect(set.maximumDuration == .hours(2) && set.sessionLifetime == .seconds(30))
    #expect(set.webIdentityToken?.text == "token-1")
    let client = try LoopbackClient(port: fixture.port)
    func send(_ head: String, _ more: String = "") throws -> LoopbackClient.Answer {
      try client.send("\(head) HTTP/1.1\r\nHost: h\r\n\(more)\r\n")
      return try client.answer()
    }
    let ttl = "X-aws-ec2-metadata-token-ttl-seconds: 60\r\n"
    let token = String(decoding: try send("PUT /latest/api/token", ttl).body, as: UTF8.self)
    let header = "X-aws-ec2-metadata-token: \(token)\r\n"
    let path = "GET " + HostCredentialsTests.roles
    #expect(try send(path + "instance", header).json["Code"] == "Success")
    #expect(try send("GET /v2/credentials/web", "Authorization: hush\r\n").status == 200)

    #expect(try fixture.control("set_metadata", ["invalidate_tokens": true]).status == 200)
    #expect(try send(path, header).status == 401)
    #expect(try fixture.control("set_metadata", ["refuses_tokens": true]).status == 200)
    let other = String(decoding: try send("PUT /latest/api/token", ttl).body, as: UTF8.self)
    let second = "X-aws-ec2-metadata-token: \(other)\r\n"
    #expect(try send(path, second).status == 401)
    #expect(
      try fixture.control("set_metadata", ["refuses_tokens": false, "role": nil]).status == 200)
    #expect(try send(path, second).status == 404)
    let changed = try fixture.control(
      "set_container", ["name": "web", "authorization": "hush-2", "lifetime": 60])
    #expect(changed.json["path"] == "/v2/credentials/web")
    #expect(try send("GET /v2/credentials/web", "Authorization: hush\r\n").status == 401)
    let change: JSONValue = [
      "arn": .string(role), "trusted": [], "external_id": nil, "web_identity_token": "token-2",
    ]
    #expect(try fixture.control("set_role", change).status == 200)
    let now = try #require(fixture.simulator.aws.withCloud { $0.roles[role] })
    #expect(now.trusted == [] && now.externalID == nil && now.sessionLifetime == .seconds(30))
    #expect(now.expiredTokens == [SimulatedSecret("token-1")])
    let secrets = try fixture.control("secrets").json["secrets"]?.array ?? []
    #expect(secrets.contains("hush-2") && secrets.contains(.string(other)))
    let calls = try fixture.control("calls", ["operation": "GetMetadataCredentials"])
    #expect(calls.json["calls"]?.array?.count == 1)
  }

  @Test("an answer of these services can be kept back until release")
  func delays() throws {
    let delay = AnswerDelay(operation: "GetContainerCredentials", object: "web")
    func concerns(_ path: String) -> Bool {
      delay.concerns(HTTPRequest(method: "GET", url: "http://h" + path, headers: [], body: []))
    }
    #expect(concerns("/v2/credentials/web"))
    #expect(!concerns("/v2/credentials/other") && !concerns(HostCredentialsTests.roles))
  }

  @Test(
    "a command about them that fails says why",
    arguments: [
      ("set_role", "{}"), ("set_role", #"{"arn":"x"}"#),
      ("set_role", #"{"arn":"arn:aws:iam::111122223333:role/x","maximum_duration":-1}"#),
      ("set_metadata", #"{"role":"arn:aws:iam::111122223333:role/none"}"#),
      ("set_metadata", #"{"name":"x"}"#), ("set_container", "{}"),
      ("set_container", #"{"name":"x","role":"none"}"#), ("secrets", #"{"x":1}"#),
    ])
  func problems(command: String, body: String) throws {
    let fixture = try SimulatorFixture("{}")
    let client = try LoopbackClient(port: fixture.port)
    try client.post("/_simulator/" + command, body)
    let answer = try client.answer()
    #expect(answer.status == 400 && answer.json["error"]?.string?.isEmpty == false)
  }
}
