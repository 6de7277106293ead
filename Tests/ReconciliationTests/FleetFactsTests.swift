import RolloutCore
import Testing
import VirtualTime

@testable import Reconciliation

@Suite("What the metrics show of the fleet")
struct FleetFactsTests {
  @Test("A domain has its record, its edges and the end of the certificate that it is to have")
  func domains() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      #expect(await stage.wait { await stage.condition(of: "one") == .inSync })
      let before = await stage.ledger.fleetFacts()
      #expect(before.domains.map(\.record.domain) == [domain("one")])
      #expect(before.domains.first?.desiredNotAfter == noon + .days(300))
      #expect(before.pollInterval == .minutes(5))
      stage.cloud.add([certificate("new", from: -1, to: 390)], to: account("a"))
      stage.cloud.answer(.update(domain("one")), .takes(.minutes(1)))
      stage.clock.wake(.pollRequested)
      #expect(await stage.wait { await stage.condition(of: "one") == .submitting })
      let during = await stage.ledger.fleetFacts()
      #expect(during.domains.first?.record.attachedNotAfter == noon + .days(300))
      #expect(during.domains.first?.desiredNotAfter == noon + .days(390))
      #expect(await stage.wait { await stage.condition(of: "one") == .inSync })
      let after = await stage.ledger.fleetFacts()
      #expect(after.domains.first?.edges == EdgeStates(serving: 1))
      #expect(after.domains.first?.desiredNotAfter == noon + .days(390))
    }
  }

  @Test("A proven rollout is told once, with the time since its decision")
  func proofs() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      #expect(await stage.wait { await stage.condition(of: "one") == .inSync })
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.clock.wake(.pollRequested)
      #expect(await stage.wait { await stage.record(of: "one")?.rollout?.proof == .edge })
      await stage.pass(.hours(3))
      let rollout = await stage.record(of: "one")?.rollout
      let duration = rollout.flatMap { rollout in
        rollout.completedAt?.since(rollout.startedAt)
      }
      #expect(stage.report.proofs == [duration].compactMap { $0 })
      #expect(stage.report.proofs.first ?? .zero > .seconds(30))
    }
  }

  @Test("A poll of an account is shown with its number once that is known")
  func polls() async throws {
    let mappings = [mapping("one", of: "a"), mapping("two", of: "b"), mapping("three", of: "c")]
    let stage = Stage(mappings)
    stage.cloud.number(account("a"), "111111111111")
    stage.cloud.number(account("b"), "222222222222")
    stage.cloud.number(account("c"), "222222222222")
    stage.cloud.answer(.list(account("c")), .fails(.accessDenied))
    let first = await stage.ledger.fleetFacts()
    #expect(first.polls == [])
    try await stage.play {
      await stage.pass(.minutes(1))
      let facts = await stage.ledger.fleetFacts()
      #expect(facts.polls.map(\.account) == ["111111111111", "222222222222"])
      #expect(facts.polls.first?.succeededAt != nil)
      // One of its identities never could list it.
      #expect(facts.polls.last?.succeededAt == nil)
      #expect(facts.lastGoodPoll == nil)
      await stage.adopt([mapping("two", of: "b")])
      await stage.pass(.minutes(1))
      let left = await stage.ledger.fleetFacts()
      #expect(left.polls.map(\.account) == ["222222222222"])
      #expect(left.domains.map(\.record.domain) == [domain("two")])
      #expect(left.lastGoodPoll != nil && left.lastGoodPoll == left.polls.first?.succeededAt)
    }
  }

  @Test("Stopped waves, writes and a state file that fails are shown")
  func stopsAndWrites() async throws {
    let stage = Stage([mapping("one", of: "a"), mapping("two", of: "b", wave: 3)]) {
      $0.stopAfterFailures = 1
    }
    stage.cloud.refuse([arn("new")])
    try await stage.play {
      #expect(await stage.wait { await stage.condition(of: "one") == .inSync })
      let before = await stage.ledger.fleetFacts()
      #expect(
        before.waves == [
          FleetFacts.Wave(0, isStopped: false), FleetFacts.Wave(3, isStopped: false),
        ])
      #expect(before.stateWrites > 0 && !before.stateHasFailed)
      for name in ["a", "b"] { stage.cloud.add([certificate("new", from: -1)], to: account(name)) }
      stage.clock.wake(.pollRequested)
      #expect(await stage.wait { await stage.condition(of: "one") == .overdue })
      let after = await stage.ledger.fleetFacts()
      #expect(after.waves.first == FleetFacts.Wave(0, isStopped: true))
      #expect(after.stateWrites > before.stateWrites)
    }
  }

  @Test("A quiet poll changes no version, and a new condition does")
  func version() async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      #expect(await stage.wait { await stage.condition(of: "one") == .inSync })
      await stage.pass(.minutes(1))
      let quiet = await stage.ledger.fleetVersion
      await stage.pass(.minutes(30))
      #expect(await stage.ledger.fleetVersion == quiet)
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      await stage.pass(.minutes(6))
      #expect(await stage.ledger.fleetVersion > quiet)
    }
  }
}
