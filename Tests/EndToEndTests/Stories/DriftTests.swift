import Glibc
import LosslessJSON
import TestSupport
import Testing

@Suite("Someone else attaches a certificate", .timeLimit(.minutes(5)))
struct DriftTests {
  let name = Scene.name

  /// Two certificates: the newer one is the daemon's.
  private func settled(_ stage: Stage) async throws -> (Daemon, old: String, mine: String) {
    let old = try await stage.attached(to: name)
    let daemon = try await stage.pollingDaemon()
    let mine = try await stage.issue(name, more: ["not_before": -60])
    try await daemon.line("rollout.completed")
    return (daemon, old, mine)
  }

  private func attach(_ arn: String, _ stage: Stage) async throws {
    try await stage.simulate("attach", ["domain": .string(name), "arn": .string(arn)])
  }

  @Test("an older one is undone once; the second time a person is asked, and retry undoes it")
  func restore() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let (daemon, old, mine) = try await settled(stage)
      try await attach(old, stage)
      let drift = try await daemon.line("drift.detected")
      #expect(drift.level == "warning" && drift["certificate_arn"] == old)
      #expect(drift["previous_certificate_arn"] == mine)
      try await daemon.line("update.submitted") { $0["cause"] == "restore" }
      try await stage.condition("in_sync", of: name)
      #expect(try await stage.attached(to: name) == mine)

      try await attach(old, stage)
      let again = try await daemon.line("drift.detected") { $0.level == "error" }
      #expect(again["certificate_arn"] == old)
      let drifted = try await stage.condition("drifted", of: name)
      #expect(drifted["reason"]?.string?.contains("retry") == true)
      #expect(try await stage.status().exit == 3)
      try await daemon.polls(3)
      #expect(try await stage.attached(to: name) == old)
      #expect(daemon.lines("drift.detected").count == 2)

      #expect(try await stage.run("retry", name).status == 0)
      try await stage.condition("in_sync", of: name)
      #expect(try await stage.effects(on: name) == [mine, mine, mine])
    }
  }

  @Test("a newer and eligible one is adopted, and never moved away from")
  func adopted() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config[name].more["mode"] = "observe"
      try stage.configure(stage.config)
      let (daemon, _, mine) = try await settled(stage)
      try stage.configure(config)
      let length = daemon.log.count
      daemon.process.send(SIGHUP)
      try await daemon.line("config.loaded", skipping: length) { $0.level == "info" }
      let newer = try await stage.issue(name)
      try await attach(newer, stage)
      let drift = try await daemon.line("drift.detected")
      #expect(drift.level == "notice" && drift["certificate_arn"] == newer)
      try stage.configure(stage.config)
      daemon.process.send(SIGHUP)
      try await daemon.polls(2)
      #expect(try await stage.status().condition(name) == "in_sync")
      #expect(try await stage.attached(to: name) == newer)
      #expect(try await stage.effects(on: name) == [mine])
    }
  }

  @Test("with on_drift: report it is left alone at once")
  func report() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config[name].more["on_drift"] = "report"
      try stage.configure(config)
      let (daemon, old, mine) = try await settled(stage)
      try await attach(old, stage)
      try await daemon.line("drift.detected") { $0.level == "error" }
      try await stage.condition("drifted", of: name)
      try await daemon.polls(2)
      #expect(try await stage.effects(on: name) == [mine])
      #expect(try await stage.attached(to: name) == old)
    }
  }

  @Test("a restart forgets neither the drift nor that it was undone once")
  func restart() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let (first, old, mine) = try await settled(stage)
      first.crash()
      try await attach(old, stage)
      let second = try await stage.pollingDaemon()
      try await second.line("rollout.completed")
      second.crash()
      try await attach(old, stage)
      let third = try await stage.pollingDaemon()
      try await third.line("drift.detected") { $0.level == "error" }
      third.crash()
      let fourth = try await stage.pollingDaemon()
      try await fourth.polls(1)
      #expect(fourth.lines("drift.detected").isEmpty, "it was told")
      #expect(try await stage.status().condition(name) == "drifted")
      #expect(try await stage.effects(on: name) == [mine, mine])
    }
  }
}
