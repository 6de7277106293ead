package import Reconciliation
package import RolloutCore

/// Everything that the metrics show, at one moment.
package struct MetricsSnapshot: Sendable {
  package var version: String
  package var startedAt: Instant
  package var fleet: FleetFacts
  package var counters: Counters

  package init(version: String, startedAt: Instant, fleet: FleetFacts, counters: Counters) {
    self.version = version
    self.startedAt = startedAt
    self.fleet = fleet
    self.counters = counters
  }

  /// Why the daemon is not ready; nil when it is.
  package static func problem(of fleet: FleetFacts) -> String? {
    DaemonStatus(
      isRunning: true, pid: nil, lastSuccessfulPoll: fleet.lastGoodPoll,
      pollInterval: fleet.pollInterval
    ).problem(at: fleet.now)
  }
}
