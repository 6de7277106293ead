import Glibc
import LosslessJSON
import TestSupport
import Testing

@Suite("Credentials and clocks", .timeLimit(.minutes(5)))
struct CredentialTests {
  let name = Scene.name

  @Test(
    "wrong ones are credentials.failed, never a refusal, and stop nothing for ever",
    arguments: [
      ["AWS_SECRET_ACCESS_KEY": "AnotherSecretThatIsWrong/0123456789"],
      ["AWS_ACCESS_KEY_ID": "ASIAUNKNOWN000000000"],
      ["AWS_SESSION_TOKEN": "AnotherTokenThatIsWrong0123456789"], ["AWS_SESSION_TOKEN": ""],
    ])
  func wrong(environment: [String: String]) async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      _ = try await stage.issue(name)
      let daemon = try await stage.pollingDaemon(environment: environment)
      try await daemon.polls(1)
      let failed = daemon.lines("credentials.failed")
      #expect(failed.count == 1 && failed.first?.level == "error")
      #expect(failed.first?["identity"] == "default credentials")
      #expect(daemon.lines("update.refused").isEmpty)
      #expect(daemon.lines("replacement.found").isEmpty)
      let status = try await stage.status()
      #expect(status.exit == 3 && status.condition(name) == "unknown")
      #expect(status[name]["reason"]?.string?.hasPrefix("credentials: ") == true)
      for secret in environment.values where !secret.isEmpty && !secret.hasPrefix("ASIA") {
        #expect(!daemon.process.errorText.contains(secret))
        #expect(!status.json.encoded.contains(secret))
        #expect(!text(stage.statePath).contains(secret))
      }
    }
  }

  @Test("a file with new keys is taken up without a restart")
  func rotated() async throws {
    try await Stage.with(Scene.one()) { stage in
      func profile(_ secret: String) -> String {
        """
        [prod]
        aws_access_key_id = \(stage.environment["AWS_ACCESS_KEY_ID"] ?? "")
        aws_secret_access_key = \(secret)
        aws_session_token = \(stage.environment["AWS_SESSION_TOKEN"] ?? "")

        """
      }
      let path = stage.directory + "/private-credentials"
      try write(profile("AnotherSecretThatIsWrong/0123456789"), to: path)
      var config = stage.config
      config[name].more["profile"] = "prod"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon(environment: [
        "AWS_SHARED_CREDENTIALS_FILE": path, "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
      ])
      let failed = try await daemon.line("credentials.failed")
      #expect(failed["identity"] == "profile prod")
      let new = try await stage.issue(name)
      try write(profile(stage.environment["AWS_SECRET_ACCESS_KEY"] ?? ""), to: path)
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
      #expect(try await stage.status().exit == 0)
    }
  }

  @Test("keys that expire are told once, and what is attached stays")
  func expired() async throws {
    var account = Stage.account.members ?? []
    account.append(.init("expires_in", 5))
    let scene: JSONValue = ["accounts": [.object(account)], "domains": [Scene.domain()]]
    try await Stage.with(scene) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await stage.condition("in_sync", of: name)
      let failed = try await daemon.line("credentials.failed")
      #expect(failed["error"]?.contains("ExpiredToken") == true)
      try await daemon.polls(2)
      #expect(daemon.lines("credentials.failed").count == 1)
      #expect(try await stage.status()[name]["attached_certificate_arn"]?.string != nil)
    }
  }

  @Test("an account with wrong keys does not hold up another")
  func oneOfTwo() async throws {
    let scene: JSONValue = [
      "accounts": [Stage.account, ["account": "210987654321"]],
      "domains": [
        Scene.domain(),
        Scene.domain(
          Scene.other, pool: "eu-central-1_Fg56Hi78J", more: ["account": "210987654321"]),
      ],
    ]
    try await Stage.with(scene) { stage in
      let path = stage.directory + "/private-credentials"
      try write(
        """
        [wrong]
        aws_access_key_id = ASIAUNKNOWN000000000
        aws_secret_access_key = AnotherSecretThatIsWrong/0123456789

        """, to: path)
      var config = stage.config
      config[Scene.other].more["profile"] = "wrong"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon(
        environment: ["AWS_SHARED_CREDENTIALS_FILE": path])
      try await stage.simulate("replace", ["domain": .string(name)])
      try await daemon.line("rollout.completed", domain: name)
      let failed = try await daemon.line("credentials.failed")
      #expect(failed["identity"] == "profile wrong")
      let status = try await stage.status()
      #expect(status.condition(name) == "in_sync" && status.condition(Scene.other) == "unknown")
    }
  }

  @Test("a clock that is ten minutes off is seen through", arguments: [600, -600])
  func clockOffset(seconds: Int) async throws {
    var scene = Scene.one().members ?? []
    scene.append(.init("clock_offset", JSONValue(seconds)))
    try await Stage.with(.object(scene)) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      // Valid by both clocks.
      let new = try await stage.issue(name, more: ["not_before": -3600])
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
      #expect(daemon.lines("credentials.failed").isEmpty)
    }
  }

  @Test(
    "no secret is written anywhere, whatever goes wrong, at the finest level",
    arguments: [
      "wrong_signature", "expired_credentials", "access_denied", "html_200", "truncated",
      "half_answer", "unreachable", "internal_error",
    ])
  func traces(fault: String) async throws {
    try await Stage.with(Scene.two) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let troubles = ["poll.failed", "credentials.failed", "decision.blocked"]
      for operation in ["ListCertificates", "DescribeUserPoolDomain"] {
        let before = daemon.log.count
        try await stage.simulate(
          "fault",
          ["fault": .string(fault), "operation": .string(operation), "count": 100_000])
        _ = try await eventually("\(operation) is told of") {
          daemon.log.dropFirst(before).first { troubles.contains($0.event) }
        }
        try await stage.simulate("release")
        _ = try await eventually("all is well") {
          let domains = try await stage.status().domains
          return domains.allSatisfy { $0["condition"] == "in_sync" } ? true : nil
        }
        // The same trouble is told again only when it was over in between.
        try await daemon.polls(1)
      }
      try await stage.simulate(
        "fault", ["fault": .string(fault), "operation": "UpdateUserPoolDomain"])
      try await stage.simulate("replace")
      try await daemon.line("rollout.completed")
      let told = daemon.log.filter { $0["error"]?.contains("UpdateUserPoolDomain") == true }
      #expect(!told.isEmpty)
      let outputs = [
        try await stage.run("status").output, try await stage.run("status", "--json").output,
        text(stage.statePath) + text(stage.statePath + "-wal"), daemon.process.errorText,
        text("/proc/\(daemon.process.pid)/cmdline"),
      ]
      for secret in Stage.secrets + ["AWS4-HMAC-SHA256", "Signature=", "Authorization:"] {
        for output in outputs { #expect(!output.isEmpty && !output.contains(secret)) }
      }
      for line in daemon.log { line.check() }
    }
  }
}
