import Glibc
import LosslessJSON
import TestSupport
import Testing

/// Between a look and its call, orders and settings may change: those of the moment of the call
/// count.
@Suite("Looks that grow old before their call", .timeLimit(.minutes(5)))
struct StaleLookTests {
  /// Polls only when asked.
  private func rarely(_ stage: Stage) -> ConfigFile {
    var config = stage.configWithProfiles
    config.top["poll_interval"] = "1h"
    return config
  }

  /// Issues a replacement for a domain, and keeps the answer back that tells its chain.
  private func replace(_ name: String, of account: Int, _ stage: Stage) async throws -> String {
    let arn = try await stage.issue(name, more: ["account": .string(Scene.account(account))])
    try await stage.simulate("delay", ["operation": "GetCertificate", "object": .string(arn)])
    return arn
  }

  private func chainsAreAsked(_ arns: [String], _ stage: Stage) async throws {
    _ = try await eventually("each chain is asked for") {
      let asked = try await stage.calls("GetCertificate").compactMap { $0["object"]?.string }
      return Set(asked).isSuperset(of: arns) ? true : nil
    }
  }

  @Test("a hold, mode observe and changed settings that come after the look are obeyed")
  func changedAfterTheLook() async throws {
    try await Stage.with(Scene.fleet(2, domains: 3)) { stage in
      var config = rarely(stage)
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      try await daemon.polledAccounts(2)
      let (changed, held, observed) = (Scene.name(1, 0), Scene.name(1, 1), Scene.name(1, 2))
      var arns: [String] = []
      for name in [changed, held, observed] {
        arns.append(try await replace(name, of: 1, stage))
      }
      try await stage.simulate(
        "fault",
        [
          "fault": "unanswered", "operation": "DescribeUserPoolDomain",
          "account": .string(Scene.account(0)), "count": 2,
        ])
      daemon.process.send(SIGUSR1)
      try await chainsAreAsked(arns, stage)

      let looked = ContinuousClock.now
      try await stage.simulate(
        "set",
        [
          "domain": .string(changed),
          "settings": [
            "CustomDomainConfig": ["SecurityPolicy": "TLS_V1_3_2025"], "ManagedLoginVersion": 1,
          ],
        ])
      #expect(try await stage.run("hold", held).status == 0)
      config[observed].more["mode"] = "observe"
      try stage.configure(config)
      let length = daemon.log.count
      daemon.process.send(SIGHUP)
      try await daemon.line("config.loaded", skipping: length) { $0.level == "info" }
      // A description is good for a call for 10 seconds.
      try await Task.sleep(until: looked + .seconds(10.5))
      try await stage.simulate("release")

      // That its settings are the new ones is checked of every call when the stage ends.
      try await daemon.line("update.accepted", domain: changed)
      try await stage.condition("pending", of: observed)
      try await stage.condition("held", of: held)
      try await Task.sleep(for: .milliseconds(500))
      #expect(try await stage.calls("UpdateUserPoolDomain", domain: held).isEmpty)
      #expect(try await stage.calls("UpdateUserPoolDomain", domain: observed).isEmpty)
    }
  }

  @Test("a domain that is held while another update of its account hangs is not updated")
  func heldMeanwhile() async throws {
    try await Stage.with(Scene.fleet(2, domains: 2)) { stage in
      try stage.configure(rarely(stage))
      let daemon = try await stage.pollingDaemon()
      try await daemon.polledAccounts(2)
      let (hanging, held) = (Scene.name(0, 0), Scene.name(0, 1))
      try await stage.simulate(
        "fault",
        ["fault": "hangs", "operation": "UpdateUserPoolDomain", "object": .string(hanging)])
      let new = try await stage.issue(
        hanging, more: ["account": .string(Scene.account(0))])
      let other = try await replace(held, of: 0, stage)
      daemon.process.send(SIGUSR1)
      try await chainsAreAsked([other], stage)
      _ = try await eventually("the update hangs") {
        try await stage.effects(on: hanging) == [new] ? true : nil
      }
      #expect(try await stage.run("hold", held).status == 0)
      try await stage.simulate("release")
      try await daemon.line("replacement.found", domain: held)
      try await Task.sleep(for: .seconds(1))
      #expect(try await stage.calls("UpdateUserPoolDomain", domain: held).isEmpty)
      #expect(try await stage.status().condition(held) == "held")
    }
  }
}
