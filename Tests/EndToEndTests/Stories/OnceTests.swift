import Glibc
import LosslessJSON
import TestSupport
import Testing

@Suite("One pass, and as many as it takes", .timeLimit(.minutes(5)))
struct OnceTests {
  let name = Scene.name

  @Test("run --once looks once and ends with 0 when nothing is to be done")
  func inSync() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try stage.daemon("--once")
      #expect(try await daemon.process.end() == .exited(0))
      #expect(daemon.lines("poll.completed").count == 1)
      #expect(try await stage.calls("ListCertificates").count == 1)
      #expect(try await stage.status().condition(name) == "in_sync")
    }
  }

  @Test("run --once makes the call that is due and ends; the next one goes on from there")
  func handOver() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let new = try await stage.issue(name)
      let first = try stage.daemon("--once")
      #expect(try await first.process.end() == .exited(0))
      #expect(first.lines("update.accepted").count == 1)
      let status = try await stage.status()
      #expect(status.condition(name) == "propagating")
      #expect(status.exit == 3, "no daemon runs")
      let second = try stage.daemon("--once", "--wait")
      #expect(try await second.process.end() == .exited(0))
      #expect(second.lines("update.submitted").isEmpty)
      #expect(second.lines("rollout.completed").count == 1)
      #expect(try await stage.effects(on: name) == [new])
    }
  }

  @Test("run --once --wait goes on to the proof and ends with 0")
  func wait() async throws {
    try await Stage.with(Scene.two) { stage in
      try stage.configure(stage.config)
      try await stage.simulate("replace")
      let daemon = try stage.daemon("--once", "--wait")
      #expect(try await daemon.process.end() == .exited(0))
      #expect(daemon.lines("rollout.completed").count == 2)
      #expect(daemon.lines("daemon.stopping").count == 1)
      let status = try await stage.status()
      #expect(status.domains.map { $0["condition"] } == ["in_sync", "in_sync"])
    }
  }

  @Test("a refused certificate ends both with 3", arguments: [["--once"], ["--once", "--wait"]])
  func refused(arguments: [String]) async throws {
    try await Stage.with(Scene.one(more: ["refusal": "parent_domain"])) { stage in
      try stage.configure(stage.config)
      _ = try await stage.issue(name)
      let result = try await stage.run(["run", "--config", stage.configPath] + arguments)
      #expect(result.status == 3 && result.output.isEmpty)
      let status = try await stage.status()
      #expect(status.condition(name) == "refused" && status.exit == 3)
      #expect(status[name]["reason"]?.string?.hasPrefix("parent_domain_unresolved: ") == true)
    }
  }

  @Test(
    "when nothing can be listed both end with 1, and say why",
    arguments: [["--once"], ["--once", "--wait"]])
  func nothingListed(arguments: [String]) async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      try await stage.simulate("deny", ["action": "acm:ListCertificates"])
      let result = try await stage.run(["run", "--config", stage.configPath] + arguments)
      #expect(result.status == 1)
      let lines = result.errors.split(separator: "\n").compactMap(LogLine.init)
      let failed = lines.first { $0.event == "poll.failed" }
      #expect(failed?["error"]?.contains("ListCertificates") == true)
      #expect(failed?["error"]?.contains("AccessDenied") == true)
    }
  }

  @Test("without credentials it ends with 1 and says which are missing")
  func noCredentials() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let none = [
        "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
      ]
      let result = try await stage.run("run", "--once", environment: none)
      #expect(result.status == 1)
      let line = result.errors.split(separator: "\n").compactMap(LogLine.init)
        .first { $0.event == "credentials.failed" }
      #expect(line?.level == "error")
      #expect(line?["error"]?.contains("AWS_ACCESS_KEY_ID") == true)
    }
  }

  @Test("what the mode alone holds up is not waited for")
  func observe() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config[name].more["mode"] = "observe"
      try stage.configure(config)
      _ = try await stage.issue(name)
      let daemon = try stage.daemon("--once", "--wait")
      #expect(try await daemon.process.end(within: .seconds(15)) == .exited(0))
      #expect(daemon.lines("replacement.found").count == 1)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      #expect(try await stage.status().condition(name) == "pending")
    }
  }

  @Test("a soak is waited for; a window that passes without proof ends it with 3")
  func soakAndOverdue() async throws {
    try await Stage.with(Scene.one(more: ["edge_delays": [0, .null]])) { stage in
      var config = stage.config
      config[name].certificate = "{ any: true, soak: 2s }"
      config.propagation["window"] = "1s"
      try stage.configure(config)
      let new = try await stage.issue(name)
      let daemon = try stage.daemon("--once", "--wait")
      #expect(try await daemon.process.end() == .exited(3))
      #expect(daemon.lines("rollout.overdue").count == 1)
      #expect(try await stage.effects(on: name) == [new])
      #expect(try await stage.status().condition(name) == "overdue")
    }
  }

  @Test("SIGTERM ends a long wait at once, with 0")
  func interrupted() async throws {
    try await Stage.with(Scene.one(more: ["edge_delays": [0, .null]])) { stage in
      try stage.configure(stage.config)
      _ = try await stage.issue(name)
      let daemon = try stage.daemon("--once", "--wait")
      try await daemon.line("propagation.waiting")
      daemon.process.send(SIGTERM)
      #expect(try await daemon.process.end(within: .seconds(10)) == .exited(0))
      #expect(try await stage.status().condition(name) == "propagating")
    }
  }
}
