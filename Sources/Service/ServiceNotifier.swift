import Glibc
import POSIX
import Redaction

/// Sends notifications to systemd, as sd_notify(3) does. Without a notification socket it does nothing.
/// A notification that cannot be sent is dropped.
package struct ServiceNotifier: Sendable {
  private let socket: UnixDatagram?
  private let lastWatchdogNotification = Guarded<Duration?>(nil)

  /// The interval within which `notifyWatchdog` must be called, or systemd restarts the service; nil
  /// without a watchdog.
  package let watchdogInterval: Duration?

  /// In bytes. systemd drops messages of over 4,096 bytes.
  static let maximumStatusSize = 1 << 10

  package init(environment: [String: String], pid: Int32 = getpid()) {
    let path = environment["NOTIFY_SOCKET", default: ""]
    self.socket = path.hasPrefix("/") || path.hasPrefix("@") ? UnixDatagram(path: path) : nil
    let watched = environment["WATCHDOG_PID"]
    let isWatched = watched == nil || watched == String(pid)
    let interval = environment["WATCHDOG_USEC"].flatMap { Int64($0) }
    self.watchdogInterval = isWatched ? interval.flatMap { $0 > 0 ? .microseconds($0) : nil } : nil
  }

  /// The service has started, or has finished a reload.
  package func ready(status line: String? = nil) {
    send(["READY=1"] + (line.map { [status($0)] } ?? []))
  }

  /// Sets the line that `systemctl status` shows.
  package func show(status line: String) { send([status(line)], waits: false) }

  /// Resets the timer of the watchdog. It may be called at any rate: only a few notifications are sent
  /// in an interval. It never blocks, so that a busy systemd does not delay the loop.
  package func notifyWatchdog() {
    guard let watchdogInterval else { return }
    let now = SystemClock.monotonic
    let isDue = lastWatchdogNotification.withLock { last in
      if let last, now - last < watchdogInterval / ServiceNotifier.notificationsPerInterval {
        return false
      }
      last = now
      return true
    }
    if isDue { send(["WATCHDOG=1"], waits: false) }
  }

  /// The maximum number of notifications in an interval of the watchdog.
  static let notificationsPerInterval = 10

  /// The configuration is being read again. `ready` must follow.
  ///
  /// - Parameter monotonic: CLOCK_MONOTONIC, with which newer versions of systemd order reloads.
  package func reloading(monotonic: Duration) {
    let (seconds, attoseconds) = monotonic.components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    guard seconds >= 0, !overflow else { return send(["RELOADING=1"]) }
    let microseconds = UInt64(scaled) + UInt64(attoseconds / 1_000_000_000_000)
    send(["RELOADING=1", "MONOTONIC_USEC=\(microseconds)"])
  }

  package func stopping(status line: String? = nil) {
    send(["STOPPING=1"] + (line.map { [status($0)] } ?? []))
  }

  /// The assignment of the status. Line breaks are removed, so that it cannot set another variable.
  private func status(_ line: String) -> String {
    let plain = Redaction.output(line).unicodeScalars.map { scalar -> Character in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: " "
      default: Character(scalar)
      }
    }
    return "STATUS=" + LogRecord.cut(String(plain), to: ServiceNotifier.maximumStatusSize)
  }

  private func send(_ assignments: [String], waits: Bool = true) {
    guard let socket else { return }
    _ = socket.send(Array(assignments.joined(separator: "\n").utf8), waits: waits)
  }
}
