import Narration
import Reconciliation
import RolloutCore
import Testing
import VirtualTime

@Suite("What is written and logged")
struct LogTests {
  @Test("A quiet day commits nothing and logs nothing above debug")
  func quiet() async throws {
    let stage = Stage([mapping("one", of: "a"), mapping("two", of: "a"), mapping("three", of: "b")])
    try await stage.play {
      await stage.pass(.minutes(1))
      let (commits, lines) = (stage.state.commits.count, stage.report.visibleLines.count)
      let jobs = stage.executor.jobsRun
      await stage.pass(.hours(24))
      #expect(stage.state.commits.count == commits)
      #expect(stage.report.visibleLines.count == lines)
      #expect(stage.report.lines(.pollCompleted).count > 500)
      // 576 polls of a few requests each: the loop does not spin.
      #expect(stage.executor.jobsRun - jobs < 100_000)
    }
  }

  @Test("A time-out whose text differs each time is one warning an hour, and no write")
  func changingText() async throws {
    let stage = Stage([mapping("one", of: "a")]) {
      $0.pollInterval = .minutes(1)
      $0.retryMaximum = .minutes(1)
      $0.expiryWarnings = []
    }
    try await stage.play {
      await stage.pass(.seconds(10))
      stage.cloud.answer(.list(account("a")), .hangs(for: .seconds(20)))
      await stage.pass(.minutes(10))
      let commits = stage.state.commits.count
      let (polls, blocked) = (
        stage.report.lines(.pollFailed).count, stage.report.lines(.decisionBlocked).count
      )
      #expect(polls == 1)
      // One as it begins and one as it lasts.
      #expect(blocked == 2)
      await stage.pass(.hours(5))
      #expect(stage.state.commits.map(\.change.records).dropFirst(commits).allSatisfy { $0 == [] })
      #expect(stage.report.lines(.pollFailed).count == polls + 5)
      #expect(stage.report.lines(.decisionBlocked).count == blocked + 5)
    }
  }

  @Test(
    "A description that is denied for good: a warning at once, an error after three polls, then hourly"
  )
  func deniedDescription() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(10))
      stage.cloud.answer(.describe(domain("one")), .denied)
      await stage.pass(.hours(4))
      let lines = stage.report.lines(.decisionBlocked, of: domain("one"))
      #expect(lines.map(\.event.level) == [.warning, .error, .error, .error, .error])
      #expect(
        lines.map { $0.at.inMilliseconds / 1000 } == [300, 900, 4500, 8100, 11700])
      #expect(await stage.condition(of: "one") == .unknown)
      #expect(stage.cloud.updates() == [])
    }
  }

  @Test("Edges that move to other addresses cause no write")
  func edges() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.minutes(1))
      let commits = stage.state.commits.count
      for number in 2..<10 {
        stage.cloud.moveEdges(to: "192.0.2.\(number):443")
        await stage.pass(.hours(2))
      }
      #expect(stage.cloud.times(of: .probe(domain("one"))).count > 10)
      #expect(stage.state.commits.count == commits)
    }
  }

  @Test("Waiting for the edges is logged when it says something new, and is debug otherwise")
  func waiting() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.cloud.answer(.probe(domain("one")), .hangs(for: .seconds(2)))
      stage.clock.wake(.pollRequested)
      await stage.pass(.minutes(50))
      let lines = stage.report.lines(.propagationWaiting)
      #expect(lines.count > 8)
      #expect(lines.map(\.event.level).count { $0 == .info } == 1)
      #expect(lines.first?.event.level == .info)
      stage.cloud.answer(.probe(domain("one")), .takes(.zero))
      await stage.pass(.minutes(5))
      #expect(
        stage.report.lines(.propagationWaiting).last?.event.level == .info)
    }
  }

  @Test("A good poll is reported when every account was listed, and not before")
  func heartbeat() async throws {
    let stage = Stage([mapping("one", of: "a"), mapping("two", of: "b")])
    stage.cloud.answer(.list(account("b")), .denied)
    try await stage.play {
      await stage.pass(.minutes(20))
      #expect(stage.report.goodPolls == [])
      #expect(stage.report.looksBeganCount == 1)
      stage.cloud.answer(.list(account("b")), .takes(.zero))
      await stage.pass(.minutes(5))
      #expect(stage.report.goodPolls.count >= 1)
      stage.cloud.answer(.list(account("a")), .denied)
      await stage.pass(.minutes(5))
      let polls = stage.report.goodPolls.count
      await stage.pass(.minutes(20))
      #expect(stage.report.goodPolls.count == polls)
    }
  }

  @Test("A domain that cannot be described keeps its account's polls good")
  func heartbeatOfDomains() async throws {
    let stage = Stage([mapping("one", of: "a")])
    stage.cloud.answer(.describe(domain("one")), .denied)
    try await stage.play {
      await stage.pass(.minutes(16))
      #expect(stage.report.goodPolls.count == 4)
    }
  }
}
