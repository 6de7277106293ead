/// The exit statuses of the commands, for scripts and for systemd.
package enum ExitStatus: Int32, Sendable {
  case success = 0
  case failure = 1
  /// A person is needed.
  case needsPerson = 3
  /// Wrong usage; `EX_USAGE` of sysexits.h.
  case usage = 64
  /// The configuration is invalid, so a restart does not help; `EX_CONFIG` of sysexits.h.
  case configuration = 78
}
