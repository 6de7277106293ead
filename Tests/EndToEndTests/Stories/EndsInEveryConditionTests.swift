import LosslessJSON
import TestSupport
import Testing

/// What keeps a domain on a certificate that ends.
struct StuckCase: Sendable, CustomTestStringConvertible {
  let name: String
  var behaviour: JSONValue = [:]
  var mapping: [String: String] = [:]
  var window = "30s"
  /// What an operator or AWS does once the daemon runs.
  var happening: @Sendable (Stage, Daemon) async throws -> Void = { _, _ in }

  var testDescription: String { name }

  static let all: [StuckCase] = [
    StuckCase(name: "Cognito stays UPDATING", behaviour: ["forced_status": "UPDATING"]),
    StuckCase(name: "mode observe", mapping: ["mode": "observe"]),
    StuckCase(name: "a hold") { stage, _ in
      _ = try await stage.run("hold", Scene.name)
    },
    StuckCase(name: "the update answers 500 for ever") { stage, _ in
      try await stage.simulate(
        "fault",
        ["fault": "internal_error", "operation": "UpdateUserPoolDomain", "count": 100_000])
    },
    StuckCase(name: "a parent domain without an A record", behaviour: ["refusal": "parent_domain"]),
    StuckCase(
      name: "a rollout past its window", behaviour: ["edge_delays": [.null, .null]], window: "1s"),
    StuckCase(name: "a chain that cannot be seen") { stage, _ in
      try await stage.simulate("deny", ["action": "acm:GetCertificate"])
    },
  ]
}

@Suite("A certificate that ends, whatever keeps the domain on it", .timeLimit(.minutes(5)))
struct EndsInEveryConditionTests {
  let name = Scene.name

  private func scene(_ left: Int, _ behaviour: JSONValue) -> JSONValue {
    [
      "certificates": [
        [
          "name": "short", "names": [.string(Scene.name)], "not_before": -864_000,
          "not_after": JSONValue(left), "created": -864_000,
        ]
      ],
      "domains": [
        Scene.domain(
          more: .object((behaviour.members ?? []) + [.init("certificate", "short")]))
      ],
    ]
  }

  @Test("is logged as an error, and the domain is ending", arguments: StuckCase.all)
  func ending(stuck: StuckCase) async throws {
    try await Stage.with(scene(6, stuck.behaviour)) { stage in
      var config = stage.config
      config.propagation["window"] = stuck.window
      for (key, value) in stuck.mapping { config[name].more[key] = value }
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      try await stuck.happening(stage, daemon)
      _ = try await stage.issue(name)
      try await daemon.polls(1)
      // Its end has come: nothing proven took its place.
      let end = try await daemon.line("certificate.expiring", domain: name) { $0["left"] == "0s" }
      #expect(end.level == "error")
      #expect(daemon.lines("certificate.expiring").count == 2)
      let status = try await stage.status()
      #expect(status[name]["ending"] == true, "\(status.json.pretty)")
      #expect(status.exit == 3)
      #expect(status.condition(name) != "in_sync" || stuck.name.contains("UPDATING"))
      try await stage.simulate("allow", ["action": "acm:GetCertificate"])
    }
  }
}
