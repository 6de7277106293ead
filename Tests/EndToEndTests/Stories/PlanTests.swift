import LosslessJSON
import TestSupport
import Testing

@Suite("plan", .timeLimit(.minutes(5)))
struct PlanTests {
  let name = Scene.name

  @Test("without a daemon it shows what the first pass would do, and does none of it")
  func firstPass() async throws {
    try await Stage.with(Scene.two) { stage in
      try stage.configure(stage.config)
      #expect(try await stage.plan(name)["action"] == "none")
      let old = try await stage.attached(to: name)
      let new = try await stage.issue(name)
      let entry = try await stage.plan(name)
      #expect(entry["action"] == "update" && entry["condition"] == "pending")
      #expect(entry["certificate_arn"]?.string == new)
      #expect(entry["previous_certificate_arn"]?.string == old)
      #expect(entry["reason"]?["code"] == "replacement" && entry["urgent"] == false)
      #expect(try await stage.plan(Scene.other)["action"] == "none")
      #expect(try await stage.run("plan", "--exit-code").status == 2)
      #expect(try await stage.run("plan").status == 0)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      #expect(text(stage.statePath).isEmpty, "it created a state file")
    }
  }

  @Test("beside a daemon it tells what the daemon waits for")
  func besideDaemon() async throws {
    try await Stage.with(Scene.two) { stage in
      var config = stage.config
      config[Scene.other].more["mode"] = "observe"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let hold = try await stage.run("hold", name)
      #expect(hold.status == 0)
      let new = try await stage.issue(name, Scene.other)
      let held = try await stage.plan(name)
      #expect(held["action"] == "wait" && held["condition"] == "held")
      #expect(held["reason"]?["code"] == "held" && held["certificate_arn"]?.string == new)
      let observed = try await stage.plan(Scene.other)
      #expect(observed["action"] == "wait" && observed["reason"]?["code"] == "observe_mode")
      #expect(try await stage.run("plan", "--exit-code").status == 0)
      #expect(try await daemon.stop() == .exited(0))
    }
  }

  @Test("an account that refuses or hangs is named, the others are shown, and it ends with 1")
  func brokenAccounts() async throws {
    try await Stage.with(Scene.fleet(2)) { stage in
      try stage.configure(stage.configWithProfiles)
      let (sick, well) = (Scene.name(0), Scene.name(1))
      try await stage.simulate(
        "deny", ["action": "acm:ListCertificates", "account": .string(Scene.account(0))])
      let result = try await stage.run("plan", "--json")
      #expect(result.status == 1)
      #expect(result.errors.contains("profile account-\(Scene.account(0))"), "\(result.errors)")
      #expect(result.errors.contains("acm:ListCertificates"), "\(result.errors)")
      #expect(try await stage.plan(sick, statuses: [1])["action"] == "blocked")
      #expect(try await stage.plan(well, statuses: [1])["action"] == "none")
    }
  }

  @Test("without credentials it says where they are searched, and how to use the service's")
  func withoutCredentials() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let result = try await stage.run(
        "plan",
        environment: [
          "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
          "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "AWS_EC2_METADATA_DISABLED": "true",
        ])
      #expect(result.status == 1)
      #expect(result.errors.contains("credentials"), "\(result.errors)")
      #expect(result.errors.contains("AWS_SHARED_CREDENTIALS_FILE"), "\(result.errors)")
    }
  }

  @Test("an invalid configuration ends it with 78 and every problem")
  func invalid() async throws {
    try await Stage.with(Scene.one()) { stage in
      try write("domains: 1\n", to: stage.configPath)
      let result = try await stage.run("plan")
      #expect(result.status == 78 && result.errors.contains("config.yaml:1:10: error"))
    }
  }
}
