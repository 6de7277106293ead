import LosslessJSON
import TestSupport
import Testing

@Suite("What operators ask for", .timeLimit(.minutes(5)))
struct OperatorTests {
  let name = Scene.name

  /// Polls come rarely, so that only the request itself can be what is obeyed.
  private func rarely(_ stage: Stage) -> ConfigFile {
    var config = stage.config
    config.top["poll_interval"] = "1h"
    return config
  }

  @Test("a held domain gets no call until resume, and both are obeyed at once")
  func holdAndResume() async throws {
    try await Stage.with(Scene.two) { stage in
      try stage.configure(rarely(stage))
      let daemon = try await stage.pollingDaemon()
      let hold = try await stage.run("hold", name)
      #expect(hold.status == 0 && hold.errors.isEmpty)
      #expect(hold.output == "no new call will be made for \(name) until 'resume'\n")
      let held = try await stage.condition("held", of: name, within: .seconds(30))
      #expect(held["reason"]?.string?.hasPrefix("held: ") == true)
      #expect(try await stage.status().exit == 0, "a hold asks for nobody")

      try await stage.simulate("replace")
      daemon.process.send(10)
      try await daemon.line("rollout.completed", domain: Scene.other)
      #expect(daemon.lines("replacement.found", domain: name).count == 1)
      #expect(try await stage.calls("UpdateUserPoolDomain", domain: name).isEmpty)
      #expect(try await stage.status().condition(name) == "held")

      #expect(try await stage.run("resume", name).status == 0)
      try await daemon.line("rollout.completed", domain: name, within: .seconds(30))
      #expect(try await stage.effects(on: name).count == 1)
      #expect(try await stage.status().condition(name) == "in_sync")
    }
  }

  @Test("a hold with --for ends by itself")
  func holdFor() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(rarely(stage))
      let daemon = try await stage.pollingDaemon()
      let hold = try await stage.run("hold", name, "--for", "3s")
      #expect(hold.status == 0 && hold.output.contains(" until 20"))
      try await stage.condition("held", of: name, within: .seconds(30))
      let new = try await stage.issue(name)
      daemon.process.send(10)
      try await daemon.line("replacement.found")
      #expect(try await stage.effects(on: name).isEmpty)
      try await daemon.line("rollout.completed", within: .seconds(30))
      #expect(try await stage.effects(on: name) == [new])
    }
  }

  @Test("a hold that was left while nobody ran is obeyed from the first pass on")
  func holdWhileStopped() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let first = try await stage.pollingDaemon()
      #expect(try await first.stop() == .exited(0))
      let hold = try await stage.run("hold", name)
      #expect(hold.status == 0)
      #expect(hold.errors.contains("the daemon is not running; it obeys at its next start"))
      _ = try await stage.issue(name)
      let second = try await stage.pollingDaemon()
      try await second.polls(1)
      #expect(try await stage.status().condition(name) == "held")
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      second.crash()
      let third = try await stage.pollingDaemon()
      try await third.polls(1)
      #expect(try await stage.status().condition(name) == "held", "it lasts")
      #expect(try await stage.run("resume", name).status == 0)
      try await third.line("rollout.completed")
    }
  }

  @Test("a rollout under way is watched to its end under a hold")
  func holdUnderWay() async throws {
    try await Stage.with(Scene.one(more: ["edge_delays": [0, 2]])) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let new = try await stage.issue(name)
      try await daemon.line("update.accepted")
      #expect(try await stage.run("hold", name).status == 0)
      try await stage.condition("held", of: name)
      try await daemon.line("rollout.completed")
      let status = try await stage.status()[name]
      #expect(status["condition"] == "held" && status["rollout"]?["proof"] == "edge")
      #expect(try await stage.effects(on: name) == [new])
    }
  }
}
