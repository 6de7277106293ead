import Glibc
import LosslessJSON
import TestSupport
import Testing

@Suite("A new configuration", .timeLimit(.minutes(5)))
struct ReloadTests {
  let name = Scene.name

  @Test("config.loaded is logged when the new mappings are in force: no call is made after it")
  func inForce() async throws {
    try await Stage.with(Scene.one(more: ["edge_delays": []])) { stage in
      var config = stage.config
      config.top["poll_interval"] = "1h"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      config[name].more["mode"] = "observe"
      try stage.configure(config)
      // The intent of a call waits for the state file while the new configuration comes.
      let lock = try StateLock(stage.statePath)
      _ = try await stage.issue(name)
      daemon.process.send(SIGUSR1)
      _ = try await eventually("the chain is asked for") {
        try await stage.calls("GetCertificate").isEmpty ? nil : true
      }
      try await Task.sleep(for: .milliseconds(500))
      let length = daemon.log.count
      daemon.process.send(SIGHUP)
      try await Task.sleep(for: .seconds(1))
      try lock.release()
      try await daemon.line("config.loaded", skipping: length) { $0.level == "info" }
      try await daemon.line("replacement.found")
      try await Task.sleep(for: .seconds(1))
      let events = daemon.log.map(\.event)
      let loaded = try #require(events.lastIndex(of: "config.loaded"))
      #expect(!events[loaded...].contains("update.submitted"))
      let intents = events[..<loaded].count { $0 == "update.submitted" }
      #expect(try await stage.calls("UpdateUserPoolDomain").count == intents)
    }
  }

  @Test("a mapping that changes to observe while its domain is looked at gets no call")
  func observeDuringLook() async throws {
    try await Stage.with(Scene.one(more: ["edge_delays": []])) { stage in
      var config = stage.config
      config.top["poll_interval"] = "1h"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let new = try await stage.issue(name)
      try await stage.simulate("delay", ["operation": "GetCertificate", "object": .string(new)])
      daemon.process.send(SIGUSR1)
      _ = try await eventually("the chain is asked for") {
        try await stage.calls("GetCertificate").isEmpty ? nil : true
      }
      config[name].more["mode"] = "observe"
      try stage.configure(config)
      let length = daemon.log.count
      daemon.process.send(SIGHUP)
      try await daemon.line("config.loaded", skipping: length) { $0.level == "info" }
      try await stage.simulate("release")
      try await daemon.line("replacement.found")
      try await Task.sleep(for: .milliseconds(500))
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      #expect(try await stage.status().condition(name) == "pending")
    }
  }

  @Test("included files are read again with the main one, and a wrong one changes nothing")
  func includedFiles() async throws {
    try await Stage.with(Scene.two) { stage in
      let folder = stage.directory + "/conf.d"
      #expect(mkdir(folder, 0o700) == 0)
      var main = stage.config
      main.mappings = []
      main.top["include"] = "conf.d/*.yaml"
      try stage.configure(main)
      func put(_ domains: String..., to name: String) throws {
        var config = stage.config
        config.mappings = domains.map { config[$0] }
        try write(config.domains(caFile: stage.caFile), to: "\(folder)/\(name)")
      }
      try put(name, to: "a.yaml")
      #expect(try await stage.run("check").output.hasSuffix("\nOK: 1 domains, 1 identities\n"))
      let daemon = try await stage.pollingDaemon()
      #expect(daemon.lines("config.loaded").last?["domains"] == "1")

      // A file appears.
      try put(Scene.other, to: "b.yaml")
      try await reload(daemon) { $0.event == "config.loaded" && $0["domains"] == "2" }
      let new = try await stage.issue(Scene.other)
      try await daemon.line("rollout.completed", domain: Scene.other)
      #expect(try await stage.attached(to: Scene.other) == new)

      // One is wrong, in two places, and has a domain of the other one.
      try put(name, to: "b.yaml")
      try write("domains: []\nmode: observe\n", to: "\(folder)/c.yaml")
      let length = daemon.log.count
      let wrong = "\(folder)/c.yaml:2:1: error: mode: "
      try await reload(daemon) {
        $0.event == "config.rejected" && $0["error"]?.hasPrefix(wrong) == true
      }
      let rejected = daemon.log.dropFirst(length).filter { $0.event == "config.rejected" }
      let places = rejected.compactMap { $0["error"]?.split(separator: " ").first }
      #expect(
        places.map { $0.replacing(folder, with: "") } == [
          "/b.yaml:2:13:", "/c.yaml:1:10:", "/c.yaml:2:1:",
        ])
      #expect(rejected.first?["error"]?.contains("\(folder)/a.yaml:2") == true)
      #expect(rejected.allSatisfy { $0["config"] == stage.configPath })
      #expect(try await stage.run("check").status == 78)
      // The former configuration is in force, and the commands find the state file.
      _ = try await stage.issue(name)
      try await daemon.line("rollout.completed", domain: name)
      #expect(try await stage.status().condition(Scene.other) == "in_sync")
      #expect(try await stage.run("hold", name).status == 0)
      #expect(try await stage.run("resume", name).status == 0)

      // Both are gone.
      #expect(unlink("\(folder)/b.yaml") == 0 && unlink("\(folder)/c.yaml") == 0)
      try await reload(daemon) { $0.event == "config.loaded" && $0["domains"] == "1" }
      let calls = try await stage.calls("UpdateUserPoolDomain", domain: Scene.other).count
      _ = try await stage.issue(Scene.other)
      try await daemon.polls(2)
      #expect(try await stage.calls("UpdateUserPoolDomain", domain: Scene.other).count == calls)
    }
  }

  /// Sends SIGHUP and waits for a line that it leads to.
  private func reload(_ daemon: Daemon, until fits: (LogLine) -> Bool) async throws {
    let length = daemon.log.count
    daemon.process.send(SIGHUP)
    _ = try await eventually("the reload is logged") {
      daemon.log.dropFirst(length).contains(where: fits) ? true : nil
    }
  }
}
