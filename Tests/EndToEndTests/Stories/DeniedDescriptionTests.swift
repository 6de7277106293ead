import LosslessJSON
import TestSupport
import Testing

@Suite("A description that is denied", .timeLimit(.minutes(5)))
struct DeniedDescriptionTests {
  @Test("is a warning at once, and after 3 polls an error with condition unknown")
  func lasting() async throws {
    let name = Scene.name
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await stage.simulate("deny", ["action": "cognito-idp:DescribeUserPoolDomain"])
      let warning = try await daemon.line("decision.blocked", domain: name)
      #expect(warning.level == "warning" && warning["reason"] == "access_denied")
      let error = try await daemon.line("decision.blocked", domain: name) { $0.level == "error" }
      #expect(error["polls"] == "3")
      #expect(error["error"]?.contains("cognito-idp:DescribeUserPoolDomain") == true)
      try await daemon.polls(2)
      #expect(daemon.lines("decision.blocked").count == 2)
      let status = try await stage.status()
      #expect(status.exit == 3 && status.condition(name) == "unknown")
      try await stage.simulate("release")
      try await stage.condition("in_sync", of: name)
    }
  }
}
