/// How a command ends, for scripts and for systemd.
package enum ExitStatus: Int32, Sendable {
  case success = 0
  case failure = 1
  /// Something needs a person.
  case needsPerson = 3
  /// Wrong usage; `EX_USAGE` of sysexits.h.
  case usage = 64
  /// A wrong configuration, which no restart mends; `EX_CONFIG` of sysexits.h.
  case configuration = 78
}
