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
}
