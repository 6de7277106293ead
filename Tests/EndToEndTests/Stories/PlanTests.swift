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

  @Test("a domain that cannot be described is blocked, and it ends with 1")
  func undescribed() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      try await stage.simulate("deny", ["action": "cognito-idp:DescribeUserPoolDomain"])
      let entry = try await stage.plan(name, statuses: [1])
      #expect(entry["action"] == "blocked" && entry["reason"]?["code"] == "access_denied")
    }
  }

  @Test("on 40 columns every reason stands below its own domain")
  func narrow() async throws {
    try await Stage.with(Scene.two) { stage in
      try stage.configure(stage.config)
      _ = try await stage.issue(name)
      let command =
        "stty cols 40 rows 60; \(ChildProcess.directory)/cognito-certd plan --config \(stage.configPath) 2>/dev/null"
      let process = try ChildProcess(
        "/usr/bin/script", ["-qec", command, "/dev/null"],
        environment: stage.environment.merging(["TERM": "xterm", "NO_COLOR": "1"]) { $1 },
        output: stage.directory + "/narrow")
      #expect(try await process.end() == .exited(0))
      let lines = process.outputText.split(separator: "\r\n").map(String.init)
      #expect(lines.allSatisfy { $0.count <= 40 }, "\(lines)")
      let rows = lines.indices.filter { lines[$0].contains(".example.") }
      let reasons = lines.indices.filter {
        lines[$0].contains("moves to") || lines[$0].contains("stays on")
      }
      try #require(rows.count == 2 && reasons.count == 2, "\(lines)")
      #expect(rows[0] < reasons[0] && reasons[0] < rows[1] && rows[1] < reasons[1], "\(lines)")
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

extension PlanTests {
  @Test("in a pipe it is a table with the reasons below, and nothing is cut")
  func forPeople() async throws {
    try await Stage.with(Scene.two) { stage in
      try stage.configure(stage.config)
      let old = try await stage.attached(to: name).suffix(8)
      let other = try await stage.attached(to: Scene.other).suffix(8)
      let new = try await stage.issue(name).suffix(8)
      let result = try await stage.run("plan")
      let text = result.output.replacing(/\d{4}-\d\d-\d\dT[0-9:.]+Z/, with: "TIME")
      #expect(
        text == """
          2 domains: 1 to update, 1 with nothing to do

          ACTION  DOMAIN             FROM       TO
          update  auth.example.com   …\(old)  -> …\(new)
            moves to …\(new): it was created TIME, …\(old) TIME
          none    login.example.org  …\(other)
            stays on …\(other): no newer certificate is eligible

          """)
      let explained = try await stage.run("explain", Scene.other).output
        .replacing(/\d{4}-\d\d-\d\d( \d\d:\d\d)?/, with: "DAY")
        .replacing(/in \d+ d( \d+ h)?/, with: "in DAYS")
      let arn = try await stage.attached(to: Scene.other)
      #expect(
        explained.hasPrefix(
          """
          login.example.org stays on …\(other): no newer certificate is eligible

          action     none
          condition  in_sync
          attached   …\(other), ends in DAYS (DAYZ), \(arn)

          3 certificates of the account, the best first:
          CERTIFICATE  NAME               CREATED
          """), "\(explained)")
      #expect(explained.contains("  attached, stays\n"), "\(explained)")
      #expect(
        explained.contains("  name_not_covered\n    its names are \(name)\n"), "\(explained)")
      let probed = try await stage.run("probe", Scene.other).output
      #expect(
        probed.hasPrefix("login.example.org: proven, 2 of 2 edges serve the wanted certificate\n"),
        "\(probed)")
    }
  }
}
