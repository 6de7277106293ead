import Narration
import POSIX
import Reconciliation
import RolloutCore
import Testing
import VirtualTime

@Suite("Before and after a call")
struct CallTests {
  private static func issue(_ stage: Stage, _ owner: String = "a") {
    stage.cloud.add([certificate("new", from: -1)], to: account(owner))
    stage.clock.wake(.pollRequested)
  }

  @Test("No call is made when its intent could not be written, and it is made once it can be")
  func intentFirst() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.state.fail(FakeState.full)
      CallTests.issue(stage)
      await stage.pass(.hours(1))
      #expect(stage.cloud.updates() == [])
      #expect(stage.report.lines(.updateSubmitted).isEmpty)
      #expect(stage.report.lines(.stateFailed).count == 1)
      let recovered = stage.executor.uptime
      stage.state.fail(nil)
      await stage.pass(.minutes(5))
      #expect(stage.cloud.updates().count == 1)
      #expect((stage.cloud.updateTimes().first ?? .zero) - recovered < .seconds(35))
    }
  }

  @Test("Each intent is written alone, just before its own call")
  func oneIntent() async throws {
    let names = (0..<4).map { "d\($0)" }
    let stage = Stage(names.map { mapping($0, of: "a") })
    stage.state.takes(.milliseconds(300))
    let last = Guarded<[(call: DomainName, intent: [DomainName], age: Duration)]>([])
    stage.cloud.beforeEachUpdate { update in
      let intent = stage.state.commits.last { $0.change.guarding != nil }
      let age = stage.executor.uptime - (intent?.at ?? .zero)
      last.withLock { $0.append((update.domain, intent?.change.records.map(\.domain) ?? [], age)) }
    }
    try await stage.play {
      await stage.pass(.seconds(10))
      CallTests.issue(stage)
      await stage.pass(.seconds(30))
      let calls = last.withLock { $0 }
      #expect(calls.count == 4)
      for (call, intent, age) in calls {
        #expect(intent == [call])
        #expect(age == .zero)
      }
    }
  }

  @Test("An operator's request that waits as the intent is written prevents the call")
  func requestAtTheLastMoment() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.state.beforeNextGuardedCommit { stage.state.ask(.hold(until: nil), for: domain("one")) }
      CallTests.issue(stage)
      await stage.pass(.minutes(30))
      #expect(stage.cloud.updates() == [])
      #expect(await stage.condition(of: "one") == .held)
      #expect(stage.state.record(of: domain("one"))?.condition == .held)
      #expect(stage.state.waitingRequests == 0)
      #expect(stage.report.lines(.updateSubmitted).isEmpty)
      #expect(stage.state.entries("update.submitted") == 0)
      #expect(stage.report.lines(.stateFailed).isEmpty)
    }
  }

  @Test("Every answer is a sign of life")
  func signsOfLife() async throws {
    let stage = Stage([mapping("one", of: "a")])
    let requests: [FakeCloud.Request] = [
      .list(account("a")), .pem(account("a")), .probe(domain("one")), .update(domain("one")),
      .describe(domain("one")),
    ]
    // Each kind of request ends at a time of its own.
    for (number, request) in requests.enumerated() {
      stage.cloud.answer(request, .takes(.milliseconds(1001 + 100 * number)))
    }
    try await stage.play {
      await stage.pass(.seconds(10))
      CallTests.issue(stage)
      await stage.pass(.minutes(10))
      let signs = Set(stage.report.signsOfLife)
      for (number, request) in requests.enumerated() {
        let times = stage.cloud.times(of: request)
        #expect(!times.isEmpty)
        for time in times where time < stage.executor.uptime - .seconds(2) {
          #expect(signs.contains(time + .milliseconds(1001 + 100 * number)), "\(request)")
        }
      }
    }
  }

  @Test("History whose commit failed goes with the next commit")
  func history() async throws {
    let stage = Stage([mapping("one", of: "a")])
    stage.cloud.beforeEachUpdate { _ in stage.state.fail(FakeState.full) }
    try await stage.play {
      await stage.pass(.seconds(1))
      CallTests.issue(stage)
      await stage.pass(.seconds(10))
      #expect(stage.cloud.updates().count == 1)
      #expect(stage.state.entries("update.accepted") == 0)
      #expect(stage.report.lines(.updateAccepted).isEmpty)
      stage.state.fail(nil)
      await stage.pass(.minutes(2))
      #expect(stage.state.entries("update.accepted") == 1)
      #expect(stage.report.lines(.updateAccepted).count == 1)
      #expect(stage.state.record(of: domain("one"))?.rollout?.phaseWord == "propagating")
    }
  }

  @Test(
    "Answers of many calls that could not be written are written and logged once, by whatever commit comes first",
    arguments: 0..<20)
  func manyUnwrittenAnswers(seed: UInt64) async throws {
    let names = (0..<8).map { "d\($0)" }
    let stage = Stage(
      names.enumerated().map { mapping($1, of: "\($0 % 4)") }, seed: seed)
    stage.cloud.beforeEachUpdate { _ in stage.state.fail(FakeState.full) }
    for name in names { stage.cloud.answer(.update(domain(name)), .takes(.seconds(5))) }
    try await stage.play {
      await stage.pass(.seconds(1))
      // All intents are written at once, before the first call.
      stage.state.takes(.seconds(1))
      for owner in 0..<4 {
        stage.cloud.add([certificate("new", from: -1)], to: account("\(owner)"))
      }
      stage.clock.wake(.pollRequested)
      await stage.pass(.seconds(25))
      stage.state.fail(nil)
      stage.cloud.beforeEachUpdate { _ in }
      await stage.pass(.minutes(20))
      for name in names {
        let calls = stage.cloud.updates(of: domain(name)).count
        #expect(calls == 1)
        #expect(stage.state.entries("update.accepted", of: domain(name)) == 1)
        #expect(stage.report.lines(.updateAccepted, of: domain(name)).count == 1)
        #expect(
          stage.state.record(of: domain(name)) == (await stage.record(of: name)))
      }
    }
  }

  @Test("No event is logged before its state is written")
  func stateBeforeLog() async throws {
    let stage = Stage([mapping("one", of: "a"), mapping("two", of: "a", wave: 1)])
    stage.state.takes(.milliseconds(200))
    let early = Guarded<[Event.Kind]>([])
    stage.report.onEachEvent { event in
      guard event.fields[.domain] != nil, event.level != .debug, event.level != .info else {
        return
      }
      let written = stage.state.history.count { $0.event == event.kind.rawValue }
      let logged = stage.report.lines(event.kind).count {
        $0.event.level != .debug && $0.event.level != .info
      }
      if written < logged { early.withLock { $0.append(event.kind) } }
    }
    try await stage.play {
      await stage.pass(.seconds(10))
      CallTests.issue(stage)
      await stage.pass(.minutes(10))
      stage.cloud.answer(.describe(domain("one")), .denied)
      await stage.pass(.hours(1))
      #expect(early.withLock { $0 } == [])
      #expect(stage.report.lines(.rolloutCompleted).count == 2)
      #expect(!stage.report.lines(.decisionBlocked).isEmpty)
    }
  }

  @Test("After lost answers no domain is updated twice before check_interval", arguments: 0..<5)
  func lostAnswers(seed: UInt64) async throws {
    let names = (0..<40).map { "d\($0)" }
    let stage = Stage(names.enumerated().map { mapping($1, of: "\($0 / 4)") }, seed: seed) {
      $0.checkInterval = .seconds(30)
      $0.retryInitial = .seconds(1)
      $0.pollInterval = .seconds(1)
    }
    for name in names { stage.cloud.answer(.update(domain(name)), .answerLost) }
    stage.cloud.lagDescriptions(by: .seconds(3))
    try await stage.play {
      await stage.pass(.seconds(5))
      for owner in 0..<10 {
        stage.cloud.add([certificate("new", from: -1)], to: account("\(owner)"))
      }
      for _ in 0..<5 {
        await stage.pass(.milliseconds(700))
        stage.clock.wake(.pollRequested)
      }
      await stage.pass(.minutes(10))
      for name in names {
        #expect(stage.cloud.updates(of: domain(name)).count == 1)
        #expect(await stage.condition(of: name) == .inSync)
      }
    }
  }

  @Test("A call whose answer is lost and that had no effect is made again after check_interval")
  func lostCalls() async throws {
    let stage = Stage([mapping("one", of: "a")]) { $0.retryInitial = .seconds(1) }
    stage.cloud.answer(.update(domain("one")), .fails(.answerLost))
    try await stage.play {
      await stage.pass(.seconds(1))
      CallTests.issue(stage)
      for _ in 0..<20 {
        await stage.pass(.seconds(1))
        stage.clock.wake(.pollRequested)
      }
      await stage.pass(.minutes(2))
      let times = stage.cloud.updateTimes()
      #expect(times.count > 1)
      for (earlier, later) in zip(times, times.dropFirst()) {
        #expect(later - earlier >= .seconds(30))
      }
    }
  }

  @Test("A slow state file delays a call, and a request for its domain meanwhile is obeyed")
  func slowState() async throws {
    let stage = Stage([mapping("one", of: "a"), mapping("two", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.state.takes(.seconds(4))
      CallTests.issue(stage)
      await stage.pass(.seconds(2))
      stage.ask(.retry, for: "one")
      stage.ask(.hold(until: nil), for: "two")
      await stage.pass(.minutes(1))
      #expect(stage.cloud.updates(of: domain("one")).count == 1)
      #expect(stage.cloud.updates(of: domain("two")) == [])
      #expect(await stage.condition(of: "two") == .held)
      #expect(stage.state.waitingRequests == 0)
    }
  }
}
