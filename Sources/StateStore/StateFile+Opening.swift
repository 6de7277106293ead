import GRDB
import GRDBSQLite
import Reconciliation

extension StateFile {
  /// Opens the file for the daemon: creates it where there is none, and otherwise first makes
  /// sure, without writing to it, that it is whole and ours.
  func openForDaemon() throws(StateFailure) -> DatabaseQueue {
    switch try presence() {
    case .missing: try create()
    case .empty: break
    case .filled:
      try requireAccess(writing: true)
      try requireWhole()
    }
    try requireAccess(writing: true)
    try restrictPermissions()
    do {
      let queue = try open(.writer)
      try queue.inDatabase { database in try bringUpToDate(database).get() }
      return queue
    } catch {
      throw failure(for: error)
    }
  }

  /// Opens the file for a command that writes to it: it must have the present format.
  func openForCommand() throws(StateFailure) -> DatabaseQueue {
    switch try presence() {
    case .missing: throw missing
    case .empty: throw unused
    case .filled: break
    }
    try requireAccess(writing: true)
    switch try read({ database in try StateFormat.contents(of: database, in: self) }) {
    case .current: break
    case .nothing: throw unused
    case .older(let version): throw older(version)
    }
    do {
      return try open(.writer)
    } catch {
      throw failure(for: error)
    }
  }

  /// Reads the file while there is no room to open it for writing; `absent` when nothing was
  /// ever stored.
  func readWithoutRoom<Value>(
    _ absent: Value, _ body: (Database) throws -> Value
  ) throws(StateFailure) -> Value {
    switch try presence() {
    case .missing, .empty: return absent
    case .filled: break
    }
    return try read { database in
      switch try StateFormat.contents(of: database, in: self) {
      case .nothing: return absent
      case .current: return try body(database)
      // It must be migrated before it can be read.
      case .older: throw full
      }
    }
  }

  /// Switches to the write-ahead log and runs the migrations that the file lacks.
  private func bringUpToDate(_ database: Database) -> Result<Void, StateFailure> {
    do {
      let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
      guard mode == "wal" else {
        throw StateFailure(
          .io, path: path,
          message: "SQLite's write-ahead log does not work there; put it on a local file system")
      }
      try StateFormat.migrate(database)
      return .success(())
    } catch {
      let systemError = sqlite3_system_errno(database.sqliteConnection)
      return .failure(failure(for: error, systemError: systemError))
    }
  }

  /// A -journal remains when the very first transaction is interrupted, before the write-ahead
  /// log is in use. Only a connection that may write can undo it.
  private func requireWhole() throws(StateFailure) {
    try read(as: exists("-journal") ? .writer : .reader) { database in
      let contents = try StateFormat.contents(of: database, in: self)
      try StateFormat.check(contents, of: database, in: self)
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
      message: "has format \(version), of an earlier version of this program, which now uses "
        + "\(StateFormat.version); restart the daemon with this version, which migrates the file")
  }
}
