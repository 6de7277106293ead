import Glibc
import LosslessJSON
import TestSupport
import Testing

@Suite("Signals", .timeLimit(.minutes(5)))
struct SignalTests {
  let name = Scene.name

  @Test("SIGTERM and SIGINT end an idle daemon at once, with 0", arguments: [SIGTERM, SIGINT])
  func stop(signal: Int32) async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config.top["poll_interval"] = "1h"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      daemon.process.send(signal)
      #expect(try await daemon.process.end(within: .seconds(10)) == .exited(0))
      #expect(daemon.log.last?.event == "daemon.stopping")
    }
  }

  @Test(
    "SIGTERM ends within 10 seconds in the middle of a call that hangs, with 0",
    arguments: ["ListCertificates", "DescribeUserPoolDomain", "GetCertificate"])
  func stopWhileReading(operation: String) async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let before = try await stage.calls(operation).count
      try await stage.simulate(
        "fault", ["fault": "unanswered", "operation": .string(operation), "count": 100])
      _ = try await stage.issue(name)
      _ = try await eventually("a call hangs") {
        try await stage.calls(operation).count > before ? true : nil
      }
      daemon.process.send(SIGTERM)
      try await daemon.line("daemon.stopping", within: .seconds(3))
      #expect(try await daemon.process.end(within: .seconds(10)) == .exited(0))
      #expect(daemon.lines("daemon.stopping").count == 1)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
    }
  }

  @Test("SIGTERM while Cognito does not answer the update loses nothing")
  func stopWhileUpdating() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let first = try await stage.pollingDaemon()
      try await stage.simulate(
        "fault", ["fault": "hangs", "operation": "UpdateUserPoolDomain"])
      let new = try await stage.issue(name)
      _ = try await eventually("the update hangs") {
        try await stage.effects(on: name).isEmpty ? nil : true
      }
      first.process.send(SIGTERM)
      #expect(try await first.process.end(within: .seconds(10)) == .exited(0))
      let stopped = try await stage.status()[name]
      #expect(["submitting", "retrying"].contains(stopped["condition"]?.string ?? ""))

      let second = try await stage.pollingDaemon()
      try await second.line("rollout.completed")
      #expect(try await stage.status()[name]["rollout"]?["id"] == stopped["rollout"]?["id"])
      #expect(try await stage.effects(on: name) == [new])
      #expect(try await stage.calls("UpdateUserPoolDomain").count == 1)
    }
  }

  @Test(
    "SIGTERM or SIGINT before the start is complete is a clean stop", arguments: [SIGTERM, SIGINT])
  func early(number: Int32) async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      for attempt in 0..<10 {
        let daemon = try stage.daemon()
        // As soon as it is its own program, which the kernel shows by the handler.
        while daemon.process.poll() == nil && !catches(number, daemon.process.pid) {}
        usleep(UInt32(attempt) * 2000)
        #expect(try await daemon.stop(by: number) == .exited(0), "\(daemon.process.errorText)")
      }
    }
  }

  private func catches(_ number: Int32, _ pid: pid_t) -> Bool {
    let line = text("/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
    let mask = line.flatMap { UInt64($0.dropFirst("SigCgt:\t".count), radix: 16) } ?? 0
    return mask & 1 << UInt64(number - 1) != 0
  }

  @Test("a second daemon with the same state file ends at once with 75 and names the first")
  func second() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let first = try await stage.pollingDaemon()
      for arguments in [["run"], ["run", "--once"]] {
        let second = try await stage.run(arguments + ["--config", stage.configPath])
        #expect(second.status == 75)
        let line = second.errors.split(separator: "\n").compactMap(LogLine.init).first
        #expect(line?.event == "state.failed" && line?.level == "error")
        #expect(line?["error"]?.contains("process \(first.process.pid)") == true)
        #expect(line?["error"]?.contains(stage.statePath) == true)
      }
      try await first.polls(1)
      #expect(try await stage.status().exit == 0)
    }
  }

  @Test("SIGHUP brings a changed configuration into force")
  func reload() async throws {
    try await Stage.with(Scene.two) { stage in
      let all = stage.config
      var config = all
      config.mappings.removeAll { $0.domain == Scene.other }
      config[name].more["mode"] = "observe"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let new = try await stage.issue(name)
      try await daemon.line("replacement.found", domain: name)
      #expect(try await stage.status().domains.count == 1)

      try stage.configure(all)
      let length = daemon.log.count
      daemon.process.send(SIGHUP)
      let loaded = try await daemon.line("config.loaded", skipping: length) { $0.level == "info" }
      #expect(loaded["domains"] == "2")
      try await daemon.line("rollout.completed", domain: name)
      #expect(try await stage.effects(on: name) == [new])
      #expect(try await stage.status().domains.count == 2)

      config.mappings.removeAll { $0.domain == name }
      config.mappings = [all[Scene.other]]
      try stage.configure(config)
      daemon.process.send(SIGHUP)
      _ = try await eventually("one domain is left") {
        let domains = try await stage.status().domains
        return domains.map { $0["domain"]?.string } == [Scene.other] ? true : nil
      }
    }
  }

  @Test("SIGHUP with a wrong file keeps the old configuration and says every problem")
  func badReload() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let good = text(stage.configPath)
      let daemon = try await stage.pollingDaemon()
      try write(good + "foo: 1\nbar: 2\n", to: stage.configPath)
      daemon.process.send(SIGHUP)
      try await daemon.line("config.rejected") { $0["error"]?.contains("foo") == true }
      try await daemon.line("config.rejected") { $0["error"]?.contains("bar") == true }
      for line in daemon.lines("config.rejected") {
        #expect(line["error"]?.hasPrefix(stage.configPath + ":") == true)
      }
      #expect(daemon.lines("config.loaded").count { $0.level == "info" } == 1)
      let new = try await stage.issue(name)
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
      try write(good, to: stage.configPath)
      let length = daemon.log.count
      daemon.process.send(SIGHUP)
      try await daemon.line("config.loaded", skipping: length)
    }
  }

  @Test("SIGUSR1 polls at once")
  func pollNow() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config.top["poll_interval"] = "1h"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let new = try await stage.issue(name)
      daemon.process.send(SIGUSR1)
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
    }
  }

  @Test("a storm of signals is one poll after the other, and no end")
  func storm() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      for _ in 0..<200 {
        daemon.process.send(SIGUSR1)
        daemon.process.send(SIGHUP)
      }
      let new = try await stage.issue(name)
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
      #expect(try await daemon.stop() == .exited(0))
    }
  }

  enum Cure: String, CaseIterable, Sendable {
    case sigusr1, sighup, retry, restart, newCandidate, retryWhileStopped
  }

  @Test("each of its cures has a refused certificate tried again at once", arguments: Cure.allCases)
  func cures(cure: Cure) async throws {
    let scene = Scene.one(more: ["refusal": "parent_domain"])
    try await Stage.with(scene) { stage in
      try stage.configure(stage.config)
      var daemon = try await stage.pollingDaemon()
      var new = try await stage.issue(name, more: ["not_before": -60])
      let refused = try await daemon.line("update.refused")
      #expect(refused.level == "error" && refused["reason"] == "parent_domain_unresolved")
      #expect(refused["request_id"]?.isEmpty == false)
      try await daemon.polls(1)
      #expect(try await stage.calls("UpdateUserPoolDomain").count == 1, "tried again hourly")
      try await stage.simulate("set", ["domain": .string(name), "refusal": .null])
      switch cure {
      case .sigusr1: daemon.process.send(SIGUSR1)
      case .sighup: daemon.process.send(SIGHUP)
      case .retry: #expect(try await stage.run("retry", name).status == 0)
      case .newCandidate: new = try await stage.issue(name)
      case .restart:
        daemon.crash()
        daemon = try await stage.pollingDaemon()
      case .retryWhileStopped:
        #expect(try await daemon.stop() == .exited(0))
        #expect(try await stage.run("retry", name).status == 0)
        daemon = try await stage.pollingDaemon()
      }
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
      #expect(try await stage.status().condition(name) == "in_sync")
    }
  }
}
