import Foundation
import GRDB
import Glibc
import Reconciliation
import RolloutCore
import StateStore
import Testing

@Suite("Opening a state file")
struct OpeningTests {
  @Test("a daemon creates what is not there, for its owner alone")
  func creates() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(records: [try plainRecord()]))
    for suffix in ["", "-wal", "-shm"] {
      #expect(permissions(scratch.state + suffix) == 0o600, "\(suffix)")
    }
    try store.close()
    #expect(try scratch.names() == ["state.sqlite"])
  }

  @Test("permissions of group and others are removed")
  func restricts() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    chmod(scratch.state, 0o644)
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    #expect(permissions(scratch.state) == 0o600)
    #expect(permissions(scratch.state + "-wal") == 0o600)
    try store.close()
  }

  @Test("a table that is missing is damage, also the history", arguments: ["history", "requests"])
  func missingTable(table: String) async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    try edit(scratch.state, "DROP TABLE \(table)")
    #expect(throws: StateFailure.self) {
      try StateStore.open(path: scratch.state, mode: .daemon)
    }
  }

  @Test("an empty file is treated as no file")
  func emptyFile() async throws {
    let scratch = try Scratch()
    try write([], to: scratch.state)
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    #expect(try await store.loadRecords().isEmpty)
  }

  @Test("a first start that was interrupted before the first table is not damage")
  func interrupted() async throws {
    let scratch = try Scratch()
    try edit(scratch.state, "PRAGMA journal_mode = WAL")
    #expect(try !bytes(scratch.state).isEmpty)
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    #expect(try await store.loadRecords().isEmpty)
  }

  @Test("a first start that was interrupted while it wrote is undone and repeated")
  func interruptedWhileWriting() async throws {
    let scratch = try Scratch()
    let queue = try DatabaseQueue(path: scratch.state)
    let copy = try Scratch()
    try await queue.writeWithoutTransaction { database in
      try database.execute(
        sql: """
          PRAGMA cache_size = 1;
          BEGIN;
          CREATE TABLE half (x);
          WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
          INSERT INTO half SELECT randomblob(1000) FROM n
          """)
      for suffix in ["", "-journal"] {
        try write(try bytes(scratch.state + suffix), to: copy.state + suffix)
      }
      try database.execute(sql: "ROLLBACK")
    }
    #expect(try bytes(copy.state).count > 100_000)
    let reading = await failure { _ = try StateReader.open(path: copy.state).snapshot() }
    #expect(reading?.message.contains("a write was interrupted") == true, "\(reading as Any)")
    let store = try StateStore.open(path: copy.state, mode: .daemon)
    #expect(try await store.loadRecords().isEmpty)
    try await store.commit(StateChange(records: [try fullRecord()]))
    #expect(try StateReader.open(path: copy.state).snapshot().records.count == 1)
  }

  @Test("a -wal file whose main file is gone is not read into the new file")
  func orphanedLog() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(records: [try fullRecord()]))
    let copy = try Scratch()
    try write(try bytes(scratch.state + "-wal"), to: copy.state + "-wal")
    let fresh = try StateStore.open(path: copy.state, mode: .daemon)
    #expect(try await fresh.loadRecords().isEmpty)
  }

  @Test("the file uses the write-ahead log, and every table is strict")
  func settings() throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try store.close()
    let queue = try DatabaseQueue(path: scratch.state)
    let tables = try queue.read { database in
      try Row.fetchAll(
        database, sql: "SELECT name, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite%'")
    }
    #expect(tables.count == 8)
    for table in tables { #expect(table["strict"] == 1, "\(table)") }
    #expect(try queue.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
  }

  @Test("a path that no state file can have is refused with a reason")
  func wrongPaths() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    let link = scratch.path + "/link"
    #expect(symlink(scratch.state, link) == 0)
    let pipe = scratch.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    let cases = [
      ("", "is not a path"), ("a\u{0}b", "is not a path"),
      (link, "is a symbolic link"), (scratch.path, "is a directory"),
      (pipe, "is a device, a pipe or a socket"),
      (scratch.path + "/none/state.sqlite", "create it for the daemon's user"),
      (scratch.state + "/state.sqlite", "not a directory"),
    ]
    for (path, reason) in cases {
      for mode in [StateStore.Mode.daemon, .command] {
        let failure = await failure { _ = try StateStore.open(path: path, mode: mode) }
        #expect(failure?.message.contains(reason) == true, "\(path): \(failure as Any)")
        #expect(failure?.kind == .io)
      }
      #expect(throws: StateFailure.self) { try StateReader.open(path: path).snapshot() }
    }
  }

  @Test(
    "a path that has a meaning for SQLite is the name of a file", .serialized,
    arguments: [":memory:", "file:x?mode=memory", "a b%20c?d#e.sqlite", "Ümläut"])
  func oddNames(_ name: String) async throws {
    let scratch = try Scratch()
    let path = scratch.path + "/" + name
    try await makeState(at: path)
    #expect(try scratch.names() == [name])
    #expect(try StateReader.open(path: path).snapshot().records.count == 1)
    #expect(try scratch.names() == [name])
  }

  @Test("a command never creates a state file")
  func commandsCreateNothing() async throws {
    let scratch = try Scratch()
    let write = await failure { _ = try StateStore.open(path: scratch.state, mode: .command) }
    #expect(write?.message.contains("does not exist; the daemon creates it") == true)
    let read = await failure { _ = try StateReader.open(path: scratch.state).snapshot() }
    #expect(read?.message.contains("does not exist; the daemon creates it") == true)
    #expect(try scratch.names().isEmpty)
  }

  @Test("a command makes no tables in a file that has none yet")
  func commandsDoNotMigrate() async throws {
    let scratch = try Scratch()
    try write([], to: scratch.state)
    let write = await failure { _ = try StateStore.open(path: scratch.state, mode: .command) }
    #expect(write?.message.contains("holds nothing yet") == true)
    let read = await failure { _ = try StateReader.open(path: scratch.state).snapshot() }
    #expect(read?.message.contains("holds nothing yet") == true)
    #expect(try bytes(scratch.state).isEmpty)
    #expect(try scratch.names() == ["state.sqlite"])
  }

  @Test(
    "what this user may not write is refused at once, with the reason",
    .enabled(if: geteuid() != 0))
  func forbidden() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    chmod(scratch.state, 0o400)
    let file = await failure { _ = try StateStore.open(path: scratch.state, mode: .daemon) }
    #expect(file?.kind == .permission)
    #expect(try StateReader.open(path: scratch.state).snapshot().records.count == 1)
    chmod(scratch.state, 0o600)
    chmod(scratch.path, 0o500)
    let directory = await failure { _ = try StateStore.open(path: scratch.state, mode: .daemon) }
    #expect(directory?.kind == .permission)
    #expect(directory?.message.contains("-wal file in the directory") == true)
    let created = await failure {
      _ = try StateStore.open(path: scratch.path + "/other", mode: .daemon)
    }
    #expect(created?.kind == .permission)
    #expect(try StateReader.open(path: scratch.state).snapshot().records.count == 1)
    chmod(scratch.path, 0o700)
    chmod(scratch.state, 0)
    let reading = await failure { _ = try StateReader.open(path: scratch.state).snapshot() }
    #expect(reading?.kind == .permission)
  }

  @Test(
    "a state file on a read-only file system is refused at once, and can still be read",
    .enabled(if: canMount))
  func readOnly() async throws {
    let disk = try SmallDisk(kilobytes: 1024)
    try await makeState(at: disk.state)
    try disk.remountReadOnly()
    for mode in [StateStore.Mode.daemon, .command] {
      let failure = await failure { _ = try StateStore.open(path: disk.state, mode: mode) }
      #expect(failure?.kind == .permission)
      #expect(failure?.message.contains("read-only file system") == true)
    }
    #expect(try StateReader.open(path: disk.state).snapshot().records.count == 1)
  }
}
