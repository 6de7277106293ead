import Narration
import Reconciliation
import RolloutCore
import Testing
import VirtualTime

@Suite("Stopping")
struct StopTests {
  @Test("A stop ends looks at once, whatever hangs")
  func looks() async throws {
    let names = (0..<12).map { "d\($0)" }
    let stage = Stage(names.map { mapping($0, of: "a") } + [mapping("other", of: "b")])
    for request in [.list(account("b")), .list(account("a")), .probe(domain("other"))]
      as [FakeCloud.Request]
    {
      stage.cloud.answer(request, .hangs())
    }
    for name in names { stage.cloud.answer(.describe(domain(name)), .hangs()) }
    let ending = try await stage.play { await stage.pass(.seconds(20)) }
    #expect(ending == .stopped)
    #expect(stage.executor.uptime == .seconds(20))
  }

  @Test("A stop during a call waits for its answer and records it")
  func call() async throws {
    let stage = Stage([mapping("one", of: "a"), mapping("two", of: "b")])
    stage.cloud.answer(.update(domain("one")), .takes(.seconds(5)))
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.clock.wake(.pollRequested)
      #expect(await stage.wait { stage.cloud.updates() != [] })
    }
    #expect(stage.state.record(of: domain("one"))?.rollout?.phaseWord == "propagating")
    #expect(stage.report.lines(.updateAccepted).count == 1)
    let called = stage.cloud.updateTimes().first ?? .zero
    #expect(stage.executor.uptime - called == .seconds(5))
  }

  @Test("Nothing is asked and no call is made after a stop", arguments: 0..<20)
  func nothingAfter(seed: UInt64) async throws {
    let names = (0..<12).map { "d\($0)" }
    let stage = Stage(names.enumerated().map { mapping($1, of: "\($0 / 2)") }, seed: seed) {
      $0.pollInterval = .seconds(1)
    }
    for owner in 0..<6 { stage.cloud.add([certificate("new", from: -1)], to: account("\(owner)")) }
    for name in names { stage.cloud.answer(.update(domain(name)), .takes(.seconds(3))) }
    let stopped = Duration.milliseconds(15 + 2 * Int(seed))
    try await stage.play { await stage.pass(stopped) }
    #expect(stage.cloud.updateTimes().allSatisfy { $0 <= stopped })
    for owner in 0..<6 {
      #expect(stage.cloud.times(of: .list(account("\(owner)"))).allSatisfy { $0 <= stopped })
    }
    for name in names {
      #expect(stage.cloud.times(of: .describe(domain(name))).allSatisfy { $0 <= stopped })
      // What was called was also recorded.
      let calls = stage.cloud.updates(of: domain(name)).count
      #expect(stage.state.entries("update.accepted", of: domain(name)) == calls)
    }
  }

  @Test("A look that a stop cuts short is neither recorded nor logged")
  func lookCutShort() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.cloud.answer(.describe(domain("one")), .hangs())
      stage.clock.wake(.pollRequested)
      await stage.pass(.seconds(1))
    }
    #expect(stage.state.record(of: domain("one"))?.condition == .inSync)
    #expect(stage.report.lines(.decisionBlocked).isEmpty)
  }

  @Test("A daemon that was stopped goes on with its rollouts")
  func restart() async throws {
    let fleet = [mapping("one", of: "a")]
    let stage = Stage(fleet)
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.clock.wake(.pollRequested)
      #expect(await stage.wait { stage.cloud.updates() != [] })
    }
    let next = stage.restarted(fleet)
    try await next.play { await next.pass(.hours(1)) }
    #expect(next.report.lines(.rolloutCompleted).count == 1)
    #expect(next.cloud.updates().count == 1)
  }
}
