import GRDB
import Reconciliation
import RolloutCore
import Testing

@testable import StateStore

@Suite("A full disk")
struct FullDiskTests {
  @Test(
    "prevents a commit, and no reading, until there is room again",
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
    #expect(try storedEntries(disk.state).count == 1)
    disk.makeRoom()
    try await store.commit(change)
    #expect(try await store.loadRecords() == [second])
    #expect(try storedEntries(disk.state).count == 2)
    try store.close()
  }

  @Test("is recognised by SQLite's answer")
  func pageLimit() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(records: [try fullRecord()]))
    try await store.queue().writeWithoutTransaction { database in
      let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      try database.execute(sql: "PRAGMA max_page_count = \(pages)")
    }
    let entries = try (0..<2000).map { try entry(Int64($0)) }
    let failure = await failure { try await store.commit(StateChange(history: entries)) }
    #expect(failure?.kind == .full)
    #expect(try storedEntries(scratch.state).isEmpty)
    try await store.queue().writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA max_page_count = 1000000")
    }
    try await store.commit(StateChange(history: entries))
    #expect(try storedEntries(scratch.state) == entries)
  }

  @Test("is recognised by the errno of an I/O error, and so is a quota")
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
    let sharedMemory = DatabaseError(resultCode: .SQLITE_IOERR_SHMSIZE)
    #expect(file.failure(for: sharedMemory).kind == .full)
  }
}

@Suite("A start on a full disk", .enabled(if: canMount))
struct FullDiskStartTests {
  /// A full disk with the state of a daemon that was killed: one record in the main file, and a
  /// later one and a request in the -wal file alone.
  func diskAfterKill() async throws -> (disk: SmallDisk, records: [DomainRecord]) {
    let disk = try SmallDisk(kilobytes: 1024)
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var record = try plainRecord("wal.example.com")
    record.rollout = try fullRollout("wal", phase: everyPhase[4])
    try await store.commit(StateChange(records: [record], history: [try entry(2)]))
    _ = try await store.request(.retry, domain: try domain(), by: person, at: at(3))
    for suffix in ["", "-wal"] {
      try write(try bytes(scratch.state + suffix), to: disk.state + suffix)
    }
    try disk.fill()
    return (disk, [try fullRecord(rollout: "rollout-0"), record])
  }

  @Test("shows what is only in the -wal file, stores nothing, and recovers by itself")
  func afterKill() async throws {
    let (disk, records) = try await diskAfterKill()
    let before = (try bytes(disk.state), try bytes(disk.state + "-wal"))
    let store = try StateStore.open(path: disk.state, mode: .daemon)
    var changed = records
    changed[1].condition = .overdue
    for _ in 0..<3 {
      #expect(try await store.loadRecords() == records)
      #expect(try await store.pendingRequests().map(\.kind) == [.retry])
      #expect(try await store.dataVersion() == 0)
      let failure = await failure { try await store.commit(StateChange(records: changed)) }
      #expect(failure?.kind == .full, "\(failure as Any)")
      let snapshot = try StateReader.open(path: disk.state).snapshot()
      #expect(snapshot.records == records)
      #expect(snapshot.requests.count == 1)
    }
    #expect(try bytes(disk.state) == before.0)
    #expect(try bytes(disk.state + "-wal") == before.1)

    disk.makeRoom()
    #expect(try await store.loadRecords() == records)
    try await store.commit(StateChange(records: changed, history: [try entry(3)]))
    #expect(try await store.loadRecords() == changed)
    #expect(try StateReader.open(path: disk.state).snapshot().records == changed)
    #expect(try storedEntries(disk.state).count == 3)
    try store.close()
    #expect(!exists(disk.state + "-wal"))
    #expect(try StateReader.open(path: disk.state).snapshot().records == changed)
  }

  @Test("shows a file that was closed in order, and recovers by itself")
  func afterStop() async throws {
    let disk = try SmallDisk(kilobytes: 1024)
    try await makeState(at: disk.state)
    try disk.fill()
    let before = try bytes(disk.state)
    let store = try StateStore.open(path: disk.state, mode: .daemon)
    let records = try await store.loadRecords()
    #expect(records == [try fullRecord(rollout: "rollout-0")])
    let full = await failure { try await store.commit(StateChange(history: [try entry(2)])) }
    #expect(full?.kind == .full, "\(full as Any)")
    #expect(try StateReader.open(path: disk.state).snapshot().records == records)
    let hold = await failure {
      _ = try StateStore.open(path: disk.state, mode: .command)
    }
    #expect(hold?.kind == .full, "\(hold as Any)")
    #expect(try bytes(disk.state) == before)

    disk.makeRoom()
    let command = try StateStore.open(path: disk.state, mode: .command)
    let request = try await command.request(
      .hold(until: nil), domain: try domain(), by: person, at: at(5))
    let guarded = StateChange(records: records, guarding: try domain())
    let waits = await failure { try await store.commit(guarded) }
    #expect(waits?.kind == .requestWaiting)
    #expect(try await store.pendingRequests() == [request])
    try await store.commit(StateChange(handled: [request.id]))
    #expect(try await store.pendingRequests().isEmpty)
  }

  @Test("without a state file begins with no records, and creates the file when there is room")
  func withoutFile() async throws {
    for isEmptyFile in [false, true] {
      let disk = try SmallDisk(kilobytes: 1024)
      if isEmptyFile { try write([], to: disk.state) }
      try disk.fill()
      let store = try StateStore.open(path: disk.state, mode: .daemon)
      let change = StateChange(records: [try fullRecord()], history: [try entry(1)])
      for _ in 0..<2 {
        #expect(try await store.loadRecords().isEmpty)
        #expect(try await store.pendingRequests().isEmpty)
        let failure = await failure { try await store.commit(change) }
        #expect(failure?.kind == .full, "\(failure as Any)")
      }
      disk.makeRoom()
      try await store.commit(change)
      #expect(try await store.loadRecords() == change.records)
      #expect(permissions(disk.state) == 0o600)
      try store.close()
      #expect(try StateReader.open(path: disk.state).snapshot().records == change.records)
    }
  }

  @Test("is noticed by reading only, so that a request is seen again when there is room")
  func noticedByReading() async throws {
    let (disk, _) = try await diskAfterKill()
    let store = try StateStore.open(path: disk.state, mode: .daemon)
    #expect(try await store.dataVersion() == 0)
    try disk.makeRoom(bytes: 4096)
    #expect(try await store.dataVersion() == 0)
    disk.makeRoom()
    let version = try await store.dataVersion()
    #expect(version != 0)
    let command = try StateStore.open(path: disk.state, mode: .command)
    _ = try await command.request(.resume, domain: try domain(), by: person, at: at(5))
    #expect(try await store.dataVersion() != version)
  }

  @Test("refuses a damaged or a newer file, and does not change it")
  func refused() async throws {
    for (sql, kind) in [
      ("PRAGMA user_version = 7", StateFailure.Kind.newer), ("DROP TABLE served_edges", .damaged),
    ] {
      let disk = try SmallDisk(kilobytes: 1024)
      try await makeState(at: disk.state)
      try edit(disk.state, sql)
      let before = try bytes(disk.state)
      try disk.fill()
      let failure = await failure { _ = try StateStore.open(path: disk.state, mode: .daemon) }
      #expect(failure?.kind == kind, "\(failure as Any)")
      #expect(try bytes(disk.state) == before)
    }
  }

  @Test("takes the lock without a process id, which is written when there is room")
  func lock() async throws {
    let disk = try SmallDisk(kilobytes: 1024)
    try disk.fill()
    let lock = try ProcessLock.acquire(stateFile: disk.state, heartbeat: "/run/h", pid: 7)
    #expect(
      try ProcessLock.holder(ofStateFile: disk.state)
        == ProcessLock.Holder(pid: nil, heartbeat: nil))
    let second = await failure {
      _ = try ProcessLock.acquire(stateFile: disk.state, heartbeat: nil, pid: 8)
    }
    #expect(second?.kind == .locked(pid: nil))
    let store = try StateStore.open(path: disk.state, mode: .daemon, holding: lock)
    disk.makeRoom()
    try await store.commit(StateChange(records: [try plainRecord()]))
    #expect(
      try ProcessLock.holder(ofStateFile: disk.state)
        == ProcessLock.Holder(pid: 7, heartbeat: "/run/h"))
    try store.close()
    #expect(try ProcessLock.holder(ofStateFile: disk.state) == nil)
  }

  @Test("names the process in a lock file of an earlier run")
  func formerLock() async throws {
    let disk = try SmallDisk(kilobytes: 1024)
    try ProcessLock.acquire(stateFile: disk.state, heartbeat: "/run/former", pid: 1234).release()
    try disk.fill()
    let lock = try ProcessLock.acquire(stateFile: disk.state, heartbeat: nil, pid: 8)
    #expect(try bytes(disk.state + ".lock") == Array("pid=8\n".utf8))
    lock.release()
  }

  @Test("that is stopped before there is room leaves everything as it was")
  func stopped() async throws {
    let (disk, _) = try await diskAfterKill()
    let before = (try bytes(disk.state), try bytes(disk.state + "-wal"))
    let lock = try ProcessLock.acquire(stateFile: disk.state, heartbeat: nil, pid: 7)
    let store = try StateStore.open(path: disk.state, mode: .daemon, holding: lock)
    try store.close()
    #expect(try ProcessLock.holder(ofStateFile: disk.state) == nil)
    disk.makeRoom()
    let failure = await failure { try await store.commit(StateChange(history: [try entry(9)])) }
    #expect(failure?.message.contains("is closed") == true, "\(failure as Any)")
    #expect(try bytes(disk.state) == before.0)
    #expect(try bytes(disk.state + "-wal") == before.1)
  }
}
