import Reconciliation
import RolloutCore
import Testing
import VirtualTime

@Suite("Descriptions of domains at rest")
struct DescriptionPauseTests {
  private static let quiet = { @Sendable (pacing: inout Pacing) in
    pacing.driftInterval = .hours(1)
    pacing.idleProbeInterval = nil
  }

  @Test("A quiet poll is one list an account, and a domain is described every drift_interval")
  func economy() async throws {
    let mappings = (0..<4).map { mapping("d\($0)", of: "a") }
    let stage = Stage(mappings, pacing: Self.quiet)
    try await stage.play {
      await stage.pass(.hours(3) + .minutes(2))
    }
    #expect((36...38).contains(stage.cloud.times(of: .list(account("a"))).count))
    for index in 0..<4 {
      let times = stage.cloud.times(of: .describe(domain("d\(index)")))
      #expect((4...5).contains(times.count), "\(times)")
    }
  }

  @Test("A call follows a description that is not older than 10 seconds")
  func beforeCalls() async throws {
    let stage = Stage([mapping("one", of: "a")], pacing: Self.quiet)
    try await stage.play {
      await stage.pass(.minutes(22))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      #expect(await stage.wait { !stage.cloud.updates().isEmpty })
    }
    let called = try #require(stage.cloud.updateTimes().first)
    let described = stage.cloud.times(of: .describe(domain("one"))).filter { $0 <= called }
    #expect(try called - #require(described.last) < .seconds(10))
  }

  @Test("Settings that changed since the last description are sent as they are now")
  func changedSettings() async throws {
    let stage = Stage([mapping("one", of: "a")], pacing: Self.quiet)
    try await stage.play {
      await stage.pass(.minutes(22))
      stage.cloud.set(domain("one")) {
        $0.settings = EchoedSettings(topLevel: ["ManagedLoginVersion": "2"])
      }
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      #expect(await stage.wait { !stage.cloud.updates().isEmpty })
    }
    #expect(stage.cloud.updates().first?.settings.topLevel == ["ManagedLoginVersion": "2"])
  }

  @Test("SIGUSR1 and a new configuration have every domain described", arguments: [true, false])
  func asked(bySignal: Bool) async throws {
    let mappings = (0..<3).map { mapping("d\($0)", of: "a") }
    let stage = Stage(mappings, pacing: Self.quiet)
    try await stage.play {
      await stage.pass(.minutes(12))
      let before = stage.cloud.times(of: .describe(domain("d1"))).count
      if bySignal {
        stage.clock.wake(.pollRequested)
      } else {
        await stage.adopt(mappings, pacing: Self.quiet)
      }
      await stage.pass(.seconds(20))
      #expect(stage.cloud.times(of: .describe(domain("d1"))).count == before + 1)
    }
  }
}
