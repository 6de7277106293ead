import Glibc
import Narration
import POSIX

/// Reports once, to systemd and to the log, that the daemon stops. It does so when a stop is requested,
/// because a running call may take seconds, or otherwise at the end.
final class StopNotice: Sendable {
  private let notifier: ServiceNotifier
  private let reporter: LogReporter
  private let isSent = Guarded(false)

  init(_ notifier: ServiceNotifier, _ reporter: LogReporter) {
    self.notifier = notifier
    self.reporter = reporter
  }

  func send() {
    let isFirst = isSent.withLock { isSent in
      defer { isSent = true }
      return !isSent
    }
    guard isFirst else { return }
    notifier.stopping()
    reporter.log(.stopping(pid: getpid()))
  }
}
