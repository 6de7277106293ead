import GRDB
import Glibc
import Reconciliation

extension StateFile {
  /// Runs `body` in one read transaction on a connection of its own. It may run more than once;
  /// the result of the last time counts.
  ///
  /// A file that nobody writes is read without any other file. If a daemon starts meanwhile, the
  /// result is discarded and the file is read in SQLite's ordinary way. A disk without room for
  /// the shared memory does not prevent reading.
  func read<Value>(
    as access: Access = .reader, _ body: (Database) throws -> Value
  ) throws(StateFailure) -> Value {
    if let stamp = mainFileStamp, let result = readMainFile(body), mainFileStamp == stamp {
      return try result.get()
    }
    do throws(StateFailure) {
      return try read(onceAs: access, body)
    } catch {
      guard error.kind == .full, access == .reader else { throw error }
      // The attempt has created the -shm file, without its content.
      return try read(onceAs: .memoryIndexReader, body)
    }
  }

  private func read<Value>(
    onceAs access: Access, _ body: (Database) throws -> Value
  ) throws(StateFailure) -> Value {
    do {
      return try open(access).inDatabase { database in
        try database.transact(.deferred, in: self, body).get()
      }
    } catch {
      throw failure(for: error)
    }
  }

  /// nil where SQLite was built without URIs and takes the whole for the name of a file.
  private func readMainFile<Value>(
    _ body: (Database) throws -> Value
  ) -> Result<Value, StateFailure>? {
    do {
      return try open(.mainFileReader).inDatabase { $0.transact(.deferred, in: self, body) }
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

  /// A stamp while everything that was committed is in the main file: nil when something is in a
  /// -wal or a -journal beside it, or there is no file.
  ///
  /// Such a file can be read without the -wal and -shm files that SQLite would create, provided
  /// that the stamp is the same afterwards: a writer fills the -wal before it touches the file.
  private var mainFileStamp: Stamp? {
    var info = stat()
    if lstat(path + "-wal", &info) == 0 && info.st_size > 0 { return nil }
    guard !exists("-journal"), lstat(path, &info) == 0 else { return nil }
    return Stamp(
      inode: UInt64(info.st_ino), size: Int64(info.st_size),
      modifiedSeconds: info.st_mtim.tv_sec, modifiedNanoseconds: info.st_mtim.tv_nsec)
  }
}
