import GRDB
package import Reconciliation
package import RolloutCore

/// The state file, open for writing: what is remembered across restarts.
///
/// Every commit is one transaction that is on the disk when it returns (WAL with
/// `synchronous = FULL`). Work is done on the connection's own thread, so that a slow disk
/// blocks no other task; a commit that has begun is not given up when its task is cancelled.
package final class StateStore: StatePort {
  /// The most requests that are read at a time; more wait for the next pass.
  package static let maximumRequests = 1000

  let file: StateFile
  let queue: DatabaseQueue
  /// Held as long as the store is: the queue closes before it is let go.
  private let lock: ProcessLock?

  package enum Mode: Sendable {
    /// The one process that owns the file, creates it and brings it up to date.
    case daemon
    /// A command beside it, or without it: it may leave a request, and needs no lock.
    case command
  }

  /// Opens the file, and with `.daemon` creates it where there is none. A file that is damaged,
  /// of another program or of a newer version is refused and left as it is, to the byte.
  ///
  /// A daemon acquires its `ProcessLock` first and gives it here to keep.
  package static func open(
    path: String, mode: Mode, holding lock: ProcessLock? = nil
  ) throws(StateFailure) -> StateStore {
    let file = try StateFile(path: path)
    switch mode {
    case .daemon: try file.prepareForDaemon()
    case .command: try file.requireCurrent()
    }
    return try StateStore(file: file, mode: mode, lock: lock)
  }

  private init(file: StateFile, mode: Mode, lock: ProcessLock?) throws(StateFailure) {
    do {
      let queue = try file.open(.writer)
      switch mode {
      case .daemon:
        try queue.inDatabase { database in try file.bringUpToDate(database).get() }
      case .command: break
      }
      self.queue = queue
    } catch {
      throw file.failure(for: error)
    }
    self.file = file
    self.lock = lock
  }

  /// Brings everything into the main file and removes the -wal and -shm files, unless a command
  /// has it open too, and then lets the lock go. The store is of no use afterwards.
  package func close() throws(StateFailure) {
    do { try queue.close() } catch { throw file.failure(for: error) }
    lock?.release()
  }

  package func loadRecords() async throws(StateFailure) -> [DomainRecord] {
    try await queue.transact(.deferred, in: file) { database in
      try RecordReader(database: database).records(.all)
    }
  }

  /// Records are written in their order: a domain may stand there twice, first with the rollout
  /// that ended and then with the one that took its place. An empty change writes nothing.
  package func commit(_ change: StateChange) async throws(StateFailure) {
    if change.isEmpty { return }
    try await queue.transact(.immediate, in: file) { database in
      try ChangeWriter(database: database).write(change)
    }
  }

  package func pendingRequests() async throws(StateFailure) -> [OperatorRequest] {
    try await queue.transact(.deferred, in: file) { database in
      try RecordReader(database: database).requests(limit: StateStore.maximumRequests)
    }
  }

  /// A number that changes when another process wrote to the file: a cheap sign that there
  /// may be a request. What this store commits does not change it.
  package func dataVersion() async throws(StateFailure) -> Int64 {
    try await queue.transact(.deferred, in: file) { database in
      try Int64.fetchOne(database, sql: "PRAGMA data_version") ?? 0
    }
  }
}
