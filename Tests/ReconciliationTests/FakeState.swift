import POSIX
import Reconciliation
import RolloutCore
import VirtualTime

/// A state file in memory that can be slow or full, and that holds operators' requests.
final class FakeState: StatePort {
  struct Commit: Sendable {
    let at: Duration
    let change: StateChange
  }

  private struct State {
    var records: [DomainName: DomainRecord] = [:]
    var history: [HistoryEntry] = []
    var commits: [Commit] = []
    var firstImports: [CertificateARN: Instant] = [:]
    var requests: [OperatorRequest] = []
    var stops: [Int: WaveStop] = [:]
    var lastID: Int64 = 0
    var takes: Duration = .zero
    var failure: StateFailure?
    var draw: (@Sendable () -> StateFailure?)?
    /// Runs as a guarded commit begins.
    var beforeGuarded: (@Sendable () -> Void)?
  }

  private let executor: VirtualExecutor
  private let state = Guarded(State())

  init(_ executor: VirtualExecutor) { self.executor = executor }

  static let full = StateFailure(.full, path: "state.sqlite", message: "the disk is full")

  // MARK: What a test sets

  func put(_ record: DomainRecord) { state.withLock { $0.records[record.domain] = record } }

  func takes(_ duration: Duration) { state.withLock { $0.takes = duration } }

  /// nil: commits succeed again.
  func fail(_ failure: StateFailure?) { state.withLock { $0.failure = failure } }

  func drawFailures(_ draw: (@Sendable () -> StateFailure?)?) {
    state.withLock { $0.draw = draw }
  }

  func beforeNextGuardedCommit(_ body: @escaping @Sendable () -> Void) {
    state.withLock { $0.beforeGuarded = body }
  }

  /// `hold`, `resume` or `retry` at the command line; the daemon is not woken.
  func ask(
    _ kind: OperatorRequest.Kind, for domain: DomainName?, by user: String = "alice",
    at instant: Instant = noon
  ) {
    state.withLock { state in
      state.lastID += 1
      state.requests.append(
        OperatorRequest(
          id: state.lastID, domain: domain, by: OperatorName(escaping: user), at: instant,
          kind: kind))
    }
  }

  // MARK: What a test sees

  var firstImports: [CertificateARN: Instant] { state.withLock { $0.firstImports } }

  /// The changes that were written.
  var commits: [Commit] { state.withLock { $0.commits } }
  var stops: [WaveStop] { state.withLock { $0.stops.values.sorted { $0.wave < $1.wave } } }
  var history: [HistoryEntry] { state.withLock { $0.history } }
  var waitingRequests: Int { state.withLock { $0.requests.count } }

  func record(of domain: DomainName) -> DomainRecord? { state.withLock { $0.records[domain] } }

  func entries(_ event: String, of domain: DomainName? = nil) -> Int {
    history.count { $0.event == event && (domain == nil || $0.domain == domain) }
  }

  // MARK: The port

  func loadRecords() async throws(StateFailure) -> [DomainRecord] {
    await executor.sleep(for: .zero)
    return state.withLock { $0.records.values.sorted { $0.domain < $1.domain } }
  }

  func loadStoppedWaves() async throws(StateFailure) -> [WaveStop] { stops }

  func loadFirstImports() async throws(StateFailure) -> [CertificateARN: Instant] {
    state.withLock { $0.firstImports }
  }

  func commit(_ change: StateChange) async throws(StateFailure) {
    if change.guarding != nil {
      let body = state.withLock { state in
        defer { state.beforeGuarded = nil }
        return state.beforeGuarded
      }
      body?()
    }
    await executor.sleep(for: state.withLock { $0.takes })
    let now = executor.uptime
    let failure: StateFailure? = state.withLock { state in
      if let failure = state.failure ?? state.draw?() { return failure }
      if let domain = change.guarding, state.requests.contains(where: { $0.domain == domain }) {
        return StateFailure(.requestWaiting, path: "state.sqlite", message: "a request waits")
      }
      for record in change.records { state.records[record.domain] = record }
      state.history += change.history
      for wave in change.resumedWaves { state.stops[wave] = nil }
      for stop in change.stops { state.stops[stop.wave] = stop }
      state.firstImports.merge(change.firstImports) { $1 }
      state.requests.removeAll { change.handled.contains($0.id) }
      state.commits.append(Commit(at: now, change: change))
      return nil
    }
    if let failure { throw failure }
  }

  func pendingRequests() async throws(StateFailure) -> [OperatorRequest] {
    let requests = state.withLock { $0.requests }
    await executor.sleep(for: state.withLock { $0.takes })
    return requests
  }
}
