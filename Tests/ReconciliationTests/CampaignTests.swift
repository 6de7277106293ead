import Narration
import POSIX
import RolloutCore
import Testing
import VirtualTime

@testable import Reconciliation

@Suite("Limits across the fleet")
struct CampaignTests {
  /// Domains `d0`, `d1`, … of wave 0, each in an account of its own.
  private static func fleet(_ count: Int, wave: Int = 0) -> [Mapping] {
    (0..<count).map { mapping("d\($0)", of: "a\($0)", wave: wave) }
  }

  private static func issue(_ stage: Stage, _ mappings: [Mapping], _ name: String = "new") {
    for (index, identity) in Fleet(mappings: mappings).identities.enumerated() {
      stage.cloud.add([certificate(name, from: -1)], to: identity)
      // So that they are decided in this order.
      stage.cloud.answer(.list(identity), .takes(.milliseconds(10 + 100 * index)))
    }
    stage.clock.wake(.pollRequested)
  }

  /// The most rollouts that were in flight at a time, by what the state file held when each intent
  /// came to it.
  private static func mostInFlight(_ stage: Stage) -> Int {
    var phases: [DomainName: Bool] = [:]
    var most = 0
    for commit in stage.state.commits {
      for record in commit.change.records {
        phases[record.domain] = record.rollout?.takesSlot ?? false
      }
      if commit.change.guarding != nil { most = max(most, phases.values.count { $0 }) }
    }
    return most
  }

  // MARK: max_in_flight

  @Test(
    "Concurrent cycles never exceed max_in_flight, and every domain has its turn", arguments: 0..<12
  )
  func inFlight(seed: UInt64) async throws {
    let mappings = CampaignTests.fleet(8)
    let limit = 1 + Int(seed % 3)
    let stage = Stage(mappings, seed: seed) { $0.maxInFlight = limit }
    stage.state.takes(.milliseconds(Int64(seed) * 40))
    try await stage.play {
      await stage.pass(.seconds(20))
      CampaignTests.issue(stage, mappings)
      await stage.pass(.hours(2))
      #expect(CampaignTests.mostInFlight(stage) == limit)
      for mapping in mappings {
        #expect(stage.cloud.updates(of: mapping.domain).count == 1)
        #expect(stage.cloud.attached(to: mapping.domain) == arn("new"))
      }
    }
  }

  @Test("The next rollout begins at once when one is proven, and not with its next poll")
  func nextAtOnce() async throws {
    let mappings = CampaignTests.fleet(4)
    let stage = Stage(mappings) { $0.maxInFlight = 1 }
    try await stage.play {
      await stage.pass(.seconds(10))
      CampaignTests.issue(stage, mappings)
      await stage.pass(.seconds(10))
      let waiting = await stage.ledger.mappedRecords.filter { $0.condition == .pending }
      #expect(waiting.count == 3)
      for record in waiting {
        #expect(
          record.reason
            == Explanation(.waitsForSlot, "in flight: 1, max_in_flight: 1"))
      }
      await stage.pass(.hours(1))
      let calls = stage.cloud.updateTimes()
      let proofs = stage.report.lines(.rolloutCompleted).map(\.at)
      #expect(calls.count == 4 && proofs.count == 4)
      for (proof, call) in zip(proofs, calls.dropFirst()) {
        #expect(call >= proof && call - proof < .seconds(2))
      }
    }
  }

  @Test("A refused rollout and one that is overdue free their slot at once")
  func freed() async throws {
    let mappings = CampaignTests.fleet(3)
    let stage = Stage(mappings) { $0.maxInFlight = 1 }
    stage.cloud.answer(.update(domain("d0")), .fails(.notFound))
    try await stage.play {
      await stage.pass(.seconds(10))
      stage.cloud.refuse([arn("new")])
      CampaignTests.issue(stage, mappings)
      #expect(await stage.wait { await stage.condition(of: "d0") == .refused })
      await stage.pass(.hours(3))
      for name in ["d1", "d2"] {
        #expect(stage.cloud.attached(to: domain(name)) == arn("new"))
      }
      let overdue = stage.report.lines(.rolloutOverdue).map(\.at)
      let calls =
        stage.cloud.updateTimes(of: domain("d2")) + stage.cloud.updateTimes(of: domain("d1"))
      #expect(overdue.contains { at in calls.contains { $0 >= at && $0 - at < .seconds(2) } })
    }
  }

  @Test("An account that hangs loses its turn to the next within two seconds")
  func hangingHead() async throws {
    let mappings = CampaignTests.fleet(3)
    let stage = Stage(mappings) { $0.maxInFlight = 1 }
    try await stage.play {
      await stage.pass(.seconds(10))
      CampaignTests.issue(stage, mappings)
      await stage.pass(.seconds(5))
      #expect(await stage.condition(of: "d0") != .pending)
      stage.cloud.answer(.describe(domain("d1")), .hangs())
      await stage.pass(.minutes(10))
      let proof = stage.report.lines(.rolloutCompleted, of: domain("d0")).first?.at
      let call = stage.cloud.updateTimes(of: domain("d2")).first
      #expect((call ?? .zero) - (proof ?? .zero) < .seconds(3))
      stage.cloud.answer(.describe(domain("d1")), .takes(.zero))
      await stage.pass(.hours(1))
      #expect(stage.cloud.attached(to: domain("d1")) == arn("new"))
    }
  }

  @Test("An urgent domain begins at once and takes no slot")
  func urgent() async throws {
    let mappings = CampaignTests.fleet(3)
    let stage = Stage(mappings) { $0.maxInFlight = 1 }
    try await stage.play {
      await stage.pass(.seconds(10))
      stage.cloud.set([certificate("old", to: 2)], of: account("a2"))
      CampaignTests.issue(stage, mappings)
      await stage.pass(.seconds(10))
      #expect(Set(stage.cloud.updates().map(\.domain)) == [domain("d0"), domain("d2")])
      #expect(await stage.record(of: "d2")?.rollout?.isUrgent == true)
    }
  }

  @Test("The slots that are taken are known after a restart")
  func restartInFlight() async throws {
    let mappings = CampaignTests.fleet(3)
    let first = Stage(mappings) { $0.maxInFlight = 1 }
    try await first.play {
      await first.pass(.seconds(10))
      CampaignTests.issue(first, mappings)
      await first.pass(.seconds(5))
    }
    let second = first.restarted(mappings) { $0.maxInFlight = 1 }
    try await second.play {
      await second.pass(.seconds(5))
      #expect(second.cloud.updates().count == 1)
      await second.pass(.hours(1))
      #expect(second.cloud.updates().count == 3)
      #expect(CampaignTests.mostInFlight(second) == 1)
    }
  }

  @Test("A higher limit and none at all let the waiting domains begin")
  func reload() async throws {
    let mappings = CampaignTests.fleet(4)
    let stage = Stage(mappings) { $0.maxInFlight = 1 }
    try await stage.play {
      await stage.pass(.seconds(10))
      CampaignTests.issue(stage, mappings)
      await stage.pass(.seconds(5))
      await stage.adopt(mappings) { $0.maxInFlight = 2 }
      await stage.pass(.seconds(3))
      #expect(stage.cloud.updates().count == 2)
      await stage.adopt(mappings)
      await stage.pass(.seconds(3))
      #expect(stage.cloud.updates().count == 4)
    }
  }

  @Test("'run --once --wait' goes on until the last domain had its slot, its soak and its wave")
  func onceAndWait() async throws {
    let mappings = CampaignTests.fleet(3) + [mapping("last", of: "a0", wave: 1)]
    let stage = Stage(mappings, mode: .onceAndWait) {
      $0.maxInFlight = 1
      $0.waveSoak = .minutes(30)
    }
    CampaignTests.issue(stage, mappings)
    #expect(try await stage.play() == .stopped)
    for mapping in mappings { #expect(stage.cloud.attached(to: mapping.domain) == arn("new")) }
    #expect(stage.executor.uptime > .minutes(30) && stage.executor.uptime < .hours(1))
  }

  // MARK: stop_after_failures

  /// Two domains whose calls are refused, and others that wait for them or for their slot.
  private static let stopping =
    fleet(4) + [mapping("higher", of: "b", wave: 1)]

  private static func stopped(
    _ pacing: @escaping (inout Pacing) -> Void = { _ in }
  ) -> Stage {
    let stage = Stage(stopping) {
      $0.maxInFlight = 1
      $0.stopAfterFailures = 2
      pacing(&$0)
    }
    for name in ["d0", "d1"] { stage.cloud.answer(.update(domain(name)), .fails(.notFound)) }
    return stage
  }

  @Test("A wave stops after so many failures, says so once, and goes on with 'resume --wave'")
  func stopAndResume() async throws {
    let stage = CampaignTests.stopped()
    try await stage.play {
      await stage.pass(.seconds(10))
      CampaignTests.issue(stage, CampaignTests.stopping)
      await stage.pass(.minutes(30))
      let lines = stage.report.lines(.waveStopped)
      #expect(lines.count == 1 && lines.first?.event.level == .error)
      #expect(lines.first?.event.fields[.domains] == "d0.example.com, d1.example.com")
      #expect(stage.state.entries("wave.stopped") == 1)
      #expect(stage.state.stops.map(\.wave) == [0])
      for name in ["d2", "d3", "higher"] {
        #expect(stage.cloud.updates(of: domain(name)) == [])
        #expect(await stage.condition(of: name) == .pending)
        #expect(await stage.record(of: name)?.reason?.reason == .waveStopped, "\(name)")
      }
      stage.state.ask(.resumeWave(0), for: nil)
      stage.clock.wake(.operatorRequest)
      await stage.pass(.minutes(20))
      for name in ["d2", "d3"] {
        #expect(stage.cloud.attached(to: domain(name)) == arn("new"))
      }
      #expect(await stage.record(of: "higher")?.reason?.reason == .waitsForWave)
      #expect(stage.report.lines(.waveResumed).map(\.event.level) == [.notice])
      #expect(stage.state.entries("wave.resumed") == 1)
      #expect(stage.state.stops == [] && stage.state.waitingRequests == 0)
      #expect(stage.report.lines(.waveStopped).count == 1)
    }
  }

  @Test("A restart lets it go on, and the next failure stops it again")
  func restartAfterStop() async throws {
    let first = CampaignTests.stopped()
    try await first.play {
      await first.pass(.seconds(10))
      CampaignTests.issue(first, CampaignTests.stopping)
      #expect(await first.wait { !first.report.lines(.waveStopped).isEmpty })
      await first.pass(.seconds(2))
      #expect(first.state.stops.count == 1)
      for name in ["d2", "d3", "higher"] {
        #expect(await first.record(of: name)?.reason?.reason == .waveStopped, "it is shown at once")
      }
    }
    first.cloud.answer(.update(domain("d2")), .fails(.notFound))
    let second = first.restarted(CampaignTests.stopping) {
      $0.maxInFlight = 1
      $0.stopAfterFailures = 2
    }
    try await second.play {
      await second.pass(.minutes(10))
      #expect(second.report.lines(.waveResumed).count == 1)
      #expect(second.report.lines(.waveResumed).first?.event.fields[.reason] == "restart")
      #expect(second.report.lines(.waveStopped).count == 1)
      #expect(second.report.lines(.waveStopped).first?.event.fields[.failures] == "3")
      #expect(second.cloud.updates(of: domain("d3")) == [])
      #expect(second.state.stops.first?.domains.count == 3)
    }
  }

  @Test("What is proven after all counts no more; the stop stays")
  func madeGood() async throws {
    let stage = CampaignTests.stopped()
    try await stage.play {
      await stage.pass(.seconds(10))
      CampaignTests.issue(stage, CampaignTests.stopping)
      await stage.pass(.minutes(5))
      for name in ["d0", "d1"] { stage.cloud.answer(.update(domain(name)), .takes(.zero)) }
      await stage.pass(.hours(2))
      #expect(await stage.condition(of: "d0") == .inSync)
      #expect(await stage.record(of: "d0")?.failure == nil)
      #expect(await stage.record(of: "d3")?.reason?.reason == .waveStopped)
      #expect(stage.cloud.updates(of: domain("d3")) == [])
    }
  }

  @Test("A new configuration ends a stop without a limit, and stops at a lower one")
  func reloadedLimit() async throws {
    let stage = CampaignTests.stopped { $0.stopAfterFailures = 3 }
    try await stage.play {
      await stage.pass(.seconds(10))
      stage.cloud.answer(.update(domain("d2")), .takes(.minutes(5)))
      CampaignTests.issue(stage, CampaignTests.stopping)
      await stage.pass(.seconds(30))
      #expect(stage.state.stops == [])
      await stage.adopt(CampaignTests.stopping) {
        $0.maxInFlight = 1
        $0.stopAfterFailures = 1
      }
      await stage.pass(.minutes(20))
      #expect(stage.report.lines(.waveStopped).count == 1)
      #expect(stage.cloud.updates(of: domain("d3")) == [])
      await stage.adopt(CampaignTests.stopping) { $0.maxInFlight = 1 }
      await stage.pass(.minutes(20))
      #expect(stage.report.lines(.waveResumed).first?.event.fields[.reason] == "reload")
      #expect(stage.cloud.attached(to: domain("d3")) == arn("new"))
      #expect(stage.state.stops == [])
    }
  }

  @Test("A domain that leaves the configuration or its wave takes its failures with it")
  func departed() async throws {
    let mappings = CampaignTests.fleet(2)
    let stage = Stage(mappings)
    for name in ["d0", "d1"] { stage.cloud.answer(.update(domain(name)), .fails(.notFound)) }
    try await stage.play {
      await stage.pass(.seconds(10))
      CampaignTests.issue(stage, mappings)
      await stage.pass(.seconds(10))
      for name in ["d0", "d1"] {
        #expect(stage.state.record(of: domain(name))?.failure?.count == 1)
      }
      stage.cloud.answer(.describe(domain("d1")), .hangs())
      await stage.adopt([mapping("d1", of: "a1", wave: 4)])
      await stage.pass(.milliseconds(50))
      #expect(await stage.record(of: "d0")?.failure == nil)
      #expect(await stage.record(of: "d1")?.failure == nil)
      #expect(await stage.record(of: "d1")?.wave == 4)
      await stage.pass(.minutes(5))
      #expect(stage.state.record(of: domain("d0"))?.failure == nil)
    }
  }

  @Test("A stop that a full disk keeps from being written is in force, and is written later")
  func fullDisk() async throws {
    let mappings = CampaignTests.fleet(2)
    let stage = Stage(mappings) {
      $0.maxInFlight = 1
      $0.stopAfterFailures = 1
    }
    stage.cloud.answer(.update(domain("d0")), .fails(.notFound))
    stage.cloud.beforeEachUpdate { _ in stage.state.fail(FakeState.full) }
    try await stage.play {
      await stage.pass(.seconds(10))
      CampaignTests.issue(stage, mappings)
      await stage.pass(.minutes(10))
      #expect(stage.state.stops == [] && stage.report.lines(.waveStopped).isEmpty)
      #expect(await stage.ledger.stops.count == 1)
      stage.state.fail(nil)
      await stage.pass(.minutes(10))
      #expect(stage.state.stops.count == 1 && stage.report.lines(.waveStopped).count == 1)
      #expect(stage.cloud.updates(of: domain("d1")) == [])
      #expect(stage.state.entries("wave.stopped") == 1)
    }
  }

  @Test("'run --once' tells of a domain that was rolled back that a person is needed")
  func onceRolledBack() async throws {
    let rolledBack = mapping("one", of: "a") { $0.rollback = .on }
    let stage = Stage([rolledBack], mode: .once)
    stage.cloud.add([certificate("new", from: -1)], to: account("a"))
    var record = DomainRecord(unseen: rolledBack)
    record.attached = arn("old")
    record.lastAttached = arn("old")
    record.rolledBack = arn("new")
    record.shunned = [arn("new")]
    stage.state.put(record)
    #expect(try await stage.play() == .needsPerson)
    #expect(await stage.condition(of: "one") == .inSync)
    #expect(stage.cloud.updates().isEmpty)
  }

  @Test("'run --once --wait' ends when a wave is stopped, because a person is needed")
  func onceStopped() async throws {
    let stage = Stage(CampaignTests.stopping, mode: .onceAndWait) {
      $0.maxInFlight = 1
      $0.stopAfterFailures = 2
    }
    for name in ["d0", "d1"] { stage.cloud.answer(.update(domain(name)), .fails(.notFound)) }
    CampaignTests.issue(stage, CampaignTests.stopping)
    #expect(try await stage.play() == .needsPerson)
    #expect(stage.cloud.updates(of: domain("d3")) == [])
    #expect(stage.executor.uptime < .hours(1))
  }

  // MARK: wave_soak

  @Test("The next wave begins when the soak is over, also after a restart, and not with its poll")
  func soak() async throws {
    let mappings = [mapping("canary", of: "a"), mapping("main", of: "b", wave: 1)]
    let first = Stage(mappings) { $0.waveSoak = .minutes(47) }
    try await first.play {
      await first.pass(.seconds(10))
      CampaignTests.issue(first, mappings)
      #expect(await first.wait { !first.report.lines(.rolloutCompleted).isEmpty })
      await first.pass(.seconds(10))
      #expect(await first.record(of: "main")?.reason?.reason == .waveSoaking)
    }
    let proof = first.report.lines(.rolloutCompleted, of: domain("canary")).first?.at ?? .zero
    let second = first.restarted(mappings) { $0.waveSoak = .minutes(47) }
    try await second.play {
      await second.pass(.hours(1))
      let call = second.cloud.updateTimes(of: domain("main")).first ?? .zero
      #expect(call - proof >= .minutes(47) && call - proof < .minutes(47) + .seconds(2))
    }
  }

  // MARK: Rollback

  @Test("A certificate that edges refuse is rolled back, stops its wave, and is left alone")
  func rollback() async throws {
    let mappings = (CampaignTests.fleet(3)).map { mapping in
      var mapping = mapping
      mapping.rollback = .on
      return mapping
    }
    let stage = Stage(mappings) {
      $0.maxInFlight = 1
      $0.stopAfterFailures = 1
    }
    try await stage.play {
      await stage.pass(.seconds(10))
      stage.cloud.refuse([arn("new")])
      CampaignTests.issue(stage, mappings)
      await stage.pass(.hours(3))
      #expect(stage.cloud.updates().map(\.certificate) == [arn("new"), arn("old")])
      #expect(stage.report.lines(.rolloutRolledBack).count == 1)
      #expect(stage.report.lines(.waveStopped).count == 1)
      #expect(await stage.condition(of: "d0") == .inSync)
      #expect(await stage.record(of: "d0")?.reason?.reason == .rolledBack)
      #expect(await stage.record(of: "d1")?.reason?.reason == .waveStopped)
      stage.cloud.refuse([])
      stage.ask(.retry, for: "d0")
      stage.state.ask(.resumeWave(0), for: nil)
      stage.clock.wake(.operatorRequest)
      await stage.pass(.hours(1))
      for mapping in mappings { #expect(stage.cloud.attached(to: mapping.domain) == arn("new")) }
    }
  }

  @Test("A process that ends between the intent and the call rolls back after the restart")
  func rollbackAcrossRestart() async throws {
    let one = mapping("one", of: "a") { $0.rollback = .on }
    let first = Stage([one])
    first.cloud.beforeEachUpdate { update in
      if update.certificate == arn("old"), first.cloud.updates().count == 2 {
        first.cloud.answer(.update(domain("one")), .hangs())
      }
    }
    try await first.play {
      await first.pass(.seconds(10))
      first.cloud.refuse([arn("new")])
      CampaignTests.issue(first, [one])
      #expect(await first.wait { first.cloud.updates().count == 2 })
    }
    #expect(first.state.record(of: domain("one"))?.rolledBack == arn("new"))
    first.cloud.answer(.update(domain("one")), .takes(.zero))
    let second = first.restarted([one])
    try await second.play {
      await second.pass(.hours(1))
      #expect(second.cloud.attached(to: domain("one")) == arn("old"))
      #expect(await second.condition(of: "one") == .inSync)
      #expect(second.cloud.updates().count { $0.certificate == arn("new") } == 1)
    }
  }
}
