import Foundation
import RolloutCore
import TestSupport
import Testing
import Transport

@testable import AWSWire

@Suite("Credentials of containers and instances")
struct PlatformCredentialTests {
  private static func keys(_ name: String, until end: String = "2026-11-24T03:36:51Z") -> String {
    """
    {"Code":"Success","AccessKeyId":"\(name)-key","SecretAccessKey":"\(name)-secret",
     "Token":"\(name)-token","Expiration":"\(end)"}
    """
  }

  private func stage(
    _ environment: [String: String],
    _ reply: @escaping @Sendable (HTTPRequest, Int) -> ScriptedTransport.Reply? = { _, _ in
      .json(PlatformCredentialTests.keys("c"))
    }
  ) -> CredentialStage {
    CredentialStage(environment: environment, reply)
  }

  // MARK: Containers

  @Test("A container's relative URI has priority over the full one, and no proxy is used")
  func relative() async throws {
    let stage = stage([
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/none",
    ])
    #expect(await stage.found() == "c-key c-secret c-token")
    let request = try #require(stage.transport.requests.first)
    #expect(request.url == "http://169.254.170.2/v2/credentials/x" && request.method == "GET")
    #expect(!request.usesProxy && request.header("Authorization") == nil)
    #expect(request.timeout == .seconds(2) && request.connectTimeout == .seconds(1))
  }

  @Test(
    "Without TLS only this machine and the platform's addresses are asked",
    arguments: [
      ("http://localhost/x", true), ("http://LOCALHOST:80/x", true),
      ("http://127.0.0.1:8080", true),
      ("http://127.255.255.254/x", true), ("http://[::1]:1/x?a=b", true),
      ("http://169.254.170.2/x", true), ("http://169.254.170.23/x", true),
      ("http://[fd00:ec2::23]/x", true), ("https://example.com/x", true),
      ("http://example.com/x", false), ("http://169.254.170.3/x", false),
      ("http://127.0.0.1.example.com/x", false), ("http://localhost.example.com/", false),
      ("http://127.0.0.256/", false), ("http://[::2]/x", false), ("http://user@localhost/x", false),
      ("ftp://localhost/x", false), ("localhost/x", false), ("http:///x", false),
      ("http://localhost:0/x", false), ("http://localhost:99999/", false),
      ("http://lo cal/x", false), ("https://h/x#f", false),
    ])
  func hosts(url: String, isAccepted: Bool) async {
    let stage = stage(["AWS_CONTAINER_CREDENTIALS_FULL_URI": url])
    let found = await stage.found()
    #expect((found == "c-key c-secret c-token") == isAccepted, "\(found)")
    #expect(stage.transport.requests.map(\.url) == (isAccepted ? [url] : []))
    if !isAccepted { #expect(found.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI")) }
  }

  @Test("The token file has priority over the token, and is read at each refresh")
  func tokenFile() async throws {
    let directory = try TemporaryDirectory()
    let path = directory["token"]
    try Data("file-token-1\n".utf8).write(to: URL(filePath: path))
    let stage = stage([
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": path,
      "AWS_CONTAINER_AUTHORIZATION_TOKEN": "variable-token",
    ])
    #expect(await stage.found() == "c-key c-secret c-token")
    try Data("file-token-2".utf8).write(to: URL(filePath: path))
    stage.cache.refresh()
    #expect(await stage.found() == "c-key c-secret c-token")
    #expect(
      stage.transport.requests.map { $0.header("Authorization") } == [
        "file-token-1", "file-token-2",
      ])
    try FileManager.default.removeItem(atPath: path)
    stage.cache.refresh()
    #expect(
      await stage.found() == "the token file \(path) cannot be opened: no such file or directory")
  }

  @Test("The token of the variable is sent as it is, and one with a line break is refused")
  func token() async throws {
    func stage(_ token: String) -> CredentialStage {
      self.stage([
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/x",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
      ])
    }
    let good = stage("Basic YWJj")
    #expect(await good.found() == "c-key c-secret c-token")
    #expect(good.transport.requests.first?.header("Authorization") == "Basic YWJj")
    let bad = stage("hunter2\r\nX-Evil: 1")
    #expect(
      await bad.found()
        == "AWS_CONTAINER_AUTHORIZATION_TOKEN contains a line break or a character beyond ASCII")
    #expect(bad.transport.requests.isEmpty)
  }

  @Test(
    "An answer without keys is an error that says what came, and shows no secret",
    arguments: [
      (.json("<html>hunter2</html>"), "HTML instead of JSON (HTTP 200"),
      (.json(""), "an empty body instead of JSON"),
      (.json("[]"), "no JSON object"),
      (.json("{\"AccessKeyId\":\"hunter2key\""), "malformed JSON at byte"),
      (.json("{\"AccessKeyId\":\"hunter2-key-id\"}"), "the answer has no SecretAccessKey"),
      (
        .json("{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"hunter2\",\"Expiration\":\"soon\"}"),
        "the Expiration in the answer is not a time"
      ),
      (
        .json("{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 cannot assume\"}"),
        "the platform has no keys: AssumeRoleUnauthorizedAccess: EC2 cannot assume"
      ),
      (
        .json("{\"code\":\"NoAuth\",\"message\":\"no\"}", status: 401),
        "the request was answered with HTTP 401: NoAuth: no"
      ),
    ] as [(ScriptedTransport.Reply, String)])
  func unusableAnswer(reply: ScriptedTransport.Reply, expected: String) async {
    let stage = stage(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/x"]) { _, _ in reply
    }
    let message = await stage.found()
    #expect(message.hasPrefix(expected), "\(message)")
    #expect(!message.contains("hunter2"))
    #expect(stage.transport.requests.count == 1)
  }

  @Test("A platform that does not answer is asked three times, and the message says why")
  func silent() async {
    let environment = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/x"]
    let silent = stage(environment) { _, _ in .failure(.timedOut("after 2 s", sent: true)) }
    #expect(await silent.found() == "GET http://localhost/x got no answer: after 2 s")
    #expect(silent.transport.requests.count == 3)
    let failing = stage(environment) { _, index in
      index < 2 ? .json("", status: 500) : .json(Self.keys("c"))
    }
    #expect(await failing.found() == "c-key c-secret c-token")
    let broken = stage(environment) { _, _ in .json("", status: 500) }
    #expect(await broken.found().contains("was answered with HTTP 500"))
  }

  @Test("A token in the address of a container's credentials is in no message")
  func tokenInAddress() async {
    let address = "http://localhost/x?token=planted"
    let silent = stage(["AWS_CONTAINER_CREDENTIALS_FULL_URI": address]) { _, _ in
      .failure(.timedOut("after 2 s", sent: true))
    }
    do throws(Failure) {
      _ = try await silent.keys()
      Issue.record("there are no keys")
    } catch {
      #expect("\(error)".contains("http://localhost/x?"))
      #expect(!"\(error)".contains("planted"))
    }
  }

  // MARK: Instances

  /// The metadata service of an instance with the role `web`.
  private func metadata(
    refusing refused: Int = 0, role: ScriptedTransport.Reply = .json("web\n")
  ) -> @Sendable (HTTPRequest, Int) -> ScriptedTransport.Reply? {
    { request, index in
      if request.method == "PUT" { return .json("imds-token-\(index)") }
      if index <= refused { return .json("", status: 401) }
      if request.url.hasSuffix("/security-credentials/") { return role }
      return request.url.hasSuffix("/security-credentials/web") ? .json(Self.keys("i")) : nil
    }
  }

  @Test("An instance is asked by version 2: a token, the name of the role, the keys")
  func instance() async throws {
    let stage = stage([:], metadata())
    #expect(await stage.found() == "i-key i-secret i-token")
    let requests = stage.transport.requests
    #expect(requests.map(\.method) == ["PUT", "GET", "GET"])
    #expect(
      requests.map(\.url) == [
        "http://169.254.169.254/latest/api/token",
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/web",
      ])
    #expect(requests[0].header("X-aws-ec2-metadata-token-ttl-seconds") == "21600")
    #expect(requests[1].header("X-aws-ec2-metadata-token") == "imds-token-0")
    #expect(requests[2].header("X-aws-ec2-metadata-token") == "imds-token-0")
    #expect(requests.allSatisfy { !$0.usesProxy && $0.timeout == .seconds(2) })
  }

  @Test("A token that is refused is renewed once")
  func renewedToken() async throws {
    let stage = stage([:], metadata(refusing: 1))
    #expect(await stage.found() == "i-key i-secret i-token")
    #expect(stage.transport.requests.map(\.method) == ["PUT", "GET", "PUT", "GET", "GET"])
    #expect(stage.transport.requests[3].header("X-aws-ec2-metadata-token") == "imds-token-2")
    let always = self.stage([:], metadata(refusing: 9))
    #expect(
      await always.found().contains(
        "the request for the instance's role was answered with HTTP 401"))
    #expect(always.transport.requests.map(\.method) == ["PUT", "GET", "PUT", "GET"])
  }

  @Test(
    "The endpoint is set by variables, by keys of the profile, or by the mode",
    arguments: [
      (
        ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1338/"], "", "http://127.0.0.1:1338"
      ),
      (["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"], "", "http://[fd00:ec2::254]"),
      (["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv4"], "", "http://169.254.169.254"),
      ([:], "ec2_metadata_service_endpoint = http://profile", "http://profile"),
      ([:], "ec2_metadata_service_endpoint_mode = ipv6", "http://[fd00:ec2::254]"),
      (
        ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://variable"],
        "ec2_metadata_service_endpoint = http://profile", "http://variable"
      ),
    ] as [([String: String], String, String)])
  func endpoint(variables: [String: String], line: String, expected: String) async throws {
    let directory = try TemporaryDirectory()
    try Data("[default]\n\(line)\n".utf8).write(to: directory.url.appending(path: "config"))
    let environment = variables.merging(["AWS_CONFIG_FILE": directory["config"]]) { $1 }
    let stage = stage(environment, metadata())
    #expect(await stage.found() == "i-key i-secret i-token")
    #expect(stage.transport.requests.first?.url == expected + "/latest/api/token")
  }

  @Test("A malformed setting of the endpoint is an error that names it")
  func malformedEndpoint() async {
    for (name, value, problem) in [
      ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "hunter2", "the URL begins with neither https://"),
      ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "hunter2", "write IPv4 or IPv6"),
    ] {
      let message = await stage([name: value], metadata()).found()
      #expect(message.contains("\(name): \(problem)"), "\(message)")
      #expect(!message.contains("hunter2"))
    }
  }

  @Test("The instance is not asked when AWS_EC2_METADATA_DISABLED is true, in any case of letters")
  func disabled() async {
    let stage = stage(["AWS_EC2_METADATA_DISABLED": "TRUE"], metadata())
    #expect(
      await stage.found()
        == "there is no profile default in any file (HOME is not set): set AWS_ACCESS_KEY_ID and "
        + "AWS_SECRET_ACCESS_KEY, or write the profile; the instance metadata is not asked because "
        + "AWS_EC2_METADATA_DISABLED is true")
    #expect(stage.transport.requests.isEmpty)
    #expect(
      await self.stage(["AWS_EC2_METADATA_DISABLED": "false"], metadata()).found()
        == "i-key i-secret i-token")
  }

  @Test(
    "An instance without keys is an error that says what was searched before, and what came",
    arguments: [
      (.json("", status: 404), "the instance has no role: attach an instance profile to it"),
      (.json("<html>"), "the name of the instance's role cannot be read: HTML instead of JSON"),
      (.json(""), "the name of the instance's role cannot be read: an empty body"),
      (.json("../../x"), "the name of the instance's role cannot be read"),
      (.json("no", status: 403), "the request for the instance's role was answered with HTTP 403"),
    ] as [(ScriptedTransport.Reply, String)])
  func noRole(reply: ScriptedTransport.Reply, expected: String) async {
    let message = await stage([:], metadata(role: reply)).found()
    #expect(message.hasPrefix("there is no profile default in any file"))
    #expect(message.contains("; \(expected)"), "\(message)")
  }

  @Test("A host that is no instance says so, and version 1 is never used")
  func noInstance() async {
    let silent = stage([:]) { _, _ in .failure(.notSent("no route to host")) }
    let message = await silent.found()
    #expect(message.contains("PUT http://169.254.169.254/latest/api/token got no answer: no route"))
    #expect(message.contains("hop limit"))
    #expect(silent.transport.requests.map(\.method) == ["PUT", "PUT", "PUT"])
    for reply in [ScriptedTransport.Reply.json("", status: 403), .json("<html></html>"), .json("")]
    {
      let proxy = stage([:]) { _, _ in reply }
      #expect(await proxy.found().contains("token of version 2"))
      #expect(proxy.transport.requests.map(\.method) == ["PUT"])
    }
  }

  // MARK: The order

  @Test("A profile without keys uses the container, then the instance; a missing one uses neither")
  func order() async throws {
    let directory = try TemporaryDirectory()
    try Data("[profile plain]\nregion = eu-west-1\n".utf8)
      .write(to: directory.url.appending(path: "config"))
    let files = ["AWS_CONFIG_FILE": directory["config"]]
    let container = files.merging(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"]) { $1 }
    #expect(await stage(container).found(Identity(profile: "plain")) == "c-key c-secret c-token")
    #expect(await stage(container).found() == "c-key c-secret c-token")
    #expect(
      await stage(files, metadata()).found(Identity(profile: "plain")) == "i-key i-secret i-token")
    for environment in [container, files] {
      let message = await stage(environment).found(Identity(profile: "none"))
      #expect(message.hasPrefix("there is no profile none in "))
      let named = environment.merging(["AWS_PROFILE": "none"]) { $1 }
      #expect(await stage(named).found().hasPrefix("there is no profile none in "))
    }
  }

  @Test("Roles are assumed with the keys of the container or the instance")
  func roles() async throws {
    let directory = try TemporaryDirectory()
    let role = "arn:aws:iam::123456789012:role/r"
    try Data(
      """
      [profile ecs]
      role_arn = \(role)
      credential_source = EcsContainer
      [profile ec2]
      role_arn = \(role)
      credential_source = Ec2InstanceMetadata
      """.utf8
    ).write(to: directory.url.appending(path: "config"))
    let platform = metadata()
    let stage = stage([
      "AWS_CONFIG_FILE": directory["config"], "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x",
    ]) { request, index in
      if request.url.contains("sts") {
        return STSAnswer.keys("r", until: ScriptedClock.start + .hours(1))
      }
      return request.url.contains("170.2") ? .json(Self.keys("c")) : platform(request, index)
    }
    #expect(await stage.found(Identity(profile: "ecs")) == "r-key r-secret r-token")
    #expect(await stage.found(Identity(profile: "ec2")) == "r-key r-secret r-token")
    #expect(stage.transport.requests.compactMap(\.signer) == ["c-key", "i-key"])
  }

  @Test("Keys that have expired when they come are an error by AWS's clock")
  func expired() async {
    let end = "2026-11-23T21:36:51Z"
    let stage = stage(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"]) { _, _ in
      .json(Self.keys("c", until: end))
    }
    // Before AWS has answered this clock may be wrong, and AWS refuses expired keys itself.
    #expect(await stage.found() == "c-key c-secret c-token")
    stage.clock.note(ScriptedClock.start, from: "a host")
    #expect(
      await stage.found()
        == "the keys expired at \(end), and it is 2026-11-23T21:36:51Z: renew them")
  }
}
