import Foundation
import LosslessJSON
import TestSupport
import Testing

@Suite("doctor", .timeLimit(.minutes(5)))
struct DoctorTests {
  let name = Scene.name

  /// One check as `result check object`.
  private struct Report {
    let status: Int32
    let checks: [JSONValue]

    init(_ result: Stage.Result) throws {
      status = result.status
      let json = try JSONValue(parsing: result.output)
      #expect(json["version"] == 1)
      checks = json["checks"]?.array ?? []
    }

    func all(_ check: String, _ object: String? = nil) -> [JSONValue] {
      checks.filter {
        $0["check"]?.string == check && (object == nil || $0["object"]?.string == object)
      }
    }

    func result(_ check: String, _ object: String? = nil) -> String? {
      all(check, object).first?["result"]?.string
    }

    func detail(_ check: String, _ object: String? = nil) -> String {
      all(check, object).first?["detail"]?.string ?? ""
    }

    func fix(_ check: String, _ object: String? = nil) -> String {
      all(check, object).first?["fix"]?.string ?? ""
    }

    /// Without paths, ports and times.
    func lines(_ stage: Stage) -> [String] {
      checks.map { check in
        ["result", "check", "object"].map { check[$0]?.string ?? "" }.joined(separator: " ")
          .replacing(stage.directory, with: "…").replacing(/127\.0\.0\.1:\d+/, with: "ADDRESS")
      }
    }
  }

  private func doctor(
    _ stage: Stage, environment: [String: String] = [:], through wrapper: [String] = []
  ) async throws -> Report {
    let begun = ContinuousClock.now
    let process = try stage.start(
      ["doctor", "--json", "--config", stage.configPath], environment, through: wrapper)
    let ending = try await process.end()
    // Its own limit is 25 s; the rest is for a machine that is busy.
    #expect(ContinuousClock.now - begun < .seconds(60))
    guard case .exited(let status) = ending else {
      throw TooLate(what: "doctor was killed", limit: .zero)
    }
    return try Report(
      Stage.Result(status: status, output: process.outputText, errors: process.errorText))
  }

  private static let actions = [
    "acm:DescribeCertificate", "acm:GetCertificate", "acm:ListCertificates",
    "cloudfront:updateDistribution", "cognito-idp:DescribeUserPoolDomain",
    "cognito-idp:UpdateUserPoolDomain",
  ]

  @Test(
    "finds nothing wrong where nothing is wrong",
    .enabled(if: NameServer.isPossible, "needs root, to have names resolve"))
  func healthy() async throws {
    let server = try NameServer(isSilent: false)
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let path = stage.directory + "/resolv.conf"
      try write("nameserver \(server.address)\n", to: path)
      let report = try await doctor(
        stage,
        through: [
          "/usr/bin/unshare", "--mount", "--", "/bin/sh", "-c",
          "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"", path,
        ])
      #expect(report.status == 0)
      // A poll of one second is a warning of the configuration.
      #expect(
        report.lines(stage) == [
          "warning config …/config.yaml", "ok credentials default credentials",
        ] + Self.actions.map { "ok iam \($0)" } + [
          "ok domain auth.example.com", "ok endpoint acm us-east-1",
          "ok endpoint cognito-idp eu-west-1", "ok endpoint sts us-east-1",
          "ok dns auth.example.com", "ok parent_dns example.com",
          "ok edge auth.example.com ADDRESS",
          "ok edge auth.example.com ADDRESS", "ok roots …/root.pem", "ok clock this host",
          "ok state_file …", "ok state_file …/state.sqlite", "ok heartbeat service",
          "ok condition all domains", "ok unit_credentials service",
        ])
      #expect(
        report.detail("credentials")
          == "arn:aws:iam::123456789012:user/cert-rotator, account 123456789012, from the environment"
      )
      #expect(report.detail("state_file", stage.statePath).contains("mode 0600, owner 0, format 1"))
      #expect(
        Set(report.checks.compactMap { $0["check"]?.string })
          == Set(
            try MarkdownFile("docs/json.md").rows(under: "`check`").flatMap { CodeSpans.of($0[0]) })
      )
      #expect(try await stage.effects(on: name).isEmpty)
      #expect(try await daemon.stop() == .exited(0))
    }
  }

  @Test("names each missing permission, with one policy to paste for all of them")
  func permissions() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config[name].certificate = "{ tags: { app: login } }"
      try stage.configure(config)
      for action in [
        "acm:GetCertificate", "tag:GetResources", "cloudfront:updateDistribution",
        "cognito-idp:UpdateUserPoolDomain",
      ] { try await stage.simulate("deny", ["action": .string(action)]) }
      let report = try await doctor(stage)
      #expect(report.status == 3)
      let policy =
        #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["acm:GetCertificate","#
        + #""cloudfront:updateDistribution","tag:GetResources"],"Resource":"*"},{"Effect":"Allow","#
        + #""Action":"cognito-idp:UpdateUserPoolDomain","Resource":"#
        + #""arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Ab12Cd34E"}]}"#
      for action in [
        "acm:GetCertificate", "tag:GetResources", "cloudfront:updateDistribution",
        "cognito-idp:UpdateUserPoolDomain",
      ] {
        #expect(report.result("iam", action) == "failed", "\(action)")
        #expect(
          report.fix("iam", action)
            == "allow it with this policy for arn:aws:iam::123456789012:user/cert-rotator in account "
            + "123456789012: \(policy)")
      }
      #expect(report.result("iam", "acm:ListCertificates") == "ok")
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
    }
  }

  @Test("what would change something is untested where IAM's simulation is not allowed")
  func simulation() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      try await stage.simulate("deny", ["action": "iam:SimulatePrincipalPolicy"])
      let report = try await doctor(stage)
      #expect(report.status == 0)
      for action in ["cognito-idp:UpdateUserPoolDomain", "cloudfront:updateDistribution"] {
        #expect(report.result("iam", action) == "untested")
        #expect(
          report.fix("iam", action).contains(
            #""Action":"iam:SimulatePrincipalPolicy","Resource":"arn:aws:iam::123456789012:user/cert"#
          ))
      }
      // Names do not resolve here, and no service runs.
      #expect(report.result("heartbeat") == "untested")
      #expect(report.result("state_file", stage.statePath) == "ok")
      #expect(report.detail("state_file", stage.statePath).contains("does not exist yet"))
    }
  }

  @Test("a role that refuses is one check, and the other accounts are looked at")
  func roles() async throws {
    try await Stage.with(Scene.two) { stage in
      let role = "arn:aws:iam::123456789012:role/absent"
      var config = stage.config
      config[Scene.other].more["role_arn"] = role
      try stage.configure(config)
      let report = try await doctor(stage)
      #expect(report.status == 3)
      let identity = "\(role) by default credentials"
      #expect(report.result("credentials", identity) == "failed")
      #expect(report.result("credentials", "default credentials") == "ok")
      #expect(report.result("iam", "sts:AssumeRole") == "failed")
      let fix = report.fix("iam", "sts:AssumeRole")
      #expect(fix.contains(#""Action":"sts:AssumeRole","Resource":"\#(role)""#))
      #expect(fix.contains("the trust policy of the role name arn:aws:iam::123456789012:user/"))
      #expect(
        report.all("iam", "acm:ListCertificates").compactMap { $0["result"]?.string }.sorted()
          == ["ok", "untested"])
      #expect(report.result("domain", name) == "ok")
    }
  }

  @Test("an endpoint that hangs is named, and everything else is shown within 30 seconds")
  func hangs() async throws {
    let server = try SilentServer()
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let report = try await doctor(
        stage, environment: ["AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": server.url])
      #expect(report.status == 3)
      #expect(report.result("endpoint", "cognito-idp eu-west-1") == "failed")
      #expect(report.detail("endpoint", "cognito-idp eu-west-1").contains(server.url))
      #expect(report.result("iam", "cognito-idp:DescribeUserPoolDomain") == "untested")
      #expect(
        report.detail("iam", "cognito-idp:DescribeUserPoolDomain").contains("no answer within 25s"))
      #expect(report.result("iam", "acm:ListCertificates") == "ok")
      #expect(report.result("credentials") == "ok")
      #expect(report.all("edge").compactMap { $0["result"]?.string } == ["ok", "ok"])
    }
  }

  @Test("without credentials it says how to run it with the service's")
  func noCredentials() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let report = try await doctor(
        stage,
        environment: [
          "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
          "AWS_EC2_METADATA_DISABLED": "true",
        ])
      #expect(report.status == 3)
      #expect(report.result("credentials") == "failed")
      #expect(report.fix("credentials").contains("cognito-certd doctor"))
      for action in Self.actions { #expect(report.result("iam", action) == "untested") }
      #expect(report.result("endpoint", "acm us-east-1") == "ok")
    }
  }

  @Test("what is throttled, or answered badly, is untested and no missing permission")
  func answers() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      for (fault, operation) in [
        ("throttled", "ListCertificates"), ("html_200", "DescribeCertificate"),
        ("truncated", "GetCertificate"), ("empty_object", "SimulatePrincipalPolicy"),
        ("empty_object", "GetCallerIdentity"),
      ] {
        try await stage.simulate(
          "fault", ["fault": .string(fault), "operation": .string(operation), "count": 100])
      }
      let report = try await doctor(stage)
      for action in Self.actions where !action.contains("DescribeUserPoolDomain") {
        #expect(report.result("iam", action) == "untested", "\(action)")
        #expect(report.fix("iam", action).isEmpty)
      }
      #expect(report.result("credentials") == "failed")
    }
  }

  @Test("without a valid configuration that is one failed check, and what needs none is looked at")
  func configuration() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config.top["poll_interval"] = "never"
      config[name].userPoolID = "nowhere"
      try stage.configure(config)
      let report = try await doctor(stage)
      #expect(report.status == 3)
      #expect(report.result("config") == "failed")
      #expect(report.detail("config").hasPrefix("2 problems: \(stage.configPath):"))
      #expect(report.fix("config").contains("cognito-certd check"))
      for check in ["credentials", "roots", "clock"] {
        #expect(report.result(check) == "ok", "\(check)")
      }
      #expect(report.result("iam", "acm:ListCertificates") == "ok")
      #expect(report.result("state_file", stage.statePath) == "ok")
      #expect(report.all("domain").isEmpty)
    }
  }

  @Test("a domain of another pool, and one that Cognito does not know, are reported")
  func domains() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config[name].userPoolID = "eu-west-1_Other"
      config["none.example.com"].userPoolID = "eu-west-1_None1"
      try stage.configure(config)
      let report = try await doctor(stage)
      #expect(report.status == 3)
      #expect(
        report.detail("domain", name)
          == "it belongs to user pool eu-west-1_Ab12Cd34E, not to eu-west-1_Other")
      #expect(
        report.detail("domain", "none.example.com").contains("shows no such domain in eu-west-1"))
    }
  }

  @Test("an edge whose chain is not trusted, or that refuses the domain, has failed")
  func edges() async throws {
    try await Stage.with(Scene.two) { stage in
      let path = stage.directory + "/other-root.pem"
      try write(Scene.otherRoot, to: path)
      var config = stage.config
      config[name].caFile = path
      try stage.configure(config)
      try await stage.simulate(
        "set", ["domain": .string(Scene.other), "refuses_handshakes": true])
      let report = try await doctor(stage)
      #expect(report.status == 3)
      let edges = report.all("edge")
      #expect(edges.count == 4 && edges.allSatisfy { $0["result"] == "failed" })
      let details = edges.compactMap { $0["detail"]?.string }
      #expect(details.count { $0.contains("the chain is not trusted") } == 2)
      #expect(details.count { $0.contains("refuses the domain") } == 2)
      #expect(report.detail("roots", path) == "1 certificate")
    }
  }

  @Test(
    "tells how far this host's clock is from AWS's",
    arguments: [(0, "ok"), (120, "warning"), (-600, "failed")])
  func clock(offset: Int, result: String) async throws {
    let scene: JSONValue = [
      "clock_offset": JSONValue(offset), "domains": [Scene.domain(edges: [])],
    ]
    try await Stage.with(scene) { stage in
      try stage.configure(stage.config)
      let report = try await doctor(stage)
      #expect(report.result("clock") == result, "\(report.detail("clock"))")
      if offset == -600 { #expect(report.detail("clock").contains("10 min ahead of AWS's")) }
    }
  }

  @Test("a damaged state file, and one that others may read, are reported")
  func stateFile() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      #expect(try await daemon.stop() == .exited(0))
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o644], ofItemAtPath: stage.statePath)
      let open = try await doctor(stage)
      #expect(open.result("state_file", stage.statePath) == "warning")
      #expect(open.result("heartbeat") == "failed")
      #expect(open.detail("heartbeat") == "it is not running")

      try write(String(repeating: "no database\n", count: 1000), to: stage.statePath)
      let damaged = try await doctor(stage)
      #expect(damaged.status == 3)
      #expect(damaged.result("state_file", stage.statePath) == "failed")
      #expect(damaged.detail("state_file", stage.statePath).contains("damaged"))
    }
  }

  @Test("variables of the service that differ are named, and no value is shown")
  func variables() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      _ = try await stage.pollingDaemon(environment: [
        "AWS_MAX_ATTEMPTS": "value-of-the-service", "AWS_REGION": "eu-north-1",
      ])
      let report = try await doctor(
        stage, environment: ["AWS_ROLE_SESSION_NAME": "value-of-the-command"])
      #expect(report.result("unit_credentials") == "warning")
      #expect(
        report.detail("unit_credentials") == """
          AWS_MAX_ATTEMPTS is set for the service only; AWS_REGION differs; \
          AWS_ROLE_SESSION_NAME is set for this command only
          """)
      #expect(!"\(report.checks)".contains("value-of"))
    }
  }

  @Test("a table for people has the worst first, and ends with the counts")
  func table() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      try await stage.simulate("deny", ["action": "acm:ListCertificates"])
      let result = try await stage.run("doctor")
      #expect(result.status == 3)
      let lines = result.output.split(separator: "\n")
      #expect(lines.first?.hasPrefix("failed    iam") == true)
      #expect(
        lines.contains {
          $0.contains(
            "fix: allow it with the policy for arn:aws:iam::123456789012:user/cert-rotator")
        })
      #expect(
        lines.contains(
          #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"acm:ListCertificates","Resource":"*"}]}"#
        ))
      #expect(lines.last?.hasPrefix("1 failed, ") == true)
      #expect(!result.output.contains("\u{1b}"))
    }
  }
}
