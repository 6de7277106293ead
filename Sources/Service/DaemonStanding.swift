package import Reconciliation
package import RolloutCore
import StateStore

/// Whether a daemon runs with a state file, known by its lock, and when it last polled well,
/// by its heartbeat.
package struct DaemonStanding: Equatable, Sendable {
  package var isRunning: Bool
  package var pid: Int32?
  package var lastSuccessfulPoll: Instant?
  package var pollInterval: Duration?

  package init(
    isRunning: Bool, pid: Int32?, lastSuccessfulPoll: Instant?, pollInterval: Duration?
  ) {
    self.isRunning = isRunning
    self.pid = pid
    self.lastSuccessfulPoll = lastSuccessfulPoll
    self.pollInterval = pollInterval
  }

  package init(stateFile: String) throws(StateFailure) {
    let holder = try ProcessLock.holder(ofStateFile: stateFile)
    let path =
      holder?.heartbeat ?? Heartbeat.path(stateFile: stateFile, runtimeDirectory: nil)
    let beat = Heartbeat.read(path: path)
    // One that an earlier process left says nothing of the one that runs.
    let isOfHolder = holder == nil || holder?.pid == nil || beat?.pid == holder?.pid
    self.init(
      isRunning: holder != nil, pid: holder?.pid,
      lastSuccessfulPoll: isOfHolder ? beat?.lastSuccessfulPoll : nil,
      pollInterval: isOfHolder ? beat?.pollInterval : nil)
  }

  /// How many intervals without a good poll are too many.
  package static let toleratedIntervals: Int64 = 3

  /// Why a person should look at the daemon itself; nil when it is well. A daemon that has
  /// just started has not polled yet and is given no time: it polls at once.
  package func trouble(at now: Instant) -> String? {
    if !isRunning { return "the daemon is not running" }
    guard let lastSuccessfulPoll, let pollInterval else {
      return "the daemon has not listed every account since it started"
    }
    let limit = pollInterval * Int(DaemonStanding.toleratedIntervals)
    return now.since(lastSuccessfulPoll) > limit
      ? "the last good poll was \(now.since(lastSuccessfulPoll).compact) ago" : nil
  }
}
