import Glibc
import Narration
import POSIX

/// Reports once, to systemd and to the log, that the daemon stops: when a stop is asked for,
/// because a call under way may take seconds, or else at the end.
final class StopNotice: Sendable {
  private let notifier: ServiceNotifier
  private let reporter: LogReporter
  private let isGiven = Guarded(false)

  init(_ notifier: ServiceNotifier, _ reporter: LogReporter) {
    self.notifier = notifier
    self.reporter = reporter
  }

  func give() {
    let isFirst = isGiven.withLock { given in
      defer { given = true }
      return !given
    }
    guard isFirst else { return }
    notifier.stopping()
    reporter.log(.stopping(pid: getpid()))
  }
}
