import LosslessJSON
import RolloutCore
import StateStore
import TestSupport
import Testing

@Suite("An operator's retry", .timeLimit(.minutes(5)))
struct RetryTests {
  let name = Scene.name

  @Test("is kept while the domain cannot be described, and through a kill, until it is carried out")
  func keptThroughKill() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config[name].more["on_drift"] = "report"
      try stage.configure(config)
      let old = try await stage.attached(to: name)
      let first = try await stage.pollingDaemon()
      let mine = try await stage.issue(name)
      try await first.line("rollout.completed")
      try await stage.simulate("attach", ["domain": .string(name), "arn": .string(old)])
      try await stage.condition("drifted", of: name)
      try await stage.simulate(
        "fault",
        ["fault": "throttled", "operation": "DescribeUserPoolDomain", "count": 100_000])
      #expect(try await stage.run("retry", name).status == 0)
      _ = try await eventually("the request is taken") {
        let records = try StateReader.open(path: stage.statePath).snapshot().records
        return records.first?.retryRequested == true ? true : nil
      }
      first.crash()

      let second = try await stage.pollingDaemon()
      try await second.line("decision.blocked")
      #expect(try await stage.effects(on: name) == [mine])
      try await stage.simulate("release")
      try await second.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [mine, mine])
      #expect(try await stage.attached(to: name) == mine)
    }
  }

  @Test("makes the update again for a domain that Cognito shows as FAILED")
  func failedDomain() async throws {
    let more: JSONValue = ["ends_failed": true, "failure_keeps_new_arn": true, "active_after": 0]
    try await Stage.with(Scene.one(more: more)) { stage in
      let arn = try await stage.attached(to: name)
      try await stage.simulate("attach", ["domain": .string(name), "arn": .string(arn)])
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let failed = try await stage.condition("refused", of: name)
      #expect(failed["reason"]?.string?.hasPrefix("domain_failed: ") == true)
      try await daemon.polls(2)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      try await stage.simulate("set", ["domain": .string(name), "ends_failed": false])
      #expect(try await stage.run("retry", name).status == 0)
      try await stage.condition("in_sync", of: name)
      #expect(try await stage.effects(on: name) == [arn])
    }
  }
}
