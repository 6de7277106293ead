import LosslessJSON
import TestSupport
import Testing

@Suite("Lost answers and descriptions that lag behind", .timeLimit(.minutes(5)))
struct LostAnswerTests {
  @Test("no domain is updated a second time before a description can have caught up")
  func laggingDescriptions() async throws {
    let scene = Scene.fleet(10, domains: 4, more: ["description_lag": 2])
    try await Stage.with(scene) { stage in
      var config = stage.configWithProfiles
      config.propagation["check_interval"] = "3s"
      config.propagation["max_check_interval"] = "3s"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      try await stage.simulate(
        "fault",
        ["fault": "answer_lost", "operation": "UpdateUserPoolDomain", "count": 40])
      try await stage.simulate("replace")
      _ = try await eventually("every answer is lost") {
        daemon.lines("update.retrying").count >= 40 ? true : nil
      }
      _ = try await eventually("every certificate is shown") {
        daemon.lines("update.accepted").count >= 40 ? true : nil
      }
      #expect(try await stage.calls("UpdateUserPoolDomain").count == 40)
      #expect(daemon.lines("update.submitted").count == 40)
    }
  }
}
