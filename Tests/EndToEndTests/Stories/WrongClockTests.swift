import LosslessJSON
import TestSupport
import Testing

@Suite("A host whose clock is wrong", .timeLimit(.minutes(5)))
struct WrongClockTests {
  let name = Scene.name
  static let day = 86_400

  /// The attached certificate ends 10 days ago by the host's clock; AWS's is 40 days behind it. An
  /// older one lasts longer.
  @Test("leaves a certificate that has not expired by AWS's clock alone, and says what is wrong")
  func ahead() async throws {
    let day = WrongClockTests.day
    let scene: JSONValue = [
      "clock_offset": JSONValue(-40 * day),
      "certificates": [
        [
          "name": "attached", "names": [.string(name)], "not_before": JSONValue(-100 * day),
          "not_after": JSONValue(-10 * day), "created": JSONValue(-100 * day),
        ],
        [
          "name": "older", "names": [.string(name)], "not_before": JSONValue(-200 * day),
          "not_after": JSONValue(100 * day), "created": JSONValue(-200 * day),
        ],
      ],
      "domains": [Scene.domain(edges: [], more: ["certificate": "attached"])],
    ]
    try await Stage.with(scene) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let wrong = try await daemon.line("clock.wrong")
      #expect(wrong.level == "warning" && wrong["difference"] == "40d")
      try await daemon.polls(3)
      let status = try await stage.status()
      #expect(status.condition(name) == "in_sync" && status.exit == 0)
      #expect(daemon.lines("clock.wrong").count == 1)
      #expect(daemon.lines("update.submitted").isEmpty)
      #expect(daemon.lines("certificate.expiring").map { $0["left"] } == ["29d"])
      // `hold` is dated by the host's clock, and ends when its time has passed.
      #expect(try await stage.run("hold", name, "--for", "2s").status == 0)
      try await stage.condition("held", of: name)
      try await stage.condition("in_sync", of: name)
    }
  }
}
