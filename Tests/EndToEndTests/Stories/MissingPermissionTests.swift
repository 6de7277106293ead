import LosslessJSON
import TestSupport
import Testing

@Suite("Missing permissions", .timeLimit(.minutes(5)))
struct MissingPermissionTests {
  let name = Scene.name

  private func scene(denying action: String) -> JSONValue {
    let denied: JSONValue = ["denied": [.string(action)]]
    return [
      "accounts": [.object((Stage.account.members ?? []) + (denied.members ?? []))],
      "certificates": [["name": "tagged", "names": [.string(name)], "tags": ["app": "login"]]],
      "domains": [Scene.domain(edges: [], more: ["certificate": "tagged"])],
    ]
  }

  @Test(
    "for a replacement are warned of at the start, block it when it comes, and end when given",
    arguments: [
      ("acm:GetCertificate", "{ any: true }"), ("tag:GetResources", "{ tags: { app: login } }"),
    ])
  func trial(action: String, certificate: String) async throws {
    try await Stage.with(scene(denying: action)) { stage in
      var config = stage.config
      config[name].certificate = certificate
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let warning = try await daemon.line("decision.blocked", domain: name)
      #expect(warning.level == "warning" && warning["error"]?.contains(action) == true)
      try await daemon.polls(4)
      #expect(daemon.lines("decision.blocked").count == 1)
      let resting = try await stage.status()
      #expect(resting.exit == 0 && resting.condition(name) == "in_sync")

      try await stage.simulate(
        "issue", ["names": [.string(name)], "tags": ["app": "login"]])
      let error = try await daemon.line("decision.blocked", domain: name) { $0.level == "error" }
      #expect(error["error"]?.contains(action) == true)
      let blocked = try await stage.status()
      #expect(blocked.exit == 3 && blocked.condition(name) == "unknown")

      try await stage.simulate("allow", ["action": .string(action)])
      try await daemon.line("rollout.completed", domain: name)
      #expect(try await stage.status().condition(name) == "in_sync")
    }
  }
}
