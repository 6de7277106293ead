import Narration
import Reconciliation
import RolloutCore
import Testing
import VirtualTime

@Suite("Accounts and domains that hang")
struct HangingAccountTests {
  /// One domain `d0`, `d1`, … in each of the accounts `0`, `1`, …
  private static func fleet(_ count: Int) -> [Mapping] {
    (0..<count).map { mapping("d\($0)", of: "\($0)") }
  }

  private static func hang(_ stage: Stage, _ count: Int) {
    for number in 0..<count {
      stage.cloud.answer(.list(account("\(number)")), .hangs())
      stage.cloud.answer(.describe(domain("d\(number)")), .hangs())
      stage.cloud.answer(.pem(account("\(number)")), .hangs())
    }
  }

  @Test(
    "While other accounts hang, a replacement is attached within the poll and a second",
    arguments: [(3, 12, 16), (3, 12, 1), (40, 60, 4)])
  func neighbours(hanging: Int, count: Int, slots: Int) async throws {
    let stage = Stage(HangingAccountTests.fleet(count)) {
      $0.pollInterval = .seconds(1)
      $0.concurrency = slots
    }
    HangingAccountTests.hang(stage, hanging)
    try await stage.play {
      await stage.pass(.seconds(70))
      for number in hanging..<count {
        let issued = stage.executor.uptime
        stage.cloud.add([certificate("new", from: -1)], to: account("\(number)"))
        #expect(
          await stage.wait(atMost: .seconds(2)) {
            stage.cloud.updateTimes(of: domain("d\(number)")) != []
          }, "account \(number)")
        #expect(stage.executor.uptime - issued <= .seconds(2), "account \(number)")
      }
    }
  }

  @Test("An account that hangs is logged once, and is looked at less and less often")
  func backoff() async throws {
    let stage = Stage([mapping("one", of: "a"), mapping("two", of: "b")]) {
      $0.pollInterval = .seconds(10)
    }
    stage.cloud.answer(.list(account("a")), .hangs())
    stage.cloud.answer(.describe(domain("one")), .hangs())
    try await stage.play {
      await stage.pass(.minutes(59))
      #expect(stage.report.lines(.pollFailed).count == 1)
      #expect(stage.cloud.times(of: .list(account("a"))).count < 30)
      #expect(stage.cloud.times(of: .list(account("b"))).count > 340)
      stage.cloud.answer(.list(account("a")), .takes(.zero))
      stage.cloud.answer(.describe(domain("one")), .takes(.zero))
      await stage.pass(.minutes(32))
      #expect(await stage.condition(of: "one") == .inSync)
      let answered = stage.cloud.times(of: .list(account("a"))).count
      await stage.pass(.minutes(1))
      #expect(stage.cloud.times(of: .list(account("a"))).count == answered + 6)
    }
  }

  @Test("Orders and settings of the moment of the call count, not those of the look")
  func staleLooks() async throws {
    let mappings =
      [mapping("slow1", of: "a"), mapping("slow2", of: "a")]
      + ["changed", "held", "observed"].map { mapping($0, of: "b") }
    let stage = Stage(mappings) { $0.pollInterval = .minutes(10) }
    try await stage.play {
      await stage.pass(.seconds(1))
      for name in ["a", "b"] { stage.cloud.add([certificate("new", from: -1)], to: account(name)) }
      for name in ["slow1", "slow2"] { stage.cloud.answer(.describe(domain(name)), .hangs()) }
      // Account B's chain takes its time too: its domains were described long before.
      stage.cloud.answer(.pem(account("b")), .takes(.seconds(25)))
      stage.clock.wake(.pollRequested)
      await stage.pass(.seconds(20))
      stage.cloud.set(domain("changed")) { $0.settings.topLevel["ManagedLoginVersion"] = "2" }
      stage.ask(.hold(until: nil), for: "held")
      await stage.adopt(
        mappings.dropLast() + [mapping("observed", of: "b") { $0.mode = .observe }]
      ) { $0.pollInterval = .minutes(10) }
      await stage.pass(.seconds(90))
      #expect(stage.cloud.updates(of: domain("held")) == [])
      #expect(stage.cloud.updates(of: domain("observed")) == [])
      #expect(
        stage.cloud.updates(of: domain("changed")).map(\.settings.topLevel)
          == [["ManagedLoginVersion": "2"]])
      #expect(await stage.condition(of: "held") == .held)
      #expect(await stage.condition(of: "observed") == .pending)
    }
  }

  @Test("A description older than 10 seconds is asked for again, and its settings are sent")
  func oldDescription() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.cloud.answer(.pem(account("a")), .takes(.seconds(11)))
      stage.clock.wake(.pollRequested)
      await stage.pass(.seconds(5))
      stage.cloud.set(domain("one")) { $0.settings.topLevel["ManagedLoginVersion"] = "2" }
      await stage.pass(.seconds(10))
      let (descriptions, calls) = (
        stage.cloud.times(of: .describe(domain("one"))), stage.cloud.updateTimes()
      )
      #expect(calls.count == 1)
      #expect((calls.last ?? .zero) - (descriptions.last ?? .zero) < .seconds(1))
      #expect(stage.cloud.updates().last?.settings.topLevel == ["ManagedLoginVersion": "2"])
    }
  }

  @Test("A description younger than 10 seconds is not asked for again")
  func freshDescription() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.cloud.answer(.pem(account("a")), .takes(.seconds(9)))
      let before = stage.cloud.times(of: .describe(domain("one"))).count
      stage.clock.wake(.pollRequested)
      await stage.pass(.seconds(12))
      #expect(stage.cloud.updates().count == 1)
      #expect(stage.cloud.times(of: .describe(domain("one"))).count == before + 1)
    }
  }

  @Test("A domain that is held while the call of its neighbour hangs is not updated")
  func heldMeanwhile() async throws {
    let stage = Stage([mapping("one", of: "a"), mapping("two", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.cloud.answer(.update(domain("one")), .hangs())
      stage.cloud.answer(.describe(domain("two")), .takes(.seconds(5)))
      stage.clock.wake(.pollRequested)
      #expect(await stage.wait { stage.cloud.updates(of: domain("one")) != [] })
      // Nobody wakes the daemon: the request is found right before the call.
      stage.state.ask(.hold(until: nil), for: domain("two"))
      await stage.pass(.minutes(2))
      #expect(stage.cloud.updates(of: domain("two")) == [])
      #expect(await stage.condition(of: "two") == .held)
      #expect(stage.state.entries("update.submitted", of: domain("two")) == 0)
      stage.ask(.resume, for: "two")
      await stage.pass(.minutes(1))
      #expect(stage.cloud.updates(of: domain("two")).count == 1)
    }
  }

  @Test("A domain that leaves the configuration in the middle of its look gets no call")
  func leaving() async throws {
    let stage = Stage([mapping("one", of: "a"), mapping("two", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.cloud.answer(.pem(account("a")), .takes(.seconds(5)))
      stage.clock.wake(.pollRequested)
      await stage.pass(.seconds(2))
      await stage.adopt([mapping("two", of: "a")])
      await stage.pass(.minutes(2))
      #expect(stage.cloud.updates(of: domain("one")) == [])
      #expect(stage.cloud.updates(of: domain("two")).count == 1)
      #expect(await stage.record(of: "one")?.isMapped == false)
      #expect(stage.state.record(of: domain("one"))?.isMapped == false)
    }
  }

  @Test("No call is made under the former configuration once a reload has ended", arguments: 0..<20)
  func reload(seed: UInt64) async throws {
    let names = ["one", "two", "three"]
    let stage = Stage(names.map { mapping($0, of: "a") }, seed: seed)
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.state.takes(.milliseconds(900))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.clock.wake(.pollRequested)
      await stage.pass(.milliseconds(200 * Int(seed)))
      await stage.adopt(names.map { mapping($0, of: "a") { $0.mode = .observe } })
      let reloaded = stage.executor.uptime
      await stage.pass(.minutes(5))
      #expect(stage.cloud.updateTimes().allSatisfy { $0 <= reloaded })
      #expect(
        stage.state.commits.filter { $0.change.guarding != nil }.allSatisfy { $0.at <= reloaded })
    }
  }

  @Test(
    "A cycle leaves domains over after 30 seconds; they come next, and other accounts do not wait")
  func budget() async throws {
    let names = (0..<24).map { "slow\($0 + 10)" }
    let stage = Stage(names.map { mapping($0, of: "a") } + [mapping("quick", of: "b")]) {
      $0.pollInterval = .minutes(10)
      $0.concurrency = 1
    }
    for name in names { stage.cloud.answer(.describe(domain(name)), .takes(.seconds(12))) }
    try await stage.play {
      #expect(await stage.wait { stage.cloud.times(of: .list(account("a"))).count == 2 })
      let second = stage.cloud.times(of: .list(account("a"))).last ?? .zero
      #expect(second >= .seconds(30) && second < .seconds(50))
      #expect(stage.cloud.times(of: .list(account("b"))).first ?? .zero < .seconds(1))
      // 4 at a time, 12 seconds each.
      await stage.pass(.minutes(2))
      for name in names {
        #expect(stage.cloud.times(of: .describe(domain(name))).count == 1, "\(name)")
      }
      #expect(stage.report.goodPolls.count == 1)
    }
  }

  @Test("An account whose every answer takes longer than the budget is decided all the same")
  func slowerThanBudget() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      for request in [.list(account("a")), .pem(account("a")), .describe(domain("one"))]
        as [FakeCloud.Request]
      {
        stage.cloud.answer(request, .takes(.seconds(35)))
      }
      await stage.pass(.minutes(30))
      #expect(stage.cloud.updates().count == 1)
      #expect(stage.cloud.attached(to: domain("one")) == arn("new"))
    }
  }
}
