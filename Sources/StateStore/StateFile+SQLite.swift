import GRDB
import Glibc
import POSIX
import Reconciliation

extension StateFile {
  /// How long a statement waits for another process's transaction, in seconds: GRDB's unit.
  /// Our own transactions take milliseconds; a person with sqlite3 may take longer.
  static let busyTimeout = 5.0

  /// Bytes that the -wal file keeps after a checkpoint; SQLite checkpoints at 1,000 pages of
  /// 4 KiB, so it never shrinks below what it needs.
  static let walSizeLimit = 4 << 20

  enum Access {
    case writer
    case reader
    /// Reads the main file alone, takes no lock and creates nothing.
    case mainFileReader
    /// Reads the main file and the -wal file, whose index it builds in its own memory: for a
    /// disk without room for the shared memory. The -shm file must exist; it may be empty.
    case memoryIndexReader
  }

  func open(_ access: Access) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.label = "state"
    configuration.busyMode = .timeout(StateFile.busyTimeout)
    // Otherwise GRDB ends the process when SQLite fails to undo a transaction.
    configuration.allowsUnsafeTransactions = true
    switch access {
    case .writer: configuration.readonly = false
    case .reader, .mainFileReader, .memoryIndexReader: configuration.readonly = true
    }
    let name =
      switch access {
      case .writer, .reader: path
      case .mainFileReader: "file:\(uriPath)?immutable=1"
      case .memoryIndexReader: "file:\(uriPath)?readonly_shm=1"
      }
    let queue = try DatabaseQueue(path: name, configuration: configuration)
    try queue.inDatabase { database in
      try database.execute(
        sql: """
          PRAGMA synchronous = FULL;
          PRAGMA wal_autocheckpoint = 1000;
          PRAGMA journal_size_limit = \(StateFile.walSizeLimit);
          PRAGMA temp_store = MEMORY;
          PRAGMA cell_size_check = ON;
          """)
    }
    return queue
  }

  /// The path as it is written in SQLite's URIs.
  private var uriPath: String {
    var text = ""
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."),
        UInt8(ascii: "-"), UInt8(ascii: "_"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let hex = String(byte, radix: 16)
        text += hex.count == 1 ? "%0" + hex : "%" + hex
      }
    }
    return text
  }

  /// The error as a failure that says what to do. `systemError` is the `errno` that SQLite met,
  /// where it is known.
  ///
  /// Of an SQLite error only its message is shown: it names tables, columns and constraints, and
  /// no values.
  func failure(for error: any Error, systemError: Int32 = 0) -> StateFailure {
    if let failure = error as? StateFailure { return failure }
    if let row = error as? MalformedRow { return damaged(row.description) }
    guard let error = error as? DatabaseError else {
      return StateFailure(.io, path: path, message: "cannot be used: an unknown error")
    }
    if error.extendedResultCode == .SQLITE_READONLY_ROLLBACK {
      return StateFailure(
        .io, path: path,
        message: "a write was interrupted and must be undone first; start the daemon, which does "
          + "it")
    }
    // SQLite gives no errno when it cannot make room for the shared memory in the -shm file.
    if error.extendedResultCode == .SQLITE_IOERR_SHMSIZE { return full }
    let said = error.message ?? "error \(error.extendedResultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_FULL: return full
    case .SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_ERROR, .SQLITE_SCHEMA, .SQLITE_MISMATCH:
      return damaged(said)
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
      return StateFailure(
        .permission, path: path,
        message: "cannot be written: \(said); see who owns it and its directory, and whether the "
          + "file system is mounted read-only")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return StateFailure(
        .locked(pid: nil), path: path,
        message: "another process kept it locked for \(Int(StateFile.busyTimeout)) s; end the "
          + "transaction that someone holds open in it")
    case .SQLITE_CONSTRAINT:
      return StateFailure(
        .io, path: path,
        message: "refused a change: \(said); this is a defect of the program: please report it")
    case .SQLITE_IOERR, .SQLITE_CANTOPEN:
      return inputOutput(said, systemError)
    default:
      return StateFailure(.io, path: path, message: "cannot be used: \(said)")
    }
  }

  /// The kind and the advice for a file whose content is wrong.
  func damaged(_ problem: String) -> StateFailure {
    StateFailure(
      .damaged, path: path,
      message: "is damaged or not a state file: \(problem); it was not changed: stop the daemon, "
        + "move the file away together with its -wal and -shm files, and start again: the daemon "
        + "observes the domains and writes a new one")
  }

  var full: StateFailure {
    StateFailure(
      .full, path: path,
      message: "the disk is full or a quota is used up; nothing was written: free some space; "
        + "the daemon then continues by itself")
  }

  private func inputOutput(_ said: String, _ systemError: Int32) -> StateFailure {
    switch systemError {
    case ENOSPC, EDQUOT: return full
    case EACCES, EPERM, EROFS:
      return StateFailure(errno: systemError, path: path, doing: "use it or its -wal file")
    default: break
    }
    if isDiskFull { return full }
    let cause = systemError == 0 ? "" : " (\(SystemError(code: systemError)))"
    return StateFailure(
      .io, path: path,
      message: "cannot be read or written: \(said)\(cause); see the kernel's log for its disk")
  }
}
