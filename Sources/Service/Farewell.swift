import Glibc
import POSIX
import RolloutCore

/// Tells systemd and the log once that the daemon stops: when a stop is asked for, lest the
/// seconds that a call under way takes look as if nobody had heard, or else at the end.
final class Farewell: Sendable {
  private let notifier: ServiceNotifier
  private let reporter: LogReporter
  private let isSaid = Guarded(false)

  init(_ notifier: ServiceNotifier, _ reporter: LogReporter) {
    self.notifier = notifier
    self.reporter = reporter
  }

  func say() {
    let isFirst = isSaid.withLock { said in
      defer { said = true }
      return !said
    }
    guard isFirst else { return }
    notifier.stopping()
    reporter.log(Event(.daemonStopping, [.pid: String(getpid())]))
  }
}
