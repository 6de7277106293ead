package import Reconciliation

/// The exit statuses of the commands, for scripts and for systemd.
package enum ExitStatus: Int32, Sendable {
  case success = 0
  case failure = 1
  /// A person is needed.
  case needsPerson = 3
  /// Wrong usage; `EX_USAGE` of sysexits.h.
  case usage = 64
  /// The state file is damaged or of a newer version, so a restart does not help; `EX_DATAERR` of
  /// sysexits.h.
  case stateUnusable = 65
  /// Another process has the state file, which may end; `EX_TEMPFAIL` of sysexits.h.
  case stateInUse = 75
  /// The configuration is invalid, so a restart does not help; `EX_CONFIG` of sysexits.h.
  case configuration = 78

  /// How `run` ends when it cannot use the state file.
  package init(_ failure: StateFailure.Kind) {
    self =
      switch failure {
      case .damaged, .newer: .stateUnusable
      case .locked: .stateInUse
      case .full, .permission, .io, .requestWaiting: .failure
      }
  }
}
