import Foundation
import RolloutCore
import TestSupport
import Testing
import Transport

@testable import AWSWire

@Suite("Roles and web identities")
struct RoleCredentialTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: directory.url.appending(path: name))
  }

  private func environment(_ variables: [String: String] = [:]) -> [String: String] {
    [
      "AWS_CONFIG_FILE": directory["config"], "AWS_SHARED_CREDENTIALS_FILE": directory["c"],
      "AWS_EC2_METADATA_DISABLED": "true",
    ].merging(variables) { $1 }
  }

  /// STS gives the keys `NAME-key …` for the role `…:role/NAME`.
  private func stage(_ variables: [String: String] = [:]) -> CredentialStage {
    CredentialStage(environment: environment(variables)) { request, _ in
      let name = request.form["RoleArn"]?.split(separator: "/").last ?? "?"
      return STSAnswer.keys(
        String(name), until: ScriptedClock.start + .hours(1),
        action: request.form["Action"] ?? "?")
    }
  }

  private func message(_ profile: String?, _ variables: [String: String] = [:]) async -> String {
    await stage(variables).found(Identity(profile: profile)).replacing(directory.path, with: "")
  }

  private static func arn(_ name: String) -> String { "arn:aws:iam::123456789012:role/\(name)" }
  private let role = RoleCredentialTests.arn("r")
  private let own = [
    "AWS_ACCESS_KEY_ID": "env-key", "AWS_SECRET_ACCESS_KEY": "env-secret",
  ]

  // MARK: A mapping's role

  @Test("A mapping's role is assumed with the keys of the default chain, or of its profile")
  func ofMapping() async throws {
    try write("[p]\naws_access_key_id = p-key\naws_secret_access_key = p-secret\n", to: "c")
    let stage = stage(own)
    #expect(await stage.found(Identity(roleARN: role)) == "r-key r-secret r-token")
    let identity = Identity(
      profile: "p", roleARN: role, externalID: "a+b/c:1", roleSessionName: "me@example.com")
    #expect(await stage.found(identity) == "r-key r-secret r-token")
    #expect(stage.transport.requests.map(\.signer) == ["env-key", "p-key"])
    #expect(
      stage.transport.requests.map(\.form) == [
        [
          "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": role,
          "RoleSessionName": "cognito-certd",
        ],
        [
          "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": role,
          "RoleSessionName": "me@example.com", "ExternalId": "a+b/c:1",
        ],
      ])
  }

  @Test("STS is asked in the region of the variables, the profile, or the role's partition")
  func region() async throws {
    try write(
      "[profile p]\nregion = eu-west-3\n[default]\nendpoint_url = http://own\n", to: "config")
    try write("[p]\naws_access_key_id = p-key\naws_secret_access_key = p-secret\n", to: "c")
    func url(_ variables: [String: String], _ identity: Identity) async -> String? {
      let stage = stage(variables.merging(own) { $1 })
      _ = await stage.found(identity)
      return stage.transport.requests.last?.url
    }
    let ofProfile = Identity(profile: "p", roleARN: role)
    #expect(await url([:], ofProfile) == "https://sts.eu-west-3.amazonaws.com/")
    #expect(
      await url(["AWS_DEFAULT_REGION": "eu-west-1"], ofProfile)
        == "https://sts.eu-west-1.amazonaws.com/")
    #expect(
      await url(["AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "eu-west-2"], ofProfile)
        == "https://sts.eu-west-2.amazonaws.com/")
    #expect(
      await url(["AWS_USE_FIPS_ENDPOINT": "true"], ofProfile)
        == "https://sts-fips.eu-west-3.amazonaws.com/")
    #expect(await url([:], Identity(roleARN: role)) == "http://own/")
    try write("", to: "config")
    #expect(await url([:], Identity(roleARN: role)) == "https://sts.us-east-1.amazonaws.com/")
    for (partition, host) in [
      ("aws-cn", "sts.cn-north-1.amazonaws.com.cn"),
      ("aws-us-gov", "sts.us-gov-west-1.amazonaws.com"),
    ] {
      let identity = Identity(roleARN: "arn:\(partition):iam::123456789012:role/r")
      #expect(await url([:], identity) == "https://\(host)/")
    }
    #expect(
      await stage(own.merging(["AWS_REGION": "nowhere"]) { $1 }).found(Identity(roleARN: role))
        .hasPrefix("AWS_REGION: "))
  }

  // MARK: Profiles with roles

  @Test("Roles in a chain of profiles are assumed one with the keys of the other")
  func chain() async throws {
    try write(
      """
      [profile a]
      role_arn = \(Self.arn("a"))
      source_profile = b
      external_id = ext-a
      role_session_name = session-a
      duration_seconds = 900
      [profile b]
      role_arn = \(Self.arn("b"))
      source_profile = c
      [profile c]
      role_arn = \(Self.arn("c"))
      source_profile = keys
      """, to: "config")
    try write("[keys]\naws_access_key_id = k\naws_secret_access_key = s\n", to: "c")
    let stage = stage(own)
    #expect(await stage.found(Identity(profile: "a")) == "a-key a-secret a-token")
    let requests = stage.transport.requests
    #expect(requests.map(\.signer) == ["k", "c-key", "b-key"])
    #expect(requests.map { $0.form["ExternalId"] } == [nil, nil, "ext-a"])
    #expect(
      requests.map { $0.form["RoleSessionName"] } == [
        "cognito-certd", "cognito-certd", "session-a",
      ])
    #expect(requests.map { $0.form["DurationSeconds"] } == [nil, nil, "900"])
    #expect(requests.last?.header("X-Amz-Security-Token") == "b-token")
    // Another profile with the same source does not assume its role again.
    #expect(await stage.found(Identity(profile: "b")) == "b-key b-secret b-token")
    #expect(stage.transport.requests.count == 3)
  }

  @Test("A profile that is its own source uses its keys, and keys have priority in a source")
  func ownSource() async throws {
    let keys = "aws_access_key_id = k\naws_secret_access_key = s\n"
    try write(
      """
      [profile self]
      role_arn = \(Self.arn("self"))
      source_profile = self
      \(keys)
      [profile user]
      role_arn = \(Self.arn("user"))
      source_profile = self
      """, to: "config")
    let stage = stage()
    #expect(await stage.found(Identity(profile: "self")) == "self-key self-secret self-token")
    #expect(await stage.found(Identity(profile: "user")) == "user-key user-secret user-token")
    #expect(stage.transport.requests.map(\.signer) == ["k", "k"])
  }

  @Test("The role of AWS_PROFILE's profile is assumed, but not before keys in the environment")
  func defaultProfile() async throws {
    try write(
      "[profile d]\nrole_arn = \(role)\nsource_profile = k\n", to: "config")
    try write("[k]\naws_access_key_id = k\naws_secret_access_key = s\n", to: "c")
    #expect(await message(nil, ["AWS_PROFILE": "d"]) == "r-key r-secret r-token")
    #expect(
      await message(nil, own.merging(["AWS_PROFILE": "d"]) { $1 }) == "env-key env-secret")
  }

  @Test(
    "A profile that cannot work is an error that names the key and what to write",
    arguments: [
      (
        "role_arn = ARN",
        "role_arn of profile p in /config: add source_profile or credential_source"
      ),
      (
        "role_arn = ARN\nsource_profile = a\ncredential_source = Environment",
        "source_profile of profile p in /config: the profile also has credential_source: remove one"
      ),
      (
        "role_arn = ARN\nsource_profile = none",
        "source_profile of profile p in /config: there is no profile none: write it"
      ),
      (
        "role_arn = ARN\nsource_profile = empty",
        "source_profile of profile p in /config: profile empty has no keys: add aws_access_key_id"
      ),
      (
        "role_arn = ARN\nsource_profile = p",
        "source_profile of profile p in /config: the profiles lead in a circle (p, p): one of them"
      ),
      (
        "role_arn = ARN\nsource_profile = a",
        "source_profile of profile b in /config: the profiles lead in a circle (a, b, a): one of"
      ),
      (
        "role_arn = ARN\ncredential_source = Ec2",
        "credential_source of profile p in /config: write Environment, EcsContainer or "
          + "Ec2InstanceMetadata"
      ),
      (
        "role_arn = ARN\ncredential_source = Environment",
        "credential_source of profile p in /config: AWS_ACCESS_KEY_ID is not set: set it"
      ),
      (
        "role_arn = ARN\ncredential_source = EcsContainer",
        "credential_source of profile p in /config: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
      ),
      (
        "role_arn = ARN\ncredential_source = Ec2InstanceMetadata",
        "credential_source of profile p in /config: the instance metadata is not asked because "
          + "AWS_EC2_METADATA_DISABLED is true"
      ),
      (
        "role_arn = ARN\nsource_profile = keys\nmfa_serial = x",
        "mfa_serial of profile p in /config: nobody can enter the code of a device here"
      ),
      (
        "role_arn = hunter2\nsource_profile = keys",
        "role_arn of profile p in /config: write arn:aws:iam::ACCOUNT:role/NAME"
      ),
      (
        "role_arn = ARN\nsource_profile = keys\nexternal_id = hunter2 x",
        "external_id of profile p in /config: write letters, digits and the signs _+=,.@:/- only"
      ),
      (
        "role_arn = ARN\nsource_profile = keys\nrole_session_name = a",
        "role_session_name of profile p in /config: write 2 to 64 characters"
      ),
      (
        "role_arn = ARN\nsource_profile = keys\nduration_seconds = 899",
        "duration_seconds of profile p in /config: write a number of seconds from 900 to 43200"
      ),
      (
        "role_arn = ARN\nsource_profile = keys\nregion = x",
        "region of profile p in /config: \"x\" is not an AWS region"
      ),
      (
        "web_identity_token_file = /t",
        "web_identity_token_file of profile p in /config: there is no role_arn"
      ),
      (
        "sso_session = corp",
        "sso_session of profile p in /config: sessions of a person are not read here: add "
          + "credential_process = aws configure export-credentials --profile p --format process"
      ),
      ("sso_start_url = https://x", "sso_start_url of profile p in /config: sessions of a person"),
      ("login_session = x", "login_session of profile p in /config: sessions of a person"),
      (
        "role_arn = ARN\nsource_profile = sso",
        "sso_session of profile sso in /config: sessions of a person are not read here: add "
          + "credential_process = aws configure export-credentials --profile sso"
      ),
    ])
  func unusable(lines: String, expected: String) async throws {
    try write(
      """
      [profile p]
      \(lines.replacing("ARN", with: role))
      [profile a]
      role_arn = \(role)
      source_profile = b
      [profile b]
      role_arn = \(role)
      source_profile = a
      [profile empty]
      region = eu-west-1
      [profile sso]
      sso_session = corp
      [profile keys]
      aws_access_key_id = k
      aws_secret_access_key = s
      """, to: "config")
    let message = await message("p")
    #expect(message.hasPrefix(expected), "\(message)")
    #expect(!message.contains("hunter2"))
    #expect(await self.message("keys") == "k s")
  }

  @Test("credential_source = Environment uses the keys of the environment")
  func environmentSource() async throws {
    try write("[profile p]\nrole_arn = \(role)\ncredential_source = Environment\n", to: "config")
    let stage = stage(own)
    #expect(await stage.found(Identity(profile: "p")) == "r-key r-secret r-token")
    #expect(stage.transport.requests.map(\.signer) == ["env-key"])
  }

  // MARK: Web identity

  @Test(
    "The token of a web identity is read at each refresh, and the request has no signature")
  func webIdentity() async throws {
    try write("first.token\n", to: "token")
    let stage = stage([
      "AWS_WEB_IDENTITY_TOKEN_FILE": directory["token"], "AWS_ROLE_ARN": role,
      "AWS_ROLE_SESSION_NAME": "pod-1", "AWS_REGION": "eu-west-1",
    ])
    #expect(await stage.found() == "r-key r-secret r-token")
    try write("second.token", to: "token")
    #expect(await stage.found() == "r-key r-secret r-token")
    #expect(stage.transport.requests.count == 1)
    stage.cache.refresh()
    #expect(await stage.found() == "r-key r-secret r-token")
    #expect(
      stage.transport.requests.map { $0.form["WebIdentityToken"] } == [
        "first.token", "second.token",
      ])
    let request = try #require(stage.transport.requests.first)
    #expect(request.signer == nil && request.url == "https://sts.eu-west-1.amazonaws.com/")
    #expect(request.form["Action"] == "AssumeRoleWithWebIdentity")
    #expect(request.form["RoleSessionName"] == "pod-1" && request.form["RoleArn"] == role)
  }

  @Test("A profile's web identity is used, as the source of another profile, too")
  func webIdentityOfProfile() async throws {
    try write("token.of.file", to: "token")
    try write(
      """
      [profile web]
      role_arn = \(Self.arn("web"))
      web_identity_token_file = \(directory["token"])
      [profile user]
      role_arn = \(Self.arn("user"))
      source_profile = web
      """, to: "config")
    let stage = stage(own)
    #expect(await stage.found(Identity(profile: "user")) == "user-key user-secret user-token")
    #expect(stage.transport.requests.map(\.signer) == [nil, "web-key"])
    // Variables are not for a profile that is named.
    let both = ["AWS_WEB_IDENTITY_TOKEN_FILE": "/none", "AWS_ROLE_ARN": role]
    #expect(
      await self.stage(both).found(Identity(profile: "web")) == "web-key web-secret web-token")
  }

  @Test("A token file that cannot be used is an error that names it, and shows nothing of it")
  func tokenFiles() async throws {
    let web = ["AWS_WEB_IDENTITY_TOKEN_FILE": directory["token"], "AWS_ROLE_ARN": role]
    #expect(
      await message(nil, web) == "the token file /token cannot be opened: no such file or directory"
    )
    for (content, expected) in [
      (" \n", "the token file /token is empty"),
      (
        "hunter2 hunter2",
        "the token file /token contains a space or a character beyond ASCII in the token"
      ),
      (String(repeating: "t", count: 16385), "the token file /token is over 16 KiB"),
    ] {
      try write(content, to: "token")
      #expect(await message(nil, web) == expected)
    }
    #expect(
      await message(nil, ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t"])
        == "AWS_WEB_IDENTITY_TOKEN_FILE: AWS_ROLE_ARN is not set: name the role that the token is for"
    )
  }

  // MARK: STS refuses

  private func refusal(
    externalID: String? = "external-hunter2", _ reply: ScriptedTransport.Reply
  ) async -> (message: String, requests: Int) {
    let stage = CredentialStage(environment: environment(own)) { _, _ in reply }
    let message = await stage.found(Identity(roleARN: role, externalID: externalID))
    return (message, stage.transport.requests.count)
  }

  @Test("A role that refuses names sts:AssumeRole, the role, and whether an external id was sent")
  func refused() async throws {
    let denial =
      "User: arn:aws:iam::1:user/x is not authorized to perform: sts:AssumeRole on resource: \(role)"
    let (message, requests) = await refusal(STSAnswer.error("AccessDenied", denial))
    #expect(requests == 1)
    #expect(
      message
        == "sts:AssumeRole of \(role), with an external id and with the keys of the environment, "
        + "failed: the identity lacks a permission: \(denial); the role's trust policy must allow the "
        + "principal of these keys, and a policy of theirs sts:AssumeRole of the role; the trust "
        + "policy may ask for another external id")
    let without = await refusal(externalID: nil, STSAnswer.error("AccessDenied", denial))
    #expect(without.message.contains(", without an external id and with the keys of"))
    #expect(without.message.hasSuffix("the trust policy may ask for an external id"))
  }

  @Test("A refused web identity names the role, the action and the token's file")
  func refusedWebIdentity() async throws {
    try write("token-hunter2.x.y", to: "token")
    let web = ["AWS_WEB_IDENTITY_TOKEN_FILE": directory["token"], "AWS_ROLE_ARN": role]
    let stage = CredentialStage(environment: environment(web)) { _, _ in
      STSAnswer.error("InvalidIdentityToken", "token-hunter2.x.y is wrong", status: 400)
    }
    let message = await stage.found().replacing(directory.path, with: "")
    #expect(
      message
        == "sts:AssumeRoleWithWebIdentity of \(role), with the token in /token "
        + "(AWS_WEB_IDENTITY_TOKEN_FILE), failed: AWS does not accept the keys or the token: "
        + "‹redacted› is wrong")
  }

  @Test(
    "A failure of STS keeps its nature in the message, and is tried again as the SDKs do",
    arguments: [
      (.error("Throttling", "Rate exceeded"), 3, "the service throttles requests: Rate exceeded"),
      (.json("", status: 503), 3, "the service answered with a server error: an empty body"),
      (.failure(.notSent("no route")), 3, "the service could not be reached: no route"),
      (
        .failure(.timedOut("late", sent: true)), 1,
        "the request was sent and no answer came: late"
      ),
      (
        .json("<html></html>"), 1, "the answer could not be read: the answer has no credentials"
      ),
      (
        .error("ValidationError", "Value 'external-hunter2' is wrong"), 1,
        "STS refuses it: Value '‹redacted›' is wrong"
      ),
      (.error("ExpiredToken", "old"), 1, "AWS does not accept the keys or the token: old"),
    ] as [(ScriptedTransport.Reply, Int, String)])
  func nature(reply: ScriptedTransport.Reply, attempts: Int, expected: String) async throws {
    let (message, requests) = await refusal(reply)
    #expect(message.contains("failed: \(expected)"), "\(message)")
    #expect(message.hasPrefix("sts:AssumeRole of \(role), with an external id"))
    #expect(requests == attempts)
    #expect(!message.contains("hunter2"))
  }

  @Test("A clock that is wrong is corrected for STS, and the keys are used by AWS's time")
  func wrongClock() async throws {
    let date = Header("Date", "Tue, 23 Nov 2027 21:36:51 GMT")
    let end = Instant(year: 2027, month: 11, day: 23, hour: 22)
    let stage = CredentialStage(environment: environment(own)) { _, index in
      index == 0
        ? .error("SignatureDoesNotMatch", "Signature expired", status: 403, [date])
        : STSAnswer.keys("late", until: end)
    }
    #expect(await stage.found(Identity(roleARN: role)) == "late-key late-secret late-token")
    let dates = stage.transport.requests.map { $0.header("X-Amz-Date") }
    #expect(dates == ["20261123T213651Z", "20271123T213651Z"])
  }

  @Test("Keys of a source that STS refuses are read again once, and changed ones are used")
  func rotatedSource() async throws {
    let source = "http://localhost/keys"
    let stage = CredentialStage(
      environment: environment(["AWS_CONTAINER_CREDENTIALS_FULL_URI": source])
    ) { request, index in
      if request.url == source {
        return .json(
          #"{"AccessKeyId":"k\#(index)","SecretAccessKey":"secret","Token":"token"}"#)
      }
      return request.signer == "k0"
        ? STSAnswer.error("ExpiredToken")
        : STSAnswer.keys("r", until: ScriptedClock.start + .hours(1))
    }
    #expect(await stage.found(Identity(roleARN: role)) == "r-key r-secret r-token")
    #expect(stage.transport.requests.compactMap(\.signer) == ["k0", "k2"])
  }
}
