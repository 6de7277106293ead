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

  private static func acts(_ stage: Stage) -> [String] {
    stage.state.history.filter { $0.event.hasSuffix(".requested") }.map { entry in
      let user = entry.fields["user"] ?? "nobody"
      return "\(entry.domain?.text ?? "-") \(entry.event) by \(user)"
    }
  }

  @Test("Each is in the history with who asked and when, and is logged once it is there")
  func recorded() async throws {
    let stage = Stage([mapping("one", of: "a")])
    stage.report.onEachEvent { event in
      guard event.kind.rawValue.hasSuffix(".requested") else { return }
      #expect(stage.state.entries(event.kind.rawValue) > 0, "it is logged too early")
    }
    try await stage.play {
      await stage.pass(.seconds(10))
      stage.state.ask(
        .hold(until: noon + .hours(2)), for: domain("one"), by: "alice", at: noon + .seconds(3))
      stage.state.ask(.resume, for: domain("one"), by: "bob", at: noon + .seconds(5))
      stage.state.ask(.retry, for: domain("one"), by: "eve\u{1b}[31m", at: noon + .seconds(7))
      stage.clock.wake(.operatorRequest)
      await stage.pass(.seconds(1))
    }
    #expect(
      RequestTests.acts(stage) == [
        "one.example.com hold.requested by alice", "one.example.com resume.requested by bob",
        "one.example.com retry.requested by eve\\u{1b}[31m",
      ])
    let hold = try #require(stage.state.history.first { $0.event == "hold.requested" })
    #expect(hold.at == noon + .seconds(3) && hold.level == "notice")
    #expect(hold.fields["until"] == (noon + .hours(2)).rfc3339)
    #expect(hold.fields["user_pool_id"] == "eu-west-1_Ab12Cd34E")
    for kind in [Event.Kind.holdRequested, .resumeRequested, .retryRequested] {
      #expect(stage.report.lines(kind, of: domain("one")).count == 1)
    }
    // In the transaction that removes the requests.
    let commit = try #require(stage.state.commits.first { !$0.change.handled.isEmpty })
    #expect(commit.change.handled.count == 3)
    #expect(commit.change.history.count { $0.event.hasSuffix(".requested") } == 3)
  }

  @Test("'resume --wave' is in the history with who asked, and without a domain")
  func recordedWave() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.state.ask(.resumeWave(3), for: nil, by: "carol")
      stage.clock.wake(.operatorRequest)
      await stage.pass(.seconds(1))
    }
    #expect(RequestTests.acts(stage) == ["- resume.requested by carol"])
    #expect(stage.state.history.first { $0.domain == nil }?.fields["wave"] == "3")
    #expect(stage.report.lines(.resumeRequested).count == 1)
    #expect(stage.state.waitingRequests == 0)
  }

  @Test("What was asked for while the disk is full is recorded once, as soon as there is room")
  func recordedLater() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.state.fail(FakeState.full)
      stage.ask(.hold(until: nil), for: "one")
      stage.state.ask(.resumeWave(0), for: nil, by: "carol")
      stage.clock.wake(.operatorRequest)
      // Obeyed at each of these, and not written.
      for _ in 0..<5 {
        await stage.pass(.minutes(2))
        stage.clock.wake(.operatorRequest)
      }
      #expect(await stage.condition(of: "one") == .held)
      #expect(RequestTests.acts(stage) == [] && stage.report.lines(.holdRequested).isEmpty)
      stage.state.fail(nil)
      #expect(await stage.wait(atMost: .minutes(6)) { stage.state.waitingRequests == 0 })
      await stage.pass(.minutes(20))
    }
    #expect(
      RequestTests.acts(stage).sorted() == [
        "- resume.requested by carol", "one.example.com hold.requested by alice",
      ])
    #expect(stage.state.history.first { $0.event == "hold.requested" }?.at == noon + .seconds(1))
    #expect(stage.report.lines(.holdRequested).count == 1)
    #expect(stage.report.lines(.resumeRequested).count == 1)
  }

  @Test("A process that ends before it could write records nothing, and the next one does, once")
  func recordedByTheNext() async throws {
    let fleet = [mapping("one", of: "a")]
    let stage = Stage(fleet)
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.state.fail(FakeState.full)
      stage.ask(.hold(until: nil), for: "one")
      await stage.pass(.seconds(10))
    }
    #expect(stage.state.waitingRequests == 1)
    stage.state.fail(nil)
    let next = stage.restarted(fleet)
    try await next.play { await next.pass(.minutes(1)) }
    let last = next.restarted(fleet)
    try await last.play { await last.pass(.minutes(1)) }
    #expect(RequestTests.acts(last) == ["one.example.com hold.requested by alice"])
    #expect(next.report.lines(.holdRequested).count == 1)
    #expect(last.report.lines(.holdRequested).isEmpty)
  }

  @Test("One by a host whose clock was ahead is not dated into the future")
  func dated() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.ask(.retry, for: "one", at: noon + .days(4000))
      await stage.pass(.seconds(1))
    }
    let entry = try #require(stage.state.history.first { $0.event == "retry.requested" })
    #expect(entry.at == noon + .seconds(1))
  }
}
