import GRDB
import Glibc
import Reconciliation

extension StateFile {
  /// Runs `body` in one read transaction on a connection of its own.
  ///
  /// A file that nobody writes is read by itself alone. Should a daemon start meanwhile, what
  /// was read is thrown away and read again in SQLite's ordinary way.
  func read<Value>(
    as access: Access = .reader, _ body: (Database) throws -> Value
  ) throws(StateFailure) -> Value {
    if let stamp = quietStamp, let result = quietly(body), quietStamp == stamp {
      return try result.get()
    }
    do {
      return try open(access).inDatabase { database in
        try database.transact(.deferred, in: self, body).get()
      }
    } catch {
      throw failure(for: error)
    }
  }

  /// nil where SQLite was built without URIs and takes the whole for the name of a file.
  private func quietly<Value>(
    _ body: (Database) throws -> Value
  ) -> Result<Value, StateFailure>? {
    do {
      return try open(.quietReader).inDatabase { $0.transact(.deferred, in: self, body) }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
      return nil
    } catch {
      return .failure(failure(for: error))
    }
  }

  /// What changes when anyone writes to the file.
  struct Stamp: Equatable {
    let inode: UInt64
    let size: Int64
    let modifiedSeconds: Int
    let modifiedNanoseconds: Int
  }

  /// A stamp while all that was written is in the file itself: nil when something waits in a
  /// -wal or a -journal beside it, or there is no file.
  ///
  /// Such a file can be read without the -wal and -shm files that SQLite would create, provided
  /// that the stamp is the same afterwards: a writer fills the -wal before it touches the file.
  private var quietStamp: Stamp? {
    var info = stat()
    if lstat(path + "-wal", &info) == 0 && info.st_size > 0 { return nil }
    guard !exists("-journal"), lstat(path, &info) == 0 else { return nil }
    return Stamp(
      inode: UInt64(info.st_ino), size: Int64(info.st_size),
      modifiedSeconds: info.st_mtim.tv_sec, modifiedNanoseconds: info.st_mtim.tv_nsec)
  }
}
