import Narration
import Reconciliation
import RolloutCore
import Testing
import VirtualTime

@Suite("What operators ask for")
struct RequestTests {
  /// A domain that was rolled out to `new` and that someone then moved back to `old`, twice.
  private static func drift(_ stage: Stage) async {
    await stage.pass(.seconds(1))
    stage.cloud.add([certificate("new", from: -1)], to: account("a"))
    stage.clock.wake(.pollRequested)
    await stage.pass(.minutes(30))
    for _ in 0..<2 {
      stage.cloud.set(domain("one")) { $0.certificate = arn("old") }
      await stage.pass(.minutes(30))
    }
    #expect(await stage.condition(of: "one") == .drifted)
  }

  @Test("'retry' of a drifted domain is kept while it cannot be described, and across a restart")
  func keptRetry() async throws {
    let fleet = [mapping("one", of: "a")]
    let stage = Stage(fleet)
    try await stage.play {
      await RequestTests.drift(stage)
      stage.cloud.answer(.describe(domain("one")), .fails(.throttled))
      stage.ask(.retry, for: "one")
      await stage.pass(.minutes(20))
      #expect(stage.state.waitingRequests == 0)
    }
    let calls = stage.cloud.updates().count
    let next = stage.restarted(fleet)
    try await next.play {
      await next.pass(.minutes(10))
      #expect(next.cloud.updates().count == calls)
      next.cloud.answer(.describe(domain("one")), .takes(.zero))
      await next.pass(.minutes(30))
      #expect(next.cloud.updates().count == calls + 1)
      #expect(next.cloud.attached(to: domain("one")) == arn("new"))
      // It was carried out once.
      next.cloud.set(domain("one")) { $0.certificate = arn("old") }
      await next.pass(.hours(1))
      #expect(next.cloud.updates().count == calls + 1)
    }
  }

  @Test("SIGUSR1, a reload and 'retry' read the credentials again")
  func credentials() async throws {
    let fleet = [mapping("one", of: "a")]
    let stage = Stage(fleet)
    @Sendable func refreshes() -> Int { stage.cloud.times(of: .refreshCredentials).count }
    try await stage.play {
      await stage.pass(.seconds(1))
      #expect(refreshes() == 0)
      stage.clock.wake(.pollRequested)
      await stage.pass(.seconds(1))
      #expect(refreshes() == 1)
      await stage.adopt(fleet)
      await stage.pass(.seconds(1))
      #expect(refreshes() == 2)
      stage.ask(.retry, for: "one")
      await stage.pass(.seconds(1))
      #expect(refreshes() == 3)
      stage.ask(.hold(until: nil), for: "one")
      await stage.pass(.seconds(1))
      #expect(refreshes() == 3)
    }
  }

  @Test("'retry' for a domain that Cognito shows FAILED sends the update again")
  func failedDomain() async throws {
    let stage = Stage([mapping("one", of: "a")])
    stage.cloud.set(domain("one")) { $0.status = .failed }
    try await stage.play {
      await stage.pass(.minutes(20))
      #expect(stage.cloud.updates() == [])
      #expect(await stage.condition(of: "one") == .refused)
      stage.ask(.retry, for: "one")
      await stage.pass(.seconds(5))
      #expect(stage.cloud.updates().map(\.certificate) == [arn("old")])
      await stage.pass(.minutes(20))
      #expect(await stage.condition(of: "one") == .inSync)
      #expect(stage.cloud.updates().count == 1)
    }
  }

  @Test("Requests are obeyed in their order, and each once", arguments: 0..<30)
  func order(seed: UInt64) async throws {
    let stage = Stage([mapping("one", of: "a"), mapping("two", of: "a")], seed: seed)
    try await stage.play {
      stage.state.takes(.milliseconds(700))
      await stage.pass(.seconds(10))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.clock.wake(.pollRequested)
      var dice = Dice(seed: seed)
      for _ in 0..<10 {
        stage.ask(.hold(until: nil), for: "one")
        await stage.pass(.milliseconds(Int.random(in: 0...900, using: &dice)))
        stage.ask(.resume, for: "one")
        await stage.pass(.milliseconds(Int.random(in: 0...900, using: &dice)))
      }
      await stage.pass(.minutes(15))
      #expect(stage.state.waitingRequests == 0)
      #expect(await stage.record(of: "one")?.hold == nil)
      #expect(await stage.condition(of: "one") == .inSync)
      #expect(stage.cloud.updates(of: domain("one")).count == 1)
    }
  }

  @Test("A hold that cannot be written is in force all the same, and kept until it is")
  func unwrittenHold() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.state.fail(FakeState.full)
      stage.ask(.hold(until: nil), for: "one")
      await stage.pass(.seconds(1))
      #expect(await stage.condition(of: "one") == .held)
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      await stage.pass(.minutes(20))
      stage.state.fail(nil)
      await stage.pass(.minutes(20))
      #expect(stage.cloud.updates() == [])
      #expect(stage.state.record(of: domain("one"))?.condition == .held)
    }
  }
}
