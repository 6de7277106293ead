import Foundation
import Glibc
import LosslessJSON
import RolloutCore
import StateStore
import TestSupport
import Testing

@Suite("A hold against a replacement", .timeLimit(.minutes(5)))
struct HoldTests {
  @Test("after hold has returned, no new call is made, however close the race")
  func race() async throws {
    let rounds = 20
    try await Stage.with(Scene.fleet(5, domains: 4)) { stage in
      var config = stage.configWithProfiles
      config.top["poll_interval"] = "1h"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      try await daemon.polledAccounts(5)
      var generator = SeededGenerator(seed: 20)
      var intents: [String: Int] = [:]
      for round in 0..<rounds {
        let (account, index) = (round / 4, round % 4)
        let name = Scene.name(account, index)
        _ = try await stage.issue(name, more: ["account": .string(Scene.account(account))])
        let hold = try stage.process(
          ["hold", name], output: stage.directory + "/hold-\(round)")
        try await Task.sleep(for: .milliseconds(Int.random(in: 0..<120, using: &generator)))
        daemon.process.send(SIGUSR1)
        #expect(try await hold.end() == .exited(0))
        // A call whose intent was on disk before is one that was under way.
        let records = try StateReader.open(path: stage.statePath).snapshot().records
        intents[name] = records.first { $0.domain.text == name }?.rollout?.attempts ?? 0
      }
      daemon.process.send(SIGUSR1)
      try await Task.sleep(for: .seconds(1.5))
      for (name, intents) in intents {
        let calls = try await stage.calls("UpdateUserPoolDomain", domain: name).count
        #expect(calls == intents, "\(name)")
        #expect(try await stage.status().condition(name) == "held")
      }
    }
  }
}
