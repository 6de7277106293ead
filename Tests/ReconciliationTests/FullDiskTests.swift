import Narration
import Reconciliation
import RolloutCore
import Testing
import VirtualTime

@Suite("A full disk")
struct FullDiskTests {
  @Test("A start on a full disk watches the rollout under way, makes no call, and recovers")
  func start() async throws {
    let fleet = [mapping("one", of: "a"), mapping("two", of: "b")]
    let stage = Stage(fleet)
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.clock.wake(.pollRequested)
      await stage.pass(.seconds(5))
      #expect(await stage.condition(of: "one") == .propagating)
    }
    stage.state.fail(FakeState.full)
    stage.cloud.add([certificate("new", from: -1)], to: account("b"))
    let next = stage.restarted(fleet)
    try await next.play {
      let probes = next.cloud.times(of: .probe(domain("one"))).count
      await next.pass(.minutes(20))
      #expect(next.cloud.updates().count == 1)
      #expect(next.cloud.times(of: .probe(domain("one"))).count > probes + 1)
      #expect(next.report.lines(.stateFailed).count == 1)
      next.state.fail(nil)
      await next.pass(.minutes(20))
      #expect(next.state.record(of: domain("one"))?.condition == .inSync)
      #expect(next.cloud.attached(to: domain("two")) == arn("new"))
      #expect(next.state.record(of: domain("two"))?.condition == .inSync)
    }
  }

  @Test("A state file that cannot be read ends the run")
  func unreadable() async throws {
    struct Unreadable: StatePort {
      func loadRecords() async throws(StateFailure) -> [DomainRecord] {
        throw StateFailure(.damaged, path: "state.sqlite", message: "it is damaged")
      }
      func loadStoppedWaves() async throws(StateFailure) -> [WaveStop] { [] }
      func loadFirstImports() async throws(StateFailure) -> [CertificateARN: Instant] { [:] }
      func commit(_ change: StateChange) async throws(StateFailure) {}
      func pendingRequests() async throws(StateFailure) -> [OperatorRequest] { [] }
    }
    let stage = Stage([mapping("one", of: "a")])
    var ports = stage.dispatcher.ports
    ports.state = Unreadable()
    let dispatcher = Dispatcher(
      ledger: Ledger(ports: ports, fleet: Fleet(mappings: [])), ports: ports, mode: .service)
    let ending = try await stage.executor.run { await dispatcher.run() }
    #expect(
      ending
        == .stateFailed(StateFailure(.damaged, path: "state.sqlite", message: "it is damaged")))
    #expect(stage.report.looksBeganCount == 0)
  }

  @Test("'run --once' fails when the state file cannot be written")
  func once() async throws {
    let stage = Stage([mapping("one", of: "a")], mode: .onceAndWait)
    stage.cloud.add([certificate("new", from: -1)], to: account("a"))
    stage.state.fail(FakeState.full)
    #expect(try await stage.play() == .stateFailed(FakeState.full))
    #expect(stage.cloud.updates() == [])
  }
}
