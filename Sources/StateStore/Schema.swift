import GRDB
import Reconciliation

/// What a state file's header says of it, and the steps that bring it to the present form.
enum Schema {
  /// SQLite's `application_id`: "CGCD" in ASCII. It tells our file from any other database.
  static let applicationID: Int64 = 0x4347_4344

  /// SQLite's `user_version` of a file that this program reads and writes.
  static var version: Int64 { migrations.last?.version ?? 0 }

  /// Every step, oldest first; only ever appended to, since each has run on someone's disk.
  static let migrations = [Migration(version: 1, statements: firstVersion)]

  struct Migration: Sendable {
    let version: Int64
    let statements: String
  }

  enum Standing: Equatable {
    /// No table and no mark of ours: an empty file, or the first start was cut short.
    case new
    case current
    /// By a former version of this program.
    case older(Int64)
  }

  /// Judges the header. Throws for a file that this program must not touch.
  static func standing(of database: Database, in file: StateFile) throws -> Standing {
    let application = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
    let found = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    if application == 0 && found == 0 {
      let objects = try Int64.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
      if objects == 0 { return .new }
    }
    guard application == applicationID else {
      throw file.damaged("it is another program's SQLite database (application_id \(application))")
    }
    if found == version { return .current }
    if found > version {
      throw StateFailure(
        .newer, path: file.path,
        message: "was written by a newer version: its format is \(found), and this program knows "
          + "formats up to \(version); it was left as it is: install the newer version again, or "
          + "move the file away together with its -wal and -shm files")
    }
    guard found > 0 else { throw file.damaged("its format \(found) never existed") }
    return .older(found)
  }

  /// Reads every page. Of the rules of the tables, a connection that only reads knows those on
  /// types and on what must not be empty; the rest shows when a row is read.
  static func check(_ database: Database, in file: StateFile) throws {
    let problems = try String.fetchAll(database, sql: "PRAGMA quick_check(1)")
    guard problems != ["ok"] else { return }
    let first = problems.first ?? "no answer"
    throw file.damaged(first.split(whereSeparator: \.isNewline).joined(separator: " "))
  }

  /// Runs what the file lacks, each step in a transaction with its mark, so that a cut leaves
  /// a whole former version.
  static func migrate(_ database: Database, in file: StateFile) throws {
    for migration in migrations {
      try database.inTransaction(.immediate) {
        let found = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard found < migration.version else { return .rollback }
        try database.execute(sql: migration.statements)
        try database.execute(
          sql: """
            PRAGMA application_id = \(applicationID);
            PRAGMA user_version = \(migration.version);
            """)
        return .commit
      }
    }
  }
}
