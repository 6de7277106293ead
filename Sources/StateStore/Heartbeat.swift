import Glibc
import LosslessJSON
import POSIX
package import Reconciliation
package import RolloutCore

/// When the daemon last listed every account. It is a small file of its own, because a pass that
/// changes nothing writes nothing to the state file.
///
/// It is for its owner alone (0600), like the state file.
package struct Heartbeat: Equatable, Sendable {
  package var pid: Int32
  /// nil until the first successful poll since the start.
  package var lastSuccessfulPoll: Instant?
  package var pollInterval: Duration
  /// How far the host's clock was ahead of AWS's, which the daemon's times are of.
  package var hostError: Duration

  package init(
    pid: Int32, lastSuccessfulPoll: Instant?, pollInterval: Duration, hostError: Duration = .zero
  ) {
    self.pid = pid
    self.lastSuccessfulPoll = lastSuccessfulPoll
    self.pollInterval = pollInterval
    self.hostError = hostError
  }

  /// `heartbeat` in the first directory of `$RUNTIME_DIRECTORY`, which systemd sets and clears,
  /// or `<state>.heartbeat` without one. The daemon writes the path to its lock file.
  package static func path(stateFile: String, runtimeDirectory: String?) -> String {
    let first = runtimeDirectory?.split(separator: ":").first.map(String.init)
    return first.map { "\($0)/heartbeat" } ?? "\(stateFile).heartbeat"
  }

  /// Replaces the file by renaming, so that a reader sees the old one or the new one whole. It
  /// is not synced: after a power cut no daemon runs that it could belong to.
  package func write(to path: String) throws(StateFailure) {
    let draft = path + ".new"
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
    let descriptor = Glibc.open(draft, flags, StateFile.mode)
    guard descriptor >= 0 else {
      throw StateFailure(errno: errno, path: draft, doing: "create the heartbeat")
    }
    let bytes = Array((json.encoded + "\n").utf8)
    let written = Glibc.write(descriptor, bytes, bytes.count)
    let code = written < 0 ? errno : ENOSPC
    close(descriptor)
    guard written == bytes.count else {
      throw StateFailure(errno: code, path: draft, doing: "write the heartbeat")
    }
    guard rename(draft, path) == 0 else {
      throw StateFailure(errno: errno, path: path, doing: "replace the heartbeat")
    }
  }

  /// nil when there is no file, or none that can be understood.
  package static func read(path: String) -> Heartbeat? {
    do throws(RegularFile.Failure) {
      let bytes = try RegularFile.read(path, limit: maximumSize, finalLink: .refused)
      return understood(bytes)
    } catch {
      return nil
    }
  }

  private static func understood(_ bytes: [UInt8]) -> Heartbeat? {
    do throws(JSONError) {
      return Heartbeat(json: try JSONValue(parsing: bytes))
    } catch {
      return nil
    }
  }

  /// Bytes; a heartbeat has about 100.
  private static let maximumSize = 4096

  private var json: JSONValue {
    [
      "pid": .number(String(pid)),
      "last_successful_poll_at": JSONValue(lastSuccessfulPoll?.rfc3339),
      "poll_interval_ms": .number(String(pollInterval.inMilliseconds)),
      "host_error_ms": .number(String(hostError.inMilliseconds)),
    ]
  }

  private init?(json: JSONValue) {
    guard let number = json["pid"]?.int, let pid = Int32(exactly: number), pid > 0,
      let interval = json["poll_interval_ms"]?.int, interval > 0,
      let poll = json["last_successful_poll_at"], let hostError = json["host_error_ms"]?.int
    else { return nil }
    let instant = poll.string.flatMap(Instant.init(rfc3339UTC:))
    guard poll == .null || instant != nil else { return nil }
    self.init(
      pid: pid, lastSuccessfulPoll: instant, pollInterval: .milliseconds(interval),
      hostError: .milliseconds(hostError))
  }
}
