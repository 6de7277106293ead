import Narration
import Reconciliation
import RolloutCore
import Testing
import VirtualTime

@Suite("A clock that is set")
struct ClockTests {
  @Test(
    "The next poll is on time when the clock is set during a list call", arguments: [-2, 2, -48])
  func poll(hours: Int64) async throws {
    let stage = Stage([mapping("one", of: "a")]) { $0.pollInterval = .minutes(5) }
    stage.cloud.answer(.list(account("a")), .takes(.seconds(10)))
    try await stage.play {
      await stage.pass(.seconds(305))
      stage.clock.step(by: .hours(hours))
      await stage.pass(.minutes(20))
      #expect(
        stage.cloud.times(of: .list(account("a")))
          == [0, 300, 600, 900, 1200, 1500].map { .seconds($0) })
      #expect(stage.report.lines(.clockStepped).count == 1)
    }
  }

  @Test("A rollout under way keeps its pace when the clock is set", arguments: [-2, 2])
  func rollout(hours: Int64) async throws {
    func play(_ step: Duration) async throws -> [Duration] {
      let stage = Stage([mapping("one", of: "a")])
      try await stage.play {
        await stage.pass(.seconds(1))
        stage.cloud.add([certificate("new", from: -1)], to: account("a"))
        stage.clock.wake(.pollRequested)
        await stage.pass(.seconds(50))
        stage.clock.step(by: step)
        await stage.pass(.minutes(30))
      }
      #expect(stage.report.lines(.rolloutOverdue).isEmpty)
      return stage.report.lines(.rolloutCompleted).map(\.at)
    }
    let (steady, stepped) = (try await play(.zero), try await play(.hours(hours)))
    #expect(steady.count == 1)
    #expect(steady == stepped)
  }

  @Test(
    "A clock that is set while a decision is written does not move the next look",
    arguments: [-2, 2])
  func duringCommit(hours: Int64) async throws {
    let stage = Stage([mapping("one", of: "a")]) {
      $0.pollInterval = .hours(6)
      $0.checkInterval = .seconds(30)
    }
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.clock.wake(.pollRequested)
      #expect(await stage.wait { stage.cloud.updates() != [] })
      stage.state.takes(.seconds(3))
      stage.cloud.answer(.probe(domain("one")), .fails(.unreachable))
      // The first check finds no edge: its outcome is written while the clock is set.
      #expect(await stage.wait { stage.cloud.times(of: .probe(domain("one"))).count == 2 })
      await stage.pass(.seconds(1))
      stage.clock.step(by: .hours(hours))
      await stage.pass(.minutes(3))
      #expect(stage.cloud.times(of: .probe(domain("one"))).count >= 4)
    }
  }

  @Test("A clock that is set while a domain waits for a lower wave of its account delays neither")
  func duringWave() async throws {
    let stage = Stage([mapping("canary", of: "a"), mapping("main", of: "a", wave: 1)])
    try await stage.play {
      await stage.pass(.hours(2))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.cloud.answer(.describe(domain("canary")), .takes(.seconds(20)))
      stage.clock.wake(.pollRequested)
      await stage.pass(.seconds(10))
      stage.clock.step(by: .hours(-2))
      stage.cloud.answer(.describe(domain("canary")), .takes(.zero))
      await stage.pass(.minutes(30))
      #expect(stage.cloud.attached(to: domain("main")) == arn("new"))
    }
  }

  @Test("Times that a wrong clock wrote two days ahead do not delay the next check")
  func recordsAhead() async throws {
    let fleet = [mapping("one", of: "a")]
    let stage = Stage(fleet)
    try await stage.play {
      stage.clock.step(by: .days(2))
      await stage.pass(.seconds(1))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.clock.wake(.pollRequested)
      await stage.pass(.seconds(50))
      #expect(await stage.condition(of: "one") == .propagating)
    }
    // Corrected while the daemon is down.
    stage.clock.step(by: .days(-2))
    let written = stage.state.record(of: domain("one"))
    let started = stage.executor.uptime
    let next = stage.restarted(fleet)
    try await next.play {
      await next.pass(.minutes(15))
      let checks = next.cloud.times(of: .probe(domain("one"))).filter { $0 > started }
      #expect((checks.first ?? .hours(99)) - started <= .minutes(5) + .seconds(1))
      #expect(next.report.lines(.rolloutCompleted).count == 1)
    }
    // The record was written with the wrong clock's times.
    #expect((written?.rollout?.nextStepAt ?? .distantPast) > noon + .hours(47))
  }
}
