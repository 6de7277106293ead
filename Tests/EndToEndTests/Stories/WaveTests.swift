import Glibc
import LosslessJSON
import TestSupport
import Testing

@Suite("Waves", .timeLimit(.minutes(5)))
struct WaveTests {
  let canary = Scene.name(0)
  let other = Scene.name(1)

  /// Two accounts with a domain each: the canary in wave 0, the other one in wave 1.
  private func waves(_ stage: Stage) -> ConfigFile {
    var config = stage.configWithProfiles
    config[other].more["wave"] = "1"
    return config
  }

  private func replace(_ account: Int, _ stage: Stage) async throws -> String {
    try await stage.issue(
      Scene.name(account), more: ["account": .string(Scene.account(account))])
  }

  @Test("a wave waits for a canary whose account cannot be listed, and says for what")
  func unseenCanary() async throws {
    try await Stage.with(Scene.fleet(2)) { stage in
      try stage.configure(waves(stage))
      let daemon = try await stage.pollingDaemon()
      try await daemon.polledAccounts(2)
      try await stage.simulate(
        "deny",
        ["action": "acm:ListCertificates", "account": .string(Scene.account(0))])
      try await daemon.line("poll.failed")
      let new = try await replace(1, stage)
      try await daemon.line("replacement.found", domain: other)
      try await daemon.polls(4)
      let waiting = try await stage.status()[other]
      #expect(waiting["condition"] == "pending")
      let reason = waiting["reason"]?.string ?? ""
      #expect(reason.hasPrefix("waits_for_wave: ") && reason.contains(canary), "\(reason)")
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      try await stage.simulate("release")
      try await daemon.line("rollout.completed", domain: other)
      #expect(try await stage.effects(on: other) == [new])
    }
  }

  @Test("run --once --wait goes on through all waves and ends with 0")
  func onceThroughAllWaves() async throws {
    try await Stage.with(Scene.fleet(2)) { stage in
      try stage.configure(waves(stage))
      let new = [try await replace(0, stage), try await replace(1, stage)]
      let daemon = try stage.daemon("--once", "--wait")
      #expect(try await daemon.process.end() == .exited(0))
      #expect(try await stage.effects(on: canary) == [new[0]])
      #expect(try await stage.effects(on: other) == [new[1]])
      let events = daemon.log.map { "\($0.event) \($0.domain ?? "")" }
      let proof = try #require(events.firstIndex(of: "rollout.completed \(canary)"))
      let call = try #require(events.firstIndex(of: "update.submitted \(other)"))
      #expect(proof < call)
      let status = try await stage.status()
      #expect(status.domains.allSatisfy { $0["condition"] == "in_sync" })
    }
  }

  @Test("a new pin for two waves is rolled out wave by wave")
  func newPin() async throws {
    try await Stage.with(Scene.two) { stage in
      let (first, second) = (Scene.name, Scene.other)
      var config = stage.config
      config[second].more["wave"] = "1"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      // Older than what is attached, so that only the pin can choose it.
      let pinned = try await stage.issue(
        first, second, more: ["not_before": -8_640_000, "not_after": 8_640_000])
      for name in [first, second] { config[name].certificate = "{ arn: \"\(pinned)\" }" }
      try stage.configure(config)
      daemon.process.send(SIGHUP)
      try await daemon.line("rollout.completed", domain: second)
      let events = daemon.log.map { "\($0.event) \($0.domain ?? "")" }
      let proof = try #require(events.firstIndex(of: "rollout.completed \(first)"))
      let call = try #require(events.firstIndex(of: "update.submitted \(second)"))
      #expect(proof < call)
      #expect(try await stage.effects(on: first) == [pinned])
      #expect(try await stage.effects(on: second) == [pinned])
    }
  }

  @Test("a domain with mode observe in a lower wave holds up no other, and is warned of at load")
  func observedCanary() async throws {
    try await Stage.with(Scene.fleet(2)) { stage in
      var config = waves(stage)
      config[canary].more["mode"] = "observe"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let warnings = daemon.lines("config.loaded").filter { $0.level == "warning" }
      #expect(warnings.contains { $0["error"]?.contains("observe") == true }, "\(warnings)")
      let new = [try await replace(0, stage), try await replace(1, stage)]
      try await daemon.line("rollout.completed", domain: other)
      #expect(try await stage.effects(on: other) == [new[1]])
      #expect(try await stage.effects(on: canary).isEmpty)
      try await stage.condition("pending", of: canary)
    }
  }
}
