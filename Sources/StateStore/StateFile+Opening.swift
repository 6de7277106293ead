import GRDB
import GRDBSQLite
import Reconciliation

extension StateFile {
  /// Creates the file where there is none, and otherwise makes sure, without writing to it,
  /// that it is whole and ours.
  func prepareForDaemon() throws(StateFailure) {
    switch try presence() {
    case .missing: try create()
    case .empty: break
    case .filled:
      try requireAccess(writing: true)
      try inspect()
    }
    try requireAccess(writing: true)
    try restrictPermissions()
  }

  /// What a command that writes needs: a file in the present form.
  func requireCurrent() throws(StateFailure) {
    switch try presence() {
    case .missing: throw missing
    case .empty: throw unused
    case .filled: break
    }
    try requireAccess(writing: true)
    let standing = try read { database in try Schema.standing(of: database, in: self) }
    switch standing {
    case .current: break
    case .new: throw unused
    case .older(let version): throw older(version)
    }
  }

  /// Switches to the write-ahead log and runs the steps that the file lacks.
  func bringUpToDate(_ database: Database) -> Result<Void, StateFailure> {
    do {
      let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
      guard mode == "wal" else {
        throw StateFailure(
          .io, path: path,
          message: "SQLite's write-ahead log does not work there; put it on a local file system")
      }
      try Schema.migrate(database, in: self)
      return .success(())
    } catch {
      let systemError = sqlite3_system_errno(database.sqliteConnection)
      return .failure(failure(for: error, systemError: systemError))
    }
  }

  /// A -journal is what a cut leaves when it comes in the very first transaction, before the
  /// write-ahead log is in use: to undo that takes a connection that may write.
  private func inspect() throws(StateFailure) {
    try read(as: exists("-journal") ? .writer : .reader) { database in
      switch try Schema.standing(of: database, in: self) {
      case .new, .current, .older: try Schema.check(database, in: self)
      }
    }
  }

  /// A failure for a command that needs a state file where there is none.
  var missing: StateFailure {
    StateFailure(
      .io, path: path,
      message: "does not exist; the daemon creates it at its first start: see that it runs and "
        + "that state_file is the same for both")
  }

  var unused: StateFailure {
    StateFailure(.io, path: path, message: "holds nothing yet; start the daemon, which fills it")
  }

  func older(_ version: Int64) -> StateFailure {
    StateFailure(
      .io, path: path,
      message: "has format \(version), from a former version of this program, which now uses "
        + "\(Schema.version); restart the daemon with this version, which brings it up to date")
  }
}
