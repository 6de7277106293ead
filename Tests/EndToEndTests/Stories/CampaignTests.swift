import Foundation
import Glibc
import LosslessJSON
import TestSupport
import Testing

@Suite("Limits across the fleet", .timeLimit(.minutes(5)))
struct CampaignTests {
  /// Accounts with a domain each, and polls that come too rarely to begin anything.
  private func config(_ stage: Stage, _ limits: [String: String]) -> ConfigFile {
    var config = stage.configWithProfiles
    config.top["poll_interval"] = "1h"
    config.top.merge(limits) { $1 }
    return config
  }

  /// Starts the daemon, issues a certificate for every domain, and has it look.
  private func begin(_ accounts: Int, _ stage: Stage) async throws -> Daemon {
    let daemon = try await stage.pollingDaemon()
    try await daemon.polledAccounts(accounts)
    for account in 0..<accounts {
      _ = try await stage.issue(
        Scene.name(account), more: ["account": .string(Scene.account(account))])
    }
    daemon.process.send(SIGUSR1)
    return daemon
  }

  @Test("max_in_flight rollouts go on at a time, and the next begins when one is proven")
  func oneAtATime() async throws {
    try await Stage.with(Scene.fleet(4)) { stage in
      try stage.configure(config(stage, ["max_in_flight": "1"]))
      let daemon = try await begin(4, stage)
      for account in 0..<4 {
        try await daemon.line("rollout.completed", domain: Scene.name(account))
      }
      let order = daemon.log.map(\.event).filter {
        ["update.submitted", "rollout.completed"].contains($0)
      }
      #expect(
        order
          == Array(repeating: ["update.submitted", "rollout.completed"], count: 4).flatMap { $0 })
      #expect(try await stage.calls("UpdateUserPoolDomain").count == 4)
    }
  }

  /// Every update is denied, and one failure stops the wave.
  private func stopped(_ stage: Stage) async throws -> (Daemon, first: String) {
    try stage.configure(config(stage, ["max_in_flight": "1", "stop_after_failures": "1"]))
    for account in 0..<3 {
      try await stage.simulate(
        "deny",
        [
          "action": "cognito-idp:UpdateUserPoolDomain", "account": .string(Scene.account(account)),
        ])
    }
    let daemon = try await begin(3, stage)
    let stop = try await daemon.line("wave.stopped")
    #expect(stop.level == "error" && stop["wave"] == "0" && stop["failures"] == "1")
    let first = try #require(stop["domains"])
    for account in 0..<3 where Scene.name(account) != first {
      try await stage.condition("pending", of: Scene.name(account))
    }
    return (daemon, first)
  }

  private func expectWaiting(_ stage: Stage, besides first: String) async throws {
    for account in 0..<3 where Scene.name(account) != first {
      let name = Scene.name(account)
      #expect(try await stage.calls("UpdateUserPoolDomain", domain: name).isEmpty)
      _ = try await eventually("\(name) says that its wave is stopped") {
        let reason = try await stage.status()[name]["reason"]?.string
        return reason?.hasPrefix("wave_stopped: 1 failed in wave 0: \(first)") == true ? true : nil
      }
    }
  }

  @Test("a wave that is stopped goes on with resume --wave, and with nothing less")
  func stopAndResume() async throws {
    try await Stage.with(Scene.fleet(3)) { stage in
      let (daemon, first) = try await stopped(stage)
      daemon.process.send(SIGUSR1)
      try await expectWaiting(stage, besides: first)
      try await stage.simulate("release")

      let unknown = try await stage.run("resume", "--wave", "7")
      #expect(unknown.status == 1)
      #expect(unknown.errors.contains("no domain is in wave 7; there are domains in wave 0"))
      for wrong in [["resume"], ["resume", first, "--wave", "0"], ["resume", "--wave", "-1"]] {
        #expect(try await stage.run(wrong + ["--config", stage.configPath]).status == 64)
      }
      let resume = try await stage.run("resume", "--wave", "0")
      #expect(resume.status == 0 && resume.output == "wave 0 goes on\n" && resume.errors.isEmpty)
      for account in 0..<3 where Scene.name(account) != first {
        try await daemon.line("rollout.completed", domain: Scene.name(account))
      }
      let resumed = daemon.lines("wave.resumed")
      #expect(resumed.count == 1 && resumed.first?["reason"] == "resume")
      let again = try await stage.run("resume", "--wave", "0")
      #expect(again.status == 1)
      #expect(again.errors.contains("wave 0 is not stopped, and neither is another"))
      #expect(daemon.lines("wave.stopped").count == 1)
    }
  }

  @Test("a restart lets a stopped wave go on, and the next failure stops it again")
  func stopAndRestart() async throws {
    try await Stage.with(Scene.fleet(3)) { stage in
      let (daemon, first) = try await stopped(stage)
      daemon.process.send(SIGUSR1)
      try await expectWaiting(stage, besides: first)
      #expect(try await daemon.stop() == .exited(0))
      let second = try await stage.pollingDaemon()
      let resumed = try await second.line("wave.resumed")
      #expect(resumed["reason"] == "restart" && resumed["domains"] == first)
      let stop = try await second.line("wave.stopped")
      #expect(stop["failures"] == "2")
      let failed = try #require(stop["domains"]?.components(separatedBy: ", "))
      let calls = try await stage.calls("UpdateUserPoolDomain")
      #expect(Set(calls.compactMap { $0["object"]?.string }) == Set(failed))
    }
  }

  @Test("a request to resume that is left while nobody runs is obeyed at the next start")
  func resumeWhileStopped() async throws {
    try await Stage.with(Scene.fleet(3)) { stage in
      let (daemon, first) = try await stopped(stage)
      daemon.crash()
      _ = try await daemon.process.end()
      try await stage.simulate("release")
      let resume = try await stage.run("resume", "--wave", "0")
      #expect(resume.status == 0)
      #expect(resume.errors.contains("the daemon is not running; it obeys at its next start"))
      let second = try await stage.pollingDaemon()
      for account in 0..<3 where Scene.name(account) != first {
        try await second.line("rollout.completed", domain: Scene.name(account))
      }
    }
  }

  @Test("the next wave begins when wave_soak is over, and not with its poll")
  func soak() async throws {
    try await Stage.with(Scene.fleet(2)) { stage in
      var config = config(stage, ["wave_soak": "3s"])
      config[Scene.name(1)].more["wave"] = "1"
      try stage.configure(config)
      let daemon = try await begin(2, stage)
      let proof = try await daemon.line("rollout.completed", domain: Scene.name(0))
      let waiting = try await stage.condition("pending", of: Scene.name(1))
      #expect(waiting["desired_certificate_arn"] != waiting["attached_certificate_arn"])
      _ = try await eventually("the soak is shown") {
        let reason = try await stage.status()[Scene.name(1)]["reason"]?.string
        return reason?.hasPrefix("wave_soaking: \(Scene.name(0)) (wave 0)") == true ? true : nil
      }
      let call = try await daemon.line("update.submitted", domain: Scene.name(1))
      let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
      let times = try [proof, call].map { line in try style.parse(line["time"] ?? "") }
      #expect(times[1].timeIntervalSince(times[0]) >= 2.9)
      try await daemon.line("rollout.completed", domain: Scene.name(1))
    }
  }

  @Test("run --once --wait ends with 3 when a wave is stopped, and does not wait for a person")
  func onceStopped() async throws {
    try await Stage.with(Scene.fleet(2)) { stage in
      try stage.configure(config(stage, ["max_in_flight": "1", "stop_after_failures": "1"]))
      for account in 0..<2 {
        let number = JSONValue.string(Scene.account(account))
        try await stage.simulate(
          "deny", ["action": "cognito-idp:UpdateUserPoolDomain", "account": number])
        _ = try await stage.issue(Scene.name(account), more: ["account": number])
      }
      let daemon = try stage.daemon("--once", "--wait")
      #expect(try await daemon.process.end() == .exited(3))
      #expect(daemon.lines("wave.stopped").count == 1)
      #expect(daemon.lines("update.refused").count == 1)
    }
  }
}

@Suite("Rollback", .timeLimit(.minutes(5)))
struct RollbackTests {
  let name = Scene.name

  private func configure(_ stage: Stage, _ rollback: String) throws {
    var config = stage.config
    config[name].more["rollback"] = rollback
    try stage.configure(config)
  }

  private func refuse(_ refuses: Bool, _ stage: Stage) async throws {
    try await stage.simulate(
      "set", ["domain": .string(name), "refuses_handshakes": .bool(refuses)])
  }

  @Test("an edge that refuses the new certificate brings back the previous one, until retry")
  func goesBack() async throws {
    try await Stage.with(Scene.one(more: ["active_after": 1.0])) { stage in
      try configure(stage, "on")
      let daemon = try await stage.pollingDaemon()
      try await stage.condition("in_sync", of: name)
      let old = try await stage.attached(to: name)
      let new = try await stage.issue(name)
      try await daemon.line("update.accepted", domain: name)
      try await refuse(true, stage)
      let back = try await daemon.line("rollout.rolled_back", domain: name)
      #expect(back.level == "error" && back["reason"] == "edges_refusing")
      #expect(back["certificate_arn"] == new && back["previous_certificate_arn"] == old)
      try await refuse(false, stage)
      try await daemon.line("rollout.completed", domain: name)
      #expect(try await stage.effects(on: name) == [new, old])
      let rest = try await stage.condition("in_sync", of: name)
      #expect(rest["reason"]?.string?.hasPrefix("rolled_back: ") == true)
      #expect(rest["attached_certificate_arn"]?.string == old)
      try await daemon.polls(3)
      #expect(try await stage.effects(on: name) == [new, old])
      #expect(
        daemon.lines("candidate.ineligible").filter { $0["reason"] == "rolled_back" }.count == 1)

      #expect(try await daemon.stop() == .exited(0))
      let second = try await stage.pollingDaemon()
      try await second.polls(2)
      #expect(try await stage.effects(on: name) == [new, old])
      #expect(try await stage.run("retry", name).status == 0)
      try await second.line("rollout.completed", domain: name)
      #expect(try await stage.effects(on: name) == [new, old, new])
    }
  }

  @Test("a hold prevents it and says what it prevents, and the rollback comes with resume")
  func held() async throws {
    try await Stage.with(Scene.one()) { stage in
      try configure(stage, "on")
      let daemon = try await stage.pollingDaemon()
      try await stage.condition("in_sync", of: name)
      let old = try await stage.attached(to: name)
      let new = try await stage.issue(name)
      try await daemon.line("update.accepted", domain: name)
      #expect(try await stage.run("hold", name).status == 0)
      try await refuse(true, stage)
      _ = try await eventually("the hold is said to prevent a rollback") {
        let reason = try await stage.status()[name]["reason"]?.string
        return reason?.contains("otherwise \(old) is attached again") == true ? true : nil
      }
      #expect(try await stage.effects(on: name) == [new])
      #expect(try await stage.run("resume", name).status == 0)
      try await daemon.line("rollout.rolled_back", domain: name)
      try await refuse(false, stage)
      try await daemon.line("rollout.completed", domain: name)
      #expect(try await stage.effects(on: name) == [new, old])
    }
  }

  @Test("with rollback off nothing is attached again")
  func off() async throws {
    try await Stage.with(Scene.one()) { stage in
      try configure(stage, "off")
      let daemon = try await stage.pollingDaemon()
      try await stage.condition("in_sync", of: name)
      let new = try await stage.issue(name)
      try await daemon.line("update.accepted", domain: name)
      try await refuse(true, stage)
      try await daemon.line("edges.refusing", domain: name)
      try await daemon.polls(6)
      #expect(try await stage.effects(on: name) == [new])
      #expect(daemon.lines("rollout.rolled_back").isEmpty)
    }
  }
}
