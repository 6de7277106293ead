import GRDB
import Reconciliation

/// The format of a state file: the marks in its header, and the steps that bring a file to the
/// present format.
enum StateFormat {
  /// SQLite's `application_id`: "CGCD" in ASCII. It tells our file from any other database.
  static let applicationID: Int64 = 0x4347_4344

  /// SQLite's `user_version` of a file that this program reads and writes.
  static var version: Int64 { migrations.last?.version ?? 0 }

  /// Every step, oldest first. Once a version is released, its steps never change: they have
  /// run on someone's disk.
  static let migrations = [Migration(version: 1, statements: firstVersion)]

  struct Migration: Sendable {
    let version: Int64
    let statements: String
  }

  /// What a file holds, by its header.
  enum Contents: Equatable {
    /// No table and no mark of ours: an empty file, or the first start was interrupted.
    case nothing
    case current
    /// The format of an earlier version of this program.
    case older(Int64)
  }

  /// Throws for a file that this program must not touch.
  static func contents(of database: Database, in file: StateFile) throws -> Contents {
    let application = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
    let found = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    if application == 0 && found == 0 {
      let objects = try Int64.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
      if objects == 0 { return .nothing }
    }
    guard application == applicationID else {
      throw file.damaged("it is another program's SQLite database (application_id \(application))")
    }
    if found == version { return .current }
    if found > version {
      throw StateFailure(
        .newer, path: file.path,
        message: "was written by a newer version: its format is \(found), and this program knows "
          + "formats up to \(version); it was not changed: install the newer version again, or "
          + "move the file away together with its -wal and -shm files")
    }
    guard found > 0 else { throw file.damaged("its format \(found) never existed") }
    return .older(found)
  }

  /// The tables that a daemon needs to start. The history is not among them: it is by far the
  /// largest, and damage in it is reported when that page is read.
  static let tablesReadAtStart = [
    "domains", "rollouts", "served_edges", "first_imports", "stopped_waves", "requests",
    "meta",
  ]

  /// Reads every page that a start needs. A migration may touch every table, so a file of an
  /// older format is checked whole.
  static func check(_ contents: Contents, of database: Database, in file: StateFile) throws {
    let questions =
      switch contents {
      case .current: tablesReadAtStart.map { "PRAGMA quick_check(\($0))" }
      case .nothing, .older: ["PRAGMA quick_check(1)"]
      }
    if case .current = contents {
      // Of the history its presence alone.
      let names = try String.fetchSet(database, sql: "SELECT name FROM sqlite_schema")
      if let missing = (tablesReadAtStart + ["history"]).first(where: { !names.contains($0) }) {
        throw file.damaged("no such table: \(missing)")
      }
    }
    for question in questions {
      let problems = try String.fetchAll(database, sql: question)
      if problems == ["ok"] { continue }
      let first = problems.first ?? "no answer"
      throw file.damaged(first.split(whereSeparator: \.isNewline).joined(separator: " "))
    }
  }

  /// Runs the steps that the file lacks, each in one transaction with its mark, so that an
  /// interruption leaves a complete earlier format.
  static func migrate(_ database: Database) throws {
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
