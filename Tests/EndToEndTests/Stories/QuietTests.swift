import Foundation
import LosslessJSON
import Testing

@Suite("Nothing to do", .timeLimit(.minutes(5)))
struct QuietTests {
  let name = Scene.name

  /// Every file of the state: its bytes, and when it was written to.
  private func stamps(_ stage: Stage) throws -> [String: String] {
    var stamps: [String: String] = [:]
    for suffix in ["", "-wal", "-lock", ".lock"] {
      let path = stage.statePath + suffix
      guard let content = FileManager.default.contents(atPath: path) else { continue }
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      let date = attributes[.modificationDate].map { "\($0)" } ?? ""
      stamps[suffix] = "\(content.hashValue) \(content.count) \(date)"
    }
    return stamps
  }

  private func expectQuiet(_ stage: Stage, _ daemon: Daemon) async throws {
    let before = try stamps(stage)
    #expect(before.count >= 2)
    let lines = daemon.log.count
    try await daemon.polls(3)
    #expect(try stamps(stage) == before)
    let loud = daemon.log.dropFirst(lines).filter(\.isAboveDebug)
    #expect(loud.isEmpty, "\(loud)")
  }

  @Test("a poll that finds all in order writes nothing and says nothing above debug")
  func inSync() async throws {
    try await Stage.with(Scene.two) { stage in
      var config = stage.config
      config.propagation["idle_probe_interval"] = "500ms"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      try await expectQuiet(stage, daemon)
      try await stage.simulate("replace")
      try await daemon.line("rollout.completed", domain: name)
      try await daemon.line("rollout.completed", domain: Scene.other)
      try await daemon.polls(1)
      try await expectQuiet(stage, daemon)
    }
  }

  @Test(
    "nor does one that finds what a person knows of already",
    arguments: ["refused", "unknown", "pending", "held", "no_candidate", "drifted"])
  func standing(condition: String) async throws {
    let more: JSONValue = condition == "refused" ? ["refusal": "parent_domain"] : [:]
    try await Stage.with(Scene.one(more: more)) { stage in
      var config = stage.config
      if condition == "pending" { config[name].more["mode"] = "observe" }
      if condition == "drifted" { config[name].more["on_drift"] = "report" }
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let old = try await stage.attached(to: name)
      switch condition {
      case "unknown":
        try await stage.simulate(
          "fault",
          [
            "fault": "empty_description", "operation": "DescribeUserPoolDomain",
            "count": 100_000,
          ])
      case "no_candidate": try await stage.simulate("revoke", ["arn": .string(old)])
      case "held":
        #expect(try await stage.run("hold", name).status == 0)
        _ = try await stage.issue(name)
      case "drifted":
        _ = try await stage.issue(name)
        try await daemon.line("rollout.completed")
        try await stage.simulate("attach", ["domain": .string(name), "arn": .string(old)])
      default: _ = try await stage.issue(name)
      }
      try await stage.condition(condition, of: name)
      try await daemon.polls(1)
      try await expectQuiet(stage, daemon)
    }
  }

  @Test("the state file, its companions and the heartbeat are for their owner alone")
  func permissions() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      // The heartbeat follows the line of the poll.
      try await daemon.polls(1)
      for suffix in ["", "-wal", "-shm", ".lock", ".heartbeat"] {
        let attributes = try FileManager.default.attributesOfItem(
          atPath: stage.statePath + suffix)
        #expect(attributes[.posixPermissions] as? Int == 0o600, "\(suffix)")
      }
    }
  }
}
