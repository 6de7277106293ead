import Glibc
import LosslessJSON
import TestSupport
import Testing

@Suite("Endpoints, long lists and CloudFront's answers", .timeLimit(.minutes(5)))
struct AWSAnswerTests {
  let name = Scene.name

  @Test("the endpoints of a profile are used, and a wrong profile stops nothing else")
  func profileEndpoints() async throws {
    try await Stage.with(Scene.two) { stage in
      let keys = """
        aws_access_key_id: \(stage.environment["AWS_ACCESS_KEY_ID"] ?? "")
        aws_secret_access_key =\u{a0}\(stage.environment["AWS_SECRET_ACCESS_KEY"] ?? "")
        aws_session_token = \(stage.environment["AWS_SESSION_TOKEN"] ?? "")

        """
      let path = stage.directory + "/private-config"
      try write(
        """
        [profile good]
        services = local
        endpoint_url: http://127.0.0.1:9
        \(keys)[profile bad]
        use_fips_endpoint = maybe
        \(keys)[services local]
        acm =
          endpoint_url = \(stage.endpoint)
        cognito_identity_provider =
          endpoint_url = \(stage.endpoint)

        """, to: path)
      var config = stage.config
      config[name].more["profile"] = "good"
      config[Scene.other].more["profile"] = "bad"
      try stage.configure(config)
      let new = try await stage.issue(name)
      let daemon = try stage.daemon(environment: [
        "AWS_ENDPOINT_URL": "", "AWS_CONFIG_FILE": path, "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
      ])
      try await daemon.line("rollout.completed", domain: name)
      #expect(try await stage.effects(on: name) == [new])
      let failed = try await daemon.line("credentials.failed")
      #expect(failed["identity"] == "profile bad")
      #expect(
        failed["error"]?.contains(
          "use_fips_endpoint of profile bad in \(path): write true or false") == true)
    }
  }

  @Test("a FIPS endpoint beside a configured URL ends the start with status 78")
  func contradiction() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let result = try await stage.run("run", environment: ["AWS_USE_FIPS_ENDPOINT": "true"])
      #expect(result.status == 78)
      #expect(result.errors.contains("AWS_USE_FIPS_ENDPOINT: it has no effect on the URL in"))
    }
  }

  private func quoted(_ text: String, _ code: String, _ status: Int) -> JSONValue {
    [
      "code": "InvalidParameterException",
      "message": .string(
        "\(text) (Service: AmazonCloudFront; Status Code: \(status); Error Code: \(code); "
          + "Request ID: 0f8e; Proxy: null)"),
    ]
  }

  @Test(
    "what CloudFront refuses has its own reason, and says what to do",
    arguments: [
      (
        "One or more of the CNAMEs you provided are already associated with a different resource.",
        "CNAMEAlreadyExists", 409, "cname_in_use"
      ),
      (
        "The alias has an incorrectly configured DNS record that points to another CloudFront "
          + "distribution.", "CNAMEAlreadyExists", 409, "dns_points_elsewhere"
      ),
      ("Access Denied", "AccessDenied", 403, "access_denied"),
      ("Something new.", "NewCode", 400, "invalid_request"),
    ])
  func refused(text: String, code: String, status: Int, reason: String) async throws {
    try await Stage.with(Scene.one(more: ["refusal": quoted(text, code, status)])) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      let refused = try await daemon.line("update.refused")
      #expect(refused["reason"] == reason && refused.level == "error")
      #expect(refused["error"]?.contains("\(text) (Service: AmazonCloudFront;") == true)
      #expect(refused["error"]?.contains("0f8e") == false)
      let isDenied = refused["error"]?.contains("cloudfront:updateDistribution") == true
      #expect(isDenied == (reason == "access_denied"))
      try await stage.condition("refused", of: name)
    }
  }

  @Test(
    "what passes at CloudFront is tried again",
    arguments: [("Throttling", 400), ("ServiceUnavailable", 503), ("PreconditionFailed", 412)])
  func retried(code: String, status: Int) async throws {
    try await Stage.with(Scene.one(more: ["refusal": quoted("m", code, status)])) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let new = try await stage.issue(name)
      try await daemon.line("update.retrying")
      try await stage.simulate("release")
      try await daemon.line("rollout.completed")
      #expect(daemon.lines("update.refused").isEmpty)
      #expect(try await stage.effects(on: name) == [new])
    }
  }

  @Test("60 pages of certificates are one list, and a stop during them takes no longer")
  func manyPages() async throws {
    let certificates = (1..<60).map { index -> JSONValue in
      ["name": .string("c\(index)"), "names": [.string("n\(index).example.com")]]
    }
    let scene: JSONValue = [
      "page_size": 1, "certificates": .array(certificates), "domains": [Scene.domain()],
    ]
    try await Stage.with(scene) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await stage.condition("in_sync", of: name)
      #expect(try await stage.calls("ListCertificates").count >= 60)
      try await stage.simulate("set", ["latency": 1])
      let before = try await stage.calls("ListCertificates").count
      _ = try await eventually("a list is under way") {
        try await stage.calls("ListCertificates").count > before + 2 ? true : nil
      }
      daemon.process.send(SIGTERM)
      #expect(try await daemon.process.end(within: .seconds(5)) == .exited(0))
    }
  }
}
