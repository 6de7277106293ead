import Foundation
import LosslessJSON
import TestSupport
import Testing

@Suite("discover", .timeLimit(.minutes(5)))
struct DiscoverTests {
  private static let region = ["--region", "eu-west-1"]
  private static let mapping = """
    domains:
      # certificate … ends on …, in 59 days
      - domain: auth.example.com
        user_pool_id: eu-west-1_Ab12Cd34E
        certificate: { domain_name: auth.example.com }

    """

  /// Runs it without a configuration, and `check` on what it printed.
  private func discover(
    _ stage: Stage, _ arguments: [String], config: String? = nil,
    environment: [String: String] = [:]
  ) async throws -> Stage.Result {
    let config = config ?? stage.directory + "/none.yaml"
    let begun = ContinuousClock.now
    let result = try await stage.run(["discover"] + arguments + ["--config", config], environment)
    // Its own limit is 25 s; the rest is for a machine that is busy.
    #expect(ContinuousClock.now - begun < .seconds(60))
    if !result.output.isEmpty {
      let printed = stage.directory + "/printed.yaml"
      try write(result.output, to: printed)
      let check = try await stage.run(["check", "--config", printed], environment)
      #expect(
        check.status == 0 && check.output.hasPrefix("OK: "), "\(check.output)\(result.output)")
    }
    return result
  }

  /// Without its first line, and without tails of ARNs and dates.
  private func stable(_ output: String) -> String {
    output.replacing(/…[0-9a-f]{8}/, with: "…").replacing(/on \d{4}-\d\d-\d\d/, with: "on …")
      .split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
      .joined(separator: "\n")
  }

  @Test("prints a mapping for each custom domain, with what is attached")
  func one() async throws {
    try await Stage.with(Scene.one()) { stage in
      let result = try await discover(stage, Self.region)
      #expect(result.status == 0)
      #expect(stable(result.output) == Self.mapping)
      #expect(
        result.errors.split(separator: "\n").last
          == "default credentials, eu-west-1: 1 user pool, 1 custom domain")
    }
  }

  @Test("finds the domains among more pools than a page has")
  func pages() async throws {
    let scene: JSONValue = [
      "domains": [
        Scene.domain(pool: "eu-west-1_Zz12Cd34E"),
        Scene.domain(Scene.other, pool: "eu-west-1_Aa12Cd34E"),
      ],
      "user_pools": [["user_pool_id": "eu-west-1_Mm", "count": 61, "prefix_domain": "sign-in"]],
    ]
    try await Stage.with(scene) { stage in
      let result = try await discover(stage, Self.region)
      #expect(result.status == 0)
      #expect(result.errors.contains("63 user pools, 2 custom domains"))
      #expect(result.output.components(separatedBy: "- domain:").count - 1 == 2)
      #expect(try await stage.calls("ListUserPools").count == 2)
    }
  }

  @Test("looks in every region and with every profile, and each mapping has its own")
  func places() async throws {
    let second: JSONValue = ["account": "210987654321"]
    let scene: JSONValue = [
      "accounts": [Stage.account, ["account": "210987654321"]],
      "certificates": [
        ["name": "wild", "names": ["*.example.com", "example.com"], "account": "210987654321"]
      ],
      "domains": [
        Scene.domain(),
        Scene.domain(
          "login.example.com", pool: "us-west-2_Fg56Hi78J",
          more: .object((second.members ?? []) + [.init("certificate", "wild")])),
      ],
    ]
    try await Stage.with(scene) { stage in
      let result = try await discover(
        stage,
        [
          "--region", "eu-west-1", "--region", "us-west-2", "--profile", "account-123456789012",
          "--profile", "account-210987654321",
        ])
      #expect(result.status == 0)
      #expect(
        stable(result.output) == """
          domains:
            # certificate … ends on …, in 59 days
            - domain: auth.example.com
              user_pool_id: eu-west-1_Ab12Cd34E
              profile: account-123456789012
              certificate: { domain_name: auth.example.com }
            # certificate … ends on …, in 89 days
            - domain: login.example.com
              user_pool_id: us-west-2_Fg56Hi78J
              profile: account-210987654321
              certificate: { domain_name: "*.example.com" }

          """)
      for line in [
        "profile account-123456789012, us-west-2: 0 user pools, 0 custom domains",
        "profile account-210987654321, us-west-2: 1 user pool, 1 custom domain",
      ] { #expect(result.errors.contains(line)) }
    }
  }

  @Test("a role that refuses stops only itself, and common settings are defaults")
  func roles() async throws {
    let role = "arn:aws:iam::123456789012:role/rotator"
    let scene: JSONValue = [
      "accounts": [Stage.account],
      "roles": [["arn": .string(role), "external_id": "id:of/the=tests"]],
      "domains": [Scene.domain(), Scene.domain(Scene.other, pool: "eu-west-1_Fg56Hi78J")],
    ]
    try await Stage.with(scene) { stage in
      let result = try await discover(
        stage,
        Self.region + [
          "--role-arn", "arn:aws:iam::210987654321:role/absent", "--role-arn", role,
          "--external-id", "${ROTATOR_ID}",
        ], environment: ["ROTATOR_ID": "id:of/the=tests"])
      #expect(result.status == 1)
      #expect(
        stable(result.output).hasPrefix(
          """
          defaults:
            role_arn: \(role)
            external_id: "${ROTATOR_ID}"
          domains:
            # certificate
          """))
      #expect(result.output.components(separatedBy: "- domain:").count - 1 == 2)
      #expect(result.errors.contains("sts:AssumeRole of arn:aws:iam::210987654321:role/absent"))
      #expect(!result.errors.contains("id:of/the=tests"))
    }
  }

  @Test("leaves out what is configured, also in a configuration that is not valid")
  func configured() async throws {
    try await Stage.with(Scene.two) { stage in
      var config = stage.config
      config.mappings.removeAll { $0.domain == Scene.other }
      config.top["poll_interval"] = "never"
      try stage.configure(config)
      let result = try await discover(stage, Self.region, config: stage.configPath)
      #expect(result.status == 0)
      #expect(result.output.contains(Scene.other) && !result.output.contains(Scene.name))
      #expect(result.errors.contains("\(Scene.name) is in \(stage.configPath) already"))

      try stage.configure(stage.config)
      let nothing = try await discover(stage, Self.region, config: stage.configPath)
      #expect(nothing.status == 3 && nothing.output.isEmpty)
    }
  }

  @Test("without any custom domain it exits with 3, also with the configuration as installed")
  func none() async throws {
    let scene: JSONValue = ["user_pools": [["user_pool_id": "eu-west-1_Mm"]]]
    try await Stage.with(scene) { stage in
      let installed = MarkdownFile.repository.appending(path: "config/config.yaml").path
      let result = try await discover(stage, Self.region, config: installed)
      #expect(result.status == 3 && result.output.isEmpty)
      #expect(result.errors.contains("no custom domain was found"))
    }
  }

  @Test("a missing permission is named, and what is known is printed to be observed only")
  func denied() async throws {
    try await Stage.with(Scene.two) { stage in
      try await stage.simulate("deny", ["action": "acm:DescribeCertificate"])
      let result = try await discover(stage, Self.region)
      #expect(result.status == 1)
      #expect(result.errors.contains("acm:DescribeCertificate"))
      #expect(result.errors.contains("(and 1 more like it)"))
      #expect(
        stable(result.output).hasPrefix(
          """
          domains:
            # certificate …
            # it could not be described: write a rule, and then remove mode
            - domain: auth.example.com
              user_pool_id: eu-west-1_Ab12Cd34E
              certificate: { any: true }
              mode: observe
          """))
      try await stage.simulate("deny", ["action": "cognito-idp:ListUserPools"])
      let nothing = try await discover(stage, Self.region)
      #expect(nothing.status == 1 && nothing.output.isEmpty)
      #expect(nothing.errors.contains("cognito-idp:ListUserPools"))
    }
  }

  @Test("throttled requests are made again")
  func throttled() async throws {
    try await Stage.with(Scene.one()) { stage in
      for operation in ["ListUserPools", "DescribeUserPool", "DescribeUserPoolDomain"] {
        try await stage.simulate(
          "fault", ["fault": "throttled", "operation": .string(operation), "count": 1])
      }
      let result = try await discover(stage, Self.region)
      #expect(result.status == 0)
      #expect(stable(result.output) == Self.mapping)
    }
  }

  @Test("an endpoint that hangs is cut off and named, and the others are printed")
  func hangs() async throws {
    let scene: JSONValue = [
      "domains": [Scene.domain(), Scene.domain(Scene.other, pool: "eu-central-1_Fg56Hi78J")]
    ]
    try await Stage.with(scene) { stage in
      try await stage.simulate(
        "fault",
        [
          "fault": "unanswered", "operation": "DescribeUserPool",
          "object": "eu-central-1_Fg56Hi78J",
        ])
      let result = try await discover(
        stage, Self.region + ["--region", "eu-central-1", "--timeout", "3s"])
      #expect(result.status == 1)
      #expect(stable(result.output) == Self.mapping)
      #expect(
        result.errors.contains(
          "default credentials, eu-central-1: cut off after 3s: 1 of 1 user pool not looked at: "
            + "DescribeUserPool eu-central-1_Fg56Hi78J had no answer from \(stage.endpoint)/; "
            + "--timeout allows more time"), "\(result.errors)")
    }
  }

  @Test(
    "a bad answer is a problem and no end",
    arguments: [
      "html_200", "truncated", "empty_object", "oversized", "endless_pages", "internal_error",
      "expired_credentials",
    ])
  func badAnswers(fault: String) async throws {
    try await Stage.with(Scene.one()) { stage in
      try await stage.simulate(
        "fault",
        ["fault": .string(fault), "operation": "ListUserPools", "count": 1000])
      let result = try await discover(stage, Self.region + ["--timeout", "5s"])
      #expect(result.status == 1)
      #expect(result.errors.contains("ListUserPools"))
      // The pages themselves were good.
      #expect(result.output.isEmpty == (fault != "endless_pages"))
    }
  }

  @Test("a list whose entries have no id is no empty list")
  func entries() async throws {
    try await Stage.with(Scene.one()) { stage in
      try await stage.simulate("fault", ["fault": "missing_members", "operation": "ListUserPools"])
      let result = try await discover(stage, Self.region)
      #expect(result.status == 1 && result.output.isEmpty)
      #expect(result.errors.contains("1 entry without a valid id"))
    }
  }

  @Test("without credentials it says how to give some")
  func noCredentials() async throws {
    try await Stage.with(Scene.one()) { stage in
      let result = try await discover(
        stage, Self.region,
        environment: [
          "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
          "AWS_EC2_METADATA_DISABLED": "true",
        ])
      #expect(result.status == 1 && result.output.isEmpty)
      #expect(result.errors.contains("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"))
    }
  }

  @Test(
    "wrong usage is reported before any request",
    arguments: [
      ["--region", "Europe"], ["--external-id", "x1"], ["--role-arn", "rotator"],
      ["--profile", ""],
      ["--profile", "a", "--profile", "b", "--role-arn", "arn:aws:iam::1:role/x"],
      ["--role-arn", "arn:aws:iam::123456789012:role/x", "--external-id", "a b"],
      ["--timeout", "soon"], ["--timeout", "0"],
    ])
  func usage(arguments: [String]) async throws {
    try await Stage.with(Scene.one()) { stage in
      let result = try await stage.run(["discover"] + arguments)
      #expect(result.status == 64 && result.output.isEmpty)
      #expect(try await stage.calls("ListUserPools").isEmpty)
    }
  }

  @Test("the region is that of the environment or of the profile, and without one it asks for it")
  func region() async throws {
    try await Stage.with(Scene.one()) { stage in
      let fromVariable = try await discover(stage, [], environment: ["AWS_REGION": "eu-west-1"])
      #expect(fromVariable.status == 0 && stable(fromVariable.output) == Self.mapping)

      let path = stage.directory + "/aws-config"
      try write("[default]\nregion = eu-west-1\n", to: path)
      let fromProfile = try await discover(
        stage, [], environment: ["AWS_REGION": "", "AWS_CONFIG_FILE": path])
      #expect(fromProfile.status == 0 && stable(fromProfile.output) == Self.mapping)

      let none = try await discover(stage, [], environment: ["AWS_REGION": ""])
      #expect(none.status == 64 && none.errors.contains("--region"))
    }
  }
}
