import LosslessJSON
import TestSupport
import Testing

@Suite("A start on a full disk", .timeLimit(.minutes(5)))
struct FullDiskTests {
  let name = Scene.name

  @Test(
    "with a rollout under way it watches, makes no update, and recovers by itself",
    .enabled(if: SmallDisk.canMount, "a tmpfs cannot be mounted here: not proven"),
    // A stop removes SQLite's companions of the file, and there is no room for new ones.
    arguments: ["kill", "stop"])
  func start(after end: String) async throws {
    try await Stage.with(Scene.two) { stage in
      let disk = try SmallDisk(stage.directory + "/disk")
      try stage.configure(stage.config, stateFile: disk.path + "/state.sqlite")
      let first = try await stage.pollingDaemon()
      try await stage.simulate("set", ["domain": .string(name), "edge_delays": [0, .null]])
      let new = try await stage.issue(name)
      try await first.line("propagation.waiting", domain: name)
      if end == "kill" { first.crash() } else { #expect(try await first.stop() == .exited(0)) }
      try disk.fill()
      let other = try await stage.issue(Scene.other)

      let second = try await stage.pollingDaemon()
      try await second.line("state.failed") { $0.level == "error" }
      let looks = try await stage.calls("DescribeUserPoolDomain").count
      try await second.polls(2)
      #expect(try await stage.calls("DescribeUserPoolDomain").count >= looks + 2)
      #expect(try await stage.calls("UpdateUserPoolDomain").count == 1)
      #expect(try await stage.status().condition(name) == "propagating")
      try await stage.simulate("release")
      disk.empty()
      try await second.line("rollout.completed", domain: name, within: .seconds(45))
      try await second.line("rollout.completed", domain: Scene.other, within: .seconds(45))
      #expect(try await stage.effects(on: name) == [new])
      #expect(try await stage.effects(on: Scene.other) == [other])
      #expect(try await second.stop() == .exited(0))
    }
  }
}
