import Logging
package import Narration
import POSIX
import Reconciliation
package import RolloutCore
import StateStore

/// The reports of the loop: to the log, to systemd, and to the heartbeat file.
package final class DaemonReport: ReportPort {
  private let reporter: LogReporter
  private let notifier: ServiceNotifier
  private let heartbeatPath: String
  private let heartbeat: Guarded<Heartbeat>
  private let counters: Guarded<Counters>
  /// Whether the last heartbeat could not be written.
  private let hasFailed = Guarded(false)

  init(
    logger: Logger, notifier: ServiceNotifier, heartbeatPath: String, heartbeat: Heartbeat,
    counters: Guarded<Counters>
  ) {
    reporter = LogReporter(logger)
    self.notifier = notifier
    self.heartbeatPath = heartbeatPath
    self.heartbeat = Guarded(heartbeat)
    self.counters = counters
  }

  package func emit(_ event: Event) { reporter.log(event) }

  package func alive() { notifier.notifyWatchdog() }

  package func status(_ line: String) { notifier.show(status: line) }

  package func looksBegan() {
    notifier.notifyWatchdog()
    notifier.ready(status: "the first poll has begun")
  }

  package func pollSucceeded(at instant: Instant) {
    write { $0.lastSuccessfulPoll = instant }
  }

  package func rolloutProven(after duration: Duration) {
    counters.withLock { $0.noteProof(after: duration) }
  }

  package func hostErrorChanged(to error: Duration) {
    write { $0.hostError = error }
  }

  /// Sets the interval with which `status` compares the age of the heartbeat.
  package func adopt(pollInterval: Duration) {
    write { $0.pollInterval = pollInterval }
  }

  private func write(_ change: (inout Heartbeat) -> Void) {
    let heartbeat = heartbeat.withLock { heartbeat in
      change(&heartbeat)
      return heartbeat
    }
    do throws(StateFailure) {
      try heartbeat.write(to: heartbeatPath)
      hasFailed.withLock { $0 = false }
    } catch {
      let isFirst = hasFailed.withLock { failed in
        defer { failed = true }
        return !failed
      }
      // Logged once, and not at each poll, until it can be written again.
      if !isFirst { return }
      reporter.log(
        .stateWarning(
          path: heartbeatPath,
          "the heartbeat cannot be written, so that 'status' may report an old poll: \(error)"))
    }
  }
}
