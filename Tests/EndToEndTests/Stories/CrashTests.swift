import LosslessJSON
import TestSupport
import Testing

@Suite("Killed without warning", .timeLimit(.minutes(5)))
struct CrashTests {
  let name = Scene.name

  enum Moment: String, CaseIterable, Sendable {
    case whileTheReplacementSoaks
    case beforeTheCallArrives
    case whileTheAnswerIsAwaited
    case whenTheCallWasAccepted
    case betweenTwoRoundsOfProof
    case whenOverdue
  }

  @Test(
    "at any step, the next start forgets nothing, and one call has effect",
    arguments: Moment.allCases, ["at_once", "when_active"])
  func killed(at moment: Moment, shows: String) async throws {
    let more: JSONValue = [
      "edge_delays": [0.1, 0.8], "active_after": 1.5, "shows_new_arn": .string(shows),
    ]
    try await Stage.with(Scene.one(more: more)) { stage in
      var config = stage.config
      if moment == .whileTheReplacementSoaks {
        config[name].certificate = "{ any: true, soak: 2s }"
      }
      if moment == .betweenTwoRoundsOfProof {
        // So slow that the kill comes before the second round also on a busy machine.
        config.propagation["check_interval"] = "1s"
        config.propagation["max_check_interval"] = "1500ms"
      }
      if moment == .whenOverdue {
        config.propagation["window"] = "500ms"
        try await stage.simulate(
          "set", ["domain": .string(name), "edge_delays": [0, .null], "active_after": 0])
      }
      try stage.configure(config)
      let first = try await stage.pollingDaemon()
      switch moment {
      case .beforeTheCallArrives: try await fault("unanswered", stage)
      case .whileTheAnswerIsAwaited: try await fault("hangs", stage)
      case .whileTheReplacementSoaks, .whenTheCallWasAccepted, .betweenTwoRoundsOfProof,
        .whenOverdue:
        break
      }
      let new = try await stage.issue(name)
      try await comes(moment, stage, first)
      first.crash()
      let before = try await stage.status()[name]
      #expect(before["desired_certificate_arn"]?.string == new)
      if moment == .whenOverdue { try await stage.simulate("release") }

      let second = try await stage.pollingDaemon()
      try await second.line("rollout.completed", domain: name)
      let after = try await stage.status()
      #expect(after.exit == 0 && after.condition(name) == "in_sync")
      let rollout = after[name]["rollout"] ?? .null
      #expect(rollout["phase"] == "completed" && rollout["proof"] == "edge")
      #expect(rollout["certificate_arn"]?.string == new)
      if before["rollout"] != .null {
        for member in ["id", "started_at", "previous_certificate_arn"] {
          #expect(rollout[member] == before["rollout"]?[member], "\(member)")
        }
      }
      #expect(second.lines("replacement.found").isEmpty, "it was told before")
      #expect(try await stage.effects(on: name) == [new])
      let calls = try await stage.calls("UpdateUserPoolDomain").count
      #expect(calls == (moment == .beforeTheCallArrives ? 2 : 1))
    }
  }

  private func fault(_ fault: String, _ stage: Stage) async throws {
    try await stage.simulate(
      "fault", ["fault": .string(fault), "operation": "UpdateUserPoolDomain"])
  }

  private func comes(_ moment: Moment, _ stage: Stage, _ daemon: Daemon) async throws {
    switch moment {
    case .whileTheReplacementSoaks: try await daemon.line("replacement.found")
    case .beforeTheCallArrives, .whileTheAnswerIsAwaited:
      try await daemon.line("update.submitted")
      _ = try await eventually("Cognito has the call") {
        try await stage.calls("UpdateUserPoolDomain").isEmpty ? nil : true
      }
    case .whenTheCallWasAccepted: try await daemon.line("update.accepted")
    case .betweenTwoRoundsOfProof:
      try await daemon.line("propagation.waiting") { $0["confirmations"] == "1" }
    case .whenOverdue: try await daemon.line("rollout.overdue")
    }
  }

  @Test("again and again, it still comes to its end with one call")
  func again() async throws {
    try await Stage.with(Scene.one(more: ["active_after": 1.5])) { stage in
      try stage.configure(stage.config)
      let new = try await stage.issue(name)
      for round in 0..<12 {
        let daemon = try stage.daemon()
        // At another place each time, from the first file it opens to the middle of a pass.
        try await Task.sleep(for: .milliseconds(25 + 35 * round))
        daemon.crash()
      }
      let last = try await stage.pollingDaemon()
      _ = try await stage.condition("in_sync", of: name)
      #expect(try await stage.effects(on: name) == [new])
      #expect(try await stage.status()[name]["rollout"]?["proof"] == "edge")
      #expect(try await last.stop() == .exited(0))
    }
  }

  @Test("a lost answer is looked after, and the call is not made twice")
  func answerLost() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await fault("answer_lost", stage)
      let new = try await stage.issue(name)
      try await daemon.line("update.retrying")
      try await daemon.line("rollout.completed")
      #expect(try await stage.calls("UpdateUserPoolDomain").count == 1)
      #expect(try await stage.effects(on: name) == [new])
      #expect(daemon.lines("update.submitted").count == 1)
      #expect(daemon.lines("update.accepted").count == 1)
    }
  }

  @Test("a call that Cognito never got is made again")
  func requestLost() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await fault("request_lost", stage)
      let new = try await stage.issue(name)
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
      #expect(try await stage.calls("UpdateUserPoolDomain").count == 2)
      #expect(try await stage.status()[name]["rollout"]?["attempts"] == 2)
    }
  }
}
