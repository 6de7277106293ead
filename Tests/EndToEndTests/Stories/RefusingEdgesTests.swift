import LosslessJSON
import TestSupport
import Testing

@Suite("Edges that refuse the domain", .timeLimit(.minutes(5)))
struct RefusingEdgesTests {
  let name = Scene.name

  @Test("do not complete a rollout: it is overdue, and completes when they serve the certificate")
  func rollout() async throws {
    try await Stage.with(Scene.one(more: ["refuses_handshakes": true])) { stage in
      var config = stage.config
      config.propagation["window"] = "3s"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name)
      let accepted = try await daemon.line("update.accepted", domain: name)
      #expect(accepted["cloudfront_domain"]?.hasSuffix(".cloudfront.net") == true)
      let refusing = try await daemon.line("edges.refusing", domain: name)
      #expect(refusing.level == "warning")
      let overdue = try await daemon.line("rollout.overdue", domain: name)
      #expect(overdue["error"]?.contains("refused at 127.0.0.1:") == true)
      let status = try await stage.status()
      #expect(status.exit == 3 && status.condition(name) == "overdue")
      #expect(status[name]["reason"]?.string?.hasPrefix("edges_refusing: ") == true)
      #expect(daemon.lines("rollout.completed").isEmpty)
      try await stage.simulate("set", ["domain": .string(name), "refuses_handshakes": false])
      let completed = try await daemon.line("rollout.completed", domain: name)
      #expect(completed["proof"] == "edge")
      try await stage.condition("in_sync", of: name)
    }
  }

  @Test("make a domain at rest unserved after three rounds, with an error")
  func atRest() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config.propagation["idle_probe_interval"] = "300ms"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      try await stage.condition("in_sync", of: name)
      try await stage.simulate("set", ["domain": .string(name), "refuses_handshakes": true])
      try await daemon.line("edges.refusing", domain: name) { $0.level == "error" }
      #expect(daemon.lines("edges.refusing").map(\.level) == ["warning", "error"])
      let status = try await stage.status()
      #expect(status.exit == 3 && status.condition(name) == "unserved")
      try await stage.simulate("set", ["domain": .string(name), "refuses_handshakes": false])
      try await stage.condition("in_sync", of: name)
    }
  }
}
