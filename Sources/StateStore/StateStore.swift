import Dispatch
import GRDB
import POSIX
package import Reconciliation
package import RolloutCore

/// The state file, open for writing: what is remembered across restarts.
///
/// Every commit is one transaction that is on the disk when it returns (WAL with
/// `synchronous = FULL`). Work is done on the connection's own thread, so that a slow disk
/// blocks no other task; a commit that has begun is completed even when its task is cancelled.
///
/// A daemon may start while the disk is full. The file is then only read, and every commit tries
/// to open it for writing again and throws `.full` until there is room.
package final class StateStore: StatePort {
  /// The most requests that are read at a time; more wait for the next pass.
  package static let maximumRequests = 1000

  private enum Connection {
    case open(DatabaseQueue)
    /// The disk has no room to open the file for writing.
    case waitingForRoom
    case closed
  }

  let file: StateFile
  private let connection: Guarded<Connection>
  /// Where a store that waits for room reads the file and opens it: one after the other.
  private let waiting = DispatchQueue(label: "state.waiting")
  /// Held as long as the store is; declared last, since the connection must end before it.
  private let lock: ProcessLock?

  package enum Mode: Sendable {
    /// The one process that owns the file, creates it and migrates it.
    case daemon
    /// A command beside it, or without it: it may leave a request, and needs no lock.
    case command
  }

  /// Opens the file, and with `.daemon` creates it where there is none. A file that is damaged,
  /// of another program or of a newer version is refused and not changed.
  ///
  /// A daemon acquires its `ProcessLock` first and passes it here.
  package static func open(
    path: String, mode: Mode, holding lock: ProcessLock? = nil
  ) throws(StateFailure) -> StateStore {
    let file = try StateFile(path: path)
    let connection: Connection
    switch mode {
    case .command: connection = .open(try file.openForCommand())
    case .daemon:
      do throws(StateFailure) {
        connection = .open(try file.openForDaemon())
      } catch {
        guard error.kind == .full else { throw error }
        try file.readWithoutRoom(()) { _ in }
        connection = .waitingForRoom
      }
    }
    return StateStore(file: file, connection: connection, lock: lock)
  }

  private init(file: StateFile, connection: sending Connection, lock: ProcessLock?) {
    self.file = file
    self.connection = Guarded(connection)
    self.lock = lock
  }

  /// Brings everything into the main file and removes the -wal and -shm files, unless a command
  /// has it open too, and then releases the lock. The store must not be used afterwards.
  package func close() throws(StateFailure) {
    let former = connection.withLock { connection in
      let former = connection
      connection = .closed
      return former
    }
    switch former {
    case .open(let queue):
      do { try queue.close() } catch { throw file.failure(for: error) }
    case .waitingForRoom, .closed: break
    }
    lock?.release()
  }

  package func loadRecords() async throws(StateFailure) -> [DomainRecord] {
    try await read(orElse: []) { database in
      try RecordReader(database: database).records(.all)
    }
  }

  package func loadFirstImports() async throws(StateFailure) -> [CertificateARN: Instant] {
    try await read(orElse: [:]) { database in
      try RecordReader(database: database).firstImports()
    }
  }

  package func loadStoppedWaves() async throws(StateFailure) -> [WaveStop] {
    try await read(orElse: []) { database in
      try RecordReader(database: database).stoppedWaves()
    }
  }

  /// Records are written in their order: a domain may occur twice, first with the rollout that
  /// ended and then with the one that took its place. An empty change writes nothing.
  package func commit(_ change: StateChange) async throws(StateFailure) {
    if change.isEmpty && change.guarding == nil { return }
    let file = file
    try await queue().transact(.immediate, in: file) { database in
      if let domain = change.guarding,
        try RecordReader(database: database).hasRequest(for: domain, besides: change.handled)
      {
        throw file.requestWaiting(for: domain)
      }
      try ChangeWriter(database: database).write(change)
    }
  }

  package func pendingRequests() async throws(StateFailure) -> [OperatorRequest] {
    try await read(orElse: []) { database in
      try RecordReader(database: database).requests(limit: StateStore.maximumRequests)
    }
  }

  /// A number that changes when another process wrote to the file: a cheap sign that there may
  /// be a request. The store's own commits do not change it. It is 0 while the store waits for
  /// room, and then another number.
  package func dataVersion() async throws(StateFailure) -> Int64 {
    // An attempt to open the file would read all tables but the history.
    if isWaitingForRoom && file.isDiskFull { return 0 }
    do throws(StateFailure) {
      return try await queue().transact(.deferred, in: file) { database in
        try Int64.fetchOne(database, sql: "PRAGMA data_version") ?? 0
      }
    } catch {
      guard error.kind == .full, isWaitingForRoom else { throw error }
      return 0
    }
  }

  /// Runs `body` in one transaction that only reads, with `absent` for a file that does not
  /// exist yet, because the disk has no room.
  private func read<Value: Sendable>(
    orElse absent: Value, _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(StateFailure) -> Value {
    do throws(StateFailure) {
      return try await queue().transact(.deferred, in: file, body)
    } catch {
      guard error.kind == .full, isWaitingForRoom else { throw error }
    }
    let file = file
    return try await whileWaiting { () throws(StateFailure) in
      try file.readWithoutRoom(absent, body)
    }
  }

  private var isWaitingForRoom: Bool {
    connection.withLock { connection in
      if case .waitingForRoom = connection { true } else { false }
    }
  }

  /// The connection; opens it if there is room by now.
  func queue() async throws(StateFailure) -> DatabaseQueue {
    if let queue = try openQueue() { return queue }
    return try await whileWaiting { () throws(StateFailure) in try self.openAgain() }
  }

  /// nil while there is none for want of room.
  private func openQueue() throws(StateFailure) -> DatabaseQueue? {
    switch connection.withLock({ $0 }) {
    case .open(let queue): return queue
    case .waitingForRoom: return nil
    case .closed: throw closed
    }
  }

  private func openAgain() throws(StateFailure) -> DatabaseQueue {
    if let queue = try openQueue() { return queue }
    let queue = try file.openForDaemon()
    let isClosed = connection.withLock { connection in
      if case .closed = connection { return true }
      connection = .open(queue)
      return false
    }
    if isClosed { throw closed }
    // There was no room for it either.
    lock?.writeHolder()
    return queue
  }

  private func whileWaiting<Value: Sendable>(
    _ body: @escaping @Sendable () throws(StateFailure) -> Value
  ) async throws(StateFailure) -> Value {
    let result: Result<Value, StateFailure> = await withCheckedContinuation { continuation in
      waiting.async {
        do throws(StateFailure) {
          continuation.resume(returning: .success(try body()))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }

  private var closed: StateFailure {
    StateFailure(.io, path: file.path, message: "is closed: the daemon is stopping")
  }
}

extension StateFile {
  fileprivate func requestWaiting(for domain: DomainName) -> StateFailure {
    StateFailure(
      .requestWaiting, path: path,
      message: "nothing was written: an operator's request for \(domain) is carried out first")
  }
}
