package import Reconciliation
package import RolloutCore
import StateStore

/// Whether a daemon runs with a state file, from its lock, and when it last polled successfully, from
/// its heartbeat.
package struct DaemonStatus: Equatable, Sendable {
  package var isRunning: Bool
  package var pid: Int32?
  package var lastSuccessfulPoll: Instant?
  package var pollInterval: Duration?
  /// How far this host's clock is ahead of the daemon's time.
  package var hostError: Duration

  package init(
    isRunning: Bool, pid: Int32?, lastSuccessfulPoll: Instant?, pollInterval: Duration?,
    hostError: Duration = .zero
  ) {
    self.isRunning = isRunning
    self.pid = pid
    self.lastSuccessfulPoll = lastSuccessfulPoll
    self.pollInterval = pollInterval
    self.hostError = hostError
  }

  package init(stateFile: String) throws(StateFailure) {
    let holder = try ProcessLock.holder(ofStateFile: stateFile)
    let path =
      holder?.heartbeat ?? Heartbeat.path(stateFile: stateFile, runtimeDirectory: nil)
    let heartbeat = Heartbeat.read(path: path)
    // A heartbeat of an earlier process says nothing about the running one.
    let isOfHolder = holder == nil || holder?.pid == nil || heartbeat?.pid == holder?.pid
    self.init(
      isRunning: holder != nil, pid: holder?.pid,
      lastSuccessfulPoll: isOfHolder ? heartbeat?.lastSuccessfulPoll : nil,
      pollInterval: isOfHolder ? heartbeat?.pollInterval : nil,
      hostError: isOfHolder ? heartbeat?.hostError ?? .zero : .zero)
  }

  /// The number of poll intervals without a successful poll that is tolerated.
  package static let toleratedIntervals: Int64 = 3

  /// Why a person is needed for the daemon itself, or nil. A daemon that has just started gets no extra
  /// time, because it polls at once.
  package func problem(at now: Instant) -> String? {
    if !isRunning { return "the daemon is not running" }
    guard let lastSuccessfulPoll, let pollInterval else {
      return "the daemon has not listed every account since it started"
    }
    let limit = pollInterval * Int(DaemonStatus.toleratedIntervals)
    return now.since(lastSuccessfulPoll) > limit
      ? "the last successful poll was \(now.since(lastSuccessfulPoll).compact) ago" : nil
  }
}
