import AWSWire
import POSIX
import Reconciliation
import RolloutCore

/// Builds the text of the metrics when someone asks for it. Those who ask while it is being built get
/// the same text.
actor MetricsSource {
  private let ledger: Ledger
  private let counters: Guarded<Counters>
  private let version: String
  private let startedAt: Instant
  private var building: Task<[UInt8], Never>?

  init(ledger: Ledger, counters: Guarded<Counters>, version: String, startedAt: Instant) {
    self.ledger = ledger
    self.counters = counters
    self.version = version
    self.startedAt = startedAt
  }

  func text() async -> [UInt8] {
    if let building { return await building.value }
    let task = Task { [ledger, counters, version, startedAt] in
      let fleet = await ledger.fleetFacts()
      return MetricsText(
        MetricsSnapshot(
          version: version, startedAt: startedAt, fleet: fleet,
          counters: counters.withLock { $0 })
      ).bytes
    }
    building = task
    let text = await task.value
    building = nil
    return text
  }

  /// Why the daemon is not ready; nil when it is.
  func problem() async -> String? { MetricsSnapshot.problem(of: await ledger.fleetFacts()) }

  /// What a text that was written is outdated by.
  func version() async -> Version {
    Version(
      fleet: await ledger.fleetVersion,
      reloadSucceeded: counters.withLock { $0.lastReloadSucceeded },
      proofs: counters.withLock { $0.rolloutDurations })
  }

  struct Version: Equatable, Sendable {
    let fleet: Int
    let reloadSucceeded: Bool
    let proofs: Histogram
  }
}
