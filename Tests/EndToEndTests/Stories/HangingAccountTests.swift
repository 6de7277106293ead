import Glibc
import LosslessJSON
import RolloutCore
import TestSupport
import Testing

@Suite("Accounts that hang", .timeLimit(.minutes(5)))
struct HangingAccountTests {
  private func hang(_ count: Int, _ stage: Stage) async throws {
    for account in 0..<count {
      try await stage.simulate(
        "fault",
        ["fault": "unanswered", "account": .string(Scene.account(account)), "count": 100_000])
    }
  }

  /// Waits until a call of every one of those accounts hangs.
  private func areHanging(_ count: Int, _ stage: Stage) async throws {
    _ = try await eventually("\(count) accounts hang") {
      // A cycle that had its list before the fault hangs at another request.
      let answer = try await stage.simulate("calls")
      let calls = (answer["calls"]?.array ?? []).filter { $0["fault"] != .null }
      return Set(calls.compactMap { $0["account"]?.string }).count == count ? true : nil
    }
  }

  @Test(
    "while some accounts hang, a replacement in another one is attached within the poll and a second",
    arguments: [(hanging: 3, count: 12), (hanging: 20, count: 24)])
  func neighbours(hanging: Int, count: Int) async throws {
    try await Stage.with(Scene.fleet(count)) { stage in
      try stage.configure(stage.configWithProfiles)
      let daemon = try await stage.pollingDaemon()
      try await hang(hanging, stage)
      try await areHanging(hanging, stage)
      var delays: [Duration] = []
      for account in hanging..<min(count, hanging + 4) {
        let name = Scene.name(account)
        let issued = ContinuousClock.now
        _ = try await stage.issue(name, more: ["account": .string(Scene.account(account))])
        try await daemon.line("update.submitted", domain: name)
        delays.append(ContinuousClock.now - issued)
      }
      // A machine that is busy with other tests may be late once, but not each time.
      #expect(delays.sorted()[delays.count / 2] < .seconds(2), "\(delays)")
      #expect(delays.allSatisfy { $0 < .seconds(5) }, "\(delays)")
      for account in 0..<hanging {
        #expect(try await stage.effects(on: Scene.name(account)).isEmpty)
      }
    }
  }

  @Test("SIGTERM while several accounts hang ends within 10 seconds, and loses nothing")
  func stop() async throws {
    try await Stage.with(Scene.fleet(8)) { stage in
      try stage.configure(stage.configWithProfiles)
      let first = try await stage.pollingDaemon()
      let updated = Scene.name(7)
      try await stage.simulate(
        "fault",
        ["fault": "hangs", "operation": "UpdateUserPoolDomain", "object": .string(updated)])
      let new = try await stage.issue(
        updated, more: ["account": .string(Scene.account(7))])
      _ = try await eventually("the update hangs") {
        try await stage.effects(on: updated).isEmpty ? nil : true
      }
      try await hang(6, stage)
      try await areHanging(6, stage)
      first.process.send(SIGTERM)
      try await first.line("daemon.stopping", within: .seconds(3))
      #expect(try await first.process.end(within: .seconds(10)) == .exited(0))
      try await stage.simulate("release")

      let second = try await stage.pollingDaemon()
      try await second.line("rollout.completed", domain: updated)
      #expect(try await stage.effects(on: updated) == [new])
      #expect(try await stage.calls("UpdateUserPoolDomain").count == 1)
      _ = try await eventually("every domain is in sync") {
        try await stage.status().domains.allSatisfy { $0["condition"] == "in_sync" } ? true : nil
      }
    }
  }
}
