import LosslessJSON
import TestSupport
import Testing

@Suite("Domains near their end", .timeLimit(.minutes(5)))
struct EndingTests {
  let name = Scene.name

  /// A domain whose certificate has less than 72 hours left.
  private func ending(_ seconds: Int) -> JSONValue {
    [
      "certificates": [
        [
          "name": "short", "names": [.string(Scene.name)], "not_before": -864_000,
          "not_after": JSONValue(seconds),
        ]
      ],
      "domains": [Scene.domain(more: ["certificate": "short"])],
    ]
  }

  @Test(
    "below 72 hours without a replacement a domain is ending, and both status and --once end with 3",
    arguments: [(left: 250_000, isEnding: true), (left: 270_000, isEnding: false)])
  func withoutReplacement(left: Int, isEnding: Bool) async throws {
    try await Stage.with(ending(left)) { stage in
      try stage.configure(stage.config)
      let once = try stage.daemon("--once")
      #expect(try await once.process.end() == .exited(isEnding ? 3 : 0))
      _ = try await stage.pollingDaemon()
      let status = try await stage.status()
      #expect(status.condition(name) == "in_sync")
      #expect(status[name]["ending"] == .bool(isEnding))
      #expect(status.exit == (isEnding ? 3 : 0))
      #expect(try await stage.run("status", name).output.contains("ending") == isEnding)
    }
  }

  @Test(
    "a hold or mode observe does not hide it",
    arguments: ["held", "pending"])
  func whateverTheCondition(condition: String) async throws {
    try await Stage.with(ending(200_000)) { stage in
      var config = stage.config
      if condition == "pending" { config[name].more["mode"] = "observe" }
      try stage.configure(config)
      _ = try await stage.pollingDaemon()
      if condition == "held" { #expect(try await stage.run("hold", name).status == 0) }
      _ = try await stage.issue(name)
      try await stage.condition(condition, of: name)
      let status = try await stage.status()
      #expect(status.exit == 3 && status[name]["ending"] == true)
    }
  }

  @Test("a rollout within its window ends the alarm; next_step_at says when it is checked")
  func underWay() async throws {
    var scene = ending(200_000).members ?? []
    scene.removeAll { $0.name == "domains" }
    scene.append(
      .init(
        "domains",
        [Scene.domain(edges: [0, .null], more: ["certificate": "short"])]))
    try await Stage.with(.object(scene)) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let resting = try await stage.status()
      #expect(resting[name]["next_step_at"] == .null && resting.exit == 3)
      _ = try await stage.issue(name)
      try await daemon.line("propagation.waiting")
      let waiting = try await stage.status()
      #expect(waiting.exit == 0 && waiting[name]["ending"] == false)
      let next = try #require(waiting[name]["next_step_at"]?.string)
      #expect(next <= waiting[name]["rollout"]?["deadline"]?.string ?? "")
      try await stage.simulate("release")
      try await daemon.line("rollout.completed")
      let proven = try await stage.status()
      #expect(proven.exit == 0 && proven[name]["ending"] == false)
      #expect(proven[name]["next_step_at"] == .null)
    }
  }

  @Test("next_step_at of a hold that ends by itself is its end")
  func endOfHold() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      _ = try await stage.pollingDaemon()
      let hold = try await stage.run("hold", name, "--for", "1h")
      try await stage.condition("held", of: name)
      let next = try #require(try await stage.status()[name]["next_step_at"]?.string)
      #expect(hold.output.contains(" until \(next)"))
    }
  }
}
