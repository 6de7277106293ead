import GRDB
import Glibc
import POSIX
import Reconciliation

extension StateFile {
  /// How long a statement waits for another process's transaction, in seconds: GRDB's unit.
  /// Ours take milliseconds; the rest is for a person with sqlite3 at hand.
  static let busyTimeout = 5.0

  /// Bytes that the -wal file keeps after a checkpoint; SQLite checkpoints at 1,000 pages of
  /// 4 KiB, so it never shrinks below what it needs.
  static let walSizeLimit = 4 << 20

  enum Access {
    case writer
    case reader
    /// Reads the main file alone, takes no lock and creates nothing.
    case quietReader
  }

  func open(_ access: Access) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.label = "state"
    configuration.busyMode = .timeout(StateFile.busyTimeout)
    // Otherwise GRDB ends the process when SQLite fails to undo a transaction.
    configuration.allowsUnsafeTransactions = true
    switch access {
    case .writer: configuration.readonly = false
    case .reader, .quietReader: configuration.readonly = true
    }
    let name =
      switch access {
      case .writer, .reader: path
      case .quietReader: "file:\(uriPath)?immutable=1"
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

  /// The path as SQLite's URIs want it.
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

  /// The error as a failure that says what to do. `systemError` is what the operating system
  /// told SQLite, where that is known.
  ///
  /// Only SQLite's own message is shown: it names tables, columns and constraints, never a
  /// value.
  func failure(for error: any Error, systemError: Int32 = 0) -> StateFailure {
    if let failure = error as? StateFailure { return failure }
    if let row = error as? MalformedRow { return damaged(row.description) }
    guard let error = error as? DatabaseError else {
      return StateFailure(.io, path: path, message: "cannot be used: an unknown error")
    }
    if error.extendedResultCode == .SQLITE_READONLY_ROLLBACK {
      return StateFailure(
        .io, path: path,
        message: "a write was cut short and must be undone first; start the daemon, which does it")
    }
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
        .io, path: path,
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
      message: "is damaged or not a state file: \(problem); it was left as it is: stop the "
        + "daemon, move it away together with its -wal and -shm files, and start again: the "
        + "daemon observes the domains and rebuilds it")
  }

  private var full: StateFailure {
    StateFailure(
      .full, path: path,
      message: "the disk is full or a quota is used up; nothing was written: free some space, "
        + "and the daemon goes on by itself")
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
