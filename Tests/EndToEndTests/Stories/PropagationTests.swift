import LosslessJSON
import TestSupport
import Testing

@Suite("Until every edge serves it", .timeLimit(.minutes(5)))
struct PropagationTests {
  let name = Scene.name

  @Test("an edge that stays behind makes it overdue; when it follows, it is proven after all")
  func overdue() async throws {
    try await Stage.with(Scene.one(more: ["edge_delays": [0, .null]])) { stage in
      var config = stage.config
      config.propagation["window"] = "1s"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let new = try await stage.issue(name)
      let overdue = try await daemon.line("rollout.overdue")
      let stale = try #require(config[name].edges.last)
      #expect(overdue.level == "error" && overdue["error"]?.contains(stale) == true)
      let status = try await stage.status()
      #expect(status.condition(name) == "overdue" && status.exit == 3)
      #expect(status[name]["served"]?.array?.count { $0["matches"] == false } == 1)
      try await daemon.polls(2)
      #expect(daemon.lines("rollout.overdue").count == 1)
      try await stage.simulate("release")
      let completed = try await daemon.line("rollout.completed")
      #expect(completed["proof"] == "edge" && completed.level == "notice")
      #expect(try await stage.status().exit == 0)
      #expect(try await stage.effects(on: name) == [new])
    }
  }

  @Test("where no edge can be reached, Cognito's word counts after the window, with a warning")
  func noEdge() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config.propagation["window"] = "2s"
      config[name].edges = ["127.0.0.1:1", "127.0.0.2:1"]
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      let accepted = try await daemon.line("update.accepted")
      let completed = try await daemon.line("rollout.completed")
      #expect(completed["proof"] == "control_plane" && completed.level == "warning")
      #expect(try #require(accepted["deadline"]) <= completed["time"] ?? "")
      let status = try await stage.status()
      #expect(status.condition(name) == "in_sync" && status.exit == 0)
      #expect(status[name]["rollout"]?["proof"] == "control_plane")
    }
  }

  @Test("an edge that cannot be reached beside one that can is not counted against it")
  func oneUnreachable() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config[name].edges.append("127.0.0.1:1")
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      let completed = try await daemon.line("rollout.completed")
      #expect(completed["proof"] == "edge")
      #expect(try await stage.status()[name]["served"]?.array?.count == 2)
    }
  }

  @Test("with the probe off Cognito's word is enough, at once and without a warning")
  func probeOff() async throws {
    try await Stage.with(Scene.one(more: ["edge_delays": [.null]])) { stage in
      var config = stage.config
      config[name].probe = "{ enabled: false }"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      let completed = try await daemon.line("rollout.completed")
      #expect(completed["proof"] == "control_plane" && completed.level == "notice")
      #expect(try await stage.status()[name]["served"] == [])
    }
  }

  @Test("a newer certificate takes the place of one whose rollout is under way")
  func superseded() async throws {
    try await Stage.with(Scene.one(more: ["edge_delays": [0, .null]])) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let first = try await stage.issue(name, more: ["not_before": -60])
      try await daemon.line("propagation.waiting")
      let second = try await stage.issue(name)
      let superseded = try await daemon.line("rollout.superseded")
      #expect(superseded["certificate_arn"] == first && superseded.level == "notice")
      try await stage.simulate("release")
      let completed = try await daemon.line("rollout.completed")
      #expect(completed["certificate_arn"] == second)
      #expect(completed["rollout"] != superseded["rollout"])
      #expect(try await stage.effects(on: name) == [first, second])
      #expect(
        try await stage.status()[name]["rollout"]?["previous_certificate_arn"]?.string == first)
    }
  }

  @Test(
    "an update that ends as FAILED is made again, and proven",
    arguments: [false, true], ["at_once", "when_active"])
  func failed(keepsNewARN: Bool, shows: String) async throws {
    let more: JSONValue = [
      "failure_keeps_new_arn": .bool(keepsNewARN), "shows_new_arn": .string(shows),
    ]
    try await Stage.with(Scene.one(more: more)) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await stage.simulate(
        "fault", ["fault": "ends_failed", "operation": "UpdateUserPoolDomain"])
      let new = try await stage.issue(name)
      let retrying = try await daemon.line("update.retrying")
      #expect(retrying["error"]?.contains("FAILED") == true)
      let completed = try await daemon.line("rollout.completed")
      #expect(completed["certificate_arn"] == new && completed["attempt"] == "2")
    }
  }

  @Test("one that fails each time is given up after resubmits, for a person to see")
  func failsAlways() async throws {
    try await Stage.with(Scene.one(more: ["ends_failed": true, "active_after": 0])) { stage in
      var config = stage.config
      config.propagation["resubmits"] = "2"
      config.retry = ["initial": "50ms", "maximum": "50ms"]
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      let refused = try await daemon.line("update.refused")
      #expect(refused["reason"] == "update_not_kept" && refused.level == "error")
      #expect(try await stage.calls("UpdateUserPoolDomain").count == 3)
      #expect(try await stage.status().condition(name) == "refused")
    }
  }

  @Test("a renewal under the same ARN needs no call; an edge that lags behind is told once")
  func renewal() async throws {
    try await Stage.with(Scene.one(more: ["renewal_delays": [0, 4]])) { stage in
      var config = stage.config
      config.propagation["idle_probe_interval"] = "300ms"
      config.propagation["max_check_interval"] = "300ms"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let arn = try await stage.attached(to: name)
      try await stage.simulate("renew", ["arn": .string(arn)])
      let line = try await daemon.line("renewal.unserved")
      let stale = try #require(config[name].edges.last)
      #expect(line.level == "warning" && line["certificate_arn"] == arn)
      #expect(line["edges"] == "another leaf at \(stale)")
      let status = try await stage.status()
      #expect(status.condition(name) == "in_sync" && status.exit == 0)
      #expect(status[name]["reason"]?.string?.hasPrefix("renewal_unserved: ") == true)
      _ = try await eventually("every edge serves the renewed one") {
        let domain = try await stage.status()[name]
        return domain["reason"] == .null ? true : nil
      }
      let served = try await stage.status()[name]["served"]?.array ?? []
      #expect(served.map { $0["matches"] } == [true, true])
      #expect(daemon.lines("renewal.unserved").count == 1)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
    }
  }
}
