import LosslessJSON
import POSIX
import TestSupport
import Testing

@Suite("A rotation from end to end", .timeLimit(.minutes(5)))
struct RotationTests {
  let name = "auth.example.com"

  static let scenario: JSONValue = [
    "domains": [
      [
        "domain": "auth.example.com", "user_pool_id": "eu-west-1_Ab12Cd34E",
        "active_after": 1.2, "edge_delays": [0.3, 0.9, 1.6],
        "settings": [
          "CustomDomainConfig": [
            "SecurityPolicy": "TLS_V1_2_2021",
            "Unheard": ["of": [.number("1.0"), .number("12345678901234567890"), "é\u{1}", .null]],
          ],
          "ManagedLoginVersion": 2,
          "Routing": [
            "Failover": ["SecondaryRegion": "eu-central-1", "PrimaryRoute53HealthCheckId": "x"]
          ],
        ],
      ]
    ]
  ]

  @Test("a new certificate is found, attached once, and proven edge by edge")
  func rotation() async throws {
    try await Stage.with(RotationTests.scenario) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let before = try await stage.status()
      #expect(before.exit == 0 && before.condition(name) == "in_sync")
      #expect(before[name]["rollout"] == .null)
      let old = try await stage.attached(to: name)
      #expect(before[name]["attached_certificate_arn"]?.string == old)

      let new = try await stage.issue(name)
      let found = try await daemon.line("replacement.found", domain: name)
      #expect(found["certificate_arn"] == new && found["previous_certificate_arn"] == old)
      let submitted = try await daemon.line("update.submitted", domain: name)
      let accepted = try await daemon.line("update.accepted", domain: name)
      #expect(accepted["request_id"]?.isEmpty == false)
      let waiting = try await stage.condition("propagating", of: name)
      #expect(waiting["rollout"]?["deadline"]?.string == accepted["deadline"])
      let completed = try await daemon.line("rollout.completed", domain: name)
      #expect(completed["proof"] == "edge")
      for line in [found, submitted, accepted, completed] {
        #expect(line.level == "notice" && line["user_pool_id"] == "eu-west-1_Ab12Cd34E")
      }
      #expect(Set([submitted, accepted, completed].map { $0["rollout"] }).count == 1)

      let after = try await stage.status()
      #expect(after.exit == 0 && after.condition(name) == "in_sync")
      let domain = after[name]
      #expect(domain["attached_certificate_arn"]?.string == new)
      #expect(domain["desired_certificate_arn"]?.string == new)
      #expect(domain["served"]?.array?.map { $0["matches"]?.bool } == [true, true, true])
      #expect(domain["rollout"]?["id"]?.string == completed["rollout"])
      #expect(domain["rollout"]?["phase"] == "completed")
      #expect(domain["rollout"]?["proof"] == "edge")
      #expect(domain["rollout"]?["attempts"] == 1)
      #expect(domain["rollout"]?["previous_certificate_arn"]?.string == old)
      #expect(try await stage.effects(on: name) == [new])
      #expect(try await daemon.stop() == .exited(0))
      for line in daemon.log { line.check() }
    }
  }

  @Test("not before the slowest edge serves it, and after as many rounds as were asked for")
  func everyEdge() async throws {
    try await Stage.with(RotationTests.scenario) { stage in
      try await stage.simulate(
        "set", ["domain": .string(name), "edge_delays": [0, 0, .null], "active_after": 0])
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      let waiting = try await daemon.line("propagation.waiting", domain: name)
      let slow = try #require(stage.config[name].edges.last)
      #expect(waiting["edges"]?.contains(slow) == true && waiting["confirmations"] == "0")
      try await daemon.polls(2)
      #expect(daemon.lines("rollout.completed").isEmpty)
      let served = try await stage.status()[name]["served"]?.array ?? []
      #expect(served.map { $0["matches"]?.bool }.count { $0 == false } == 1)
      try await stage.simulate("release")
      try await daemon.line("rollout.completed", domain: name)
      let rounds = daemon.lines("propagation.waiting", domain: name)
        .compactMap { $0["confirmations"] }
      #expect(rounds.suffix(2) == ["1", "2"])
    }
  }

  @Test("every setting is sent back word for word, also one that nobody has heard of")
  func settings() async throws {
    try await Stage.with(RotationTests.scenario) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      try await daemon.line("rollout.completed", domain: name)
      let changes = try await stage.simulate("attachments")["attachments"]?.array ?? []
      #expect(changes.map { $0["settings_changed"]?.bool } == [false])
      #expect(daemon.lines("settings.changed").isEmpty)
    }
  }

  @Test("a setting that Cognito changes is told by name, with both values")
  func settingsChanged() async throws {
    try await Stage.with(RotationTests.scenario) { stage in
      try await stage.simulate(
        "set", ["domain": .string(name), "overwrites": ["SecurityPolicy": "TLS_V1"]])
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      stage.overwritesSettings.withLock { $0 = true }
      let line = try await daemon.line("settings.changed", domain: name)
      #expect(line.level == "error")
      #expect(line["member"] == "CustomDomainConfig.SecurityPolicy")
      #expect(line["before"] == #""TLS_V1_2_2021""# && line["after"] == #""TLS_V1""#)
      #expect(daemon.lines("settings.changed").count == 1)
    }
  }

  @Test("status is for people too")
  func statusText() async throws {
    try await Stage.with(RotationTests.scenario) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let new = try await stage.issue(name)
      try await daemon.line("rollout.completed", domain: name)
      let result = try await stage.run("status", name)
      #expect(result.status == 0 && result.errors.isEmpty)
      #expect(result.output.contains("\(name)  in_sync") && result.output.contains(new))
      #expect(result.output.contains("proven by edge"))
      #expect(result.output.contains("pid \(daemon.process.pid)"))
    }
  }
}
