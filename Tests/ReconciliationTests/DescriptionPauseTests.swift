import Narration
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

@Suite("Polls that bring nothing new")
struct QuietPollTests {
  private static let quiet = { @Sendable (pacing: inout Pacing) in
    pacing.driftInterval = .hours(6)
    pacing.idleProbeInterval = nil
  }

  @Test("A replacement that comes after many of them is attached at the next poll")
  func replacement() async throws {
    let stage = Stage([mapping("one", of: "a"), mapping("two", of: "a")], pacing: Self.quiet)
    try await stage.play {
      await stage.pass(.hours(2))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      #expect(await stage.wait(atMost: .minutes(6)) { stage.cloud.updates().count == 2 })
    }
  }

  @Test("A list that fails in between, and a list that is as before after it, hide nothing")
  func failedList() async throws {
    let stage = Stage([mapping("one", of: "a")], pacing: Self.quiet)
    try await stage.play {
      await stage.pass(.minutes(32))
      stage.cloud.answer(.list(account("a")), .fails(.throttled))
      await stage.pass(.minutes(12))
      #expect(stage.report.lines(.pollFailed).count == 1)
      stage.cloud.answer(.list(account("a")), .takes(.milliseconds(5)))
      await stage.pass(.minutes(12))
      #expect(await stage.condition(of: "one") == .inSync)
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      #expect(await stage.wait(atMost: .minutes(6)) { stage.cloud.updates().count == 1 })
    }
  }

  @Test("A decision that could not be written is made again with the same list")
  func fullDisk() async throws {
    let stage = Stage([mapping("one", of: "a")], pacing: Self.quiet)
    try await stage.play {
      await stage.pass(.minutes(32))
      stage.state.fail(StateFailure(.full, path: "state.sqlite", message: "no room"))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      await stage.pass(.minutes(22))
      #expect(stage.cloud.updates().isEmpty)
      stage.state.fail(nil)
      #expect(await stage.wait(atMost: .minutes(11)) { stage.cloud.updates().count == 1 })
    }
  }

  @Test("An operator's retry and hold have the domain looked at, and a hold keeps calls from it")
  func orders() async throws {
    let stage = Stage([mapping("one", of: "a")], pacing: Self.quiet)
    try await stage.play {
      await stage.pass(.minutes(32))
      stage.ask(.hold(until: nil), for: "one")
      await stage.pass(.minutes(11))
      #expect(await stage.condition(of: "one") == .held)
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      await stage.pass(.minutes(11))
      #expect(stage.cloud.updates().isEmpty)
      stage.ask(.resume, for: "one")
      #expect(await stage.wait(atMost: .minutes(6)) { stage.cloud.updates().count == 1 })
    }
  }
}
