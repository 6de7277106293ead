import GRDB
import Reconciliation
import RolloutCore
import Testing

@testable import StateStore

@Suite("A full disk")
struct FullDiskTests {
  @Test(
    "stops a commit whole, leaves reading alone, and is over when there is room again",
    .enabled(if: canMount))
  func fullDisk() async throws {
    let disk = try SmallDisk(kilobytes: 1024)
    let store = try StateStore.open(path: disk.state, mode: .daemon)
    let first = try fullRecord()
    try await store.commit(StateChange(records: [first], history: [try entry(1)]))
    try disk.fill()
    var second = try fullRecord(rollout: "second")
    second.served = (0..<500).map {
      ServedEdge(
        address: "192.0.2.\($0)", sha256: "", serial: "s3cret", notAfter: at(0), matches: false)
    }
    let change = StateChange(records: [second], history: [try entry(2)])
    for _ in 0..<3 {
      let failure = await failure { try await store.commit(change) }
      #expect(failure?.kind == .full, "\(failure as Any)")
      #expect(failure?.message.contains("free some space") == true)
      #expect(failure?.description.contains("s3cret") == false)
      #expect(try await store.loadRecords() == [first])
    }
    #expect(try StateReader.open(path: disk.state).history().count == 1)
    disk.makeRoom()
    try await store.commit(change)
    #expect(try await store.loadRecords() == [second])
    #expect(try StateReader.open(path: disk.state).history().count == 2)
    try store.close()
  }

  @Test("is named when the daemon cannot start for it, and harms nothing", .enabled(if: canMount))
  func fullAtStart() async throws {
    let disk = try SmallDisk(kilobytes: 1024)
    try await makeState(at: disk.state)
    let before = try bytes(disk.state)
    try disk.fill()
    let failure = await failure { _ = try StateStore.open(path: disk.state, mode: .daemon) }
    #expect(failure?.kind == .full, "\(failure as Any)")
    #expect(try bytes(disk.state) == before)
    #expect(try StateReader.open(path: disk.state).snapshot().records.count == 1)
    disk.makeRoom()
    let store = try StateStore.open(path: disk.state, mode: .daemon)
    #expect(try await store.loadRecords().count == 1)
  }

  @Test(
    "a first start on it leaves nothing that a second start stumbles over",
    .enabled(if: canMount))
  func fullAtFirstStart() async throws {
    let disk = try SmallDisk(kilobytes: 1024)
    try disk.fill()
    let failure = await failure { _ = try StateStore.open(path: disk.state, mode: .daemon) }
    #expect(failure?.kind == .full, "\(failure as Any)")
    disk.makeRoom()
    let store = try StateStore.open(path: disk.state, mode: .daemon)
    #expect(try await store.loadRecords().isEmpty)
  }

  @Test("as SQLite reports it without a disk that is full")
  func pageLimit() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(records: [try fullRecord()]))
    try await store.queue.writeWithoutTransaction { database in
      let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      try database.execute(sql: "PRAGMA max_page_count = \(pages)")
    }
    let entries = try (0..<2000).map { try entry(Int64($0)) }
    let failure = await failure { try await store.commit(StateChange(history: entries)) }
    #expect(failure?.kind == .full)
    #expect(try StateReader.open(path: scratch.state).history().isEmpty)
    try await store.queue.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA max_page_count = 1000000")
    }
    try await store.commit(StateChange(history: entries))
    #expect(try StateReader.open(path: scratch.state).history() == entries)
  }

  @Test("an I/O error is a full disk when the system says so, or a quota")
  func systemErrors() throws {
    let scratch = try Scratch()
    let file = try StateFile(path: scratch.state)
    let error = DatabaseError(resultCode: .SQLITE_IOERR)
    let kinds: [(Int32, StateFailure.Kind)] = [
      (28, .full), (122, .full), (13, .permission), (30, .permission), (5, .io), (0, .io),
    ]
    for (code, kind) in kinds {
      #expect(file.failure(for: error, systemError: code).kind == kind, "\(code)")
    }
  }
}
