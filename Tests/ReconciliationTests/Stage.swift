import Reconciliation
import RolloutCore
import Testing
import VirtualTime

/// The loop over fakes, under virtual time. A test is a conversation: it lets time pass, changes
/// something, and looks at what was asked, called, written and logged.
///
/// Every account begins with the certificate `old`, attached to all its domains.
struct Stage: Sendable {
  let executor: VirtualExecutor
  let clock: VirtualClock
  let cloud: FakeCloud
  let state: FakeState
  let report: FakeReport
  let ledger: Ledger
  let dispatcher: Dispatcher

  init(
    _ mappings: [Mapping], seed: UInt64 = 1, mode: Dispatcher.Mode = .service,
    hostError: Duration = .zero, pacing: (inout Pacing) -> Void = { _ in }
  ) {
    let executor = VirtualExecutor(seed: seed)
    let cloud = FakeCloud(executor)
    for identity in Fleet(mappings: mappings).identities {
      cloud.add([certificate("old")], to: identity)
    }
    for mapping in mappings { cloud.addDomain(mapping.domain, certificate: arn("old")) }
    let clock = VirtualClock(executor, start: noon, seed: seed)
    clock.step(by: hostError)
    self.init(
      executor, clock, cloud, FakeState(executor),
      FakeReport(executor), fleet(mappings, pacing), mode)
  }

  private init(
    _ executor: VirtualExecutor, _ clock: VirtualClock, _ cloud: FakeCloud, _ state: FakeState,
    _ report: FakeReport, _ fleet: Fleet, _ mode: Dispatcher.Mode
  ) {
    let ports = Ports(
      certificates: cloud, domains: cloud, credentials: cloud, edges: cloud, state: state,
      clock: clock, report: report)
    (self.executor, self.clock, self.cloud, self.state, self.report) =
      (executor, clock, cloud, state, report)
    ledger = Ledger(ports: ports, fleet: fleet)
    dispatcher = Dispatcher(ledger: ledger, ports: ports, mode: mode)
  }

  /// The next process on the same state file.
  func restarted(
    _ mappings: [Mapping], pacing: (inout Pacing) -> Void = { _ in }
  ) -> Stage {
    let clock = VirtualClock(executor, start: noon, seed: 2)
    clock.step(by: self.clock.hostNow.since(self.clock.trueTime))
    return Stage(
      executor, clock, cloud, state, FakeReport(executor), fleet(mappings, pacing),
      dispatcher.mode)
  }

  /// Runs the loop beside the story, and stops it when the story ends.
  @discardableResult
  func play(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ story: @escaping @Sendable () async -> Void = {}
  ) async throws -> Dispatcher.Ending {
    let ending = try await executor.run { [self] in
      async let ending = dispatcher.run()
      await story()
      if dispatcher.mode == .service { clock.wake(.shutdown) }
      return await ending
    }
    #expect(executor.strayJobs == 0, sourceLocation: sourceLocation)
    return ending
  }

  func pass(_ duration: Duration) async { await executor.sleep(for: duration) }

  /// Lets time pass until the condition holds; false when it never does.
  func wait(
    atMost limit: Duration = .hours(3), until condition: () async -> Bool
  ) async -> Bool {
    let deadline = executor.uptime + limit
    while await !condition() {
      if executor.uptime >= deadline { return false }
      await pass(.milliseconds(100))
    }
    return true
  }

  func record(of name: String) async -> DomainRecord? { await ledger.records[domain(name)] }

  func condition(of name: String) async -> Condition? { await record(of: name)?.condition }

  /// The configuration that SIGHUP puts in force.
  func adopt(_ mappings: [Mapping], pacing: (inout Pacing) -> Void = { _ in }) async {
    await ledger.adopt(fleet(mappings, pacing))
    clock.wake(.cycleEnded)
  }

  /// `hold`, `resume` or `retry`, noticed by the daemon.
  func ask(_ kind: OperatorRequest.Kind, for name: String, at instant: Instant? = nil) {
    state.ask(kind, for: domain(name), at: instant ?? clock.hostNow)
    clock.wake(.operatorRequest)
  }
}

private func fleet(_ mappings: [Mapping], _ edit: (inout Pacing) -> Void) -> Fleet {
  var pacing = Pacing(driftInterval: .zero)
  edit(&pacing)
  return Fleet(mappings: mappings, pacing: pacing)
}
