import Glibc
import POSIX

/// Tells systemd how the service is doing, as sd_notify(3) does; does nothing when no one
/// listens. What cannot be told is lost: nothing of it is worth a stop.
package struct ServiceNotifier: Sendable {
  private let socket: UnixDatagram?
  private let lastAlive = Guarded<Duration?>(nil)

  /// Within which time `alive` must be called again and again, or the service is restarted;
  /// nil when no one watches this process.
  package let watchdogInterval: Duration?

  /// systemd throws away a message of over 4,096 bytes.
  static let maximumStatusSize = 1 << 10

  package init(environment: [String: String], pid: Int32 = getpid()) {
    let path = environment["NOTIFY_SOCKET", default: ""]
    self.socket = path.hasPrefix("/") || path.hasPrefix("@") ? UnixDatagram(path: path) : nil
    let watched = environment["WATCHDOG_PID"]
    let isWatched = watched == nil || watched == String(pid)
    let interval = environment["WATCHDOG_USEC"].flatMap { Int64($0) }
    self.watchdogInterval = isWatched ? interval.flatMap { $0 > 0 ? .microseconds($0) : nil } : nil
  }

  /// The service has started, or is done with reloading.
  package func ready(status line: String? = nil) {
    send(["READY=1"] + (line.map { [status($0)] } ?? []))
  }

  /// One line for `systemctl status`.
  package func show(status line: String) { send([status(line)], waits: false) }

  /// The watchdog's timer begins anew. Called as often as one likes: it is told a few times
  /// within its interval, and never waited for, lest a busy manager slow the loop down.
  package func alive() {
    guard let watchdogInterval else { return }
    let now = SystemClock.monotonic
    let isDue = lastAlive.withLock { last in
      if let last, now - last < watchdogInterval / ServiceNotifier.signsOfLife { return false }
      last = now
      return true
    }
    if isDue { send(["WATCHDOG=1"], waits: false) }
  }

  /// Signs of life within a watchdog's interval, at the most.
  static let signsOfLife = 10

  /// The configuration is read again; `ready` must follow.
  ///
  /// - Parameter monotonic: CLOCK_MONOTONIC, by which newer versions of systemd tell this
  ///   reload from an earlier one.
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

  /// Whatever `line` holds, it sets no other variable.
  private func status(_ line: String) -> String {
    let plain = line.unicodeScalars.map { scalar -> Character in
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
