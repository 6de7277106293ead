import GRDB
import GRDBSQLite
import Reconciliation

extension DatabaseQueue {
  /// Runs `body` in one transaction on the connection's own thread, and returns when it is
  /// committed.
  ///
  /// GRDB's own `async` access is not used, because it gives up when the caller's task is
  /// cancelled: an outcome must be stored also while the daemon stops.
  func transact<Value: Sendable>(
    _ kind: Database.TransactionKind, in file: StateFile,
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(StateFailure) -> Value {
    let result: Result<Value, StateFailure> = await withCheckedContinuation { continuation in
      asyncWriteWithoutTransaction { database in
        continuation.resume(returning: database.transact(kind, in: file, body))
      }
    }
    return try result.get()
  }
}

extension Database {
  func transact<Value>(
    _ kind: TransactionKind, in file: StateFile, _ body: (Database) throws -> Value
  ) -> Result<Value, StateFailure> {
    do {
      // A rollback that failed has left it open.
      if isInsideTransaction { try rollback() }
      var value: Value?
      try inTransaction(kind) {
        value = try body(self)
        return .commit
      }
      if let value { return .success(value) }
      return .failure(StateFailure(.io, path: file.path, message: "a transaction did not run"))
    } catch {
      return .failure(
        file.failure(for: error, systemError: sqlite3_system_errno(sqliteConnection)))
    }
  }
}
