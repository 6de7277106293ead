import LosslessJSON
import TestSupport
import Testing

@Suite("Domains that are not as expected", .timeLimit(.minutes(5)))
struct DomainTests {
  let name = Scene.name

  @Test("no call is made while someone else's update is under way")
  func busy() async throws {
    try await Stage.with(Scene.one(more: ["active_after": 3])) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let old = try await stage.attached(to: name)
      try await stage.simulate("attach", ["domain": .string(name), "arn": .string(old)])
      let new = try await stage.issue(name)
      try await daemon.line("replacement.found")
      let status = try await stage.status()[name]
      #expect(status["condition"] == "pending")
      #expect(status["reason"]?.string?.hasPrefix("domain_updating: ") == true)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
      #expect(try await stage.calls("UpdateUserPoolDomain").count == 1)
    }
  }

  @Test("nor while it has a status that takes none", arguments: ["DELETING", "REBALANCING"])
  func status(status: String) async throws {
    try await Stage.with(Scene.one(more: ["forced_status": .string(status)])) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let new = try await stage.issue(name)
      try await daemon.line("replacement.found")
      try await daemon.polls(2)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      #expect(try await stage.status()[name]["reason"]?.string?.contains(status) == true)
      try await stage.simulate("set", ["domain": .string(name), "forced_status": .null])
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
    }
  }

  @Test("one that belongs to another pool is refused before any call")
  func anotherPool() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config[name].userPoolID = "eu-west-1_Another01"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      let refused = try await daemon.line("update.refused")
      #expect(refused["reason"] == "domain_not_in_pool")
      #expect(refused["error"]?.contains("eu-west-1_Ab12Cd34E") == true)
      try await daemon.polls(2)
      #expect(daemon.lines("update.refused").count == 1)
      let status = try await stage.status()
      #expect(status.condition(name) == "refused" && status.exit == 3)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
    }
  }

  @Test("one that this account does not have is unknown, and the others are served")
  func strange() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config.mappings.append(
        ConfigFile.Mapping(
          domain: "nowhere.example.net", userPoolID: "eu-west-1_Nowhere01",
          edges: ["127.0.0.1:1"]))
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      try await daemon.line("rollout.completed", domain: name)
      let status = try await stage.status()
      #expect(status.exit == 3 && status.condition("nowhere.example.net") == "unknown")
      let reason = status["nowhere.example.net"]["reason"]?.string
      #expect(reason?.hasPrefix("empty_description: ") == true)
    }
  }

  @Test("one without a certificate in its description is unknown, and left alone")
  func hidden() async throws {
    try await Stage.with(Scene.one(more: ["hides_certificate": true])) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      try await daemon.polls(2)
      #expect(try await stage.status().condition(name) == "unknown")
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
    }
  }

  @Test("a replica's region is obeyed where it is written")
  func region() async throws {
    try await Stage.with(Scene.one(more: ["region": "us-east-2"])) { stage in
      var config = stage.config
      config[name].more["region"] = "us-east-2"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let new = try await stage.issue(name)
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
      let regions = try await stage.calls("UpdateUserPoolDomain").map { $0["region"]?.string }
      #expect(regions == ["us-east-2"])
      #expect(try await stage.status()[name]["region"] == "us-east-2")
    }
  }

  @Test("near the end of what is attached, soak and waves are skipped")
  func urgent() async throws {
    let scene: JSONValue = [
      "certificates": [
        [
          "name": "short", "names": [.string(Scene.other)], "not_before": -864_000,
          "not_after": 200_000,
        ]
      ],
      "domains": [
        Scene.domain(more: ["refusal": "parent_domain"]),
        Scene.domain(
          Scene.other, pool: "eu-west-1_Fg56Hi78J", more: ["certificate": "short"]),
      ],
    ]
    try await Stage.with(scene) { stage in
      var config = stage.config
      config[Scene.other].certificate = "{ any: true, soak: 30d }"
      config[Scene.other].more["wave"] = "1"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let expiring = try await daemon.line("certificate.expiring", domain: Scene.other)
      #expect(expiring.level == "error" && expiring["not_after"].map(isTime) == true)
      try await stage.simulate("replace")
      try await daemon.line("rollout.completed", domain: Scene.other)
      #expect(try await stage.status().condition(name) == "refused")
      #expect(daemon.lines("certificate.expiring").count == 1)
    }
  }

  @Test("one that is taken out of the configuration and put back goes on where it was")
  func unmapped() async throws {
    try await Stage.with(Scene.two) { stage in
      let both = stage.config
      var one = both
      one.mappings = [both[Scene.other]]
      try stage.configure(both)
      let first = try await stage.pollingDaemon()
      try await stage.simulate("set", ["domain": .string(name), "edge_delays": [0, .null]])
      let new = try await stage.issue(name)
      try await first.line("propagation.waiting")
      let rollout = try await stage.status()[name]["rollout"]?["id"]
      first.crash()
      try stage.configure(one)
      let second = try await stage.pollingDaemon()
      #expect(try await stage.status().domains.map { $0["domain"]?.string } == [Scene.other])
      #expect(try await second.stop() == .exited(0))
      try stage.configure(both)
      try await stage.simulate("release")
      let third = try await stage.pollingDaemon()
      try await third.line("rollout.completed", domain: name)
      #expect(try await stage.status()[name]["rollout"]?["id"] == rollout)
      #expect(try await stage.effects(on: name) == [new])
    }
  }
}
