package import Logging
import POSIX
import Reconciliation
package import Narration
package import RolloutCore
package import StateStore

/// Where the loop reports: the log, systemd, and the heartbeat file.
package final class DaemonReport: ReportPort {
  private let reporter: LogReporter
  private let notifier: ServiceNotifier
  private let heartbeatPath: String
  private let beat: Guarded<Heartbeat>

  package init(
    logger: Logger, notifier: ServiceNotifier, heartbeatPath: String, heartbeat: Heartbeat
  ) {
    reporter = LogReporter(logger)
    self.notifier = notifier
    self.heartbeatPath = heartbeatPath
    beat = Guarded(heartbeat)
  }

  package func emit(_ event: Event) { reporter.log(event) }

  package func alive() { notifier.alive() }

  package func status(_ line: String) { notifier.show(status: line) }

  package func looksBegan() {
    notifier.alive()
    notifier.ready(status: "looking at AWS for the first time")
  }

  package func pollSucceeded(at instant: Instant) {
    let heartbeat = beat.withLock { beat in
      beat.lastSuccessfulPoll = instant
      return beat
    }
    write(heartbeat)
  }

  /// The interval that `status` judges the heartbeat by, after a reload.
  package func adopt(pollInterval: Duration) {
    let heartbeat = beat.withLock { beat in
      beat.pollInterval = pollInterval
      return beat
    }
    write(heartbeat)
  }

  private func write(_ heartbeat: Heartbeat) {
    do throws(StateFailure) {
      try heartbeat.write(to: heartbeatPath)
    } catch {
      reporter.log(
        .stateWarning(
          path: heartbeatPath, "the heartbeat of 'status' is not written: \(error)"))
    }
  }
}
